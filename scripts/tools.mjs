// What the other scripts share: where the tools are, the environment that they run in, and how to run one.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(import.meta.dirname, "..");

/** An error that is the user's to solve: its message is printed, without a stack. */
export class Failure extends Error {}

/** The version of a crate in Cargo.lock. The command line tools must match their crates exactly. */
export function locked(crate) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const found = lock.match(`name = "${crate}"\nversion = "(.+)"`);
  if (!found) throw new Failure(`Cargo.lock has no crate ${crate}`);
  return found[1];
}

// Outside the tree, so that neither `cargo clean` nor a fresh clone builds the tools again.
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "customers-api", "tools");

function tool(name, crate, bin, minutes) {
  const version = locked(crate);
  const dir = join(cache, `${name}-${version}`);
  return { name, version, dir, bin: join(dir, "bin", bin), minutes };
}

export const wasmBindgen = tool("wasm-bindgen-cli", "wasm-bindgen", "wasm-bindgen", 3);
export const workerBuild = tool("worker-build", "worker", "worker-build", 4);

const npmBin = join(root, "node_modules", ".bin");
export const wasmOpt = join(npmBin, "wasm-opt");

/** The environment for every tool. worker-build would download what the *_BIN variables do not name. */
export const env = {
  ...process.env,
  // First of all npm's own package `node`: wrangler wants a newer Node than the system may have.
  PATH: [npmBin, process.env.PATH].join(delimiter),
  WASM_BINDGEN_BIN: wasmBindgen.bin,
  WASM_OPT_BIN: wasmOpt,
  ESBUILD_BIN: join(npmBin, "esbuild"),
  // wrangler stays quiet and offline. Hiding the banner also leaves out its search for a newer version.
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // Its local dashboards keep every request's URL on disk.
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
};

/**
 * Runs a command in the root of the repository to its end; anything but success is a Failure.
 * `quiet` keeps its output back until it fails. Answers what a quiet command wrote to stdout.
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

/** What files and folders hold, as one number: another one when anything in them has changed. */
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

/** Seconds since `start`, a `performance.now()`. */
export const seconds = (start) => ((performance.now() - start) / 1000).toFixed(1);

/** Says what is being done and, on the same line, how long it took. */
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

/** Runs `work` when the module is the one that was started, not imported. */
export async function main(module, work) {
  if (realpathSync(process.argv[1]) !== fileURLToPath(module.url)) return;
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    process.exit(1);
  }
}
