// Holds every crate in Cargo.lock to deny.toml. npm test runs it; alone: node scripts/dependencies.mjs

import { cargoTool } from "./setup.mjs";
import { cargoDeny, env, main, run } from "./tools.mjs";

const OFFLINE_CHECKS = ["bans", "licenses", "sources"];

// git never asks for a password, and gives up on a connection that stands still.
const GIT = { GIT_TERMINAL_PROMPT: "0", GIT_HTTP_LOW_SPEED_LIMIT: "1", GIT_HTTP_LOW_SPEED_TIME: "20" };

export async function dependencies() {
  await cargoTool(cargoDeny);
  // The crates of all platforms; a build fetches those of its own alone.
  await run("cargo", ["fetch", "--locked"], { quiet: true });
  const checks = (await advisoriesAreThere()) ? ["advisories", ...OFFLINE_CHECKS] : OFFLINE_CHECKS;
  await run(cargoDeny.bin, ["--locked", "--offline", "check", ...checks]);
}

/** The advisories are a git repository on GitHub, which not every machine reaches. */
async function advisoriesAreThere() {
  try {
    await run(cargoDeny.bin, ["fetch", "db"], { quiet: true, env: { ...env, ...GIT }, timeout: 120_000 });
    return true;
  } catch {
    console.log("advisories NOT checked: their database could not be fetched from GitHub");
    return false;
  }
}

await main(import.meta, dependencies);
