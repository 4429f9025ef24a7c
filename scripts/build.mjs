// Builds the Worker and its static files into build/. npm run build and the [build] command of wrangler.toml run it.
// wrangler dev runs it at every start, so it returns at once when no source has changed. In the workflows it checks the
// bundle that another job has built (scripts/bundle.mjs).
//
// The tests build a second Worker with: node scripts/build.mjs --out target/panic --features panic-route

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseArgs } from "node:util";
import { verify } from "./bundle.mjs";
import { site } from "./site.mjs";
import { env, fingerprint, main, root, run, wasmOpt, workerBuild } from "./tools.mjs";

const SOURCES = ["src", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "package-lock.json", "scripts/build.mjs"];

export async function build(options) {
  const { BUNDLE_SHA256: built } = process.env;
  if (built !== undefined && !options?.out) return verify(built);
  await worker(options);
  await site();
}

async function worker({ out = "build", features = "" } = {}) {
  const names = ["entry.mjs", "index.js", "index_bg.wasm", ".stamp"];
  const [entry, js, wasm, stamp] = names.map((name) => join(root, out, name));
  const now = fingerprint(SOURCES);
  const last = lastBuild(entry, js, wasm, stamp);
  if (last?.fingerprint === now) return console.log(`${last.sizes} (unchanged)`);

  // Imported here so that an unchanged build does not load it.
  const { setup } = await import("./setup.mjs");
  await setup();
  // A build that fails halfway leaves no stamp, so the next run does not mistake it for a finished one.
  rmSync(stamp, { force: true });
  await run(workerBuild.bin, ["--release", "--no-opt", "--out-dir", out, ".", "--locked", "--features", features]);
  await optimize(wasm);
  await run(env.ESBUILD_BIN, ["src/entry.mjs", "--minify", "--log-level=warning", `--outfile=${entry}`]);
  const sizes = measure(entry, js, wasm);
  writeFileSync(stamp, `${now}\n${sizes}\n`);
  console.log(sizes);
}

/**
 * Shrinks the module. worker-build could run wasm-opt, but its run keeps the names of all functions.
 *
 * wasm-opt reads most features from the module. wasm-bindgen's catch wrappers need exception handling, which rustc does
 * not list there. --all-features is no alternative: it makes wasm-opt write encodings that workerd cannot read.
 * Functions with one caller are not inlined: inlining makes the module smaller but its gzip larger (4 % here).
 * Alignment hints are removed because V8 does not use them.
 */
async function optimize(wasm) {
  // Classes that dependencies export and nobody here uses. The linker must keep what is exported.
  const unused = ["*minifyconfig*", "*containerstartupoptions*", "*r2range*", "*intounderlying*"];
  const smaller = `${wasm}.opt`;
  const size = ["-O2", "-Oz", "--one-caller-inline-max-function-size=1", "--dealign"];
  const flags = [`--remove-exports=${unused}`, ...size, "--strip-debug", "--strip-producers", "--enable-exception-handling"];
  await run(wasmOpt, [...flags, wasm, "-o", smaller]);
  renameSync(smaller, wasm);
}

function measure(...files) {
  const contents = files.map((file) => readFileSync(file));
  const kb = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
  const zipped = contents.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
  const module = contents.at(-1).length;
  const script = contents.reduce((sum, bytes) => sum + bytes.length, -module);
  return `bundle: wasm ${kb(module)}, js ${kb(script)}, together ${kb(zipped)} gzip`;
}

function lastBuild(entry, js, wasm, stamp) {
  if (![entry, js, wasm, stamp].every(existsSync)) return undefined;
  const [fingerprint, sizes] = readFileSync(stamp, "utf8").split("\n");
  return { fingerprint, sizes };
}

await main(import.meta, () => {
  const string = { type: "string" };
  return build(parseArgs({ options: { out: string, features: string } }).values);
});
