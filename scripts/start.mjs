// npm start: from a fresh clone to a Worker that answers on this machine, with demo data in an empty database.

import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEnv } from "node:util";
import { build } from "./build.mjs";
import { setup } from "./setup.mjs";
import { Failure, main, root, seconds, step } from "./tools.mjs";
import { dev, execute, migrate } from "./wrangler.mjs";

const port = Number(process.env.PORT || 8787);
const url = `http://127.0.0.1:${port}`;
const demo = { username: "demo", password: "demo-password" };

async function start() {
  const began = performance.now();
  if (!(port >= 1 && port <= 65535)) throw new Failure("PORT must be a number from 1 to 65535");
  await portIsFree();
  await setup();
  await build();
  await step("database: applying migrations", migrate);
  const [[{ partners }]] = await execute(["--command", "SELECT COUNT(*) AS partners FROM partners"]);
  if (partners === 0) await step("database: loading the demo", loadDemo);

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

/** Partner and customers in one transaction: a load that breaks off leaves the database empty. */
async function loadDemo() {
  const partner = `
    INSERT INTO partners (partner_id, username, name, country, ha1_sealed, customers, created)
    VALUES (1, '${demo.username}', 'Demo Agency', 'SE', '${sealedHa1(demo)}', 5, '2026-01-01 00:00:00');\n`;
  const dir = mkdtempSync(join(tmpdir(), "customers-demo-"));
  try {
    const file = join(dir, "demo.sql");
    writeFileSync(file, partner + readFileSync(join(root, "scripts", "demo.sql"), "utf8"));
    await execute(["--file", file]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What is kept of a password: HA1 under AES-256-GCM, bound to the user name: hex of nonce, ciphertext, tag. */
function sealedHa1({ username, password }) {
  const key = parseEnv(readFileSync(join(root, ".dev.vars"), "utf8")).HA1_KEY;
  if (!/^[0-9a-f]{64}$/i.test(key)) throw new Failure(".dev.vars: HA1_KEY must be 64 hex digits");
  const ha1 = createHash("sha256").update(`${username}:customers:${password}`).digest();
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key, "hex"), nonce).setAAD(Buffer.from(username));
  return Buffer.concat([nonce, cipher.update(ha1), cipher.final(), cipher.getAuthTag()]).toString("hex");
}

function invite(time) {
  const token = parseEnv(readFileSync(join(root, ".dev.vars"), "utf8")).OPERATOR_TOKEN;
  const curl = `curl --digest -u ${demo.username}:${demo.password}`;
  console.log(`
Serving ${url}/customers after ${time} s; Ctrl-C ends it. To paste into another terminal:

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
