// npm test: runs every check that a change must pass, and stops at the first that fails. Arguments go to cargo test:
// npm test -- erasure

import { build } from "./build.mjs";
import { dependencies } from "./dependencies.mjs";
import { documents } from "./documents.mjs";
import { generated } from "./generated.mjs";
import { links } from "./links.mjs";
import { lintWorkflows } from "./lint-workflows.mjs";
import { setup } from "./setup.mjs";
import { env, main, run, seconds } from "./tools.mjs";

const strict = ["--", "-D", "warnings"];
const wasm = ["--lib", "--target", "wasm32-unknown-unknown"];
const docs = ["--locked", "--no-deps", "--document-private-items"];

async function test() {
  await check("setup", setup);
  await check("workflows", lintWorkflows);
  await check("links of the texts", links);
  await check("build", build);
  await check("OpenAPI documents", documents);
  // The clients are made while the other checks run. A failure shows where they are awaited.
  const clients = generated();
  clients.catch(() => {});
  await check("format", () => cargo("fmt", "--check"));
  // clippy does all that cargo check does. Neither it nor rustdoc sees the shell on the host, or host programs for wasm.
  await check("clippy, host", () => cargo("clippy", "--locked", "--all-targets", ...strict));
  await check("clippy, wasm", () => cargo("clippy", "--locked", ...wasm, ...strict));
  await check("documentation, host", () => cargo("doc", ...docs));
  await check("documentation, wasm", () => cargo("doc", ...docs, ...wasm));
  await check("dependencies", dependencies);
  await check("long tests on the host", () => cargo("test", "--locked", "--lib", "--", "--ignored"));
  await check("generated clients", () => clients);
  // The tests come last, so that cargo's summary ends the output.
  console.log("\n== tests");
  await cargo("test", "--locked", ...process.argv.slice(2));
}

async function check(title, work) {
  const start = performance.now();
  console.log(`\n== ${title}`);
  await work();
  console.log(`== ${title}: ${seconds(start)} s`);
}

// Tests mostly wait for the server, so more of them run at once than there are processors.
const { RUST_TEST_THREADS = "6" } = process.env;

const cargo = (...args) =>
  run("cargo", args, { env: { ...env, RUSTDOCFLAGS: "-D warnings", RUST_TEST_THREADS } });

await main(import.meta, test);
