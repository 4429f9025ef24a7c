// Checks the reference page in Chromium: node tests/browser/page.mjs CHECK ORIGIN USERNAME PASSWORD
//
// Runs one of the checks below against a running service. tests/e2e/page.rs names what each check promises. Every check
// also fails on an error in the console, on a violation of the content security policy, and on a request to another
// site. Checks wait for conditions and never sleep.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [check, origin, username, password] = process.argv.slice(2);
const root = join(import.meta.dirname, "..", "..");

/** Long, because other tests keep the machine busy. */
const TIMEOUT = 120_000;

const PHONE = { width: 360, height: 780 };
const DESKTOP = { width: 1440, height: 900 };

/** The customer of the demo that no example erases. */
const KEPT = "Tandläkarna vid Järntorget";

const checks = {
  async loads(browser) {
    const page = await open(browser);
    for (const path of ["/2.4.9/openapi.json", "/openapi-operator.json", "/openapi.json"]) {
      const operation = path.includes("operator") ? "/operator/partners" : "/customers";
      const arrived = page.waitForResponse(`${origin}${path}`);
      await page.getByLabel("Document").selectOption(path);
      assert.equal((await arrived).status(), 200);
      await page.locator(`.opblock-get [data-path="${operation}"]`).waitFor();
    }
    assert.equal(await page.locator(".errors-wrapper").count(), 0, "Swagger UI finds faults in a document");
  },

  async fits(browser) {
    for (const viewport of [PHONE, DESKTOP]) {
      const page = await open(browser, { viewport, expected: [404] });
      await fits(page);
      for (const language of ["PHP", "Python", "curl"]) {
        await page.getByRole("radio", { name: language }).check();
        await fits(page);
      }
      await fillIn(page, username, password);
      await erase(page);
      await tryOut(page);
      await fits(page);
      await page.context().close();
    }
  },

  async tries(browser) {
    const page = await open(browser);
    await fillIn(page, username, password);
    const answer = await tryOut(page);
    assert.equal(await answer.locator(".response-col_status").innerText(), "200");
    assert.match(await answer.innerText(), new RegExp(KEPT));
  },

  async refuses(browser) {
    const page = await open(browser, { expected: [401] });
    await fillIn(page, username, "wrong");
    await page.getByRole("button", { name: "Check credentials" }).click();
    await page.locator("#login-status", { hasText: "401" }).waitFor();
    await page.getByRole("button", { name: "Create and erase" }).click();
    await page.locator("#live-status", { hasText: "401: the user name or the password is wrong. Nothing" }).waitFor();
    const answer = await tryOut(page);
    assert.match(await answer.locator(".response-col_status").innerText(), /^401/);

    await fillIn(page, username, password);
    await page.getByRole("button", { name: "Check credentials" }).click();
    await page.locator("#login-status", { hasText: "The credentials are correct" }).waitFor();
    await fillIn(page, "", "");
    await page.getByRole("button", { name: "Create and erase" }).click();
    await page.locator("#live-status", { hasText: "Fill in" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "username");
  },

  async erases(browser) {
    const page = await open(browser, { expected: [404] });
    const keys = page.keyboard;
    await tabTo(page, "#username");
    await keys.type(username);
    await tabTo(page, "#password");
    await keys.type(password);
    await tabTo(page, "#run");
    await keys.press("Enter");
    await page.locator("#live-status.good").waitFor();

    const steps = page.locator("#steps li");
    const requests = await steps.locator(".request").allInnerTexts();
    const seen = requests.map((text) => text.replace(/\d{1,9}(?=[/?\s])|(?<=\/)\d+/, "N").replace(/\s+/g, " "));
    assert.deepEqual(seen, [
      "POST /customers 200",
      "POST /customers/N/measures 200",
      "POST /customers/N/users 200",
      "PUT /customers/N/allowed_numbers 200",
      "POST /customers/N/calls 200",
      "GET /customers/N/export 200",
      "DELETE /customers/N?dry_run=1 200",
      "DELETE /customers/N 200",
      "GET /customers/N/erasure 200",
      "GET /customers/N 404",
    ]);
    const { erasure } = JSON.parse(await steps.nth(8).locator("pre").innerText());
    assert.notEqual(erasure.removed_at, "");
    assert.equal(erasure.measures_expired, 1);
    assert.equal(erasure.users_removed, 1);
    assert.equal(erasure.allowed_numbers_removed, 1);
    assert.equal(erasure.phone_numbers_masked, 5);
    // The focus is still on the button.
    assert.equal(await page.evaluate(() => document.activeElement.id), "run");
  },

  /** USERNAME must be a German partner. */
  async explains(browser) {
    const page = await open(browser, { expected: [400] });
    await fillIn(page, username, password);
    await page.getByRole("button", { name: "Create and erase" }).click();
    const status = page.locator("#live-status.bad");
    await status.waitFor();
    assert.match(await status.innerText(), /400: .*custom_1, custom_2, .*custom_6.*Nothing was created/);
  },

  async finishes(browser) {
    const page = await open(browser, { expected: [0, 404] });
    await fillIn(page, username, password);
    const allowedNumbers = /\/allowed_numbers$/;
    await page.route(allowedNumbers, (route) => route.abort("connectionreset"));
    await page.getByRole("button", { name: "Create and erase" }).click();
    const status = page.locator("#live-status");
    await page.locator("#live-status.bad").waitFor();
    const [, id] = (await status.innerText()).match(/^No answer came\..* Customer (\d+) was created/);
    await page.unroute(allowedNumbers);
    await page.getByRole("button", { name: `Erase customer ${id}` }).click();
    await page.locator("#live-status.good", { hasText: `Customer ${id} is erased` }).waitFor();
    await page.getByRole("button", { name: "Create and erase" }).waitFor();
  },

  async follows(browser) {
    const page = await open(browser, { colorScheme: "light" });
    const seen = () => page.evaluate(() => ({
      page: getComputedStyle(document.body).color,
      reference: getComputedStyle(document.querySelector(".opblock-summary-path")).color,
    }));
    const light = await seen();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator("html.dark-mode").waitFor();
    const dark = await seen();
    assert.notEqual(dark.page, light.page);
    assert.notEqual(dark.reference, light.reference);
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator("html:not(.dark-mode)").waitFor();
    assert.deepEqual(await seen(), light);
  },

  async accessible(browser) {
    const axe = readFileSync(join(root, "node_modules", "axe-core", "axe.min.js"), "utf8");
    for (const viewport of [PHONE, DESKTOP]) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await open(browser, { viewport, colorScheme, expected: [404] });
        await fillIn(page, username, password);
        await erase(page);
        // evaluate() runs through the debugger, so the content security policy does not block axe.
        await page.evaluate(axe);
        // Swagger UI renders #swagger, and we cannot fix that.
        const { violations } = await page.evaluate(() => axe.run({ exclude: ["#swagger"] }));
        const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => ({ id, html, failureSummary })));
        assert.deepEqual(found, [], `${viewport.width} px, ${colorScheme}`);
        await page.context().close();
      }
    }
  },

  async copies(browser) {
    const page = await open(browser);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    for (const [end, language] of [["sh", "curl"], ["php", "PHP"], ["py", "Python"]]) {
      await page.getByRole("radio", { name: language }).check();
      await page.getByRole("button", { name: `Copy erase in ${language}` }).click();
      await page.locator(`[data-language="${end}"] .copy`, { hasText: "Copied" }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      const file = readFileSync(join(root, "site", "examples", `erase.${end}`), "utf8");
      assert.equal(copied, file.replaceAll("http://127.0.0.1:8787", origin));
    }
  },

  async quotes(browser) {
    const page = await open(browser);
    for (const secret of [`it's`, `"\\"`, `\\'$HOME\`id\`!`, `%s {x} <b>&amp; \\n`, `Grüße 🐟 \u2028`, `\\`]) {
      await fillIn(page, "odd.name", secret);
      const shown = async (end) => page.locator(`[data-fill="${end}"]`).first().textContent();
      const values = {
        sh: execFileSync("bash", ["-c", `printf %s ${await shown("sh")}`]),
        php: execFileSync("php", ["-r", `echo ${await shown("php")};`]),
        py: execFileSync("python3", ["-c", `import sys; sys.stdout.buffer.write(":".join((${await shown("py")})).encode())`]),
      };
      for (const [end, value] of Object.entries(values)) assert.equal(value.toString(), `odd.name:${secret}`, end);
    }
  },

  async forgets(browser) {
    const page = await open(browser, { expected: [404] });
    await fillIn(page, username, password);
    await erase(page);
    await tryOut(page);
    const { cookies, origins } = await page.context().storageState();
    const session = await page.evaluate(() => sessionStorage.length);
    assert.deepEqual({ cookies, origins, session }, { cookies: [], origins: [], session: 0 });
    await page.reload();
    assert.equal(await page.locator("#password").inputValue(), "");
  },
};

/** Errors that the page reported during any check. */
const faults = [];

/** Opens the page and waits for the reference. `expected` lists the statuses that the check provokes; 0 is no answer. */
async function open(browser, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT);
  // Chromium reports every status of 400 and above in the console.
  const provoked = (text) => {
    const [, status] = text.match(/^Failed to load resource: the server responded with a status of (\d+)/) ?? [];
    return expected.includes(Number(status ?? (text.startsWith("Failed to load resource: net::") ? 0 : NaN)));
  };
  page.on("console", (message) => {
    if (message.type() === "error" && !provoked(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.stack}`));
  page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) faults.push(`request to ${url}`);
  });
  await page.goto(`${origin}/`);
  await page.locator(".opblock").first().waitFor();
  return page;
}

async function fillIn(page, name, secret) {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(secret);
}

async function erase(page) {
  await page.locator("#run").click();
  await page.locator("#live-status.good").waitFor();
}

/** Sends GET /customers with Swagger UI, and returns the table row that shows the answer. */
async function tryOut(page) {
  const operation = page.locator(".opblock-get", { has: page.locator('[data-path="/customers"]') });
  if ((await operation.locator(".opblock-body").count()) === 0) {
    await operation.locator(".opblock-summary-control").click();
  }
  await operation.getByRole("button", { name: "Try it out" }).click();
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table .response");
  await answer.waitFor();
  return answer;
}

/** Presses Tab until an element has the focus. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 200; presses++) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the keyboard does not reach ${selector}`);
}

async function fits(page) {
  const [content, view] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(content <= view, `${content} px of content in ${view} px`);
}

const executable = execFileSync("sh", ["-c", 'command -v "${CHROMIUM:-chromium}"']).toString().trim();
const browser = await chromium.launch({
  executablePath: executable,
  timeout: TIMEOUT,
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
try {
  await checks[check](browser);
  assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
