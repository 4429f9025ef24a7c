// Checks the reference page in Chromium: node tests/browser/page.mjs CHECK ORIGIN USERNAME PASSWORD
//
// Runs one of the checks in checks.mjs, looks.mjs and senders.mjs against a running service. tests/e2e/page.rs names what each
// check promises. Every check also fails on an error in the console, on a violation of the content security policy, and on a
// request to another site. Checks wait for conditions and never sleep.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";
import { checks } from "./checks.mjs";
import { looks } from "./looks.mjs";
import { senders } from "./senders.mjs";

const [check, origin, username, password] = process.argv.slice(2);

/** Long, because other tests keep the machine busy. */
const TIMEOUT = 120_000;

/** Errors that the page reported during the check. */
const faults = [];

/** Opens the page. `expected` lists the statuses that the check provokes; 0 is no answer. */
async function open({ expected = [], width = 1440, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height: width < 500 ? 780 : 900 }, reducedMotion: "reduce", ...options });
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
  // A module that is imported again is there when it has run to its end: the page starts its parts one after the other.
  if (options.javaScriptEnabled !== false) {
    await page.evaluate(() => import(document.querySelector("script[type=module]").src));
  }
  return page;
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
  const result = await { ...checks, ...looks, ...senders }[check]({ open, origin, username, password });
  if (result) console.log(JSON.stringify(result));
  assert.deepEqual(faults, []);
} finally {
  await browser.close();
}
