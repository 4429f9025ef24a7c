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
      // The bar stays where it is.
      assert.equal(await page.locator(".bar").evaluate((bar) => bar.getBoundingClientRect().top), 0);
      await page.context().close();
    }
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

  /** Every width, and both colour schemes. What opens over the page is looked at by itself. */
  async accessible({ open, username, password }) {
    const axe = readFileSync(join(root, "node_modules", "axe-core", "axe.min.js"), "utf8");
    for (const [width, colorScheme] of [[320, "light"], [360, "dark"], [768, "light"], [1440, "light"], [1440, "dark"]]) {
      const page = await open({ width, colorScheme, expected: [400, 404] });
      await fillIn(page, username, password);
      await page.keyboard.press("Escape");
      await erase(page);
      await refused(page);
      const erasure = task(page, "DELETE", "/customers/{customer_id}");
      await erasure.getByRole("button", { name: "Try it" }).click();
      await erasure.getByLabel("customer_id").fill("2");
      await erasure.getByRole("button", { name: "Show what" }).click();
      await erasure.locator(".warning").waitFor();
      await openAll(page);
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
        const { violations } = await page.evaluate((part) => window.axe.run(part), part);
        const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => ({ id, html, failureSummary })));
        assert.deepEqual(found, [], `${width} px, ${colorScheme}, ${state}`);
      }
      await page.context().close();
    }
  },
};
