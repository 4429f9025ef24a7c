// The programs of the page: the language, the visitor's address and credentials in them, and copying them.

import { credentials, element, stored, whenCredentialsChange } from "./service.js";

const ORIGIN = "https://customers.example";
const MASK = "••••••••";

/** What is copied where the visitor has given no password. */
const PLACEHOLDER = "YOUR-PASSWORD";

/** Writes a text as a string literal with the quotes that the example has there. */
function literal(quote, language, text) {
  if (quote === '"') return JSON.stringify(text);
  if (language === "sh") return `'${text.replaceAll("'", "'\\''")}'`;
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** A literal of an example with these credentials in it. */
function filled(original, language, name, secret) {
  const inside = original.slice(1, -1).replace("acme", () => name).replace(MASK, () => secret);
  return literal(original[0], language, inside);
}

const languageOf = ({ dataset }) => dataset.l ?? dataset.always;

const places = [...document.querySelectorAll(".code b")].map((place) => ({
  place, original: place.textContent, language: languageOf(place.closest(".code")),
}));

/** Shows the user name in every example, and never the password. */
function show() {
  const { name } = credentials();
  for (const { place, original, language } of places) place.textContent = filled(original, language, name || "acme", MASK);
}

/** The text of a program with the password in it. */
export function copyText(program) {
  const { name, secret } = credentials();
  const copy = program.querySelector("pre").cloneNode(true);
  const inside = places.filter(({ place }) => program.contains(place));
  for (const [at, place] of [...copy.querySelectorAll("b")].entries()) {
    const { original, language } = inside[at];
    place.textContent = filled(original, language, name || "acme", secret || PLACEHOLDER);
  }
  return `${copy.textContent}\n`;
}

const headings = [...document.querySelectorAll("main :is(h2, h3, h4, summary)")];

/** Whether a heading stands above a program. That of a folded part is only above what is folded in it. */
function isAbove(heading, program) {
  if (heading.tagName === "SUMMARY") return heading.parentElement.contains(program);
  return heading.compareDocumentPosition(program) & Node.DOCUMENT_POSITION_FOLLOWING;
}

function copyButton(program) {
  const heading = headings.findLast((one) => isAbove(one, program)).textContent;
  return element("button", { className: "copy", onclick: copy, ariaLabel: `Copy: ${heading}, ${languageOf(program)}` }, "Copy");
}

async function copy({ currentTarget: button }) {
  const program = button.parentElement;
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(copyText(program));
  } catch {
    // The browser forbids it, as over plain HTTP.
    getSelection().selectAllChildren(program.querySelector("pre"));
    said = "Press Ctrl+C";
  }
  button.textContent = said;
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

/** Writes the address of this page where the examples have none. */
function fillOrigin() {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    if (node.data.includes(ORIGIN)) node.data = node.data.replaceAll(ORIGIN, location.origin);
  }
}

/** Keeps the language for the next visit. */
function keepLanguage() {
  const wanted = document.querySelector(`[name=language][value="${stored(() => localStorage.getItem("language"))}"]`);
  if (wanted) wanted.checked = true;
  document.querySelector(".languages").addEventListener("change", ({ target }) => stored(() => localStorage.setItem("language", target.value)));
}

export function startPrograms() {
  fillOrigin();
  keepLanguage();
  whenCredentialsChange(show);
  show();
  for (const program of document.querySelectorAll(".code")) program.append(copyButton(program));
}
