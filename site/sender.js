// Sends the request of a task. A `DELETE` asks first: for a customer it shows what a dry run counts.

import { element, explain, haveCredentials, parsed, say, send } from "./service.js";

/** Puts a button into every task that opens its sender. */
export function startSenders() {
  for (const task of document.querySelectorAll("article")) {
    const button = element("button", { className: "open" }, "Try it");
    const place = element("div", { className: "try" }, button);
    task.querySelector(".side > .answer").before(place);
    button.addEventListener("click", () => {
      place.replaceChildren(...sender(task));
      place.querySelector("input, textarea, button").focus();
    });
  }
}

function sender(task) {
  const { method, path, body, open } = task.dataset;
  const title = task.querySelector("h4").textContent;
  const rows = [...task.querySelectorAll(":is([data-in=path], [data-in=query], [data-in=header])")];
  const isAsked = method === "DELETE";
  const inputs = rows.map((row) => input(row)).filter(({ name }) => !(isAsked && name === "dry_run"));
  const hasDryRun = isAsked && inputs.length < rows.length;
  const content = body === undefined ? undefined : element("textarea", { value: body, spellcheck: false });
  const button = element("button", { className: "main" }, hasDryRun ? "Show what it would erase" : isAsked ? "Go on" : "Send");
  const status = element("span", { className: "status", role: "status" });
  const output = element("div", { className: "output", tabIndex: -1 });
  const form = element("form", { ariaLabel: `Send: ${title}`, noValidate: true },
    element("div", { className: "grid" }, ...inputs.map(({ label }) => label)),
    ...(content ? [element("label", {}, "Body, as JSON ", content)] : []),
    element("p", {}, button, " ", status));

  // What was counted for one customer does not stand beside the id of another, also if its answer comes late.
  let edits = 0;
  if (isAsked) form.addEventListener("input", () => {
    edits++;
    output.replaceChildren();
    say(status, "");
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.ariaDisabled) return;
    output.replaceChildren();
    const wrong = missing(inputs, content);
    if (wrong) return say(status, "bad", wrong.text), wrong.field.focus();
    if (open === undefined && !haveCredentials(status)) return;
    const request = filledIn({ method, path, inputs, content, isOpen: open !== undefined });
    const go = async (target) => {
      say(status, "", "Sending …");
      // A button that is `disabled` would lose the focus.
      button.ariaDisabled = "true";
      const answer = await send(method, target, request);
      button.ariaDisabled = null;
      say(status, answer.status < 400 && answer.status > 0 ? "good" : "bad", answer.status ? `${answer.status}. The answer is below.` : explain(answer));
      return answer;
    };
    if (!isAsked) return output.replaceChildren(shown(await go(request.target)));
    if (!hasDryRun) return output.replaceChildren(question(request, [`${title}?`], go, output));
    const before = edits;
    const dry = await go(`${request.target}${request.target.includes("?") ? "&" : "?"}dry_run=1`);
    if (edits !== before) return say(status, "");
    if (dry.status !== 200) return output.replaceChildren(shown(dry));
    if (!dry.json.erasure.removed_at) say(status, "good", "Nothing is erased yet. What it would do is below.");
    output.replaceChildren(shown(dry), question(request, told(dry.json.erasure), go, output));
  });
  return [form, output];
}

/** An input for a parameter of the task's table. */
function input(row) {
  const name = row.querySelector("code").textContent;
  const field = element("input", { name, autocomplete: "off", spellcheck: false });
  return { name, field, place: row.dataset.in, isRequired: row.querySelector("em") !== null, label: element("label", {}, `${name} `, field) };
}

/** What keeps the request from being sent, and the field where that is. */
function missing(inputs, content) {
  const empty = inputs.find(({ field, isRequired }) => isRequired && field.value === "");
  if (empty) return { text: `${empty.name} is missing.`, field: empty.field };
  if (content && parsed(content.value) === undefined) return { text: "The body is not JSON.", field: content };
}

function filledIn({ path, inputs, content, isOpen }) {
  const given = (place) => inputs.filter((one) => one.place === place && one.field.value !== "").map(({ name, field }) => [name, field.value]);
  let target = path;
  for (const [name, value] of given("path")) target = target.replace(`{${name}}`, encodeURIComponent(value));
  const query = new URLSearchParams(given("query")).toString();
  return {
    target: query ? `${target}?${query}` : target,
    id: given("path").at(-1)?.[1],
    headers: Object.fromEntries(given("header")),
    body: content?.value,
    isOpen,
  };
}

/** What a dry run counts, in words. */
function told(receipt) {
  if (receipt.removed_at) return [`Customer ${receipt.customer_id} was erased at ${receipt.removed_at} already. Again does nothing and answers the same receipt.`];
  const lines = [
    ["measures to expire", receipt.measures_expired], ["users to remove", receipt.users_removed],
    ["allowed numbers to remove", receipt.allowed_numbers_removed], ["phone numbers to mask", receipt.phone_numbers_masked],
  ].map(([what, count]) => element("li", {}, `${what}: ${count}`));
  const customer = element("li", {}, "its name, custnr, e-mail, address and custom fields");
  return [`This would erase customer ${receipt.customer_id}, for good:`, element("ul", {}, customer, ...lines)];
}

/** Asks for the id to be typed before what cannot be undone. */
function question(request, said, go, output) {
  const typed = element("input", { autocomplete: "off", inputMode: "numeric" });
  const sure = element("button", { className: "danger", disabled: true }, `DELETE ${request.target}`);
  typed.addEventListener("input", () => (sure.disabled = typed.value !== request.id));
  const form = element("form", { className: "warning" }, element("div", { role: "alert" }, ...said),
    element("p", {}, element("label", {}, `Type ${request.id} to go on `, typed)), sure);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sure.disabled || sure.ariaDisabled) return;
    sure.ariaDisabled = "true";
    output.replaceChildren(shown(await go(request.target)));
    // The button that had the focus is gone.
    output.focus();
  });
  return form;
}

/** An answer. Each code of an error links to what it means. */
function shown({ status, headers, json, text }) {
  const lines = [`HTTP ${status}`, ...["ETag", "Link", "Location", "Retry-After", "X-Request-Id"]
    .filter((name) => headers.has(name)).map((name) => `${name}: ${headers.get(name)}`)];
  const head = element("i", {}, status ? lines.join("\n") : "no answer");
  const answer = element("div", { className: "answer" }, element("pre", {}, head, "\n", json ? JSON.stringify(json, null, 2) : text));
  const codes = [...new Set(json?.errors?.map(({ code }) => code) ?? [])].filter((code) => document.getElementById(`error-${code}`));
  const links = codes.flatMap((code) => [element("a", { href: `#error-${code}` }, code), " "]);
  return element("div", {}, ...(links.length > 0 ? [element("p", {}, "What to do: ", ...links)] : []), answer);
}
