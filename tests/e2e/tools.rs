//! The scripts that set up and start the service on a machine.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::server::{ROOT, shared};

/// Runs a module of JavaScript in the root of the repository.
fn node(module: &str, arguments: &[&str]) -> String {
    let output = Command::new("node")
        .current_dir(ROOT)
        .args(["--input-type=module", "--eval", module, "--"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Serves an archive with one program, and fetches it as it should be, with another hash, from a server that does not
/// answer, and where nothing listens.
const FETCHES: &str = r#"
    import { spawnSync } from "node:child_process";
    import { createHash } from "node:crypto";
    import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
    import { createServer } from "node:http";
    import { join } from "node:path";
    import { fetchTool } from "./scripts/release.mjs";
    const dir = process.argv[1];
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(join(dir, "tool-1"), { recursive: true });
    writeFileSync(join(dir, "tool-1", "tool"), "program");
    const archive = spawnSync("tar", ["-czf", "-", "-C", dir, "tool-1"]).stdout;
    const sha256 = createHash("sha256").update(archive).digest("hex");
    const server = createServer((request, answer) => request.url === "/tool" && answer.end(archive));
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const at = `http://127.0.0.1:${server.address().port}`;
    const found = [];
    for (const [name, url, hash] of [
      ["right", `${at}/tool`, sha256],
      ["other", `${at}/tool`, sha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0"))],
      ["silent", `${at}/silent`, sha256],
      ["closed", "http://127.0.0.1:1/tool", sha256],
    ]) {
      const began = performance.now();
      const done = await fetchTool({ url, sha256: hash }, join(dir, name));
      const isThere = existsSync(join(dir, name, "tool"));
      found.push({ name, done, isThere, isQuick: performance.now() - began < 6000 });
    }
    server.closeAllConnections();
    server.close();
    console.log(JSON.stringify(found));
"#;

#[test]
fn a_release_is_used_only_if_it_has_the_hash_and_the_fetch_gives_up_quickly() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("releases");
    let said = node(FETCHES, &[dir.to_str().unwrap()]);
    let found: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let expected = [
        ("right", true),
        ("other", false),
        ("silent", false),
        ("closed", false),
    ]
    .map(|(name, done)| json!({"name": name, "done": done, "isThere": done, "isQuick": true}));
    assert_eq!(found, json!(expected), "{said}");
}

#[test]
fn the_urls_of_the_start_follow_the_port() {
    let module = r#"
        import { invitation } from "./scripts/start.mjs";
        console.log(JSON.stringify([8787, 9001].map((port) => invitation(port, 1))));
    "#;
    let texts: Vec<String> = serde_json::from_str(&node(module, &["package.json"])).unwrap();
    assert!(texts[0].contains(":8787/customers") && !texts[0].contains("PORT="));
    assert!(texts[1].contains(":9001/customers") && !texts[1].contains("8787"));
    assert!(texts[1].contains("PORT=9001 npm run -s operator -- show"));
    // README.md adds this partner.
    assert!(!texts[0].contains("acme"), "{}", texts[0]);
}

fn start(port: &str) -> Output {
    Command::new("node")
        .current_dir(ROOT)
        .arg("scripts/start.mjs")
        .env("PORT", port)
        .output()
        .unwrap()
}

#[test]
fn a_port_that_cannot_be_used_ends_the_start_at_once() {
    let refused = start("abc");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        said.contains("PORT must be a number from 1 to 65535, not abc"),
        "{said}"
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = start(&port);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains(&format!("port {port} is taken")), "{said}");
}

#[test]
fn a_request_has_one_line_of_log() {
    let health = crate::client::anonymous("GET", "/health").send();
    shared().log(health.request_id());
    let printed = shared().printed();
    assert!(printed.contains("[wrangler:info] Ready"), "{printed}");
    assert!(!printed.contains("[wrangler:info] GET"), "{printed}");
}
