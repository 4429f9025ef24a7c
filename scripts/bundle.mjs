// Tells one bundle from another: node scripts/bundle.mjs prints sha256=…, the form that a workflow step writes to
// GITHUB_OUTPUT.
//
// The workflows build once. The jobs that test and deploy get that bundle and, by another way, its hash in BUNDLE_SHA256.
// With that variable scripts/build.mjs builds nothing: it checks the bundle that is there.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure, fingerprint, main, root } from "./tools.mjs";

/** What wrangler uploads of build/. */
const PARTS = ["build/entry.mjs", "build/index_bg.wasm", "build/site"];

const hash = () => (PARTS.every((part) => existsSync(join(root, part))) ? fingerprint(PARTS) : "not there");

/** Throws unless build/ has exactly the files that this hash was made of. */
export function verify(wanted) {
  const found = hash();
  if (found === wanted) return console.log(`bundle: ${found}, as it was built`);
  throw new Failure(`the bundle in build/ is not that of BUNDLE_SHA256: it is ${found}, not ${wanted || "empty"}`);
}

await main(import.meta, () => console.log(`sha256=${hash()}`));
