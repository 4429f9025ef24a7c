// Makes the clients that others would generate from the partners' OpenAPI document, into target/generated/. The end-to-end
// tests run them against the service (tests/e2e/generated.rs). It returns at once when nothing has changed; alone:
// node scripts/generated.mjs

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentTools, node } from "./documents.mjs";
import { importers } from "./importers.mjs";
import { Failure, cache, env, esbuild, fingerprint, main, root, run } from "./tools.mjs";

const document = join(root, "build", "site", "openapi.json");
const sources = join(root, "tests", "generated");
const out = join(root, "target", "generated");

/** The page's text about generated clients. Its program has to compile. */
const guide = join("site", "guide", "versions.md");

/** openapi-generator's clients, by its names of the languages. */
const LANGUAGES = ["java", "php", "python", "rust"];

export async function generated() {
  const stamp = join(out, "stamp");
  const now = fingerprint(["build/site/openapi.json", guide, "tests/generated", "scripts/generated.mjs", "scripts/importers.mjs"]);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  const { dir, bin, python } = await documentTools();
  // A run that fails halfway leaves no stamp. What cargo has compiled stays.
  rmSync(stamp, { force: true });
  mkdirSync(out, { recursive: true });
  // The tests find the tools here.
  rmSync(join(out, "tools"), { force: true });
  symlinkSync(dir, join(out, "tools"));
  const imported = importers(dir, JSON.parse(readFileSync(document, "utf8")));
  await Promise.all([imported, typescript(bin), pythonClient(python), openapiGenerator(python).then(java).then(rust)]);
  writeFileSync(stamp, now);
}

/** The two clients of TypeScript. The compiler checks what tests do with them; esbuild makes one file of each. */
async function typescript(bin) {
  const [fetch, hey] = ["openapi-fetch", "hey-api"].map((name) => empty(name));
  const types = join(fetch, "customers.ts");
  const [, program] = readFileSync(join(root, guide), "utf8").match(/^```ts\n(.*?)^```$/ms);
  writeFileSync(join(fetch, "guide.ts"), program);
  await Promise.all([
    node(join(bin, "openapi-typescript"), document, "-o", types),
    node(join(bin, "openapi-ts"), "-i", document, "-o", join(hey, "client"), "-c", "@hey-api/client-fetch", "--silent"),
  ]);
  const paths = { "openapi-fetch": [join(bin, "..", "openapi-fetch")] };
  await Promise.all(
    [fetch, hey].map(async (folder) => {
      cpSync(join(sources, folder.slice(out.length + 1), "life.ts"), join(folder, "life.ts"));
      const config = { extends: join(sources, "tsconfig.json"), compilerOptions: { paths }, include: ["*.ts"] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
      await node(join(bin, "tsc"), "--project", folder);
      const life = [join(folder, "life.ts"), "--bundle", "--format=esm", "--platform=node", "--log-level=warning"];
      await run(esbuild, [...life, `--outfile=${join(folder, "life.mjs")}`], { quiet: true });
    }),
  );
}

async function pythonClient(python) {
  const client = join(empty("openapi-python-client"), "customers_client");
  const generate = ["generate", "--path", document, "--meta", "none", "--output-path", client, "--overwrite"];
  // It puts the code in order with ruff, which stands beside it.
  const PATH = `${join(python, "..")}:${env.PATH}`;
  await run(join(python, "..", "openapi-python-client"), generate, { quiet: true, env: { ...env, PATH } });
}

/** All languages in one start of Java. */
async function openapiGenerator(python) {
  const configs = LANGUAGES.map((name) => {
    const config = {
      generatorName: name,
      inputSpec: document,
      outputDir: empty(name),
      additionalProperties: { packageName: "customers_client" },
      // No documentation and no tests.
      globalProperties: { apis: "", models: "", supportingFiles: "", apiDocs: "false", modelDocs: "false", apiTests: "false", modelTests: "false" },
    };
    const file = join(out, `${name}.json`);
    writeFileSync(file, JSON.stringify(config));
    return file;
  });
  await run(join(python, "..", "openapi-generator-cli"), ["batch", "--fail-fast", ...configs], { quiet: true });
}

/** Java's client is not compiled, for it needs libraries of Maven. It once had ids of 32 bits: each has to be a `Long`. `external_id` and `request_id` are texts. */
function java() {
  const folder = join(out, "java", "src", "main", "java");
  const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".java"));
  const text = sources.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  const ids = [...text.matchAll(/\b(Long|Integer|String|BigDecimal|Object) (\w+Id)\b/g)].filter(([, , name]) => !/external|request/i.test(name));
  const wrong = ids.filter(([, type]) => type !== "Long").map(([declaration]) => declaration);
  if (ids.length === 0 || wrong.length > 0) throw new Failure(`Java's client has ${ids.length} ids, and these are no Long: ${[...new Set(wrong)].join(", ")}`);
}

/** The Rust client gets a manifest and a lock file of ours. Its crates are compiled outside the repository, once. */
async function rust() {
  const folder = join(out, "rust");
  for (const name of ["Cargo.toml", "Cargo.lock", "life.rs"]) cpSync(join(sources, "rust", name), join(folder, name));
  const target = join(cache, "generated-rust");
  await run("cargo", ["build", "--quiet", "--locked", "--target-dir", target], { quiet: true, cwd: folder });
  cpSync(join(target, "debug", "life"), join(folder, "life"));
}

function empty(name) {
  const folder = join(out, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

await main(import.meta, generated);
