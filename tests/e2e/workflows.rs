//! The workflows: what is deployed is what one job has built and another has tested, and no older commit follows a newer one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn workflow(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(".github/workflows").join(name)).unwrap()
}

/// The text of one job of a workflow.
fn job(workflow: &str, name: &str) -> String {
    let begin = format!("\n  {name}:\n");
    let (_, text) = workflow.split_once(&begin).unwrap();
    let is_in = |line: &&str| line.is_empty() || line.starts_with("    ");
    text.lines()
        .take_while(is_in)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The steps of a job, without their comments.
fn steps(job: &str) -> Vec<String> {
    let (_, steps) = job.split_once("    steps:\n").unwrap();
    let is_code = |line: &&str| !line.trim_start().starts_with('#');
    let text = steps.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    let text = format!("\n{text}");
    text.split("\n      - ")
        .skip(1)
        .map(|step| step.trim_end().to_owned())
        .collect()
}

#[test]
fn what_is_deployed_is_built_by_a_job_that_does_nothing_else() {
    let checks = workflow("checks.yml");
    assert!(checks.contains("        value: ${{ jobs.build.outputs.sha256 }}\n"));
    let build = job(&checks, "build");
    assert!(build.contains("      sha256: ${{ steps.bundle.outputs.sha256 }}\n"));
    let steps = steps(&build);
    let [checkout, build, hash, upload] = &steps[..] else {
        panic!("{steps:#?}");
    };
    assert!(
        checkout.starts_with("uses: actions/checkout@"),
        "{checkout}"
    );
    assert_eq!(build, "run: npm run build");
    assert!(
        hash.ends_with("run: node scripts/bundle.mjs >> \"$GITHUB_OUTPUT\""),
        "{hash}"
    );
    assert!(
        upload.starts_with("uses: actions/upload-artifact@"),
        "{upload}"
    );
}

#[test]
fn the_bundle_that_is_deployed_is_the_one_that_was_tested() {
    let tested = job(&workflow("checks.yml"), "checks");
    let hash = "BUNDLE_SHA256: ${{ needs.build.outputs.sha256 }}";
    assert!(tested.contains(hash), "{tested}");
    let deployments = [
        ("deploy.yml", "deploy", "run: npm run deploy"),
        ("pull-request.yml", "preview", "run: npm run deploy:preview"),
    ];
    for (file, name, command) in deployments {
        let job = job(&workflow(file), name);
        assert!(job.contains("needs: checks\n"), "{job}");
        assert!(!job.contains("actions/cache@"), "{job}");
        let steps = steps(&job);
        let at = |part: &str| steps.iter().position(|step| step.contains(part));
        let got = at("actions/download-artifact@").unwrap();
        let deploy = steps
            .iter()
            .position(|step| step.ends_with(command))
            .unwrap();
        assert!(got < deploy, "{steps:#?}");
        let hash = "BUNDLE_SHA256: ${{ needs.checks.outputs.sha256 }}";
        assert!(steps[deploy].contains(hash), "{steps:#?}");
        assert_eq!(at("npm run build"), None);
    }
}

#[test]
fn no_deployment_overtakes_another() {
    for (file, group) in [
        ("deploy.yml", "production"),
        (
            "pull-request.yml",
            "pull-request-${{ github.event.pull_request.number }}",
        ),
    ] {
        let text = workflow(file);
        let (whole, _) = text.split_once("\njobs:\n").unwrap();
        let one = format!("\nconcurrency:\n  group: {group}\n  cancel-in-progress: false\n");
        assert!(whole.contains(&one), "{file}");
    }
    let preview = job(&workflow("pull-request.yml"), "preview");
    let one = "    concurrency:\n      group: preview\n      cancel-in-progress: false\n";
    assert!(preview.contains(one), "{preview}");
}

/// Runs the step that refuses a commit, with a `gh` that says what the head of main is, or fails.
fn deploys(commit: &str, head: Option<&str>) -> bool {
    let steps = steps(&job(&workflow("deploy.yml"), "deploy"));
    let deploy = steps
        .iter()
        .position(|step| step.ends_with("run: npm run deploy"))
        .unwrap();
    let (said, script) = steps[deploy - 1].split_once("        run: |\n").unwrap();
    assert!(
        said.starts_with("name: Refuse a commit that is not the head of main"),
        "{said}"
    );

    let bin = format!("gh-{commit}-{}", head.unwrap_or("fails"));
    let bin = Path::new(env!("CARGO_TARGET_TMPDIR")).join(bin);
    fs::create_dir_all(&bin).unwrap();
    let answer = head.map_or("exit 1".to_owned(), |head| format!("echo {head}"));
    let gh = format!(
        "#!/bin/sh\n[ \"$*\" = 'api repos/us/customers/git/ref/heads/main --jq .object.sha' ] && {answer}\n"
    );
    fs::write(bin.join("gh"), gh).unwrap();
    fs::set_permissions(bin.join("gh"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    // GitHub runs a script so.
    let output = Command::new("bash")
        .args(["-e", "-c", script])
        .env("PATH", path)
        .env("GITHUB_REPOSITORY", "us/customers")
        .env("GITHUB_SHA", commit)
        .output()
        .unwrap();
    output.status.success()
}

#[test]
fn only_the_head_of_main_is_deployed() {
    assert!(deploys("new", Some("new")));
    assert!(!deploys("old", Some("new")));
    assert!(!deploys("new", None));
}
