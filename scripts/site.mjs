// Builds the reference page into build/site/: node scripts/site.mjs. It is over at once when nothing that the page is
// made of has changed.
//
// What is here is served as it is: index.html at / and /docs, the files of docs/ at /docs/…, the OpenAPI documents
// beside them.

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, main, root, run, step } from "./tools.mjs";

// The OpenAPI documents come out of the code that serves the API, Swagger UI out of the package that the lock names.
const SOURCES = ["site", "src", "migrations", "migrations", "Cargo.toml", "Cargo.lock", "package-lock.json", "scripts/site.mjs"];

/** The languages of the examples, by the end of their files' names. */
const LANGUAGES = { sh: "curl", php: "PHP", py: "Python" };

const out = join(root, "build", "site");
const stamp = join(root, "build", "site.stamp");

export async function site() {
  const now = fingerprint(SOURCES);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;

  // Here, not above: what the fast path does not need it should not load.
  const { setup } = await import("./setup.mjs");
  await setup();
  // Without a stamp a build that breaks off is not taken for a finished one.
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

/** Removes what is in a folder, but not the folder: a server that watches it would lose sight of it. */
function empty(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

/** Swagger UI, and the licenses that must go wherever it goes. */
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

/** The page with the examples in it: `<!-- example: erase -->` stands for the three files of that name. */
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

/** Marks what page.js fills in, and comments, which are set back. */
function fill(code, end) {
  const credentials = end === "py" ? /"demo", "demo-password"/g : /'demo:demo-password'/g;
  return code
    .replace(credentials, `<b data-fill="${end}">$&</b>`)
    .replace(/http:\/\/127\.0\.0\.1:8787/g, '<b data-fill="origin">$&</b>')
    .replace(/^(#|\/\/).*$/gm, "<i>$&</i>");
}

/** Quotes mean nothing between tags. */
function escape(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

await main(import.meta, site);
