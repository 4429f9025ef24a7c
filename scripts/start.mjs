// npm start: sets up a fresh clone, builds the Worker and serves it on this machine. It loads the demo into an empty
// database.

import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "./build.mjs";
import { demo, loadDemo, secrets } from "./demo.mjs";
import { setup } from "./setup.mjs";
import { Failure, main, seconds, step } from "./tools.mjs";
import { dev, execute, localConfig, migrate } from "./wrangler.mjs";

const port = Number(process.env.PORT || 8787);
const url = `http://127.0.0.1:${port}`;

async function start() {
  const began = performance.now();
  if (!(port >= 1 && port <= 65535)) throw new Failure("PORT must be a number from 1 to 65535");
  await portIsFree();
  await setup();
  await build();
  const config = localConfig();
  await step("databases: applying migrations", () => migrate({ config }));
  const [[{ partners }]] = await execute(["--command", "SELECT COUNT(*) AS partners FROM directory"]);
  if (partners === 0) await step("database: loading the demo", () => loadDemo());

  const server = dev({ port, config });
  const told = new Promise((done) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => done(0));
  });
  const over = Promise.race([server.ended, told]);
  if (await Promise.race([answers(), over.then(() => false)])) invite(seconds(began));
  const code = await over;
  await server.stop();
  process.exit(code ?? 1);
}

/** Fails when the port is taken: wrangler would silently choose another one. */
function portIsFree() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", ({ code }) => fail(new Failure(`port ${port} is taken (${code}): try PORT=8788 npm start`)));
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

function invite(time) {
  const { OPERATOR_TOKEN: token } = secrets();
  const curl = `curl --digest -u ${demo.username}:${demo.password}`;
  console.log(`
Serving ${url} after ${time} s. Ctrl-C stops it.
Open it in a browser for the reference, with examples to try. Commands for another terminal:

  # list the demo partner's customers
  ${curl} ${url}/customers
  # create a customer
  ${curl} -d name='Nordlund AB' -d custnr=SE-1003 ${url}/customers
  # export everything stored about a customer
  ${curl} ${url}/customers/1/export
  # preview an erasure, erase the customer, read the receipt
  ${curl} -X DELETE '${url}/customers/1?dry_run=1'
  ${curl} -X DELETE ${url}/customers/1
  ${curl} ${url}/customers/1/erasure
  # as the operator, add a partner
  curl -X PUT -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' \\
    -d '{"name":"Acme"}' ${url}/operator/partners/acme
`);
}

await main(import.meta, start);
