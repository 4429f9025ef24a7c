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
        config["vars"]
            .as_object()
            .map(|vars| Vec::from_iter(vars.keys().cloned()))
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
fn the_database_is_migrated_before_the_code_that_needs_it_is_deployed() {
    let package = fs::read_to_string(Path::new(ROOT).join("package.json")).unwrap();
    let scripts = &serde_json::from_str::<Value>(&package).unwrap()["scripts"];
    for (script, environment) in [("deploy", "''"), ("deploy:preview", "preview")] {
        // npm runs pre<script> first, and <script> only if that succeeds.
        let first = scripts[format!("pre{script}")].as_str().unwrap();
        let migrate = format!("&& wrangler d1 migrations apply DB --remote --env {environment}");
        assert!(first.ends_with(&migrate), "{first}");
        assert_eq!(
            scripts[script],
            format!("wrangler deploy --env {environment}")
        );
    }
}

/// Runs the workflows' check after a deployment to these addresses.
fn look_at(name: &str, targets: &[&str]) -> Output {
    let file = scratch(name);
    let begun = json!({"type": "wrangler-session", "version": 1});
    let deploy = json!({"type": "deploy", "version": 1, "targets": targets});
    fs::write(&file, format!("{begun}\n{deploy}\n")).unwrap();
    Command::new("node")
        .current_dir(ROOT)
        .arg("scripts/deployed.mjs")
        .arg(file)
        .arg("0")
        .output()
        .unwrap()
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
