// Applies the migrations of every database that wrangler.toml binds, and stops at the first that fails. The arguments are
// those of wrangler d1 migrations apply:
//
//   node scripts/migrate.mjs --remote --env preview
//   node scripts/migrate.mjs --local

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main, root, run } from "./tools.mjs";

/**
 * The bindings of the databases, in the order in which they are migrated: LEDGER, DB, DB_2, DB_3 and so on. wrangler can
 * read its configuration itself, but not on the older Node that a fresh clone may start with.
 */
export function databases({ config = join(root, "wrangler.toml"), env = "" } = {}) {
  const begin = env ? `[[env.${env}.d1_databases]]` : "[[d1_databases]]";
  const tables = readFileSync(config, "utf8").split(/^(?=\[)/m).filter((table) => table.startsWith(begin));
  const place = (binding) => (binding === "LEDGER" ? 0 : Number(binding.slice("DB_".length) || 1));
  return tables.map((table) => table.match(/^binding = "(.+)"/m)[1]).sort((one, other) => place(one) - place(other));
}

async function migrate() {
  const args = process.argv.slice(2);
  const string = { type: "string" };
  const { values } = parseArgs({ args, options: { config: string, env: string }, strict: false });
  const left = databases(values);
  for (let binding; (binding = left.shift()); ) {
    console.log(`\n${binding}:`);
    await run("wrangler", ["d1", "migrations", "apply", binding, ...args]).catch(() => {
      const rest = left.length > 0 ? ` Nothing was done to ${left.join(", ")}.` : "";
      throw new Failure(`${binding}: its migrations were not applied.${rest}`);
    });
  }
}

await main(import.meta, migrate);
