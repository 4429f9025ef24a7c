// Writes a request as a program in each language of the page. The tests run every one of them.

/** The languages, by the name that the page and the examples' files have for them. */
export const LANGUAGES = { sh: "curl", php: "PHP", py: "Python", js: "JS", rb: "Ruby" };

/** The service, and the credentials, as every example has them. page.js fills in the visitor's own. */
export const ORIGIN = "https://customers.example";

/** A request of site/requests.json in a language. */
export function sample(end, request) {
  const [method] = request.task.split(" ");
  return { sh: curl, php, py: python, js: javascript, rb: ruby }[end]({ method, ...request });
}

const url = ({ path }) => ORIGIN + path;
const headers = (request) => Object.entries(request.headers ?? {});

/** Quotes in a language's single quotes, in which only these two need an escape. */
const single = (text) => `'${text.replace(/[\\']/g, "\\$&")}'`;
const double = JSON.stringify;
const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Lines with the same indent. */
const indented = (lines, by) => lines.map((line) => `${by}${line}`);

function curl(request) {
  const parts = [`curl --digest -u 'acme:secret' ${/[?&]/.test(request.path) ? shell(url(request)) : url(request)}`];
  if (request.anonymous) parts[0] = `curl ${url(request)}`;
  if (!["GET", "POST"].includes(request.method)) parts[0] = parts[0].replace("curl", `curl -X ${request.method}`);
  for (const [name, value] of headers(request)) parts.push(`-H ${shell(`${name}: ${value}`)}`);
  for (const [name, value] of Object.entries(request.form ?? {})) parts.push(`--data-urlencode ${shell(`${name}=${value}`)}`);
  if (request.json) parts.push("-H 'Content-Type: application/json'", `-d ${shell(pretty(request.json, "  "))}`);
  return parts.join(" \\\n  ");
}

function php(request) {
  const options = request.anonymous ? [] : ["CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,", "CURLOPT_USERPWD => 'acme:secret',"];
  options.push("CURLOPT_RETURNTRANSFER => true,");
  if (!["GET", "POST"].includes(request.method)) options.push(`CURLOPT_CUSTOMREQUEST => '${request.method}',`);
  const sent = headers(request).map(([name, value]) => single(`${name}: ${value}`));
  if (request.json) sent.push("'Content-Type: application/json'");
  if (sent.length > 0) options.push(`CURLOPT_HTTPHEADER => [${sent.join(", ")}],`);
  if (request.json) options.push(...`CURLOPT_POSTFIELDS => json_encode(${phpValue(request.json)}),`.split("\n"));
  if (request.form) options.push(...`CURLOPT_POSTFIELDS => http_build_query(${phpValue(request.form)}),`.split("\n"));
  return [
    "<?php",
    `$curl = curl_init(${single(url(request))});`,
    "curl_setopt_array($curl, [", ...indented(options, "    "), "]);",
    "echo curl_exec($curl) ?: curl_error($curl);",
  ].join("\n");
}

function phpValue(value) {
  if (typeof value === "string") return single(value);
  if (typeof value !== "object") return String(value);
  const isList = Array.isArray(value);
  const members = Object.entries(value).map(([name, inner]) => `${isList ? "" : `'${name}' => `}${phpValue(inner)},`);
  return `[\n${indented(members.join("\n").split("\n"), "    ").join("\n")}\n]`;
}

function python(request) {
  const members = [double(url(request)) + ","];
  if (!request.anonymous) members.push('auth=HTTPDigestAuth("acme", "secret"),');
  if (request.headers) members.push(`headers={${headers(request).map(([name, value]) => `${double(name)}: ${pythonText(value)}`).join(", ")}},`);
  const body = request.form ?? request.json;
  if (body) members.push(...`${request.form ? "data" : "json"}=${pretty(body)},`.split("\n"));
  return [
    "import requests",
    ...(request.anonymous ? [] : ["from requests.auth import HTTPDigestAuth"]),
    "",
    `answer = requests.${request.method.toLowerCase()}(`, ...indented(members, "    "), ")",
    "print(answer.text)",
    "answer.raise_for_status()",
  ].join("\n");
}

const pythonText = (text) => (text.includes('"') ? `'${text}'` : double(text));

function javascript(request) {
  const sent = headers(request).map(([name, value]) => `${double(name)}: ${pythonText(value)},`);
  if (!request.anonymous) sent.unshift('Authorization: "Basic " + Buffer.from("acme:secret").toString("base64"),');
  if (request.json) sent.push('"Content-Type": "application/json",');
  const options = [];
  if (request.method !== "GET") options.push(`method: "${request.method}",`);
  if (sent.length > 0) options.push("headers: {", ...indented(sent, "  "), "},");
  if (request.form) options.push(...`body: new URLSearchParams(${pretty(request.form)}),`.split("\n"));
  if (request.json) options.push(...`body: JSON.stringify(${pretty(request.json)}),`.split("\n"));
  const call = options.length > 0
    ? [`const answer = await fetch(${double(url(request))}, {`, ...indented(options, "  "), "});"]
    : [`const answer = await fetch(${double(url(request))});`];
  return [...call, "if (!answer.ok) throw new Error(await answer.text());", "console.log(await answer.text());"].join("\n");
}

function ruby(request) {
  const method = request.method[0] + request.method.slice(1).toLowerCase();
  const lines = [`url = URI(${double(url(request))})`, `request = Net::HTTP::${method}.new(url)`];
  if (!request.anonymous) lines.push("request.basic_auth 'acme', 'secret'");
  for (const [name, value] of headers(request)) lines.push(`request[${double(name)}] = ${single(value)}`);
  if (request.form) lines.push(`request.set_form_data(${pretty(request.form).replace(/^\{/, "").replace(/\}$/, "")})`);
  if (request.json) lines.push("request.content_type = 'application/json'", `request.body = ${pretty(request.json)}.to_json`);
  return [
    `require "net/http"`,
    ...(request.json ? [`require "json"`] : []),
    "",
    ...lines,
    'answer = Net::HTTP.start(url.host, url.port, use_ssl: url.scheme == "https") { |http| http.request(request) }',
    "puts answer.body",
  ].join("\n");
}

/** JSON for people: what fits on a line stays on it. */
export function pretty(value, indent = "", width = 62) {
  const flat = spaced(value);
  if (typeof value !== "object" || value === null || indent.length + flat.length <= width) return flat;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const members = Object.entries(value).map(([name, member]) =>
    `${inner}${isList ? "" : `${JSON.stringify(name)}: `}${pretty(member, inner, width)}`);
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${members.join(",\n")}\n${indent}${close}`;
}

/** JSON on one line, with a space where a reader wants one. */
function spaced(value) {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`).join(", ")}}`;
}
