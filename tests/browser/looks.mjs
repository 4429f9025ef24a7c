// The checks of how the page looks: on every width, with large letters, with few colours, and on paper. page.mjs runs them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LANGUAGES, WIDTHS, erase, fillIn, fits, keepsWords, openAll, refused, task } from "./steps.mjs";

const root = join(import.meta.dirname, "..", "..");

export const looks = {
  async fits({ open, username, password }) {
    for (const width of WIDTHS) {
      const page = await open({ width, expected: [400, 404] });
      await fits(page);
      // The first answer is on the first screen.
      const first = await page.locator("#start .answer").boundingBox();
      assert.ok(first.y + first.height <= page.viewportSize().height, `${width} px: the first answer ends at ${first.y + first.height}`);
      for (const language of Object.values(LANGUAGES)) {
        await page.getByRole("radio", { name: language }).check();
        await fits(page);
      }
      await fillIn(page, username, password);
      await fits(page);
      await page.keyboard.press("Escape");
      await erase(page);
      await refused(page);
      await openAll(page);
      await fits(page);
      await keepsWords(page);
      // What is to be pressed is large enough for a finger.
      const low = await page.locator("button:visible").evaluateAll((all) => all.filter((one) => one.offsetHeight < 24).map((one) => one.outerHTML));
      assert.deepEqual(low, []);
      // The bar stays where it is.
      assert.equal(await page.locator(".bar").evaluate((bar) => bar.getBoundingClientRect().top), 0);
      await page.context().close();
    }
  },

  /** With letters of twice the size, whether the browser's setting or the root says so. */
  async grows({ open }) {
    for (const [width, height] of [[320, 780], [720, 900], [1280, 720]]) {
      const page = await open({ viewport: { width, height } });
      const bars = async () => {
        await fits(page);
        const bar = await page.locator(".bar").evaluate((bar) => bar.offsetHeight);
        assert.ok(bar <= height / 3, `${width} px: the bar has ${bar} of ${height}`);
        // Each language can be scrolled to, and nothing else of the bar is cut off.
        for (const one of await page.locator(".bar :is(button, a, label):visible").all()) {
          await one.scrollIntoViewIfNeeded();
          const { x, width: wide } = await one.boundingBox();
          assert.ok(x >= 0 && x + wide <= width, `${width} px: ${await one.innerText()} is at ${x} to ${x + wide}`);
        }
      };
      await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      await openAll(page);
      await bars();
      await landsBelowTheBar(page, ["createCalls", "error-custnr_taken"]);
      await page.evaluate(() => (document.documentElement.style.fontSize = ""));
      const browser = await page.context().newCDPSession(page);
      await browser.send("Page.setFontSizes", { fontSizes: { standard: 32, fixed: 26 } });
      await page.waitForFunction(() => getComputedStyle(document.documentElement).fontSize === "32px");
      await bars();
      await page.context().close();
    }
  },

  /** A link to a task or a code leads below the bar, and the keyboard neither loses the place nor goes beneath the bar. */
  async lands({ open }) {
    for (const width of WIDTHS) {
      const page = await open({ width });
      await landsBelowTheBar(page, await page.locator("article, .codes tr[id], main :is(h2, h3)[id]").evaluateAll((all) => all.map(({ id }) => id)));
      await page.evaluate(() => (location.hash = "createCalls"));
      await page.locator(".brand").focus();
      // Another language makes the page longer or shorter above: what counts is what the reader sees.
      const place = () => page.locator("#createCalls").evaluate((task) => Math.round(task.getBoundingClientRect().top));
      const before = await place();
      // Beside a wide page the contents follow.
      const inContents = width >= 1024 ? ["Tab", "Tab", "Tab"] : [];
      for (const key of ["Tab", "ArrowRight", "ArrowRight", "Tab", ...inContents]) {
        await page.keyboard.press(key);
        // The browser may round where the text is after a change above it.
        assert.ok(Math.abs(await place() - before) < 3, `${width} px: ${key}`);
      }
      await page.locator("#createCalls .open").focus();
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press("Shift+Tab");
        const [top, bar, what] = await page.evaluate(() => {
          const { activeElement: one } = document;
          return [one.getBoundingClientRect().top, document.querySelector(".bar").getBoundingClientRect().bottom, one.outerHTML.slice(0, 80)];
        });
        assert.ok(top >= bar, `${width} px: ${what} is at ${top}`);
      }
      await page.context().close();
    }
  },

  /** Paper has all that is folded up, in light colours, and nothing to press. */
  async prints({ open }) {
    const page = await open({ colorScheme: "light" });
    const colours = () => page.evaluate(() => getComputedStyle(document.body).color + getComputedStyle(document.documentElement).backgroundColor);
    const light = await colours();
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    assert.equal(await colours(), light);
    for (const part of [".bar", "#contents", "main button", "#live", ".skip"]) assert.equal(await page.locator(`${part}:visible`).count(), 0, part);
    const folded = await page.locator("details > :not(summary)").evaluateAll((all) => all.filter((one) => !one.checkVisibility()).length);
    assert.equal(folded, 0);
    await bothSidesDiffer(page);
    // A3, across.
    await page.setViewportSize({ width: 1587, height: 1123 });
    const { x, width } = await page.locator("main").boundingBox();
    assert.ok(x < 10 && width > 1200, `the text is ${width} px wide, at ${x}`);
  },

  /** Where the system has colours of its own, before and after can still be told apart. */
  async contrasts({ open }) {
    const page = await open();
    await page.emulateMedia({ forcedColors: "active" });
    await bothSidesDiffer(page);
  },

  async follows({ open }) {
    const page = await open({ colorScheme: "light" });
    const seen = () => page.evaluate(() => getComputedStyle(document.body).color + getComputedStyle(document.documentElement).backgroundColor);
    const light = await seen();
    await page.emulateMedia({ colorScheme: "dark" });
    assert.notEqual(await seen(), light);
    await page.emulateMedia({ colorScheme: "light" });
    assert.equal(await seen(), light);
  },

  /** Every width in both colour schemes, with everything open. What opens over the page is looked at by itself. */
  async accessible({ open, username, password }) {
    const axe = readFileSync(join(root, "node_modules", "axe-core", "axe.min.js"), "utf8");
    for (const width of WIDTHS) {
      const page = await open({ width, expected: [400, 404] });
      await fillIn(page, username, password);
      await page.keyboard.press("Escape");
      await erase(page);
      await refused(page);
      await openAll(page);
      const erasure = task(page, "DELETE", "/customers/{customer_id}");
      await erasure.getByLabel("customer_id").fill("2");
      await erasure.getByRole("button", { name: "Show what" }).click();
      await erasure.locator(".warning").waitFor();
      // evaluate() runs through the debugger, so the content security policy does not block axe.
      await page.evaluate(axe);
      const show = (id) => page.evaluate((id) => document.getElementById(id).showPopover(), id);
      for (const [state, part, enter] of [
        ["page", "html", () => {}],
        ["credentials", "#credentials", () => show("credentials")],
        ["contents", "#contents", () => show("contents")],
        ["search results", "#contents", () => page.getByRole("searchbox").fill("custnr")],
      ]) {
        await enter();
        // Only its colours are different in the dark.
        for (const [colorScheme, options] of [["light", {}], ["dark", { runOnly: ["color-contrast"] }]]) {
          await page.emulateMedia({ colorScheme });
          const { violations } = await page.evaluate(([part, options]) => window.axe.run(part, options), [part, options]);
          const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => ({ id, html, failureSummary })));
          assert.deepEqual(found, [], `${width} px, ${colorScheme}, ${state}`);
        }
      }
      await page.context().close();
    }
  },
};

/** The heading that each address names is shown below the bar. */
async function landsBelowTheBar(page, ids) {
  const wrong = await page.evaluate(async (ids) => {
    const found = [];
    for (const id of ids) {
      location.hash = id;
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const top = document.getElementById(id).getBoundingClientRect().top;
      const bar = Math.max(0, document.querySelector(".bar").getBoundingClientRect().bottom);
      const isLast = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      if (top < bar || (top > bar + 100 && !isLast)) found.push([id, top, bar]);
    }
    return found;
  }, ids);
  assert.deepEqual(wrong, []);
}

/** What is removed has a line under it, and what is empty has a box, where there is no colour behind them. */
async function bothSidesDiffer(page) {
  const [del, gone] = await page.evaluate(() => [
    getComputedStyle(document.querySelector("#picture td del")).textDecorationLine,
    getComputedStyle(document.querySelector("#picture td.gone"), "::after").outlineStyle,
  ]);
  assert.deepEqual([del, gone], ["underline", "dashed"]);
}
