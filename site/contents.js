// The contents beside the page: the search in them, and the mark at what is read now.

import { $, element } from "./service.js";

/** The most finds that are shown. */
const MOST = 12;

/** How far from the top of the window the heading is that is read now, in pixels. */
const LINE = 160;

/**
 * Everything that can be found, the best first: the entries of the contents, every code of an error, every field, and at last
 * the text of every part. `words` is where the visitor's words are looked for.
 */
function findable() {
  const entries = [...document.querySelectorAll("#toc a")].map((link) => {
    const { method = "", path = "" } = document.getElementById(link.hash.slice(1)).dataset;
    return { text: link.lastChild.textContent, words: link.lastChild.textContent, hash: link.hash, kind: `${method} ${path}`.trim() };
  });
  const codes = [...document.querySelectorAll(".codes tr[id]")].map((row) => {
    const [name, status, meaning] = [...row.cells].map((cell) => cell.textContent);
    return { text: name, words: `${name} ${status}`, meaning, hash: `#${row.id}`, kind: `error ${status}` };
  });
  const fields = [...document.querySelectorAll(".fields tbody tr")].map((row) => {
    const task = row.closest("article");
    const [head] = row.cells;
    const text = [...head.querySelectorAll("code")].map((name) => name.textContent).join(" … ");
    return { text, words: head.dataset.names ?? text, hash: `#${task.id}`, kind: `field of: ${task.querySelector("h4").textContent}` };
  });
  const paths = entries.map((entry) => ({ ...entry, words: `${entry.text} ${entry.kind}` }));
  const meanings = codes.map((code) => ({ ...code, words: `${code.words} ${code.meaning}` }));
  const written = texts(entries);
  const parts = entries.map((entry) => ({ ...entry, isText: true, kind: "", words: written.get(entry.hash) }));
  return [...entries, ...codes, ...fields, ...paths, ...meanings, ...parts].map((one) => ({ ...one, lower: one.words.toLowerCase() }));
}

/** The text of each part that the contents lead to: all that stands before the next one, without programs. */
function texts(entries) {
  const found = new Map(entries.map(({ hash }) => [hash, ""]));
  const walker = document.createTreeWalker($("main"));
  let part;
  const add = (text) => part && found.set(part, found.get(part) + text);
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    if (found.has(`#${node.id}`)) part = `#${node.id}`;
    if (node instanceof Text) add(node.parentElement.closest("button, .code") ? "" : node.data.replace(/\s+/g, " "));
    else if (!node.matches("a, b, code, del, i, wbr")) add(" ");
  }
  return found;
}

/** Where a word stands in something, or -1. In a name it may stand anywhere, in a text only where a word begins. */
function place({ lower, isText }, word) {
  return isText ? lower.search(new RegExp(`(?<![a-z\\d])${word.replace(/\W/g, "\\$&")}`)) : lower.indexOf(word);
}

/** What has these words: all of them, or if nothing has, any of them. A part is found once. */
function finds(words) {
  const seen = new Set();
  const isNew = ({ text, hash, kind }) => {
    const key = kind.startsWith("field") ? `${hash} ${text}` : hash;
    const isSeen = seen.has(key);
    seen.add(key).add(hash);
    return !isSeen;
  };
  const all = everything.filter((one) => words.every((word) => place(one, word) >= 0));
  const some = () => everything.filter((one) => words.some((word) => place(one, word) >= 0));
  return (all.length > 0 ? all : some()).filter(isNew);
}

/** A little of the text around the first of the words. */
function around(part, words) {
  const at = words.map((word) => place(part, word)).find((at) => at >= 0);
  return `…${part.words.slice(Math.max(0, at - 30), at + 50).trim()}…`;
}

let everything;

function search() {
  const words = $("#search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = $("#found");
  found.hidden = words.length === 0;
  $("#toc").hidden = !found.hidden;
  if (found.hidden) return;
  everything ??= findable();
  const hits = finds(words);
  const items = hits.slice(0, MOST).map((hit) =>
    element("li", {}, element("a", { href: hit.hash }, hit.text, element("small", {}, hit.kind || around(hit, words)))));
  if (hits.length > MOST) items.push(element("li", {}, `${hits.length - MOST} more: add a word.`));
  found.replaceChildren(...(items.length > 0 ? items : [element("li", {}, "Nothing found.")]));
}

export function startSearch() {
  const contents = $("#contents");
  $("#search").addEventListener("input", search);
  $("#search").addEventListener("keydown", (event) => {
    if (event.key === "Enter") $("#found a")?.click();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || document.activeElement.matches("input:not([type=radio]), textarea")) return;
    event.preventDefault();
    if (getComputedStyle(contents).display === "none") contents.showPopover();
    $("#search").focus();
  });
  contents.addEventListener("click", ({ target }) => {
    if (target.closest("a") && contents.matches(":popover-open")) contents.hidePopover();
  });
}

/** Marks the entry of the part that is read now, while the page scrolls. */
export function startMark() {
  const links = new Map([...document.querySelectorAll("#toc a")].map((link) => [link.hash.slice(1), link]));
  const parts = [...links.keys()].map((id) => document.getElementById(id));
  let marked;
  const mark = () => {
    const part = readNow(parts);
    if (part === marked) return;
    links.get(marked?.id)?.removeAttribute("aria-current");
    marked = part;
    const link = links.get(part.id);
    link.setAttribute("aria-current", "true");
    const contents = $("#contents");
    if (link.offsetTop < contents.scrollTop || link.offsetTop > contents.scrollTop + contents.clientHeight - 60) {
      contents.scrollTop = link.offsetTop - contents.clientHeight / 2;
    }
  };
  let waits = false;
  const soon = () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      mark();
    });
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("hashchange", soon);
  soon();
}

/**
 * The part that the address names, where it is as high as it can get; else the last one whose heading is above a line. The
 * line is near the top of the window. On the last screen of the page it moves to the bottom, because the last parts never
 * reach the top.
 */
function readNow(parts) {
  const top = (part) => part.getBoundingClientRect().top;
  const left = document.documentElement.scrollHeight - innerHeight - scrollY;
  const named = parts.find(({ id }) => `#${id}` === location.hash);
  if (named && top(named) >= 0 && top(named) < (left < 2 ? innerHeight : LINE)) return named;
  const line = LINE + (innerHeight - LINE) * Math.max(0, 1 - left / innerHeight);
  return parts.findLast((part) => top(part) < line) ?? parts[0];
}
