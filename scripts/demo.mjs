// Loads the demo, a partner with five customers. npm start uses it, and so do the tests of the page and of README.md.

import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { Failure, root } from "./tools.mjs";
import { execute, wranglerToml } from "./wrangler.mjs";

export const demo = { username: "demo", password: "demo-password" };

/** Loads the partner and the customers in one transaction, so that a failed load leaves the database empty. */
export async function loadDemo(options = {}) {
  const { HA1_KEY } = secrets(options);
  const partner = `
    INSERT INTO directory (partner_id, username, database, created)
    VALUES (1, '${demo.username}', 'DB', '2026-01-01 00:00:00');
    INSERT INTO partners (partner_id, username, name, country, customers)
    VALUES (1, '${demo.username}', 'Demo Agency', 'SE', 5);
    INSERT INTO logins (username, partner_id, access, ha1_sealed, created)
    VALUES ('${demo.username}', 1, 'write', '${sealedHa1(demo, HA1_KEY)}', '2026-01-01 00:00:00');\n`;
  const dir = mkdtempSync(join(tmpdir(), "customers-demo-"));
  try {
    const file = join(dir, "demo.sql");
    writeFileSync(file, partner + readFileSync(join(root, "scripts", "demo.sql"), "utf8"));
    await execute(["--file", file], options);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Reads the local secrets from the .dev.vars beside the configuration. */
export function secrets({ config = wranglerToml } = {}) {
  return parseEnv(readFileSync(join(dirname(config), ".dev.vars"), "utf8"));
}

/**
 * Encrypts a password's HA1 as the Worker stores it: AES-256-GCM with the user name as additional data; the hex digits
 * of nonce, ciphertext and tag.
 */
function sealedHa1({ username, password }, key) {
  if (!/^[0-9a-f]{64}$/i.test(key)) throw new Failure(".dev.vars: HA1_KEY must be 64 hex digits");
  const ha1 = createHash("sha256").update(`${username}:customers:${password}`).digest();
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key, "hex"), nonce).setAAD(Buffer.from(username));
  return Buffer.concat([nonce, cipher.update(ha1), cipher.final(), cipher.getAuthTag()]).toString("hex");
}
