// Serves the Worker for the end-to-end tests: node scripts/serve.mjs --port P --state DIR [--config FILE] [--demo]
//
// --demo loads the demo into the database, which must be new.
//
// It runs the real workerd with a real D1. All state is in DIR and none in the repository. The server stops when its
// standard input closes, so no server outlives a test process, however that process ends.

import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { loadDemo } from "./demo.mjs";
import { Failure, fingerprint, main, root } from "./tools.mjs";
import { dev, migrate, withAllDatabases } from "./wrangler.mjs";

async function serve() {
  const string = { type: "string" };
  const { values } = parseArgs({ options: { port: string, state: string, config: string, demo: { type: "boolean" } } });
  const { port, state, config = join(root, "wrangler.toml") } = values;
  if (!port || !state) throw new Failure("usage: node scripts/serve.mjs --port P --state DIR [--config FILE] [--demo]");

  // Listen already now: the parent may end before the server is up.
  const told = stopped();
  await build();
  const home = join(resolve(state), `wrangler-${port}`);
  const options = { port, state: resolve(state), config: settle(resolve(config), home), detached: true };
  await fill(options);
  if (values.demo) await loadDemo(options);
  const server = dev(options);
  const code = await Promise.race([server.ended, told]);
  await server.stop();
  process.exit(code ?? 0);
}

/**
 * Gives a new state its databases: copies of some that wrangler has migrated once. wrangler takes seconds for each database,
 * and the tests start many servers.
 */
async function fill(options) {
  if (existsSync(join(options.state, "v3"))) return;
  const sources = fingerprint(["migrations", "wrangler.toml", "package-lock.json"]);
  const filled = join(root, "target", `databases-${sources.slice(0, 16)}`);
  if (!existsSync(filled)) {
    const own = `${filled}-${process.pid}`;
    await migrate({ ...options, state: own });
    try {
      renameSync(own, filled);
    } catch {
      // Another server was faster.
      rmSync(own, { recursive: true });
    }
  }
  cpSync(filled, options.state, { recursive: true });
}

/**
 * Copies the configuration to a directory of its own, because wrangler writes its temporary files beside it. The copy
 * has absolute paths and no build command. The secrets come from .dev.vars.example, unless a configuration outside the
 * repository has its own: a developer's .dev.vars must not change the tests.
 */
function settle(config, dir) {
  mkdirSync(dir, { recursive: true });
  const absolute = (_, key, path) => `${key} = ${JSON.stringify(resolve(dirname(config), path))}`;
  const text = withAllDatabases(readFileSync(config, "utf8"))
    .replace(/^(main|migrations_dir|directory) = "(.+)"$/gm, absolute)
    .replace(/^\[build\]\n(?:(?!\[).*\n)*/m, "");
  writeFileSync(join(dir, "wrangler.toml"), text);

  const own = join(dirname(config), ".dev.vars");
  const isOwn = dirname(config) !== root && existsSync(own);
  copyFileSync(isOwn ? own : join(root, ".dev.vars.example"), join(dir, ".dev.vars"));
  return join(dir, "wrangler.toml");
}

/** Settles when the parent closes our standard input, or on SIGTERM or SIGINT. */
function stopped() {
  return new Promise((done) => {
    process.stdin.resume().on("end", done).on("error", done);
    for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => done());
  });
}

await main(import.meta, serve);
