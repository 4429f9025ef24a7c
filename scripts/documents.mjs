// Holds the OpenAPI documents to redocly, to spectral and to the last release. npm test runs it; alone, after a build:
// node scripts/documents.mjs

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breaking } from "./breaking.mjs";
import { Failure, cache, env, fingerprint, main, root, run, step } from "./tools.mjs";

const sources = join(root, "tests", "generated");
const DOCUMENTS = ["", "2.4.9/"].flatMap((version) => [`${version}openapi.json`, `${version}operator/openapi.json`]);

const SOURCES = [
  ...DOCUMENTS.map((name) => `build/site/${name}`),
  "docs/released",
  "tests/generated",
  "scripts/breaking.mjs",
  "scripts/documents.mjs",
];

export async function documents() {
  const stamp = join(root, "build", "documents.stamp");
  const now = fingerprint(SOURCES);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return console.log("unchanged");
  const { bin } = await documentTools();
  const files = DOCUMENTS.map((name) => join(root, "build", "site", name));
  const [redocly, spectral] = ["redocly.yaml", "spectral.yaml"].map((name) => join(sources, name));
  await Promise.all([
    node(join(bin, "redocly"), "lint", "--config", redocly, ...files),
    node(join(bin, "spectral"), "lint", "--ruleset", spectral, "--fail-severity=hint", "--quiet", ...files),
    node("--test", join(sources, "breaking.test.mjs")),
  ]);
  breaking();
  writeFileSync(stamp, now);
}

/** Runs a script of npm's with the Node that this project has. */
export const node = (...args) => run("node", args, { quiet: true });

/**
 * Installs the tools of tests/generated/ outside the repository, in a folder that is named after their lock files, and says
 * where their commands are.
 */
export async function documentTools() {
  const locks = ["package.json", "package-lock.json", "requirements.txt"].map((name) => join(sources, name));
  const sum = createHash("sha256");
  for (const lock of locks) sum.update(readFileSync(lock));
  const dir = join(cache, `documents-${sum.digest("hex").slice(0, 16)}`);
  const [bin, python, stamp] = ["node_modules/.bin", "venv/bin/python3", "stamp"].map((name) => join(dir, name));
  if (existsSync(stamp)) return { dir, bin, python };

  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const lock of locks) copyFileSync(lock, join(dir, lock.slice(sources.length)));
  await step("tools for the OpenAPI documents: installing, about a minute", () => Promise.all([npm(dir), pip(dir, python)]));
  writeFileSync(stamp, "");
  return { dir, bin, python };
}

async function npm(dir) {
  const install = ["ci", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund"];
  await run("npm", install, { quiet: true, cwd: dir });
}

async function pip(dir, python) {
  await run("python3", ["-m", "venv", join(dir, "venv")], { quiet: true }).catch((error) => {
    throw new Failure(`python3 -m venv does not work: install Python's venv (Debian: python3-venv)\n${error.message}`);
  });
  const install = ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement"];
  install.push(join(dir, "requirements.txt"));
  await run(python, install, { quiet: true, env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: "1" } });
}

await main(import.meta, documents);
