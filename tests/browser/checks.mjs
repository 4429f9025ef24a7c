// The checks of the reference page. page.mjs runs them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { LANGUAGES, WIDTHS, fillIn, fits, task } from "./steps.mjs";

const root = join(import.meta.dirname, "..", "..");

/** The most bytes that the page and all that it loads may have, as they are sent: with gzip. */
const MOST = 120_000;

export const checks = {
  async loads({ open, origin }) {
    const sizes = [];
    const page = await open();
    const read = async (answer) => sizes.push([answer.url(), gzipSync(await answer.body()).length]);
    const bodies = [];
    page.on("response", (answer) => bodies.push(read(answer)));
    await page.reload({ waitUntil: "networkidle" });
    await Promise.all(bodies);
    const loaded = sizes.map(([url]) => url.replace(origin, "").replace(/\.[0-9a-f]{12}\./, ".#."));
    assert.deepEqual(loaded.sort(), ["/", "/assets/page.#.css", "/assets/page.#.js"]);
    const sum = sizes.reduce((all, [, size]) => all + size, 0);
    assert.ok(sum > 10_000 && sum <= MOST, `${sum} bytes: ${JSON.stringify(sizes)}`);
  },

  /** Every task and every code has an address of its own, the contents lead to every task, and a task names all that it answers. */
  async links({ open, origin }) {
    const page = await open();
    const document = await (await page.request.get(`${origin}/openapi.json`)).json();
    const codes = document.components.schemas.ErrorCode.enum;
    const rows = await page.locator(".codes tbody tr").evaluateAll((rows) => rows.map(({ id }) => id));
    assert.deepEqual(rows.toSorted(), codes.map((code) => `error-${code}`).toSorted());
    const tasks = await page.locator("article").evaluateAll((all) => all.map(({ id, dataset }) => ({ id, key: `${dataset.method} ${dataset.path}` })));
    const operations = new Map(Object.values(document.paths).flatMap(Object.values).map((operation) => [operation.operationId, operation]));
    for (const { id, key } of tasks) {
      assert.ok(operations.has(id), `${key} has the id ${id}`);
      const { $ref } = operations.get(id).responses["200"].content["application/json"].schema;
      const members = Object.keys(document.components.schemas[$ref.split("/").at(-1)].properties);
      const named = await page.locator(`#${id} :is(.hint, summary, .fields th) code`).allTextContents();
      assert.deepEqual(members.filter((member) => !named.includes(member)), [], key);
      assert.equal(await page.locator(`#toc a[href="#${id}"]`).count(), 1, id);
    }
    assert.equal(new Set(tasks.map(({ key }) => key)).size, tasks.length);
    // A creation takes one customer, or a list of them.
    const list = page.locator("#createCustomer .fields tr", { has: page.locator("th code", { hasText: /^customers$/ }) });
    assert.match(await list.first().innerText(), /list\s+1–1,000 of them/);
    assert.equal(await list.first().getByRole("link").getAttribute("href"), "#many-customers-at-once");
    assert.equal(await page.locator(".facts a[href='/openapi.json']").innerText(), "OpenAPI 3.1");
  },

  async searches({ open }) {
    for (const width of [360, 1440]) {
      const page = await open({ width });
      await page.keyboard.press("/");
      const search = page.getByRole("searchbox");
      for (const [words, expected] of [["erase customer", "Erase a customer"], ["custnr_taken", "custnr_taken"], ["external_id", "external_id"]]) {
        await search.fill(words);
        await page.locator("#found a", { hasText: expected }).first().waitFor();
      }
      await search.fill("custnr_taken");
      await search.press("Enter");
      assert.equal(new URL(page.url()).hash, "#error-custnr_taken");
      assert.ok(await page.locator("#error-custnr_taken").isVisible());
      if (width < 1024) continue;
      // The first find of each: a name, a status, a code, a field in the middle of a row, and then the text of a part.
      for (const [words, first] of [
        ["404", /^not_found\nerror 404$/], ["429", /\nerror 429$/], ["409", /\nerror.* 409/], ["custom_5", /^custom_1 … custom_20\nfield of: /],
        ["wget", /wget/], ["GDPR", /GDPR/], ["jwt", /JWT/i], ["signature", /signature/i], ["rate limit", /^Limits\n/], ["openapi", /OpenAPI/],
        ["typescript", /TypeScript/], ["axios", /axios/], ["import", /import/i],
      ]) {
        await search.fill(words);
        const finds = await page.locator("#found li").allInnerTexts();
        assert.match(finds[0], first, words);
        assert.ok(finds.length <= 13, words);
      }
      await search.fill("typescript");
      assert.match(await page.locator("#found li").first().innerText(), /^Generated clients\n….*TypeScript.*…$/);
      // A part is found once.
      await search.fill("erase");
      const links = await page.locator("#found a").evaluateAll((all) => all.map(({ textContent }) => textContent));
      assert.equal(new Set(links).size, links.length);
      // Where nothing has all words, some of them will do.
      await search.fill("zzzz jwks");
      assert.match(await page.locator("#found li").first().innerText(), /jwks/i);
      await search.fill("zzzz");
      assert.equal(await page.locator("#found").innerText(), "Nothing found.");
      await search.fill("e");
      assert.match(await page.locator("#found li").last().innerText(), /^\d+ more: add a word\.$/);
      assert.equal(await page.locator("#found a").count(), 12);
    }
    // The key works while the rest of the page's parts wait for their turn.
    const page = await open();
    await page.addInitScript(() => (window.setTimeout = () => 0));
    await page.reload();
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
    // A language's choice takes no text.
    await page.locator("[name=language]:checked").focus();
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  },

  /** Each entry of the contents can be marked: the one that was followed, and each one while the page scrolls to its end. */
  async marks({ open, origin }) {
    const page = await open();
    const ids = await page.locator("#toc a").evaluateAll((links) => links.map(({ hash }) => hash.slice(1)));
    const current = (id, of = page) => of.locator(`#toc a[href="#${id}"][aria-current]`).waitFor();
    // A fresh page, before anybody scrolls it.
    for (const [id, marked] of [["", "start"], ["#createCalls", "createCalls"], ["#error-custnr_taken", "codes"]]) {
      const fresh = await page.context().newPage();
      await fresh.goto(`${origin}/${id}`);
      await current(marked, fresh);
      await fresh.close();
    }
    for (const id of ids.slice(-5)) {
      await page.goto(`${origin}/#${id}`);
      await current(id);
    }
    // Without an address.
    await page.goto(`${origin}/`);
    await page.evaluate(() => import(document.querySelector("script[type=module]").src));
    const seen = await page.evaluate(async (ids) => {
      const seen = new Set();
      const shown = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      for (let y = document.documentElement.scrollHeight - 3 * innerHeight; y < document.documentElement.scrollHeight; y += 40) {
        scrollTo(0, y);
        await shown();
        seen.add(document.querySelector("#toc a[aria-current]")?.hash.slice(1));
      }
      return ids.filter((id) => seen.has(id));
    }, ids.slice(-5));
    assert.deepEqual(seen, ids.slice(-5));
  },

  /** What a sender shows can all be scrolled to. */
  async shows({ open, username, password }) {
    for (const [width, height] of [[1440, 900], [1280, 720], [360, 780]]) {
      const page = await open({ viewport: { width, height } });
      await fillIn(page, username, password);
      await page.keyboard.press("Escape");
      const erasure = task(page, "DELETE", "/customers/{customer_id}");
      await erasure.getByRole("button", { name: "Try it" }).click();
      await erasure.getByLabel("customer_id").fill("2");
      await erasure.getByRole("button", { name: "Show what" }).click();
      await erasure.locator(".warning").waitFor();
      // From the button on, whatever the next screen of scrolling brings into view.
      const form = erasure.getByRole("button", { name: "Show what" });
      await form.evaluate((button) => scrollTo(0, scrollY + button.getBoundingClientRect().top - 100));
      await page.evaluate(() => scrollBy(0, innerHeight - 200));
      const sure = erasure.getByRole("button", { name: "DELETE /customers/2" });
      const { top, bottom } = await sure.evaluate((button) => button.getBoundingClientRect().toJSON());
      assert.ok(top > 0 && bottom <= height, `${width} px: the button is at ${top} to ${bottom} of ${height}`);
      // The recorded answer does not pose as the live one.
      assert.equal(await erasure.locator(".answer:visible").count(), 1);
      const other = task(page, "GET", "/customers");
      assert.match(await other.locator(".side > .answer").innerText(), /^Recorded answer\n/);
      await page.context().close();
    }
  },

  /** All that can be read is there without JavaScript, and nothing that needs it. */
  async reads({ open }) {
    const page = await open({ javaScriptEnabled: false });
    for (const text of ["Create a customer", "custnr_taken", "Idempotency-Key", "HTTP 200", "backups_until"]) {
      await page.locator("main").getByText(text).first().waitFor();
    }
    for (const [end, language] of Object.entries(LANGUAGES)) {
      await page.getByRole("radio", { name: language }).check();
      const shown = await page.locator("article [data-l]:visible").evaluateAll((all) => [...new Set(all.map(({ dataset }) => dataset.l))]);
      assert.deepEqual(shown, [end]);
      const first = await page.locator("#start .code:visible").evaluateAll((all) => all.map(({ dataset }) => dataset.l));
      assert.deepEqual(first, [end]);
    }
    for (const part of ["#run", "#who", "#search", ".copy", ".try"]) assert.equal(await page.locator(`${part}:visible`).count(), 0, part);
    for (const width of WIDTHS) {
      const narrow = await open({ javaScriptEnabled: false, width });
      await fits(narrow);
      if (width >= 1024) continue;
      await narrow.getByRole("button", { name: "Contents" }).click();
      assert.ok(await narrow.locator("#toc").isVisible());
    }
  },

  /** Nothing of `npm start` and nothing of the operator's is on the page. */
  async clean({ open, origin }) {
    const page = await open({ javaScriptEnabled: false });
    const html = await page.content();
    for (const word of ["demo", "127.0.0.1", "localhost", "npm start", "openapi-operator", "/operator"]) assert.ok(!html.includes(word), word);
    // What the changelog says to operators is not for partners.
    for (const word of [/\bKV\b/, /\bpreview\b/]) assert.doesNotMatch(html, word);
    assert.ok(!html.includes(origin));
  },

  /** The password is nowhere on the page, and in what is copied. */
  async copies({ open, username, password, origin }) {
    const page = await open();
    // A button has the name of the heading above its program, at any level, or of the folded part that it stands in.
    for (const name of ["A first request, sh", "Generated clients, ts", "Many customers at once, py", "Python, python", "Erase a customer, sh"]) {
      assert.equal(await page.locator(`.copy[aria-label="Copy: ${name}"]`).count(), 1, name);
    }
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const list = page.locator("#paging").locator("xpath=..");
    const copied = async (language) => {
      await page.getByRole("radio", { name: language }).check();
      await list.locator(".copy:visible").first().click();
      await list.locator(".copy:visible", { hasText: "Copied" }).waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    assert.match(await copied("curl"), /'acme:YOUR-PASSWORD'/);
    await fillIn(page, username, password);
    await page.keyboard.press("Escape");
    for (const [end, language] of Object.entries(LANGUAGES)) {
      const file = readFileSync(join(root, "site", "examples", `list.${end}`), "utf8");
      const expected = file.replaceAll("https://customers.example", origin).replaceAll("acme", username).replace(/\bsecret\b/g, password);
      assert.equal(await copied(language), expected);
    }
    const code = await page.locator("main").innerText();
    assert.ok(code.includes(`'${username}:••••••••'`) && !code.includes(password));
  },

  async quotes({ open }) {
    const page = await open();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const ping = task(page, "GET", "/miscellaneous/ping");
    for (const secret of [`it's`, `"\\"`, `\\'$HOME\`id\`!`, `%s {x} <b>&amp; \\n #{1}`, `Grüße 🐟 \u2028`, `\\`]) {
      await fillIn(page, "odd.name", secret);
      await page.keyboard.press("Escape");
      const literals = async (end, pattern) => {
        await page.getByRole("radio", { name: LANGUAGES[end] }).check();
        await ping.locator(".copy:visible").first().click();
        const [, found] = (await page.evaluate(() => navigator.clipboard.readText())).match(pattern);
        return found;
      };
      const values = {
        sh: execFileSync("bash", ["-c", `printf %s ${await literals("sh", /-u ([^]*) http/)}`]),
        php: execFileSync("php", ["-r", `echo ${await literals("php", /USERPWD => ([^]*?),\n/)};`]),
        py: execFileSync("python3", ["-c", `import sys; sys.stdout.buffer.write(":".join((${await literals("py", /DigestAuth\(([^]*)\),\n/)})).encode())`]),
        js: execFileSync("node", ["-e", `process.stdout.write(${await literals("js", /Buffer\.from\(([^]*)\)\.toString/)})`]),
        rb: execFileSync("ruby", ["-e", `print [${await literals("rb", /basic_auth ([^]*?)\nanswer/)}].join(":")`], { env: { ...process.env, LANG: "C.UTF-8" } }),
      };
      for (const [end, value] of Object.entries(values)) assert.equal(value.toString(), `odd.name:${secret}`, end);
    }
  },

  /** The language is kept for the next visit; the credentials are kept in this tab, and go with it. */
  async keeps({ open, username, password, origin }) {
    const page = await open();
    await page.getByRole("radio", { name: "Ruby" }).check();
    await fillIn(page, username, password);
    await page.reload();
    assert.ok(await page.getByRole("radio", { name: "Ruby" }).isChecked());
    assert.equal(await page.locator("#password").inputValue(), password);
    const { cookies, origins } = await page.context().storageState();
    assert.deepEqual([cookies, origins.map(({ localStorage }) => localStorage)], [[], [[{ name: "language", value: "rb" }]]]);
    const other = await page.context().newPage();
    await other.goto(`${origin}/`);
    assert.equal(await other.locator("#password").inputValue(), "");
    assert.ok(await other.getByRole("radio", { name: "Ruby" }).isChecked());
    await fillIn(page, "", "");
    await page.reload();
    assert.equal(await page.locator("#username").inputValue(), "");
  },
};
