//! What is deployed: small, and accepted by the tool that deploys it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::server::shared;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Bytes of the bundle, by `gzip -9`. A Worker is loaded where nobody has called for a while, and its size
/// is the time that the first caller waits.
const LIMIT: usize = 175_000;

/// The files of the bundle.
const BUNDLE: [&str; 3] = ["build/entry.mjs", "build/index.js", "build/index_bg.wasm"];

#[test]
fn the_bundle_is_at_most_175_kilobytes() {
    // Whoever has started the server has built the Worker.
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
fn the_drill_that_panics_is_not_in_the_bundle() {
    shared();
    let wasm = fs::read(Path::new(ROOT).join(BUNDLE[2])).unwrap();
    let text = b"a panic was asked for";
    assert!(!wasm.windows(text.len()).any(|bytes| bytes == text));
}

/// Runs wrangler in the environment of the other scripts, which keeps it offline.
const WRANGLER: &str =
    "import { run } from './scripts/tools.mjs'; await run('wrangler', process.argv.slice(1));";

#[test]
fn wrangler_accepts_the_bundle_for_production_and_for_the_preview() {
    shared();
    for (environment, name) in [("", "customers"), ("preview", "customers-preview")] {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deploy-{name}"));
        let output = Command::new("node")
            .current_dir(ROOT)
            .args(["--input-type=module", "--eval", WRANGLER, "--"])
            .args(["deploy", "--dry-run", "--env", environment, "--outdir"])
            .arg(&directory)
            .output()
            .expect("node is needed to run wrangler");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{environment}: {output:#?}");
        for expected in [
            "--dry-run: exiting now",
            "env.DB",
            "env.PROFILES",
            "env.PARTNER_LIMIT",
            "env.LOGIN_LIMIT",
        ] {
            assert!(said.contains(expected), "{environment}: {output:#?}");
        }
        assert!(said.contains(&format!("env.DB ({name})")), "{said}");
        assert!(directory.join("entry.js").exists());
    }
}
