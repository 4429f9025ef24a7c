// Runs wrangler for the other scripts: applies migrations, runs SQL, and serves the Worker in workerd.

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { databases } from "./migrate.mjs";
import { Failure, env, root, run } from "./tools.mjs";

export const wranglerToml = join(root, "wrangler.toml");

/** wrangler's default place for local state. */
const wranglerState = join(root, ".wrangler", "state");

/** The configuration with the databases that wrangler.toml has in comments. */
export function withAllDatabases(toml) {
  return toml.replace(/^# \[\[d1_databases\]\]\n(?:# .+\n)+/gm, (block) => block.replace(/^# /gm, ""));
}

/** Writes the configuration of npm start, which has several databases, beside wrangler.toml. */
export function localConfig() {
  const config = join(root, "wrangler.local.toml");
  writeFileSync(config, withAllDatabases(readFileSync(wranglerToml, "utf8")));
  return config;
}

/** Applies the migrations to the ledger and to every database of a configuration. */
export async function migrate({ config = wranglerToml, state = wranglerState } = {}) {
  for (const binding of databases({ config })) await d1(binding, ["migrations", "apply"], [], { config, state });
}

/** wrangler's line for a request. The Worker writes a better one. */
const OF_A_REQUEST = /^\[wrangler:info\] [A-Z]+ \S+ \d{3} .*\(\d+ms\)$/;

/** Runs `["--command", sql]` or `["--file", path]` in `DB`, and returns the result of each statement. */
export async function execute(sql, { config = wranglerToml, state = wranglerState } = {}) {
  const out = await d1("DB", ["execute"], ["--json", "--yes", ...sql], { config, state });
  return JSON.parse(out).map(({ results }) => results);
}

function d1(binding, command, args, { config, state }) {
  const where = ["--local", "--persist-to", state, "--config", config];
  return run("wrangler", ["d1", ...command, binding, ...where, ...args], { quiet: true, cwd: dirname(config) });
}

/**
 * Starts the Worker. With `detached` it runs in its own process group, so that stop() reaches every process that
 * wrangler starts. Otherwise it stays in our group, so that Ctrl-C stops it too. `ended` settles when wrangler has
 * ended, for any reason.
 */
export function dev({ port, config = wranglerToml, state = wranglerState, detached = false }) {
  const args = ["dev", "--config", config, "--persist-to", state, "--ip", "127.0.0.1", "--port", String(port)];
  // Inspector port 0 means any free port, so that servers do not clash. "log" is the lowest level with console.log.
  args.push("--inspector-port", "0", "--show-interactive-dev-session=false", "--log-level", "log");
  const child = spawn("wrangler", args, {
    cwd: dirname(config),
    // Servers of the same name would otherwise find each other through a registry in the home directory.
    env: { ...env, WRANGLER_REGISTRY_PATH: join(dirname(config), ".wrangler", "registry") },
    stdio: ["ignore", "pipe", "inherit"],
    detached,
  });
  createInterface(child.stdout).on("line", (line) => OF_A_REQUEST.test(line) || console.log(line));
  const ended = new Promise((done, fail) => {
    child.on("error", (error) => fail(new Failure(`wrangler: ${error.message}`)));
    child.on("exit", (code) => done(code));
  });
  return { ended, stop: () => stop(detached ? -child.pid : child.pid, ended) };
}

/**
 * Stops a process, or a process group if the id is negative: SIGTERM first, SIGKILL once wrangler has ended or after
 * 5 seconds.
 */
async function stop(pid, ended) {
  signal(pid, "SIGTERM");
  await Promise.race([ended, sleep(5000)]);
  signal(pid, "SIGKILL");
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // The process has already ended.
  }
}
