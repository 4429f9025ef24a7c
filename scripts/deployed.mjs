// After a deployment: where the Worker is, and that it is up there with the schema that it needs.
//
//   node scripts/deployed.mjs FILE [SECONDS]
//
// FILE is what wrangler has written to WRANGLER_OUTPUT_FILE_PATH. Prints url=https://…, as a step of a workflow gives its
// output. A deployment takes seconds to arrive everywhere, so it is asked for that long (60).

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

/** The first address of the deployment: https://name.account.workers.dev, or "api.example.com (custom domain)". */
function origin(file) {
  const events = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const target = events.findLast(({ type }) => type === "deploy")?.targets?.[0]?.split(" ")[0];
  if (!target) throw new Failure(`${file}: no deployment that has an address`);
  return new URL(target.includes("://") ? target : `https://${target}`).origin;
}

/** What is wrong there, or nothing. */
async function faultOf(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    return response.status === 200 ? undefined : `${response.status} ${await response.text()}`;
  } catch (error) {
    return error.cause?.message ?? error.message;
  }
}

await main(import.meta, deployed);
