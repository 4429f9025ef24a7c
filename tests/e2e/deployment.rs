//! Deployments: the preview shares no resource with production, migrations run before the code that needs them, and the
//! Worker is checked afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::server::shared;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A path for a test's temporary file.
fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A configuration as wrangler reads it, including what an environment inherits.
fn config(file: &Path, environment: &str) -> Value {
    let script = "import { unstable_readConfig } from 'wrangler'; \
         const [config, env] = process.argv.slice(1); \
         console.log(JSON.stringify(unstable_readConfig({ config, env })));";
    // Starting the shared server installs wrangler and a Node that is new enough for it.
    shared();
    let output = Command::new(Path::new(ROOT).join("node_modules/node/bin/node"))
        .current_dir(ROOT)
        .args(["--input-type=module", "--eval", script, "--"])
        .arg(file)
        .arg(environment)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:#?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The configurations of production and of the preview.
fn both(file: &Path) -> [Value; 2] {
    ["", "preview"].map(|environment| config(file, environment))
}

fn wrangler_toml() -> PathBuf {
    Path::new(ROOT).join("wrangler.toml")
}

/// The members that identify a resource of this kind.
fn identity(kind: &str) -> &'static [&'static str] {
    match kind {
        "d1_databases" => &["database_name", "database_id"],
        // Without an id each Worker gets its own namespace.
        "kv_namespaces" => &["id"],
        "ratelimits" => &["namespace_id"],
        _ => panic!("{kind}: no identifying members are listed"),
    }
}

/// The bindings of a configuration, as (kind, name, binding).
fn bindings(config: &Value) -> Vec<(&str, &Value, &Value)> {
    let mut bindings = Vec::new();
    for (kind, list) in config.as_object().unwrap() {
        for binding in list.as_array().into_iter().flatten() {
            let names = [&binding["binding"], &binding["name"]];
            if let Some(name) = names.into_iter().find(|name| name.is_string()) {
                bindings.push((kind.as_str(), name, binding));
            }
        }
    }
    bindings
}

/// Traces record URLs, which may contain personal data.
#[test]
fn traces_are_off_and_that_is_said() {
    for config in both(&wrangler_toml()) {
        assert_eq!(config["observability"]["traces"]["enabled"], false);
    }
}

#[test]
fn the_preview_has_all_bindings_of_production_and_shares_no_resource() {
    let [production, preview] = both(&wrangler_toml());
    assert_ne!(production["name"], preview["name"]);
    let [ours, theirs] = [&production, &preview].map(bindings);
    assert!(!ours.is_empty());
    let names = |list: &[(&str, &Value, &Value)]| -> Vec<String> {
        list.iter()
            .map(|(kind, name, _)| format!("{kind} {name}"))
            .collect()
    };
    assert_eq!(names(&ours), names(&theirs));
    let vars = |config: &Value| {
        let mut vars = config["vars"].as_object().cloned().unwrap_or_default();
        // Production is the environment without a name.
        vars.remove("ENVIRONMENT");
        Vec::from_iter(vars.keys().cloned())
    };
    assert_eq!(vars(&production), vars(&preview));
    for (kind, name, binding) in &ours {
        for member in identity(kind) {
            for (_, _, other) in theirs.iter().filter(|(other, ..)| other == kind) {
                let [one, other] = [&binding[*member], &other[*member]];
                assert_eq!(one.is_null(), other.is_null(), "{kind} {name}: {member}");
                assert!(one.is_null() || one != other, "{kind} {name}: {member}");
            }
        }
    }
}

#[test]
fn both_environments_store_in_the_eu_log_no_url_and_need_the_same_secrets() {
    let [production, preview] = both(&wrangler_toml());
    for config in [&production, &preview] {
        assert_eq!(config["d1_databases"][0]["jurisdiction"], "eu");
        let observability = &config["observability"];
        assert_eq!(observability["logs"]["invocation_logs"], false);
        assert_eq!(observability["redact_query_string"], true);
        assert_eq!(config["preview_urls"], false);
        assert_eq!(config["placement"], json!({"mode": "smart"}));
    }
    assert_eq!(production["secrets"], preview["secrets"]);
    assert_eq!(production["assets"], preview["assets"]);
}

#[test]
fn the_preview_does_not_take_over_the_domain_of_production() {
    let text = fs::read_to_string(wrangler_toml()).unwrap();
    let domain =
        "workers_dev = false\nroutes = [{ pattern = \"api.example.com\", custom_domain = true }]";
    let file = scratch("domain.toml");
    fs::write(&file, text.replacen("workers_dev = true", domain, 1)).unwrap();

    let [production, preview] = both(&file);
    assert_eq!(production["routes"][0]["pattern"], "api.example.com");
    assert_eq!(production["workers_dev"], false);
    assert_eq!(preview["routes"], json!([]));
    assert_eq!(preview["workers_dev"], true);
}

#[test]
fn every_database_is_migrated_before_the_code_that_needs_it_is_deployed() {
    let package = fs::read_to_string(Path::new(ROOT).join("package.json")).unwrap();
    let scripts = &serde_json::from_str::<Value>(&package).unwrap()["scripts"];
    for (script, environment) in [("deploy", "''"), ("deploy:preview", "preview")] {
        // npm runs pre<script> first, and <script> only if that succeeds.
        let first = scripts[format!("pre{script}")].as_str().unwrap();
        let migrate = format!("&& node scripts/migrate.mjs --remote --env {environment}");
        assert!(first.ends_with(&migrate), "{first}");
        assert_eq!(
            scripts[script],
            format!("wrangler deploy --env {environment}")
        );
    }
}

/// Runs a script of this repository.
fn node(args: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new("node")
        .current_dir(ROOT)
        .args(args)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// What scripts/migrate.mjs finds in a configuration.
fn databases(file: &Path, environment: &str) -> Value {
    let script = "import { databases } from './scripts/migrate.mjs'; \
         const [config, env] = process.argv.slice(1); \
         console.log(JSON.stringify(databases({ config, env })));";
    let arguments = ["--input-type=module", "--eval", script, "--"];
    let file = file.to_str().unwrap();
    let output = node(&[&arguments[..], &[file, environment]].concat(), &[]);
    assert!(output.status.success(), "{output:#?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_migrations_find_the_databases_that_wrangler_finds() {
    for environment in ["", "preview"] {
        let read = config(&wrangler_toml(), environment);
        let bound = read["d1_databases"].as_array().unwrap().iter();
        let mut bound: Vec<_> = bound.map(|database| database["binding"].clone()).collect();
        let found = databases(&wrangler_toml(), environment);
        assert_eq!(found[0], "LEDGER");
        assert_eq!(found[1], "DB");
        let mut found = found.as_array().unwrap().clone();
        found.sort_by_key(Value::to_string);
        bound.sort_by_key(Value::to_string);
        assert_eq!(found, bound);
    }
}

/// A table of wrangler.toml that binds a database.
fn bound(binding: &str, migrations: &str) -> String {
    format!(
        "[[d1_databases]]\nbinding = \"{binding}\"\ndatabase_name = \"{binding}\"\n\
         migrations_dir = \"{migrations}\"\n\n"
    )
}

#[test]
fn migrations_stop_at_the_first_database_that_refuses_them_and_name_it() {
    // wrangler is there when the shared server is.
    shared();
    let directory = scratch("migrate");
    fs::remove_dir_all(&directory).unwrap_or_default();
    for (migrations, sql) in [("good", "CREATE TABLE a (b);"), ("bad", "CREATE GARDEN;")] {
        fs::create_dir_all(directory.join(migrations)).unwrap();
        fs::write(directory.join(migrations).join("0001_first.sql"), sql).unwrap();
    }
    let file = directory.join("wrangler.toml");
    let tables = [
        ("DB_10", "good"),
        ("DB", "good"),
        ("DB_2", "bad"),
        ("LEDGER", "good"),
    ];
    let tables = tables.map(|(binding, migrations)| bound(binding, migrations));
    let head = "name = \"migrated\"\ncompatibility_date = \"2026-11-01\"\n\n";
    let off = "# [[d1_databases]]\n# binding = \"DB_3\"\n";
    fs::write(&file, format!("{head}{}{off}", tables.concat())).unwrap();
    assert_eq!(
        databases(&file, ""),
        json!(["LEDGER", "DB", "DB_2", "DB_10"])
    );

    let state = directory.join("state");
    let output = node(
        &[
            "scripts/migrate.mjs",
            "--local",
            "--config",
            file.to_str().unwrap(),
            "--persist-to",
            state.to_str().unwrap(),
        ],
        &[],
    );
    assert!(!output.status.success(), "{output:#?}");
    let fault = String::from_utf8_lossy(&output.stderr);
    let expected = "DB_2: its migrations were not applied. Nothing was done to DB_10.";
    assert!(fault.trim_end().ends_with(expected), "{output:#?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let begun = ["\nLEDGER:\n", "\nDB:\n", "\nDB_2:\n"].map(|binding| said.find(binding));
    assert!(begun[0].is_some() && begun.is_sorted(), "{said}");
    assert!(!said.contains("\nDB_10:\n"), "{said}");
}

#[test]
fn with_the_hash_of_a_bundle_nothing_is_built_and_no_other_bundle_passes() {
    shared();
    let printed = node(&["scripts/bundle.mjs"], &[]);
    let printed = String::from_utf8(printed.stdout).unwrap();
    let hash = printed.trim().strip_prefix("sha256=").unwrap();
    let same = node(&["scripts/build.mjs"], &[("BUNDLE_SHA256", hash)]);
    assert!(same.status.success(), "{same:#?}");
    let other: String = hash.chars().rev().collect();
    // An output that a workflow does not have is an empty text.
    for other in [other.as_str(), "", "not there"] {
        let other = node(&["scripts/build.mjs"], &[("BUNDLE_SHA256", other)]);
        assert!(!other.status.success(), "{other:#?}");
    }
}

/// What writes lines of log.
const LOGS: [&str; 5] = [
    "src/platform/log.rs",
    "src/platform/scheduled.rs",
    "src/platform/bindings.rs",
    "src/ledger/keep.rs",
    "src/moves/run.rs",
];

#[test]
fn every_field_that_an_alert_of_the_page_names_is_in_the_log() {
    let read = |file: &str| fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let page = read("DEPLOY.md");
    let (_, alerts) = page.split_once("| watched | filter |").unwrap();
    let rows = alerts
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let log = LOGS.map(read).concat();
    let mut fields = 0;
    for row in rows {
        let filter = row.split('|').nth(2).unwrap();
        for field in filter.split('`').skip(1).step_by(2) {
            assert!(log.contains(&format!("\"{field}\"")), "{row}: {field}");
            fields += 1;
        }
    }
    assert!(fields > 15, "{fields}");
}

/// Runs the workflows' check after a deployment to these addresses.
fn look_at(name: &str, targets: &[&str]) -> Output {
    let file = scratch(name);
    let begun = json!({"type": "wrangler-session", "version": 1});
    let deploy = json!({"type": "deploy", "version": 1, "targets": targets});
    fs::write(&file, format!("{begun}\n{deploy}\n")).unwrap();
    node(&["scripts/deployed.mjs", file.to_str().unwrap(), "0"], &[])
}

#[test]
fn a_worker_is_checked_after_its_deployment() {
    let _under_way = shared().request_under_way();
    let origin = &shared().origin;
    let up = look_at("up.ndjson", &[origin]);
    assert!(up.status.success(), "{up:#?}");
    assert_eq!(
        String::from_utf8_lossy(&up.stdout),
        format!("url={origin}\n")
    );

    // A port without a listener, and a deployment without an address.
    for targets in [&["http://127.0.0.1:9 (custom domain)"][..], &[]] {
        let down = look_at("down.ndjson", targets);
        assert!(!down.status.success(), "{down:#?}");
        assert!(down.stdout.is_empty(), "{down:#?}");
    }
}
