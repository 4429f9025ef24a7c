// Checks after a deployment that the Worker is up with the schema that it needs, and prints where it is.
//
//   node scripts/deployed.mjs FILE [SECONDS]
//
// FILE is what wrangler wrote to WRANGLER_OUTPUT_FILE_PATH. The output is url=https://…, the form that a workflow step
// writes to GITHUB_OUTPUT. A deployment takes seconds to reach every location, so this retries for SECONDS (60).

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure, main } from "./tools.mjs";

async function deployed() {
  const [file, seconds = "60"] = process.argv.slice(2);
  if (!file) throw new Failure("usage: node scripts/deployed.mjs FILE [SECONDS]");
  const url = origin(file);
  const until = performance.now() + Number(seconds) * 1000;
  for (;;) {
    const fault = await faultOf(`${url}/health`);
    if (!fault) return console.log(`url=${url}`);
    if (performance.now() > until) throw new Failure(`${url}/health: ${fault}`);
    await sleep(1000);
  }
}

/** Finds the deployment's first address. wrangler writes an https:// URL, or "api.example.com (custom domain)". */
function origin(file) {
  const events = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const target = events.findLast(({ type }) => type === "deploy")?.targets?.[0]?.split(" ")[0];
  if (!target) throw new Failure(`${file}: no deployment with an address`);
  return new URL(target.includes("://") ? target : `https://${target}`).origin;
}

/** Describes what is wrong at the URL. Returns undefined when nothing is. */
async function faultOf(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    return response.status === 200 ? undefined : `${response.status} ${await response.text()}`;
  } catch (error) {
    return error.cause?.message ?? error.message;
  }
}

await main(import.meta, deployed);
