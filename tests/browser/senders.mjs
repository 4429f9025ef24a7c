// What the senders of the page do: page.mjs runs each as a check.

import assert from "node:assert/strict";
import { answered, erase, fillIn, refused, tabTo, task } from "./steps.mjs";

export const senders = {
  async tries({ open, username, password }) {
    const page = await open();
    const read = task(page, "GET", "/customers/{customer_id}");
    await read.getByRole("button", { name: "Try it" }).click();
    await read.getByRole("button", { name: "Send", exact: true }).click();
    await read.getByText("customer_id is missing.").waitFor();
    await read.getByLabel("customer_id").fill("2");
    await read.getByRole("button", { name: "Send", exact: true }).click();
    // What is missing stands beside the button, with the way to it.
    await read.getByText("Your credentials are missing. They come from support.").waitFor();
    assert.equal(await read.getByRole("link", { name: "support" }).getAttribute("href"), "#support");
    await read.getByRole("button", { name: "Fill them in" }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "username");
    await fillIn(page, username, password);
    await read.getByRole("button", { name: "Send", exact: true }).click();
    const answer = await answered(read);
    assert.match(answer, /^HTTP 200/);
    assert.match(answer, /Tandläkarna vid Järntorget/);
  },

  /** The focus stays where the visitor is: in the form, on its button, or on what has come in the button's place. */
  async holds({ open, username, password, origin }) {
    const page = await open();
    const focused = () => page.evaluate(() => {
      const { activeElement: one } = document;
      return one.name || one.className || one.tagName;
    });
    await fillIn(page, username, password);
    await page.keyboard.press("Escape");
    const list = task(page, "GET", "/customers");
    await list.getByRole("button", { name: "Try it" }).press("Enter");
    assert.equal(await focused(), "customer_id");
    let held;
    await page.route(/\/customers\?/, (route) => (held = route));
    await list.getByLabel("pagesize").fill("1");
    await list.getByRole("button", { name: "Send" }).press("Enter");
    await list.getByText("Sending …").waitFor();
    assert.equal(await focused(), "main");
    // Nothing is sent twice meanwhile.
    const first = held;
    await page.keyboard.press("Enter");
    assert.equal(held, first);
    await held.continue();
    await list.getByRole("status").getByText("200. The answer is below.").waitFor();
    assert.equal(await focused(), "main");

    const id = await created(page, origin, username, password);
    const erasure = task(page, "DELETE", "/customers/{customer_id}");
    await erasure.getByRole("button", { name: "Try it" }).press("Enter");
    assert.equal(await focused(), "customer_id");
    const dryRun = async () => {
      await erasure.getByLabel("customer_id").fill(id);
      await erasure.getByRole("button", { name: "Show what" }).press("Enter");
      await erasure.getByRole("alert").getByText("for good").waitFor();
      assert.equal(await focused(), "main");
    };
    await dryRun();
    // Another id has not been counted.
    await erasure.getByLabel("customer_id").fill(`${id}0`);
    assert.equal(await erasure.locator(".warning, .answer:visible").count(), 1);
    assert.equal(await erasure.locator(".warning").count(), 0);
    // Nor if the answer comes after the other id.
    await page.route(/dry_run=1/, (route) => (held = route));
    await erasure.getByLabel("customer_id").fill(id);
    await erasure.getByRole("button", { name: "Show what" }).press("Enter");
    await erasure.getByText("Sending …").waitFor();
    await erasure.getByLabel("customer_id").fill(`${id}0`);
    const late = page.waitForResponse(/dry_run=1/);
    await held.continue();
    await (await late).finished();
    await erasure.locator("button:not([aria-disabled])", { hasText: "Show what" }).waitFor();
    assert.equal(await erasure.locator(".warning").count(), 0);
    await page.unroute(/dry_run=1/);
    await dryRun();
    await erasure.getByLabel(`Type ${id}`).fill(id);
    await erasure.getByRole("button", { name: `DELETE /customers/${id}` }).press("Enter");
    await erasure.locator(".warning").waitFor({ state: "detached" });
    assert.match(await answered(erasure), /"removed_at": "2/);
    assert.equal(await focused(), "output");
  },

  /** A browser that refuses the storage takes nothing else from the page. */
  async lacks({ open }) {
    const page = await open();
    await page.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { get: () => { throw new DOMException("refused", "SecurityError"); } });
      }
    });
    await page.reload();
    await page.locator("article .open").last().waitFor();
    assert.equal(await page.locator(".copy").count(), await page.locator(".code").count());
    await page.getByRole("radio", { name: "Ruby" }).check();
    await fillIn(page, "somebody", "something");
    await page.locator("#who", { hasText: "somebody" }).waitFor();
  },

  async names({ open, username, password }) {
    const page = await open({ expected: [400] });
    await fillIn(page, username, password);
    const create = await refused(page);
    assert.match(await answered(create), /^HTTP 400/);
    await create.locator(".try").getByRole("link", { name: "unknown_parameter" }).click();
    assert.ok(await page.locator("#error-unknown_parameter").isVisible());
    assert.equal(new URL(page.url()).hash, "#error-unknown_parameter");
  },

  async refuses({ open, username, password }) {
    const page = await open({ expected: [401] });
    // What the button in the bar says of the credentials.
    const state = () => page.locator("#who").evaluate(({ dataset }) => dataset.state);
    await fillIn(page, username, "wrong");
    assert.equal(await state(), "");
    await page.getByRole("button", { name: "Check", exact: true }).click();
    await page.locator("#login-status", { hasText: "401" }).waitFor();
    assert.equal(await state(), "refused");
    await page.locator("#run").click();
    await page.locator("#live-status", { hasText: "401: the user name or the password is wrong. Nothing" }).waitFor();
    await fillIn(page, username, password);
    assert.equal(await state(), "");
    await page.getByRole("button", { name: "Check", exact: true }).click();
    await page.locator("#login-status", { hasText: "The credentials are correct" }).waitFor();
    assert.equal(await state(), "accepted");
    await page.getByRole("button", { name: "Forget" }).click();
    await page.locator("#run").click();
    await page.locator("#live-status", { hasText: "Your credentials are missing" }).waitFor();
    assert.equal(await state(), "");
  },

  /** A DELETE counts first, shows that, and asks for the id to be typed. */
  async asks({ open, origin, username, password }) {
    const page = await open();
    const sent = [];
    page.on("request", (request) => {
      if (request.method() === "DELETE") sent.push(request.url().replace(origin, ""));
    });
    await fillIn(page, username, password);
    const id = await created(page, origin, username, password);
    const erasure = task(page, "DELETE", "/customers/{customer_id}");
    await erasure.getByRole("button", { name: "Try it" }).click();
    await erasure.getByLabel("customer_id").fill(id);
    await erasure.getByRole("button", { name: "Show what it would erase" }).click();
    await erasure.getByText("phone numbers to mask: 0").waitFor();
    assert.match(await answered(erasure), /"removed_at": ""/);
    assert.deepEqual(sent, [`/customers/${id}?dry_run=1`]);
    const sure = erasure.getByRole("button", { name: `DELETE /customers/${id}` });
    assert.ok(await sure.isDisabled());
    await erasure.getByLabel(`Type ${id}`).fill(`${id}0`);
    assert.ok(await sure.isDisabled());
    await erasure.getByLabel(`Type ${id}`).fill(id);
    await sure.click();
    await erasure.locator(".warning").waitFor({ state: "detached" });
    assert.match(await answered(erasure), /"removed_at": "2/);
    assert.deepEqual(sent, [`/customers/${id}?dry_run=1`, `/customers/${id}`]);
    // A dry run of one who is erased says that.
    await erasure.getByRole("button", { name: "Show what it would erase" }).click();
    await erasure.getByRole("alert").getByText("already").waitFor();
    assert.equal(await erasure.getByText("Nothing is erased yet").count(), 0);
    sent.pop();

    const user = task(page, "DELETE", "/customers/{customer_id}/users/{user_id}");
    await user.getByRole("button", { name: "Try it" }).click();
    await user.getByLabel("customer_id").fill("2");
    await user.getByLabel("user_id").fill("999999");
    await user.getByRole("button", { name: "Go on" }).click();
    assert.ok(await user.getByRole("button", { name: "DELETE /customers/2/users/999999" }).isDisabled());
    assert.equal(sent.length, 2);
  },

  /** Returns what the page says of the erasure, for a comparison with the database, and whether it says that it has read it. */
  async erases({ open, username, password }) {
    const page = await open({ expected: [404] });
    const keys = page.keyboard;
    await tabTo(page, "#who");
    await keys.press("Enter");
    await tabTo(page, "#username");
    await keys.type(username);
    await tabTo(page, "#password");
    await keys.type(password);
    await keys.press("Escape");
    await tabTo(page, "#run");
    await keys.press("Enter");
    await page.locator("#live-status.good").waitFor();
    const requests = await page.locator("#steps summary").allInnerTexts();
    const seen = requests.map((text) => text.replace(/(?<=\/)\d+/, "N").replace(/\s+/g, " "));
    assert.deepEqual(seen, [
      "200 POST /customers", "200 POST /customers/N/measures", "200 POST /customers/N/users",
      "200 PUT /customers/N/allowed_numbers", "200 POST /customers/N/calls", "200 GET /customers/N/export",
      "200 DELETE /customers/N?dry_run=1", "200 DELETE /customers/N", "200 GET /customers/N/erasure", "404 GET /customers/N",
    ]);
    // The focus is still on the button.
    assert.equal(await page.evaluate(() => document.activeElement.id), "run");
    assert.equal(await page.locator("#outcome thead th").last().innerText(), "After: what stays, by the rule");
    return page.locator("#outcome tbody tr").evaluateAll((rows) => rows.map((row) => {
      const isRead = row.cells[2].querySelector("small") !== null;
      row.querySelector("small")?.remove();
      return [...[...row.cells].map((cell) => (cell.className === "gone" ? "" : cell.textContent.trim())), isRead ? "read" : ""];
    }));
  },

  /** USERNAME must be a German partner, which has six mandatory custom fields. */
  async german({ open, username, password }) {
    const page = await open({ expected: [400, 404] });
    await fillIn(page, username, password);
    await erase(page);
    const requests = await page.locator("#steps summary").allInnerTexts();
    assert.deepEqual(requests.slice(0, 2), ["400 POST /customers", "200 POST /customers"]);
    const rows = await page.locator("#outcome tbody tr").allInnerTexts();
    assert.ok(rows.some((row) => /custom_3\s+10115/.test(row)), rows.join("\n"));
  },

  /** USERNAME must be a partner with six mandatory custom fields, one of which takes three characters. */
  async short({ open, username, password }) {
    const page = await open({ expected: [400, 404] });
    await fillIn(page, username, password);
    await erase(page);
    const requests = await page.locator("#steps summary").allInnerTexts();
    assert.deepEqual(requests.slice(0, 3), ["400 POST /customers", "400 POST /customers", "200 POST /customers"]);
    const rows = await page.locator("#outcome tbody tr").allInnerTexts();
    assert.ok(rows.some((row) => /custom_1\s+1\s/.test(row)), rows.join("\n"));
  },

  async finishes({ open, username, password }) {
    const page = await open({ expected: [0, 404] });
    await fillIn(page, username, password);
    const allowedNumbers = /\/allowed_numbers$/;
    await page.route(allowedNumbers, (route) => route.abort("connectionreset"));
    await page.locator("#run").click();
    const status = page.locator("#live-status");
    await page.locator("#live-status.bad").waitFor();
    const [, id] = (await status.innerText()).match(/^No answer came\..* Customer (\d+) was created/);
    await page.unroute(allowedNumbers);
    await page.getByRole("button", { name: `Erase customer ${id}` }).click();
    await page.locator("#live-status.good", { hasText: `Customer ${id} is erased` }).waitFor();
    await page.getByRole("button", { name: "Create and erase" }).waitFor();
  },
};

/** Creates a customer without the page, and returns its id. */
async function created(page, origin, username, password) {
  const answer = await page.request.post(`${origin}/customers`, {
    headers: { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` },
    form: { name: "To be erased", custnr: `ASK-${Date.now()}` },
  });
  return String((await answer.json()).customers[0].customer_id);
}
