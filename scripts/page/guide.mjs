// Turns the texts of site/guide/ from Markdown into parts of the page.

import { Marked } from "marked";
import { code, program, slug, table, text } from "./html.mjs";

/**
 * A guide as HTML, with the headings in it. `tasks` resolves a link such as `task:GET /health`, and `codes` are those of
 * errors: where the text names one, it links to what that means. `[](contact:)` is the address of support.
 */
export function guide(markdown, { tasks, codes, contact }) {
  const headings = [];
  let last = "";
  const renderer = {
    heading({ tokens, depth }) {
      last = this.parser.parseInline(tokens);
      const id = slug(last);
      if (depth < 4) headings.push({ id, title: last, depth });
      return `<h${depth} id=${id}><a href="#${id}">${last}</a></h${depth}>\n`;
    },
    code({ text: written, lang }) {
      if (lang === "json") return `<pre class=json>${text(written)}</pre>\n`;
      return `${program(written, lang, { isAlways: true })}\n`;
    },
    codespan({ text: written }) {
      return codes.has(written) && written.includes("_") ? `<a href="#error-${written}">${code(written)}</a>` : code(written);
    },
    link({ href, tokens }) {
      if (href === "contact:") return `<a href="mailto:${text(encodeURI(contact))}">${text(contact)}</a>`;
      const [, key] = href.match(/^task:(.+)/) ?? [];
      return `<a href="${key ? `#${tasks.get(decodeURI(key)).id}` : href}">${this.parser.parseInline(tokens)}</a>`;
    },
    table({ header, rows }) {
      const cell = ({ tokens }) => this.parser.parseInline(tokens);
      // On a narrow screen a table of many columns is a list, in which each value has the name of its column.
      const isWide = header.length > 3;
      const named = (at) => (isWide ? ` data-h="${header[at].text}"` : "");
      const lines = rows.map(([first, ...rest]) => `<tr><th scope=row>${cell(first)}${rest.map((one, at) => `<td${named(at + 1)}>${cell(one)}`).join("")}`);
      return table(header.map(cell), lines, isWide ? "many" : "");
    },
    paragraph({ tokens }) {
      return `<p>${this.parser.parseInline(tokens)}\n`;
    },
  };
  const html = new Marked({ renderer }).parse(markdown);
  return { html: folded(html), headings };
}

/** Folds up what stands under each heading of the fourth level. */
function folded(html) {
  const [before, ...parts] = html.split(/<h4 id=[\w-]+><a href="#[\w-]+">(.*?)<\/a><\/h4>\n/);
  const details = parts.map((part, at) => (at % 2 === 0 ? `<details><summary>${part}</summary>` : `${part}</details>`));
  return before + details.join("");
}
