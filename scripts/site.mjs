// Builds the reference page into build/site/. It returns at once when no source has changed.
//
// The Worker serves index.html at / and /docs, and the OpenAPI documents. The platform itself serves assets/, whose files
// have the hash of their content in their names.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { esbuild, fingerprint, main, root, run, step } from "./tools.mjs";

// A program of this crate writes the OpenAPI documents, so its sources count too.
const SOURCES = ["site", "src", "migrations", "CHANGELOG.md", "Cargo.toml", "Cargo.lock", "package-lock.json", "scripts/site.mjs", "scripts/page"];

const out = join(root, "build", "site");
const stamp = join(root, "build", "site.stamp");

export async function site() {
  const now = fingerprint(SOURCES);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;

  // Imported here so that an unchanged build does not load it.
  const { setup } = await import("./setup.mjs");
  await setup();
  // A build that fails halfway leaves no stamp, so the next run does not mistake it for a finished one.
  rmSync(stamp, { force: true });
  await step("site: building", assemble);
  writeFileSync(stamp, now);
}

async function assemble() {
  empty(out);
  await run("cargo", ["run", "--quiet", "--locked", "--bin", "openapi", "--", out], { quiet: true });
  // Imported here because npm may have installed what it needs only now.
  const { page } = await import("./page/page.mjs");
  let html = page(JSON.parse(readFileSync(join(out, "openapi.json"), "utf8")));
  mkdirSync(join(out, "assets"));
  let headers = readFileSync(join(root, "site", "headers"), "utf8");
  for (const name of ["page.css", "page.js"]) {
    const path = await asset(name);
    html = html.replace(`"${name}"`, `"${path}"`);
    // Only of files that are there: a rule for the folder would also keep a 404 for a year.
    headers += `\n${path}\n  Cache-Control: public, max-age=31536000, immutable\n`;
  }
  writeFileSync(join(out, "index.html"), html);
  writeFileSync(join(out, "_headers"), headers);
}

/** Empties a folder but keeps it: a server that watches the folder would stop seeing changes in a new one. */
function empty(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

/** Bundles and minifies a file of site/, and returns the path at which it is served. */
async function asset(name) {
  const file = join(root, "site", name);
  const options = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"];
  const content = await run(esbuild, [file, ...options], { quiet: true });
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const path = `/assets/${name.replace(".", `.${hash}.`)}`;
  writeFileSync(join(out, path), content);
  return path;
}

await main(import.meta, site);
