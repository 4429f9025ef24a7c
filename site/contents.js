// The contents beside the page: the search in them, and the mark at what is read now.

import { $, element } from "./service.js";

/** The most finds that are shown. */
const MOST = 12;

/** How far from the top of the window the heading is that is read now, in pixels. */
const LINE = 160;

/** Everything that can be found: the entries of the contents, every code of an error, every field. */
function findable() {
  const entries = [...document.querySelectorAll("#toc a")].map((link) => {
    const { method = "", path = "" } = document.getElementById(link.hash.slice(1)).dataset;
    return { text: link.lastChild.textContent, more: path, hash: link.hash, kind: `${method} ${path}`.trim() };
  });
  const codes = [...document.querySelectorAll(".codes tr[id]")].map((row) =>
    ({ text: row.cells[0].textContent, more: row.cells[2].textContent, hash: `#${row.id}`, kind: `error ${row.cells[1].textContent}` }));
  const fields = [...document.querySelectorAll(".fields tbody tr")].map((row) => {
    const task = row.closest("article");
    return { text: row.querySelector("code").textContent, more: "", hash: `#${task.id}`, kind: `field of: ${task.querySelector("h4").textContent}` };
  });
  // A field may stand in a task twice: among what it takes and what it answers.
  const once = new Map([...entries, ...codes, ...fields].map((one) => [`${one.text} ${one.kind}`, one]));
  return [...once.values()];
}

let all;

function search() {
  const words = $("#search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = $("#found");
  found.hidden = words.length === 0;
  $("#toc").hidden = !found.hidden;
  if (found.hidden) return;
  all ??= findable();
  const holds = (text) => words.every((word) => text.toLowerCase().includes(word));
  const hits = [...all.filter(({ text }) => holds(text)), ...all.filter(({ text, more }) => !holds(text) && holds(`${text} ${more}`))];
  const items = hits.slice(0, MOST).map(({ text, hash, kind }) =>
    element("li", {}, element("a", { href: hash }, text, ...(kind ? [element("small", {}, kind)] : []))));
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
    if (event.key !== "/" || /INPUT|TEXTAREA/.test(document.activeElement.tagName)) return;
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
