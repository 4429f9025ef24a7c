// Writes the parts of the page that come from data: the tasks, their tables, the programs, the codes of errors.
//
// The page is HTML without the end tags and quotes that HTML lets one leave out: that is a fifth of its size.

import { LANGUAGES, pretty, sample } from "./samples.mjs";

/** Escapes text between tags. */
export const text = (written) => String(written).replace(/&/g, "&amp;").replace(/</g, "&lt;");

/** Escapes text in an attribute in double quotes. */
export const attribute = (written) => text(written).replace(/"/g, "&quot;");

export const code = (written) => `<code>${text(written)}</code>`;

/** A sentence with its `code` and its links within the page. */
const prose = (said) => said.split(/`([^`]+)`/).map((part, at) => (at % 2 ? code(part) : text(part))).join("")
  .replace(/\[([^\]]+)\]\((#[\w-]+)\)/g, '<a href="$2">$1</a>');

/** The name that a heading has in an address. */
export const slug = (title) => title.toLowerCase().replace(/<[^>]+>|[^\w\s-]/g, "").trim().replace(/\s+/g, "-");

/**
 * A program. The password is masked, and a `<b>` marks every literal that page.js fills in. A program shows only while its
 * language is chosen, unless it is to show always.
 */
export function program(written, end, { isAlways = false } = {}) {
  const masked = text(written.trimEnd())
    .replace(/(['"])(acme:secret|acme|secret)\1/g, (literal) => `<b>${literal.replace("secret", "••••••••")}</b>`)
    .replace(/^(\s*)((?:#|\/\/) .*)$/gm, "$1<i>$2</i>");
  return `<div class=code data-${isAlways ? "always" : "l"}=${end}><pre>${masked}</pre></div>`;
}

/** The same program in every language: `write` makes it. */
export function programs(write) {
  return Object.keys(LANGUAGES).map((end) => program(write(end), end)).join("");
}

export function table(head, rows, kind = "") {
  const heads = head.map((cell) => `<th scope=col>${cell}`).join("");
  return `<table${kind && ` class=${kind}`}><thead><tr>${heads}<tbody>${rows.join("")}</table>\n`;
}

function fields(rows) {
  return table(["name", "type", "limit", "meaning"], rows.map(fieldRow), "fields");
}

function fieldRow({ names, type, limit, meaning, required, place }) {
  const name = names.length > 1 ? `${code(names[0])} … ${code(names.at(-1))}` : code(names[0]);
  // For the search: a row shows only the first and the last of its names.
  const all = names.length > 1 ? ` data-names="${names.join(" ")}"` : "";
  const where = ["query", "header"].includes(place) ? ` <small>${place}</small>` : "";
  const needed = place && required ? " <em>required</em>" : "";
  return `<tr${place && ` data-in=${place}`}><th scope=row${all}>${name}${where}${needed}<td>${type}<td>${prose(limit).replaceAll("–", "–<wbr>")}<td>${prose(meaning)}`;
}

/** A task: what it does, its fields, the request in every language, and what the service answered to just that request. */
export function task(found, { request, recorded, note, shown }) {
  const { id, method, path, title, about, parameters, body, needsNoCredentials } = found;
  const content = request.form ?? request.json;
  const data = content ? ` data-body="${attribute(pretty(content))}"` : "";
  return `<article id=${id} data-method=${method} data-path="${path}"${data}${needsNoCredentials ? " data-open" : ""}>
<div class=about><h4><a href="#${id}">${title}</a></h4>
<p class=path><b class=${method}>${method}</b> <code>${path.replace(/(?<=.)\//g, "<wbr>/")}</code>
${about.split("\n\n").map((part) => `<p>${prose(part)}\n`).join("")}${note}${alternatives(found)}${parameters.length > 0 ? fields(parameters) : ""}${bodyOf(found)}${body.length > 0 ? fields(body) : ""}${answerOf(found, shown)}</div>
<div class=side>${programs((end) => sample(end, request))}${answer(recorded)}</div></article>
`;
}

function bodyOf({ body, takesForm, takesJson }) {
  const kinds = [takesForm && "a form", takesJson && "JSON"].filter(Boolean).join(" or ");
  return body.length > 0 ? `<p class=hint>The body, ${kinds}:` : "";
}

/** The fields of an answer, each table once: `shown` has where it stands. Many tables of one answer are folded up. */
function answerOf({ id, title, answer: { records, others } }, shown) {
  const part = (name, held, at, rows) => {
    if (shown.has(name)) return `<p class=hint>${held}: <a href="#${shown.get(name).at}">as in “${shown.get(name).title}”</a>.\n`;
    shown.set(name, { at, title });
    if (records.length > 1) return `<details id=${at}><summary>${held}</summary>${fields(rows)}</details>`;
    return `<p class=hint id=${at}>${held}:${fields(rows)}`;
  };
  const parts = records.map(({ name, member, fields: rows }) => part(name, `The answer’s ${code(member)}`, `${id}-${member}`, rows));
  if (others.length === 0) return parts.join("");
  const names = others.map(({ names: [name] }) => code(name)).join(", ");
  return parts.join("") + part(names, `The answer’s ${names}`, `${id}-answer`, others);
}

function alternatives({ method, alternatives: paths }) {
  if (paths.length === 0) return "";
  const where = method === "GET" ? "the query" : method === "DELETE" ? "the query or a form" : "the query or the body";
  return `<p class=hint>The same, with ids in ${where}: ${paths.map((path) => code(`${method} ${path}`)).join(", ")}.\n`;
}

/** An answer that the tests recorded, or nothing while they have not. It is labelled as that. Long strings
 * are cut: nobody shall take a signature or a key for one of the service's own. */
export function answer(recorded) {
  if (!recorded) return "";
  const { status, headers, body } = recorded;
  const head = [`HTTP ${status}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join("\n");
  return `<div class=answer><p class=hint>Recorded answer</p><pre><i>${text(head)}</i>\n${text(pretty(shortened(JSON.parse(body)), "", 58))}</pre></div>`;
}

function shortened(value) {
  if (typeof value === "string") return value.length > 40 ? `${value.slice(0, 24)}…` : value;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member)]));
}

/** The codes of all errors, by status. */
export function errors(codes) {
  const rows = codes.toSorted((a, b) => a.status[0] - b.status[0]).map(({ name, status, text: said }) =>
    `<tr id=error-${name}><th scope=row><a href="#error-${name}"><code>${name.replace(/_/g, "_<wbr>")}</code></a><td>${status.join(", ")}<td>${prose(said)}`);
  return table(["code", "status", "what it means, and what to do"], rows, "codes");
}

/** The table of contents. */
export function contents(entries) {
  return entries.map(({ id, title, method, depth }) => {
    const verb = method ? `<b class=${method}>${method === "DELETE" ? "DEL" : method}</b>` : "";
    return `<li class=${method ? "verb" : `h${depth}`}><a href="#${id}">${verb}${title}</a>\n`;
  }).join("");
}
