// Looks whether every link of a Markdown file to another file, and to a heading in it, leads somewhere. npm test runs it; alone:
// node scripts/links.mjs
//
// The build of the reference checks the links within that page, so those of site/guide/ to a heading alone are left to it.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { slug } from "./page/html.mjs";
import { Failure, main, root } from "./tools.mjs";

const FOLDERS = ["docs", "site"];

export function links() {
  const inFolders = FOLDERS.flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name)));
  const files = [...readdirSync(root), ...inFolders].filter((name) => name.endsWith(".md"));
  const broken = files.flatMap((name) => targets(name).filter((target) => !isThere(name, target)).map((target) => `${name}: ${target}`));
  if (broken.length > 0) throw new Failure(["These links lead nowhere:", ...broken].join("\n- "));
  console.log(`${files.length} files`);
}

/** What a file is without its programs. */
const prose = (name) => readFileSync(join(root, name), "utf8").replace(/^```[^]*?^```$/gm, "").replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ""));

/** The targets of the links of a file, but for other sites, tasks, and paths of the service. */
function targets(name) {
  const inPlace = [...prose(name).matchAll(/\]\(([^)\s]+)\)/g), ...prose(name).matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  const all = inPlace.map(([, target]) => target.replace(/^<|>$/g, ""));
  const isOfPage = (target) => name.startsWith("site/guide/") && target.startsWith("#");
  return all.filter((target) => !/^(\w+:|\/)/.test(target) && !isOfPage(target));
}

function isThere(name, target) {
  const [path, heading] = target.split("#");
  const file = path ? join(dirname(name), path) : name;
  if (!existsSync(join(root, file))) return false;
  return !heading || headings(file).includes(heading);
}

const headings = (file) => [...prose(file).matchAll(/^#+ (.+)$/gm)].map(([, title]) => slug(title));

await main(import.meta, links);
