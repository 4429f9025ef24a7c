// Builds the reference page into build/site/. It returns at once when no source has changed.
//
// The Worker serves these files unchanged: index.html at / and /docs, the files of docs/ at /docs/…, and the OpenAPI
// documents.

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, main, root, run, step } from "./tools.mjs";

// A program of this crate writes the OpenAPI documents, so its sources count too. package-lock.json pins Swagger UI.
const SOURCES = ["site", "src", "migrations", "migrations", "Cargo.toml", "Cargo.lock", "package-lock.json", "scripts/site.mjs"];

/** The languages of the examples, by file extension. */
const LANGUAGES = { sh: "curl", php: "PHP", py: "Python" };

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
  mkdirSync(join(out, "docs"), { recursive: true });
  writeFileSync(join(out, "index.html"), page());
  for (const name of ["page.css", "page.js"]) copyFileSync(join(root, "site", name), join(out, "docs", name));
  swaggerUi();
  await run("cargo", ["run", "--quiet", "--locked", "--bin", "openapi", "--", out], { quiet: true });
}

/** Empties a folder but keeps it: a server that watches the folder would stop seeing changes in a new one. */
function empty(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

/** Copies Swagger UI with its licenses, which must accompany every copy. */
function swaggerUi() {
  const files = {
    "swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui.css",
    "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
    LICENSE: "swagger-ui-license.txt",
    NOTICE: "swagger-ui-notice.txt",
  };
  for (const [name, to] of Object.entries(files)) {
    copyFileSync(join(root, "node_modules", "swagger-ui-dist", name), join(out, "docs", to));
  }
}

/** Inserts the examples into the page: `<!-- example: erase -->` becomes the three files of that name. */
function page() {
  const html = readFileSync(join(root, "site", "index.html"), "utf8");
  return html.replace(/^ *<!-- example: (\w+) -->$/gm, (_, task) =>
    Object.keys(LANGUAGES).map((end) => example(task, end)).join("\n"),
  );
}

function example(task, end) {
  const label = `${task} in ${LANGUAGES[end]}`;
  const code = fill(escape(readFileSync(join(root, "site", "examples", `${task}.${end}`), "utf8")), end);
  return `<div class="example" data-language="${end}">
<pre tabindex="0" role="region" aria-label="${label}"><code>${code.trimEnd()}</code></pre>
<button type="button" class="copy" aria-label="Copy ${label}">Copy</button>
</div>`;
}

/** Marks the places that page.js fills in, and the comments, which the page shows in a softer color. */
function fill(code, end) {
  const credentials = end === "py" ? /"demo", "demo-password"/g : /'demo:demo-password'/g;
  return code
    .replace(credentials, `<b data-fill="${end}">$&</b>`)
    .replace(/http:\/\/127\.0\.0\.1:8787/g, '<b data-fill="origin">$&</b>')
    .replace(/^(#|\/\/).*$/gm, "<i>$&</i>");
}

/** Escapes text between tags, where quotes need no escape. */
function escape(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

await main(import.meta, site);
