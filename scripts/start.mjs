// npm start: from a fresh clone to a Worker that answers on this machine, with demo data in an empty database.

import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "./build.mjs";
import { demo, loadDemo, secrets } from "./demo.mjs";
import { setup } from "./setup.mjs";
import { Failure, main, seconds, step } from "./tools.mjs";
import { dev, execute, migrate } from "./wrangler.mjs";

const port = Number(process.env.PORT || 8787);
const url = `http://127.0.0.1:${port}`;

async function start() {
  const began = performance.now();
  if (!(port >= 1 && port <= 65535)) throw new Failure("PORT must be a number from 1 to 65535");
  await portIsFree();
  await setup();
  await build();
  await step("database: applying migrations", migrate);
  const [[{ partners }]] = await execute(["--command", "SELECT COUNT(*) AS partners FROM partners"]);
  if (partners === 0) await step("database: loading the demo", () => loadDemo());

  const server = dev({ port });
  const told = new Promise((done) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => done(0));
  });
  const over = Promise.race([server.ended, told]);
  if (await Promise.race([answers(), over.then(() => false)])) invite(seconds(began));
  const code = await over;
  await server.stop();
  process.exit(code ?? 1);
}

/** wrangler would take another port without asking. */
function portIsFree() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", ({ code }) => fail(new Failure(`port ${port} is taken (${code}): try PORT=8788 npm start`)));
    probe.listen(port, "127.0.0.1", () => probe.close(done));
  });
}

/** True once the server answers, whatever it says. */
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
Serving ${url} after ${time} s; Ctrl-C ends it.
In a browser that is the reference, with examples to try. To paste into another terminal:

  # list the demo partner's customers
  ${curl} ${url}/customers
  # create one
  ${curl} -d name='Nordlund AB' -d custnr=SE-1003 ${url}/customers
  # all that is held about one
  ${curl} ${url}/customers/1/export
  # erase it: what that would do, the erasure itself, and its receipt
  ${curl} -X DELETE '${url}/customers/1?dry_run=1'
  ${curl} -X DELETE ${url}/customers/1
  ${curl} ${url}/customers/1/erasure
  # as the operator, let in another partner
  curl -X PUT -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' \\
    -d '{"name":"Acme"}' ${url}/operator/partners/acme
`);
}

await main(import.meta, start);
