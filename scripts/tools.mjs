// Shared by the other scripts: the paths of the tools, their environment, and how to run them.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(import.meta.dirname, "..");

/** An error that the user can fix. It is printed without a stack. */
export class Failure extends Error {}

/** Reads the version of a crate from Cargo.lock. A command line tool must have exactly the version of its crate. */
export function locked(crate) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const found = lock.match(`name = "${crate}"\nversion = "(.+)"`);
  if (!found) throw new Failure(`Cargo.lock has no crate ${crate}`);
  return found[1];
}

// Outside the repository, so that neither `cargo clean` nor a fresh clone has to build the tools again.
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "customers-api", "tools");

function tool(name, version, bin, minutes, options = []) {
  const dir = join(cache, `${name}-${version}`);
  return { name, version, dir, bin: join(dir, "bin", bin), minutes, options };
}

export const wasmBindgen = tool("wasm-bindgen-cli", locked("wasm-bindgen"), "wasm-bindgen", 3);
export const workerBuild = tool("worker-build", locked("worker"), "worker-build", 4);
// Not optimised: it is built in 80 s instead of 214 s, and runs in 2 s instead of 1 s.
const unoptimised = ["--config", "profile.release.opt-level=0"];
export const cargoDeny = tool("cargo-deny", "0.20.2", "cargo-deny", 2, unoptimised);

const npmBin = join(root, "node_modules", ".bin");
export const wasmOpt = join(npmBin, "wasm-opt");

/**
 * The environment of this process without what cargo adds for a program that it runs. A test starts cargo again, through
 * the build, and ring's build script takes those variables for a change: then ring is compiled again, and so is all that
 * depends on it.
 */
const ownEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^CARGO_(PKG|MANIFEST)_/.test(name)));

/** The environment of every tool. The *_BIN variables keep worker-build from downloading those tools. */
export const env = {
  ...ownEnv,
  // npm's package `node` comes first: wrangler may need a newer Node than the system has.
  PATH: [npmBin, process.env.PATH].join(delimiter),
  WASM_BINDGEN_BIN: wasmBindgen.bin,
  WASM_OPT_BIN: wasmOpt,
  ESBUILD_BIN: join(npmBin, "esbuild"),
  // These keep wrangler quiet and offline. Without the banner it does not look for a newer version either.
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // Off, because wrangler's local dashboards store every request's URL on disk.
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
};

/**
 * Runs a command in the root of the repository. It throws a Failure when the command fails. `quiet` shows the output
 * only then, and returns what the command wrote to stdout.
 */
export function run(command, args, { quiet = false, ...options } = {}) {
  return new Promise((done, fail) => {
    const stdio = quiet ? ["ignore", "pipe", "pipe"] : "inherit";
    const child = spawn(command, args, { cwd: root, env, stdio, ...options });
    const terminate = () => child.kill("SIGTERM");
    process.once("SIGTERM", terminate);

    let out = "";
    let all = "";
    child.stdout?.on("data", (text) => ((out += text), (all += text)));
    child.stderr?.on("data", (text) => (all += text));

    child.on("error", (error) => fail(new Failure(`${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      process.off("SIGTERM", terminate);
      if (code === 0) return done(out);
      const line = [command.replace(/.*\//, ""), ...args].join(" ").slice(0, 120);
      fail(new Failure(`${all}\n${line}: ${signal ?? `exit code ${code}`}`.trim()));
    });
  });
}

/** Hashes the names and contents of files and folders, to see whether anything in them has changed. */
export function fingerprint(sources) {
  const sum = createHash("sha256");
  for (const file of sources.flatMap((name) => files(join(root, name)))) {
    const content = readFileSync(file);
    sum.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return sum.digest("hex");
}

function files(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((name) => files(join(path, name)));
}

/** The seconds since `start`, which came from `performance.now()`. */
export const seconds = (start) => ((performance.now() - start) / 1000).toFixed(1);

/** Prints what it does and, on the same line, how long that took. */
export async function step(title, work) {
  const start = performance.now();
  process.stdout.write(`${title} … `);
  try {
    const result = await work();
    console.log(`done in ${seconds(start)} s`);
    return result;
  } catch (error) {
    console.log("failed");
    throw error;
  }
}

/** Runs `work` only if the module was started directly, not imported. */
export async function main(module, work) {
  if (realpathSync(process.argv[1]) !== fileURLToPath(module.url)) return;
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exit(1);
  }
}
