// Puts the page together: site/index.html with the guides, the tasks and the recorded answers in it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, root } from "../tools.mjs";
import { guide } from "./guide.mjs";
import { answer, contents, errors, programs, slug, task } from "./html.mjs";
import { LANGUAGES, sample } from "./samples.mjs";
import { codes, tasks } from "./tasks.mjs";

const read = (...path) => readFileSync(join(root, ...path), "utf8");

/** The page of an OpenAPI document. */
export function page(document) {
  const all = tasks(document);
  const known = codes(document);
  const links = { tasks: all, codes: new Set(known.map(({ name }) => name)), contact: document.info.contact.email };
  const parts = {
    guide: (name) => written(guide(name === "changelog" ? changelog() : read("site", "guide", `${name}.md`), links)),
    example: (name) => programs((end) => read("site", "examples", `${name}.${end}`)),
    errors: () => errors(known),
    languages: () => Object.entries(LANGUAGES).map(choice).join(""),
    first,
    tasks: () => written(reference(all, links)),
  };
  // In the order of the page, so that the contents have it too.
  const opening = { start: "First request", picture: "What an erasure does", live: "Watch an erasure" };
  const entries = Object.entries(opening).map(([id, title]) => ({ id, title, depth: 2 }));
  function written({ html, headings }) {
    entries.push(...headings);
    return html;
  }
  let html = read("site", "index.html");
  // A guide may hold the mark of an example.
  for (let turn = 0; turn < 2; turn++) html = html.replace(/<!-- (\w+)(?:: (\w+))? -->/g, (mark, part, name) => parts[part]?.(name) ?? mark);
  html = html.replace("<!-- contents -->", () => contents(entries)).replace(/<!--[^]*?-->\s*/g, "");
  checkLinks(html);
  return html;
}

const choice = ([end, language], at) =>
  `<label><input type=radio name=language value=${end}${at === 0 ? " checked" : ""}>${language}</label>`;

/** The first request of all, and its answer. */
function first() {
  const request = requests().find(({ task }) => task === "GET /miscellaneous/ping");
  return programs((end) => sample(end, request)) + answer(recorded()[request.task]);
}

const requests = () => JSON.parse(read("site", "requests.json"));
const recorded = () => JSON.parse(read("site", "answers.json"));

/** Every task, under the heading of its kind. */
function reference(all, links) {
  const asked = requests();
  const unasked = [...all.keys()].filter((key) => !asked.some((request) => request.task === key));
  if (unasked.length > 0) throw new Failure(`site/requests.json has no request for ${unasked.join(", ")}`);
  const answers = recorded();
  const notes = notesOf(read("site", "guide", "notes.md"), links);
  const shown = new Map();
  const headings = [];
  let html = `<h2 id=tasks><a href="#tasks">Tasks</a></h2>
<p>Each has its fields, the request in the language that you choose above, and what the service answered to just that request
when the tests asked it. The ids are those of the recorded account: put in your own. The same for programs: <a href="/openapi.json">OpenAPI 3.1</a>.\n`;
  headings.push({ id: "tasks", title: "Tasks", depth: 2 });
  let tag = "";
  for (const request of asked) {
    const found = all.get(request.task);
    if (!found) throw new Failure(`the document has no task ${request.task}`);
    if (tag !== found.tag) {
      tag = found.tag;
      html += `<h3 id=tasks-${slug(tag)}><a href="#tasks-${slug(tag)}">${tag}</a></h3>\n${notes.get(tag) ?? ""}`;
      headings.push({ id: `tasks-${slug(tag)}`, title: tag, depth: 3 });
    }
    html += task(found, { request, recorded: answers[request.task], note: notes.get(found.key) ?? "", shown });
    headings.push({ id: found.id, title: found.title, method: found.method });
  }
  return { html, headings };
}

/** What site/guide/notes.md says of a kind or a task. */
function notesOf(markdown, links) {
  const parts = markdown.split(/^### (.+)\n/m).slice(1);
  const notes = new Map();
  for (let at = 0; at < parts.length; at += 2) notes.set(parts[at], guide(parts[at + 1], links).html);
  return notes;
}

/** What CHANGELOG.md tells partners. Its links lead to files of the repository, which a partner does not see. */
function changelog() {
  const parts = read("CHANGELOG.md").split(/^(##+) (.+)\n/m).slice(1);
  let markdown = "## Changelog\n";
  for (let at = 0; at < parts.length; at += 3) {
    const [level, title, content] = parts.slice(at, at + 3);
    if (level === "##") markdown += `\n**${title}**\n`;
    else if (title.endsWith(" for partners")) markdown += `\n#### ${title}\n${content}`;
  }
  return markdown.replace(/\[([^\]]+)\]\((?!#)[^)]+\)/g, "$1");
}

/** Fails when a link within the page leads nowhere, or two things have one name. */
function checkLinks(html) {
  const ids = [...html.matchAll(/\sid=([\w-]+)/g)].map(([, id]) => id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  const lost = [...html.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id).filter((id) => !ids.includes(id));
  if (twice.length + lost.length > 0) throw new Failure(`the page has twice: ${twice}; links to nothing: ${[...new Set(lost)]}`);
}
