// The contents beside the page: the search in them, and the mark at what is read now.

import { $, element } from "./service.js";

const MOST = 12;

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
  found.replaceChildren(...(items.length > 0 ? items : [element("li", {}, "Nothing found.")]));
}

/** Marks the entry of the part that is at the top of the window. */
function follow() {
  const links = new Map([...document.querySelectorAll("#toc a")].map((link) => [link.hash.slice(1), link]));
  const parts = [...links.keys()].map((id) => document.getElementById(id));
  let marked;
  const mark = () => {
    const passed = parts.findLast((part) => part.getBoundingClientRect().top < 160) ?? parts[0];
    if (passed === marked) return;
    links.get(marked?.id)?.removeAttribute("aria-current");
    marked = passed;
    const link = links.get(passed.id);
    link.setAttribute("aria-current", "true");
    const contents = $("#contents");
    if (link.offsetTop < contents.scrollTop || link.offsetTop > contents.scrollTop + contents.clientHeight - 60) {
      contents.scrollTop = link.offsetTop - contents.clientHeight / 2;
    }
  };
  let waits = false;
  addEventListener("scroll", () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      mark();
    });
  }, { passive: true });
}

export function startContents() {
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
  follow();
}
