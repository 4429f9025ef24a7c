// npm start: sets up a fresh clone, builds the Worker and serves it on this machine. It loads the demo into an empty
// database.

import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "./build.mjs";
import { demo, loadDemo } from "./demo.mjs";
import { setup } from "./setup.mjs";
import { Failure, main, seconds, step } from "./tools.mjs";
import { dev, execute, localConfig, migrate } from "./wrangler.mjs";

const DEFAULT_PORT = 8787;

const { PORT = "" } = process.env;
const port = Number(PORT || DEFAULT_PORT);
const url = `http://127.0.0.1:${port}`;

async function start() {
  const began = performance.now();
  if (!(Number.isInteger(port) && port >= 1 && port <= 65535)) {
    throw new Failure(`PORT must be a number from 1 to 65535, not ${PORT}`);
  }
  await portIsFree();
  // The build does what it needs of the setup while it compiles; a build that is unchanged needs none.
  await build();
  await setup();
  const config = localConfig();
  await step("databases: applying migrations", () => migrate({ config }));
  const [[{ partners }]] = await execute(["--command", "SELECT COUNT(*) AS partners FROM directory"]);
  if (partners === 0) await step("database: loading the demo", () => loadDemo());

  const server = dev({ port, config });
  const told = new Promise((done) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => done(0));
  });
  const over = Promise.race([server.ended, told]);
  if (await Promise.race([answers(), over.then(() => false)])) console.log(invitation(port, seconds(began)));
  const code = await over;
  await server.stop();
  process.exit(code ?? 1);
}

/** Fails when the port is taken: wrangler would silently choose another one. */
function portIsFree() {
  return new Promise((done, fail) => {
    const probe = createServer();
    const other = port === 8788 ? 8789 : 8788;
    probe.on("error", ({ code }) => fail(new Failure(`port ${port} is taken (${code}): try PORT=${other} npm start`)));
    probe.listen(port, "127.0.0.1", () => probe.close(done));
  });
}

/** Waits until the server answers, whatever the status. */
async function answers() {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response) return true;
    await sleep(100);
  }
}

/** A way in. None of it changes the demo: README.md goes on from there. */
export function invitation(port, time) {
  const at = `http://127.0.0.1:${port}`;
  const curl = `curl --digest -u ${demo.username}:${demo.password}`;
  return `
Serving ${at} after ${time} s. Ctrl-C stops it.
Open it in a browser for the reference, with examples to try. Commands for another terminal:

  # list the demo partner's customers
  ${curl} ${at}/customers
  # export everything stored about a customer
  ${curl} ${at}/customers/1/export
  # see what an erasure would do; without ?dry_run=1 it is done
  ${curl} -X DELETE '${at}/customers/1?dry_run=1'
  # as the operator, in this directory: list the partners
  ${port === DEFAULT_PORT ? "" : `PORT=${port} `}npm run -s operator -- show
`;
}

await main(import.meta, start);
