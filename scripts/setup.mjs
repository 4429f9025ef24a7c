// Installs only what is missing on this machine: the npm packages, the Rust toolchain, wasm-bindgen and the secrets for
// local development.

import { appendFileSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parseEnv } from "node:util";
import { fetchTool } from "./release.mjs";
import { Failure, env, main, root, run, step, wasmBindgen } from "./tools.mjs";

/** Runs once in a process, whoever asks for it. */
let underWay;
export const setup = () => (underWay ??= install());

async function install() {
  devVars();
  await Promise.all([npmPackages(), rustToolchain().then(() => cargoTool(wasmBindgen))]);
}

export async function npmPackages() {
  if (npmPackagesAreThere()) return;
  // npm must not run on the Node that it is about to delete.
  const PATH = env.PATH.split(delimiter).filter((dir) => !dir.startsWith(join(root, "node_modules")));
  const options = { quiet: true, env: { ...env, PATH: PATH.join(delimiter) } };
  await step("npm packages: installing", () =>
    run("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], options),
  );
}

/** Compares package-lock.json with .package-lock.json, in which npm records what it has installed. */
function npmPackagesAreThere() {
  const modules = join(root, "node_modules");
  // An install script writes this file, and npm runs those last: without it the installation did not finish.
  if (!existsSync(join(modules, "node", "bin", "node"))) return false;
  const installed = packages(join(modules, ".package-lock.json"));
  const wanted = packages(join(root, "package-lock.json"));
  delete wanted[""];
  // An optional package may be missing: most are for other platforms.
  const isThere = ([name, { version, optional }]) =>
    installed[name] ? installed[name].version === version : optional;
  return Object.entries(wanted).every(isThere) && Object.keys(installed).every((name) => name in wanted);
}

function packages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : {};
}

let toolchain;
export const rustToolchain = () => (toolchain ??= installToolchain());

async function installToolchain() {
  const [, channel] = readFileSync(join(root, "rust-toolchain.toml"), "utf8").match(/^channel = "(.+)"/m);
  const wanted = { component: ["rustfmt", "clippy"], target: ["wasm32-unknown-unknown"] };

  const toolchains = await run("rustup", ["toolchain", "list"], { quiet: true }).catch(() => {
    throw new Failure("rustup is missing: install it from https://rustup.rs, then try again");
  });
  if (!toolchains.split("\n").some((line) => line.startsWith(`${channel}-`))) {
    const parts = Object.entries(wanted).flatMap(([kind, names]) => names.flatMap((name) => [`--${kind}`, name]));
    const install = ["toolchain", "install", channel, "--profile", "minimal", "--no-self-update", ...parts];
    return step(`Rust ${channel}: installing`, () => run("rustup", install, { quiet: true }));
  }

  // A listed component has the host in its name. A target is listed as its rust-std.
  const list = await run("rustup", ["component", "list", "--installed", "--toolchain", channel], { quiet: true });
  for (const [kind, names] of Object.entries(wanted)) {
    for (const name of names) {
      if (list.includes(kind === "target" ? `rust-std-${name}` : `${name}-`)) continue;
      await step(`Rust ${channel}: adding ${name}`, () =>
        run("rustup", [kind, "add", name, "--toolchain", channel], { quiet: true }),
      );
    }
  }
}

/** Fetches a tool's own release, or builds the tool. It is moved into place at the end, so it is there whole or not at all. */
export async function cargoTool({ name, version, dir, bin, options, release }) {
  if (existsSync(bin)) return;
  const part = `${dir}.${process.pid}`;
  const title = `${name} ${version}`;
  const fetched = release && (await step(`${title}: fetching`, () => fetchTool(release, join(part, "bin"))));
  if (!fetched) {
    const install = ["install", name, "--version", version, "--locked", "--root", part, "--quiet", ...options];
    await step(`${title}: building`, () => run("cargo", install, { quiet: true }));
  }
  rmSync(dir, { recursive: true, force: true });
  renameSync(part, dir);
}

/** Creates the local secrets. It keeps existing ones, and adds those that are new since. */
export function devVars() {
  const file = join(root, ".dev.vars");
  if (!existsSync(file)) {
    copyFileSync(`${file}.example`, file);
    console.log(".dev.vars: copied from .dev.vars.example");
    return;
  }
  const existing = parseEnv(readFileSync(file, "utf8"));
  for (const [name, value] of Object.entries(parseEnv(readFileSync(`${file}.example`, "utf8")))) {
    if (name in existing) continue;
    appendFileSync(file, `\n${name}="${value}"\n`);
    console.log(`.dev.vars: added ${name} from .dev.vars.example`);
  }
}

await main(import.meta, setup);
