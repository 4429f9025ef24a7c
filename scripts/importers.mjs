// Imports the partners' OpenAPI document as Postman and Bruno do: every operation of it must come out as one request.

import { createRequire } from "node:module";
import { join } from "node:path";
import { Failure } from "./tools.mjs";

/** `dir` has the importers among its packages. */
export async function importers(dir, document) {
  const require = createRequire(join(dir, "package.json"));
  const expected = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  for (const [name, requests] of [["Postman", await postman(require, document)], ["Bruno", bruno(require, document)]]) {
    const lost = expected.filter((one) => !requests.includes(one));
    if (lost.length > 0 || requests.length !== expected.length) {
      throw new Failure([`${name} imports ${requests.length} requests of ${expected.length}; it lacks:`, ...lost].join("\n- "));
    }
  }
}

async function postman(require, data) {
  const { convertV2 } = require("openapi-to-postmanv2");
  const { result, reason, output } = await new Promise((done, fail) =>
    convertV2({ type: "json", data }, { folderStrategy: "Tags" }, (error, imported) => (error ? fail(error) : done(imported))));
  if (!result) throw new Failure(`Postman does not import the document: ${reason}`);
  return leaves(output[0].data, "item").map(({ request: { method, url } }) => named(method, `/${url.path.join("/")}`));
}

function bruno(require, document) {
  const collection = require("@usebruno/converters").openApiToBruno(document);
  return leaves(collection, "items").map(({ request: { method, url } }) => named(method, url.replace("{{baseUrl}}", "")));
}

const leaves = (folder, member) => folder[member].flatMap((one) => (one[member] ? leaves(one, member) : one));

/** Both write `:id` for the `{id}` of a path. */
const named = (method, path) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`;
