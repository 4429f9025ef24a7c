// The live erasure: creates a made-up customer, erases it, and shows what was there before and after.

import { $, element, explain, haveCredentials, say, send } from "./service.js";

/** Numbers that Sweden reserves for fiction, each with what the erasure leaves of it. A test holds this against the database. */
const OFFICE = ["+46846500440", "+468********"];
const MOBILE = ["+46701740605", "+4670*******"];
const TRACKED = ["+46846500409", "+468********"];

/** Values for the custom fields that the German rule makes mandatory. Another partner's get the shortest text. */
const GERMAN = { custom_1: "Musterweg", custom_2: "1", custom_3: "10115", custom_4: "Berlin", custom_5: "Firma", custom_6: "Robin Muster" };
const SHORTEST = "1";

/** What stands after the erasure where the whole row is gone. */
const NO_ROW = null;

/** Marks what the service has answered after the erasure. It answers nothing else of an erased customer. */
const ANSWERED = "answered";

const customer = () => ({
  name: "Made-up Bakery Ltd",
  custnr: `LIVE-${crypto.randomUUID?.() ?? Date.now()}`,
  email: "hello@made-up-bakery.example",
  address_street: "1 Example Street",
});

/** The steps that create a customer. Each takes what is known so far and gives a method, a path and a body. */
const CREATION = [
  (known) => ["POST", "/customers", { ...(known.customer ??= customer()), ...known.custom }],
  ({ id }) => ["POST", `/customers/${id}/measures`, { name: "Shop window", destnr: TRACKED[0], phonenr: OFFICE[0] }],
  ({ id }) => ["POST", `/customers/${id}/users`, { name: "Robin Example", email: "robin@made-up-bakery.example" }],
  ({ id }) => ["PUT", `/customers/${id}/allowed_numbers`, { phonenrs: [OFFICE[0]] }],
  ({ id, measure }) => ["POST", `/customers/${id}/calls`, {
    calls: [{ measure_id: measure, start: "2026-09-01 07:12:09", duration: 184, answered: 1, anum: MOBILE[0], bnum: TRACKED[0], cnum: OFFICE[0] }],
  }],
  ({ id }) => ["GET", `/customers/${id}/export`],
];

const ERASURE = [
  ({ id }) => ["DELETE", `/customers/${id}?dry_run=1`],
  ({ id }) => ["DELETE", `/customers/${id}`],
  ({ id }) => ["GET", `/customers/${id}/erasure`],
  ({ id }) => ["GET", `/customers/${id}`, undefined, 404],
];

let unfinished;

export function startLive() {
  $("#run").addEventListener("click", run);
}

async function run() {
  const [button, status] = [$("#run"), $("#live-status")];
  if (button.ariaDisabled || !haveCredentials(status)) return;
  // A button that is `disabled` would lose the focus.
  button.ariaDisabled = "true";
  $("#steps").replaceChildren();
  $("#outcome").replaceChildren();
  say(status, "", "Running …");
  // If an earlier run left a customer, this run only erases that one.
  const known = unfinished ?? {};
  const failure = await runSteps(unfinished ? ERASURE : [...CREATION, ...ERASURE], known);
  unfinished = failure && known.id ? known : undefined;
  if (failure) say(status, "bad", failure.replace(/\.?$/, ".") + leftOver(known));
  else say(status, "good", `Customer ${known.id} is erased.`);
  if (!failure && known.export) $("#outcome").replaceChildren(...beforeAndAfter(known));
  button.textContent = unfinished ? `Erase customer ${known.id}` : "Create and erase a customer";
  button.ariaDisabled = null;
}

const leftOver = ({ id, asked }) => {
  if (id) return ` Customer ${id} was created and might still exist. Erase it with the button or with DELETE /customers/${id}.`;
  return asked ? ` A customer may have been created. Its custnr would be ${asked}.` : " Nothing was created.";
};

/** Runs the steps in order until one fails, and returns why it failed. It notes in `known` what the answers tell. */
async function runSteps(steps, known) {
  for (const step of steps) {
    const [method, path, body, expected = 200] = step(known);
    let answer = await send(method, path, { body });
    show(method, path, body, answer, expected);
    for (let custom; path === "/customers" && (custom = demanded(answer, known.custom));) {
      known.custom = custom;
      const [, , again] = step(known);
      answer = await send(method, path, { body: again });
      show(method, path, again, answer, expected);
    }
    if (answer.status !== expected) {
      // The service may have carried out a request that got no answer or a server error.
      if (path === "/customers" && (answer.status === 0 || answer.status >= 500)) known.asked = body.custnr;
      return explain(answer);
    }
    known.id ??= answer.json.customers?.[0].customer_id;
    known.measure ??= answer.json.measures?.[0]?.measure_id;
    if (path.endsWith("/export")) known.export = answer.json;
    if (path.endsWith("/erasure")) known.receipt = answer.json.erasure;
  }
}

/**
 * The custom fields that this partner has to fill, if that is all that the answer finds fault with: first those that are
 * missing, then a shorter text where one was too long.
 */
function demanded({ status, json }, filled) {
  const faults = json?.errors ?? [];
  const wanted = filled ? "length" : "required";
  const isOurs = ({ code, parameter }) => code === wanted && /^custom_\d+$/.test(parameter) && filled?.[parameter] !== SHORTEST;
  if (status !== 400 || !faults.every(isOurs)) return undefined;
  const names = faults.map(({ parameter }) => parameter);
  const isGerman = !filled && names.toSorted().join() === Object.keys(GERMAN).join();
  return { ...filled, ...Object.fromEntries(names.map((name) => [name, isGerman ? GERMAN[name] : SHORTEST])) };
}

function show(method, path, body, { status, json, text }, expected) {
  const code = element("b", { className: status === expected ? "" : "bad" }, status || "no answer");
  const said = json ? JSON.stringify(json, null, 2) : text;
  const parts = [...(body ? [JSON.stringify(body, null, 2), "\n\n"] : []), said];
  $("#steps").append(element("li", {}, element("details", {},
    element("summary", {}, code, ` ${method} ${path}`), element("pre", {}, ...parts))));
}

/** What the export answered before, and what stays: what the receipt says, and the rest by the rule. */
function beforeAndAfter({ export: all, receipt, id, custom = {} }) {
  const [one] = all.customers;
  const [measure, user, number, call] = ["measures", "users", "allowed_numbers", "calls"].map((kind) => all[kind][0]);
  const numbers = [measure.destnr, measure.phonenr, call.anum, call.bnum, call.cnum];
  const rows = [
    ["Customer", "live", `404: removed ${receipt.removed_at}`, ANSWERED],
    ["customer_id", id, receipt.customer_id, ANSWERED],
    ["uuid", one.uuid, receipt.uuid, ANSWERED],
    ...["name", "custnr", "email", "address_street", ...Object.keys(custom)].map((name) => [name, one[name]]),
    ["Users", all.users.length, `0: ${receipt.users_removed} removed`, ANSWERED],
    ["name", user.name, NO_ROW],
    ["Allowed numbers", all.allowed_numbers.length, `0: ${receipt.allowed_numbers_removed} removed`, ANSWERED],
    ["phonenr", number.phonenr, NO_ROW],
    ["Measures", all.measures.length, `${all.measures.length}: ${receipt.measures_expired} expired`, ANSWERED],
    ["name", measure.name],
    ["destnr", measure.destnr, TRACKED[1]],
    ["phonenr", measure.phonenr, OFFICE[1]],
    ["Calls", all.calls.length, all.calls.length],
    ["start", call.start, call.start],
    ["duration", `${call.duration} s`, `${call.duration} s`],
    ["anum", call.anum, MOBILE[1]],
    ["bnum", call.bnum, TRACKED[1]],
    ["cnum", call.cnum, OFFICE[1]],
    ["Phone numbers", numbers.length, `${receipt.phone_numbers_masked} masked`, ANSWERED],
  ];
  const heads = ["", "Before: the export", "After: what stays, by the rule"].map((text) => element(text ? "th" : "td", {}, text));
  const table = element("table", { className: "compare" }, element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows.map(row)));
  const note = element("p", { className: "hint" }, `“${ANSWERED}” is what the service said after the erasure, in the receipt or with the 404. The rest is what the `,
    element("a", { href: "#phone-numbers" }, "rule"), " leaves: nobody can read it through the API, and neither could this page.");
  return [table, note];
}

function row([name, before, after, source]) {
  const isGroup = /^[A-Z]/.test(name);
  const gone = after === undefined || after === NO_ROW;
  const masked = String(after).match(/^(\+\d+)(\*+)$/);
  const left = gone ? [element("span", {}, after === NO_ROW ? "no row" : "empty")] : masked ? [masked[1], element("b", {}, masked[2])] : [after];
  const was = gone ? [element("del", {}, before)] : masked ? [masked[1], element("del", {}, before.slice(masked[1].length))] : [before];
  if (source) left.push(" ", element("small", {}, source));
  return element("tr", { className: isGroup ? "group" : "" }, element("th", { scope: "row" }, name),
    element("td", {}, ...was), element("td", { className: gone ? "gone" : "" }, ...left));
}
