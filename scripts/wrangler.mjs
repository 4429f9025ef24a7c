// wrangler, for start.mjs and serve.mjs: the migrations, a query, and the Worker in workerd.

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { dirname, join } from "node:path";
import { Failure, env, root, run } from "./tools.mjs";

export const wranglerToml = join(root, "wrangler.toml");

/** Where wrangler keeps the local state when it is not told otherwise. */
const wranglerState = join(root, ".wrangler", "state");

/** Applies the migrations that are missing. */
export function migrate({ config = wranglerToml, state = wranglerState } = {}) {
  return d1(["migrations", "apply"], [], { config, state });
}

/** Runs SQL, `["--command", sql]` or `["--file", path]`, and answers the results of its statements. */
export async function execute(sql, { config = wranglerToml, state = wranglerState } = {}) {
  const out = await d1(["execute"], ["--json", "--yes", ...sql], { config, state });
  return JSON.parse(out).map(({ results }) => results);
}

function d1(command, args, { config, state }) {
  const where = ["--local", "--persist-to", state, "--config", config];
  return run("wrangler", ["d1", ...command, "DB", ...where, ...args], { quiet: true, cwd: dirname(config) });
}

/**
 * Starts the Worker. `detached` gives it a process group of its own, so that stop() itself reaches every process
 * under wrangler; otherwise it stays in ours, where Ctrl-C and the end of a whole group reach it too. `ended` settles
 * when wrangler is gone, however that came.
 */
export function dev({ port, config = wranglerToml, state = wranglerState, detached = false }) {
  const args = ["dev", "--config", config, "--persist-to", state, "--ip", "127.0.0.1", "--port", String(port)];
  // Any free port for the debugger, so that servers do not clash; "log" is the least level that shows console.log.
  args.push("--inspector-port", "0", "--show-interactive-dev-session=false", "--log-level", "log");
  const child = spawn("wrangler", args, {
    cwd: dirname(config),
    // Otherwise servers of one name would find each other in the home directory.
    env: { ...env, WRANGLER_REGISTRY_PATH: join(dirname(config), ".wrangler", "registry") },
    stdio: ["ignore", "inherit", "inherit"],
    detached,
  });
  const ended = new Promise((done, fail) => {
    child.on("error", (error) => fail(new Failure(`wrangler: ${error.message}`)));
    child.on("exit", (code) => done(code));
  });
  return { ended, stop: () => stop(detached ? -child.pid : child.pid, ended) };
}

/** Ends a process or, by a negative id, a process group: asks, and insists once wrangler is gone or too slow. */
async function stop(pid, ended) {
  signal(pid, "SIGTERM");
  await Promise.race([ended, sleep(5000)]);
  signal(pid, "SIGKILL");
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // Nothing is left of it, which is what we want.
  }
}
