// Serves the Worker for the end-to-end tests: node scripts/serve.mjs --port P --state DIR [--config FILE] [--demo]
//
// With --demo its database, which must be a new one, has the demo in it.
//
// Real workerd and real D1, everything in DIR and nothing in the repository. It ends when its standard input does: a
// test process that dies, in whatever way, leaves no server behind.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { loadDemo } from "./demo.mjs";
import { Failure, main, root } from "./tools.mjs";
import { dev, migrate } from "./wrangler.mjs";

async function serve() {
  const string = { type: "string" };
  const { values } = parseArgs({ options: { port: string, state: string, config: string, demo: { type: "boolean" } } });
  const { port, state, config = join(root, "wrangler.toml") } = values;
  if (!port || !state) throw new Failure("usage: node scripts/serve.mjs --port P --state DIR [--config FILE] [--demo]");

  // From now on: the parent may be gone before the server is up.
  const told = stopped();
  await build();
  const home = join(resolve(state), `wrangler-${port}`);
  const options = { port, state: resolve(state), config: settle(resolve(config), home), detached: true };
  await migrate(options);
  if (values.demo) await loadDemo(options);
  const server = dev(options);
  const code = await Promise.race([server.ended, told]);
  await server.stop();
  process.exit(code ?? 0);
}

/**
 * A copy of the configuration in a directory of its own, where wrangler puts its temporary files too. Its paths are
 * absolute and it builds nothing. The secrets are those of the example unless some stand beside the original: what
 * a developer keeps in .dev.vars changes no test.
 */
function settle(config, dir) {
  mkdirSync(dir, { recursive: true });
  const absolute = (_, key, path) => `${key} = ${JSON.stringify(resolve(dirname(config), path))}`;
  const text = readFileSync(config, "utf8")
    .replace(/^(main|migrations_dir|directory) = "(.+)"$/gm, absolute)
    .replace(/^\[build\]\n(?:(?!\[).*\n)*/m, "");
  writeFileSync(join(dir, "wrangler.toml"), text);

  const own = join(dirname(config), ".dev.vars");
  const isOwn = dirname(config) !== root && existsSync(own);
  copyFileSync(isOwn ? own : join(root, ".dev.vars.example"), join(dir, ".dev.vars"));
  return join(dir, "wrangler.toml");
}

/** Settles when the parent closes its end of our standard input, or somebody asks us to end. */
function stopped() {
  return new Promise((done) => {
    process.stdin.resume().on("end", done).on("error", done);
    for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => done());
  });
}

await main(import.meta, serve);
