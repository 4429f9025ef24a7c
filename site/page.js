// Fills the credentials into the examples and into Swagger UI, copies examples, and runs the live erasure.

const $ = (selector) => document.querySelector(selector);
const [username, password] = [$("#username"), $("#password")];

/** The demo partner's credentials, as the example files have them. */
const DEMO = ["demo", "demo-password"];

// ---- Credentials: they are stored in the two fields and nowhere else

const given = () => username.value !== "" && password.value !== "";

/** The `Authorization` header for HTTP Basic. It encodes UTF-8, because btoa() alone takes only Latin-1. */
function basic() {
  const bytes = new TextEncoder().encode(`${username.value}:${password.value}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/**
 * Sends a request and returns the status and the body, parsed if it is JSON. The status is 0 if no answer came.
 * `credentials: "omit"` keeps the browser from opening its login dialog on a 401.
 */
async function send(method, path, body, headers = {}) {
  if (body) headers = { ...headers, "Content-Type": "application/json" };
  try {
    const answer = await fetch(path, {
      method,
      headers: { ...headers, Authorization: basic() },
      body: body && JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
    });
    const text = await answer.text();
    return { status: answer.status, json: parsed(text), text };
  } catch (error) {
    return { status: 0, text: String(error) };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Explains in one sentence why a request failed. */
function explain({ status, json, text }) {
  if (status === 0) return "No answer came. The service cannot be reached, or the connection broke.";
  if (status === 401 && !isSecureContext) return "401: the service takes no password over plain HTTP. Open this page with https.";
  if (status === 401) return "401: the user name or the password is wrong.";
  const faults = json?.errors ?? [];
  const required = faults.filter(({ code, parameter }) => code === "required" && /^custom_\d+$/.test(parameter));
  if (status === 400 && required.length > 0) {
    const names = required.map(({ parameter }) => parameter).join(", ");
    return `400: your account requires ${names} for every customer, and this example cannot fill them in.`;
  }
  return `${status}: ${faults.map(({ message }) => message).join("; ") || text}`;
}

function say(status, kind, text) {
  status.className = `status ${kind}`;
  status.textContent = text;
}

/** Returns true if there are credentials to send. Otherwise it asks for them. */
function haveCredentials(status) {
  if (given()) return true;
  say(status, "bad", "Fill in your user name and password first.");
  (username.value === "" ? username : password).focus();
  return false;
}

$("#login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const status = $("#login-status");
  if (!haveCredentials(status)) return;
  say(status, "", "Checking …");
  const answer = await send("GET", "/miscellaneous/ping");
  if (answer.status === 200) say(status, "good", "The credentials are correct.");
  else say(status, "bad", explain(answer));
});

for (const field of [username, password]) {
  field.addEventListener("input", () => {
    say($("#login-status"), "", "");
    fillExamples();
    authorizeSwagger();
  });
}

// ---- Examples

/** Writes a text as a string literal of each language. */
const literal = {
  sh: (text) => `'${text.replaceAll("'", "'\\''")}'`,
  php: (text) => `'${text.replace(/[\\']/g, "\\$&")}'`,
  py: (text) => JSON.stringify(text),
};

const fillings = {
  origin: () => location.origin,
  sh: (name, secret) => literal.sh(`${name}:${secret}`),
  php: (name, secret) => literal.php(`${name}:${secret}`),
  py: (name, secret) => `${literal.py(name)}, ${literal.py(secret)}`,
};

function fillExamples() {
  const [name, secret] = [username.value || DEMO[0], password.value || DEMO[1]];
  for (const place of document.querySelectorAll("[data-fill]")) {
    place.textContent = fillings[place.dataset.fill](name, secret);
  }
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const code = button.previousElementSibling;
    const done = await copy(code);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

/** Copies a text. If the browser forbids that, as it does over plain HTTP, it selects the text instead. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(`${element.textContent}\n`);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return false;
  }
}

fillExamples();

// ---- Live erasure

/** Numbers that Sweden reserves for fiction. */
const [OFFICE, MOBILE, TRACKED] = ["+46846500440", "+46701740605", "+46846500409"];

/** The steps that create a customer. Each takes the ids known so far and gives a title, a method, a path and a body. */
const CREATION = [
  () => ["Create a customer", "POST", "/customers", {
    name: "Made-up Bakery Ltd",
    custnr: `LIVE-${crypto.randomUUID?.() ?? Date.now()}`,
    email: "hello@made-up-bakery.example",
    address_street: "1 Example Street",
    address_city: "Stockholm",
  }],
  ({ id }) => ["Give it a measure", "POST", `/customers/${id}/measures`,
    { name: "Shop window", media: "Print", destnr: TRACKED, phonenr: OFFICE }],
  ({ id }) => ["… a user", "POST", `/customers/${id}/users`,
    { name: "Robin Example", email: "robin@made-up-bakery.example" }],
  ({ id }) => ["… an allowed number", "PUT", `/customers/${id}/allowed_numbers`, { phonenrs: [OFFICE] }],
  ({ id, measure }) => ["… and a call", "POST", `/customers/${id}/calls`, {
    calls: [{
      measure_id: measure, start: "2026-09-01 07:12:09", duration: 184, answered: 1,
      anum: MOBILE, bnum: TRACKED, cnum: OFFICE,
    }],
  }],
  ({ id }) => ["Export everything about it", "GET", `/customers/${id}/export`],
];

const ERASURE = [
  ({ id }) => ["Preview the erasure", "DELETE", `/customers/${id}?dry_run=1`],
  ({ id }) => ["Erase it", "DELETE", `/customers/${id}`],
  ({ id }) => ["Read the receipt again", "GET", `/customers/${id}/erasure`],
  ({ id }) => ["Look for the customer", "GET", `/customers/${id}`, undefined, 404],
];

const runButton = $("#run");
let unfinished;

runButton.addEventListener("click", async () => {
  const status = $("#live-status");
  if (!haveCredentials(status)) return;
  runButton.disabled = true;
  $("#steps").replaceChildren();
  say(status, "", "Running …");
  // If an earlier run left a customer, this run only erases that one.
  const ids = unfinished ?? {};
  const failure = await runSteps(unfinished ? ERASURE : [...CREATION, ...ERASURE], ids);
  unfinished = failure && ids.id ? ids : undefined;
  if (failure) say(status, "bad", failure + leftOver(ids));
  else say(status, "good", `Customer ${ids.id} is erased. No personal data is left.`);
  runButton.textContent = unfinished ? `Erase customer ${ids.id}` : "Create and erase a customer";
  runButton.disabled = false;
  runButton.focus();
});

const leftOver = ({ id, asked }) => {
  if (id) return ` Customer ${id} was created and might still exist. Erase it with the button or with DELETE /customers/${id}.`;
  return asked ? ` A customer may have been created. Its custnr would be ${asked}.` : " Nothing was created.";
};

/** Runs the steps in order until one fails, and returns why it failed. It adds new ids to `ids`. */
async function runSteps(steps, ids) {
  for (const step of steps) {
    const [title, method, path, body, expected = 200] = step(ids);
    const answer = await send(method, path, body);
    show(title, method, path, body, answer, expected);
    if (answer.status !== expected) {
      // The service may have carried out a request that got no answer or a server error.
      const isOpen = answer.status === 0 || answer.status >= 500;
      if (path === "/customers" && isOpen) ids.asked = body.custnr;
      return explain(answer);
    }
    ids.id ??= answer.json?.customers?.[0].customer_id;
    ids.measure ??= answer.json?.measures?.[0]?.measure_id;
  }
}

function show(title, method, path, body, { status, json, text }, expected) {
  const good = status === expected;
  const answer = json ? JSON.stringify(json, null, 2) : text;
  const code = element("span", { className: `code${good ? "" : " bad"}` }, status || "no answer");
  const step = element("li", {}, element("h3", {}, title));
  step.append(element("p", { className: "request" }, element("span", {}, `${method} ${path}`), code));
  if (body) step.append(details("Sent", title, JSON.stringify(body, null, 2), false));
  // The answers for records stay closed: the export shows the same data again.
  step.append(details("Answer", title, answer, !body || !good || path === "/customers"));
  $("#steps").append(step);
}

function details(summary, title, text, open) {
  const pre = element("pre", { tabIndex: 0, role: "region", ariaLabel: `${title}: ${summary}` }, text);
  return element("details", { open }, element("summary", {}, summary), pre);
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// ---- The reference

const swagger = SwaggerUIBundle({
  dom_id: "#swagger",
  url: $("#document").value,
  deepLinking: false,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // Off, because the validator is on another site.
  validatorUrl: null,
  requestInterceptor: (request) => Object.assign(request, { credentials: "omit" }),
  onComplete: authorizeSwagger,
});

function authorizeSwagger() {
  if (given()) swagger.preauthorizeBasic("basic", username.value, password.value);
  else if (swagger.authSelectors.authorized().has("basic")) swagger.authActions.logout(["basic"]);
}

/** Swagger UI adds a second <main>, but a page may have only one. */
const watcher = new MutationObserver(() => $("#swagger main:not([role])")?.setAttribute("role", "group"));
watcher.observe($("#swagger"), { childList: true, subtree: true });

$("#document").addEventListener("change", ({ target }) => {
  swagger.specActions.updateUrl(target.value);
  swagger.specActions.download(target.value);
});

/** Swagger UI switches to dark mode by a class, not by a media query. */
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
