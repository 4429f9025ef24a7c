// The visitor's credentials, and requests to the service with them.

export const $ = (selector) => document.querySelector(selector);
const [username, password] = [$("#username"), $("#password")];

/** What is called when the credentials change. */
const listeners = [];
export const whenCredentialsChange = (listener) => listeners.push(listener);

/** The credentials are in the two fields, and in the storage of this tab, which the browser empties with the tab. */
export const credentials = () => ({ name: username.value, secret: password.value });
export const given = () => username.value !== "" && password.value !== "";

/** Reads or writes what the browser stores. A visitor may forbid that: then nothing is stored, and nothing else is missing. */
export function stored(use) {
  try {
    return use();
  } catch {
    return null;
  }
}

function changed() {
  for (const field of [username, password]) stored(() => sessionStorage.setItem(field.id, field.value));
  $("#who").textContent = given() ? username.value : "Credentials";
  $("#who").dataset.state = "";
  say($("#login-status"), "", "");
  for (const listener of listeners) listener();
}

/** The `Authorization` header for HTTP Basic. It encodes UTF-8, because btoa() alone takes only Latin-1. */
function basic() {
  const bytes = new TextEncoder().encode(`${username.value}:${password.value}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/**
 * Sends a request and returns the status, the headers and the body, parsed if it is JSON. The status is 0 if no answer
 * came. `credentials: "omit"` keeps the browser from opening its login dialog on a 401.
 */
export async function send(method, path, { body, headers = {}, isOpen = false } = {}) {
  const sent = { ...headers };
  if (!isOpen) sent.Authorization = basic();
  if (body !== undefined) sent["Content-Type"] = "application/json";
  try {
    const content = typeof body === "object" ? JSON.stringify(body) : body;
    const answer = await fetch(path, { method, headers: sent, body: content, credentials: "omit", cache: "no-store" });
    // Only what the service says of the credentials that are still in the fields.
    if (sent.Authorization === basic()) {
      if (answer.ok) $("#who").dataset.state = "accepted";
      if (answer.status === 401) $("#who").dataset.state = "refused";
    }
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, json: parsed(text), text };
  } catch (error) {
    return { status: 0, headers: new Headers(), text: String(error) };
  }
}

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Says in one sentence why a request failed. */
export function explain({ status, json, text }) {
  if (status === 0) return "No answer came. The service cannot be reached, or the connection broke.";
  if (status === 401 && !isSecureContext) return "401: the service takes no password over plain HTTP. Open this page with https.";
  if (status === 401) return "401: the user name or the password is wrong.";
  return `${status}: ${json?.errors?.map(({ message }) => message).join("; ") ?? text}`;
}

export function say(status, kind, ...parts) {
  status.className = `status ${kind}`;
  status.replaceChildren(...parts);
}

/** Whether there are credentials to send. If not, it says so at `status`, with a button that leads to the fields. */
export function haveCredentials(status) {
  if (given()) return true;
  const open = element("button", { type: "button", onclick: () => ask() }, "Fill them in");
  say(status, "bad", "Your credentials are missing. They come from ", element("a", { href: "#support" }, "support"), ". ", open);
  return false;
}

function ask() {
  $("#credentials").showPopover();
  (username.value === "" ? username : password).focus();
}

export function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function startCredentials() {
  for (const field of [username, password]) {
    field.value = stored(() => sessionStorage.getItem(field.id)) ?? "";
    field.addEventListener("input", changed);
  }
  $("#login").addEventListener("submit", async (event) => {
    event.preventDefault();
    const status = $("#login-status");
    if (!given()) return say(status, "bad", "Fill in both."), ask();
    say(status, "", "Checking …");
    const answer = await send("GET", "/miscellaneous/ping");
    if (answer.status === 200) say(status, "good", "The credentials are correct.");
    else say(status, "bad", explain(answer));
  });
  $("#forget").addEventListener("click", () => {
    username.value = password.value = "";
    changed();
  });
  changed();
}
