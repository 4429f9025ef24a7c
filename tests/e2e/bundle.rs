//! The bundle: it is small, and wrangler accepts it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::shared;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The maximum size of the bundle in bytes after `gzip -9`. A location without recent requests must load the Worker
/// first, so a larger bundle makes that caller wait longer.
const LIMIT: usize = 340_000;

const BUNDLE: [&str; 2] = ["build/entry.mjs", "build/index_bg.wasm"];

#[test]
fn the_bundle_is_at_most_340_kilobytes() {
    // Starting the server builds the Worker.
    shared();
    let sizes = BUNDLE.map(|file| {
        let content = fs::read(Path::new(ROOT).join(file)).unwrap();
        assert!(!content.is_empty(), "{file} is empty");
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&content).unwrap();
        gzip.finish().unwrap().len()
    });
    let size: usize = sizes.iter().sum();
    assert!(size <= LIMIT, "{BUNDLE:?}: {sizes:?}, together {size}");
}

#[test]
fn the_panic_route_is_not_in_the_bundle() {
    shared();
    let wasm = fs::read(Path::new(ROOT).join(BUNDLE[1])).unwrap();
    let text = b"a panic was asked for";
    assert!(!wasm.windows(text.len()).any(|bytes| bytes == text));
}

/// Runs wrangler in the environment of tools.mjs, which keeps it offline.
const WRANGLER: &str =
    "import { run } from './scripts/tools.mjs'; await run('wrangler', process.argv.slice(1));";

/// Runs wrangler, which must succeed, and returns what it has printed.
#[track_caller]
pub fn wrangler(arguments: &[&str]) -> String {
    let output = Command::new("node")
        .current_dir(ROOT)
        .args(["--input-type=module", "--eval", WRANGLER, "--"])
        .args(arguments)
        .output()
        .expect("node is needed to run wrangler");
    assert!(output.status.success(), "{arguments:?}: {output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn wrangler_uploads_the_bundle_as_it_is_for_production_and_for_the_preview() {
    shared();
    for (environment, name) in [("", "customers"), ("preview", "customers-preview")] {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deploy-{name}"));
        fs::remove_dir_all(&directory).unwrap_or_default();
        let out = directory.to_str().unwrap();
        let said = wrangler(&["deploy", "--dry-run", "--env", environment, "--outdir", out]);
        for expected in [
            "--dry-run: exiting now",
            "env.DB",
            "env.PROFILES",
            "env.PARTNER_LIMIT",
            "env.LOGIN_LIMIT",
        ] {
            assert!(said.contains(expected), "{environment}: {said}");
        }
        assert!(said.contains(&format!("env.DB ({name})")), "{said}");
        let names = fs::read_dir(&directory).unwrap();
        let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        // wrangler leaves a note of its own beside the files.
        let mut expected = vec!["README.md"];
        expected.extend(BUNDLE.map(|file| file.trim_start_matches("build/")));
        expected.sort_unstable();
        assert_eq!(names, expected);
        for file in BUNDLE {
            let file = Path::new(ROOT).join(file);
            let uploaded = directory.join(file.file_name().unwrap());
            assert!(
                fs::read(&file).unwrap() == fs::read(uploaded).unwrap(),
                "{file:?}"
            );
        }
    }
}
