// What the checks of the page do on it.

import assert from "node:assert/strict";

export const WIDTHS = [320, 360, 768, 1440];
export const LANGUAGES = { sh: "curl", php: "PHP", py: "Python", js: "JS", rb: "Ruby" };

/** The part of the page that is a task. */
export const task = (page, method, path) => page.locator(`article[data-method="${method}"][data-path="${path}"]`);

const goTo = (part) => part.evaluate((element) => element.scrollIntoView());

/** What the sender of a task shows as the answer. */
export async function answered(part) {
  const answer = part.locator(".try .answer");
  await answer.waitFor();
  return answer.innerText();
}

export async function fillIn(page, name, secret) {
  await page.evaluate(() => document.getElementById("credentials").showPopover());
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(secret);
}

export async function erase(page) {
  await page.locator("#run").click();
  await page.locator("#live-status.good").waitFor();
}

/** Opens everything that is folded up, and every sender. */
export async function openAll(page) {
  await page.evaluate(() => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    for (const button of document.querySelectorAll(".try > .open")) button.click();
  });
}

/** Presses Tab until an element has the focus. */
export async function tabTo(page, selector) {
  for (let presses = 0; presses < 200; presses++) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the keyboard does not reach ${selector}`);
}

/** No word in a heading or a table is broken, unless it is part of a path or of an address. */
export async function keepsWords(page) {
  const broken = await page.evaluate(() => {
    const found = [];
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { currentNode: node } = walker;
      if (!node.parentElement.closest("h1, h2, h3, h4, th, td") || node.parentElement.closest("caption, :is(.fields, .many) thead, .gone, #outcome td") || /[/@]/.test(node.data)) continue;
      for (const { 0: word, index } of node.data.matchAll(/[\p{L}\p{N}_+*]+/gu)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const lines = new Set([...range.getClientRects()].filter(({ width }) => width > 0).map(({ top }) => Math.round(top)));
        if (lines.size > 1) found.push(`${word} in: ${node.data.slice(0, 60)}`);
      }
    }
    return found;
  });
  assert.deepEqual(broken, []);
}

export async function fits(page) {
  const [content, view] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(content <= view, `${content} px of content in ${view} px`);
}

/** Sends a creation that the service refuses, from its sender. */
export async function refused(page) {
  const create = task(page, "POST", "/customers");
  await goTo(create);
  await create.getByRole("button", { name: "Try it" }).click();
  await create.getByLabel("Body").fill('{"name":"","emial":"x"}');
  await create.getByRole("button", { name: "Send", exact: true }).click();
  await create.locator(".try .answer").waitFor();
  return create;
}
