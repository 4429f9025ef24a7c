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
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "customers-api", "tools");

function tool(name, version, bin, options = []) {
  const dir = join(cache, `${name}-${version}`);
  return { name, version, dir, bin: join(dir, "bin", bin), options };
}

// Not optimised: cargo-deny is then built in 80 s instead of 214 s, and runs in 2 s instead of 1 s.
const unoptimised = ["--config", "profile.release.opt-level=0"];

export const wasmBindgen = {
  ...tool("wasm-bindgen-cli", locked("wasm-bindgen"), "wasm-bindgen", ["--no-default-features", ...unoptimised]),
  release: release(locked("wasm-bindgen")),
};
export const cargoDeny = tool("cargo-deny", "0.20.2", "cargo-deny", unoptimised);

/**
 * Where wasm-bindgen's own release for this machine is, and the SHA-256 that it must have. `undefined` where we know none:
 * then it is built.
 */
function release(version) {
  const releases = {
    "linux-x64": ["x86_64-unknown-linux-musl", "82d12bb940e2d4e72e0d5605387fc1b8ca179044e012b620f0ce4e7440e8320e"],
    "linux-arm64": ["aarch64-unknown-linux-musl", "2ed4351c35dd9440308bbb02767d47ea278efe851a52465300f3c94f5b6c2a87"],
    "darwin-x64": ["x86_64-apple-darwin", "7e028879a68ec53dae14048b55cc5215f6df75b17a9c1426fac8fa086d3202fd"],
    "darwin-arm64": ["aarch64-apple-darwin", "81d4a23d56b3c3eb8187658329116d50e0b228a93b343825fb71f70179051cd1"],
  };
  const [platform, sha256] = releases[`${process.platform}-${process.arch}`] ?? [];
  if (!sha256 || version !== "0.2.129") return undefined;
  const name = `wasm-bindgen-${version}-${platform}`;
  return { url: `https://github.com/wasm-bindgen/wasm-bindgen/releases/download/${version}/${name}.tar.gz`, sha256 };
}

const npmBin = join(root, "node_modules", ".bin");
export const wasmOpt = join(npmBin, "wasm-opt");
export const esbuild = join(npmBin, "esbuild");

/**
 * The environment of this process without what cargo adds for a program that it runs. A test starts cargo again, through
 * the build, and ring's build script takes those variables for a change: then ring is compiled again, and so is all that
 * depends on it.
 */
const ownEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^CARGO_(PKG|MANIFEST)_/.test(name)));

/** The environment of every tool. */
export const env = {
  ...ownEnv,
  // npm's package `node` comes first: wrangler may need a newer Node than the system has.
  PATH: [npmBin, process.env.PATH].join(delimiter),
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

/** Prints what it does, and then how long that took. Several steps may be under way at once. */
export async function step(title, work) {
  const start = performance.now();
  console.log(`${title} …`);
  try {
    const result = await work();
    console.log(`${title}: done in ${seconds(start)} s`);
    return result;
  } catch (error) {
    console.log(`${title}: failed`);
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
