// Builds the Worker and its static files into build/. npm run build and the [build] command of wrangler.toml run it.
// wrangler dev runs it at every start, so it returns at once when no source has changed. In the workflows it checks the
// bundle that another job has built (scripts/bundle.mjs).
//
// The tests build a second Worker with: node scripts/build.mjs --out target/panic --features panic-route

import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { parseArgs } from "node:util";
import { verify } from "./bundle.mjs";
import { devVars, rustToolchain, setup } from "./setup.mjs";
import { site } from "./site.mjs";
import { env, esbuild, fingerprint, main, root, run, step, wasmBindgen, wasmOpt } from "./tools.mjs";

const SOURCES = ["src", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "package-lock.json", "scripts/build.mjs"];

const WASM = "wasm32-unknown-unknown";

export async function build(options) {
  const { BUNDLE_SHA256: hash } = process.env;
  if (hash !== undefined && !options?.out) return verify(hash);
  devVars();
  await worker(options);
  // A site whose files were removed has still its stamp.
  const built = join(root, "build", "site");
  if (!existsSync(join(built, "index.html"))) rmSync(`${built}.stamp`, { force: true });
  await site();
  keep(built);
}

/**
 * wrangler wants the folder of the site before it runs this build, so git has the folder, with the one file that wrangler
 * passes over. A server that watches the folder starts anew when something is written there.
 */
function keep(folder) {
  const file = join(folder, ".assetsignore");
  if (!existsSync(file)) writeFileSync(file, "# Keeps this folder in git.\n");
}

async function worker({ out = "build", features = "" } = {}) {
  const names = ["entry.mjs", "index_bg.wasm", ".stamp"];
  const [entry, wasm, stamp] = names.map((name) => join(root, out, name));
  const now = fingerprint(SOURCES);
  const last = lastBuild(entry, wasm, stamp);
  if (last?.fingerprint === now) return console.log(`${last.sizes} (unchanged)`);

  await rustToolchain();
  const [module] = await Promise.all([compile(features), setup(), compileForSite()]);
  // A build that fails halfway leaves no stamp, so the next run does not mistake it for a finished one.
  rmSync(stamp, { force: true });
  const glue = join(root, out, "glue");
  await bind(module, glue);
  await bundle(glue, entry);
  await optimize(join(glue, "index_bg.wasm"), wasm);
  rmSync(glue, { recursive: true });
  const sizes = measure(entry, wasm);
  writeFileSync(stamp, `${now}\n${sizes}\n`);
  console.log(sizes);
}

/** Compiles the crate, and returns the module's path. The warnings of the compiler are shown. */
async function compile(features) {
  const args = ["build", "--quiet", "--lib", "--release", "--locked", "--target", WASM, "--features", features];
  // The glue of `worker` and of wasm-bindgen's async functions must be the same, which this variable says.
  const options = { env: { ...env, WASM_BINDGEN_USE_JS_SYS: "1" } };
  await step("Worker: compiling", () => run("cargo", args, options));
  const target = resolve(root, process.env.CARGO_TARGET_DIR || "target");
  return join(target, WASM, "release", "customers_api.wasm");
}

/** The site is made by a program of the host. It compiles beside the Worker, whose last part keeps only one processor busy. */
function compileForSite() {
  return run("cargo", ["build", "--quiet", "--locked", "--bin", "openapi"]);
}

/** Writes the module that calls the wasm. After a trap it makes a new instance, which is what the last flag is for. */
async function bind(module, glue) {
  rmSync(glue, { recursive: true, force: true });
  const flags = ["--target", "module", "--no-typescript", "--force-enable-abort-handler"];
  await run(wasmBindgen.bin, [module, ...flags, "--out-name", "index", "--out-dir", glue]);
}

async function bundle(glue, entry) {
  const index = join(glue, "index.js");
  // workerd imports a module of wasm like any other module.
  writeFileSync(index, readFileSync(index, "utf8").replace("import source ", "import "));
  copyFileSync(join(root, "src", "entry.mjs"), join(glue, "entry.mjs"));
  const flags = ["--bundle", "--format=esm", "--minify", "--external:./index_bg.wasm", "--log-level=warning"];
  await run(esbuild, [join(glue, "entry.mjs"), ...flags, `--outfile=${entry}`]);
}

/**
 * Shrinks the module.
 *
 * wasm-opt reads most features from the module. wasm-bindgen's catch wrappers need exception handling, which rustc does
 * not list there. --all-features is no alternative: it makes wasm-opt write encodings that workerd cannot read.
 * Functions with one caller are not inlined: inlining makes the module smaller but its gzip larger (4 % here).
 * Alignment hints are removed because V8 does not use them.
 */
async function optimize(from, to) {
  // Classes that dependencies export and nobody here uses. The linker must keep what is exported.
  const unused = ["*minifyconfig*", "*containerstartupoptions*", "*r2range*", "*intounderlying*"];
  const size = ["-O2", "-Oz", "--one-caller-inline-max-function-size=1", "--dealign"];
  const flags = [`--remove-exports=${unused}`, ...size, "--strip-debug", "--strip-producers", "--enable-exception-handling"];
  await run(wasmOpt, [...flags, from, "-o", to]);
}

function measure(...files) {
  const contents = files.map((file) => readFileSync(file));
  const kb = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
  const zipped = contents.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
  const module = contents.at(-1).length;
  const script = contents.reduce((sum, bytes) => sum + bytes.length, -module);
  return `bundle: wasm ${kb(module)}, js ${kb(script)}, together ${kb(zipped)} gzip`;
}

function lastBuild(entry, wasm, stamp) {
  if (![entry, wasm, stamp].every(existsSync)) return undefined;
  const [fingerprint, sizes] = readFileSync(stamp, "utf8").split("\n");
  return { fingerprint, sizes };
}

await main(import.meta, () => {
  const string = { type: "string" };
  return build(parseArgs({ options: { out: string, features: string } }).values);
});
