// Tells what in the OpenAPI documents would break a program that was written for the last release. It is an error unless the
// version of the document was raised. npm test runs it; alone: node scripts/breaking.mjs
//
// After a release: node scripts/breaking.mjs --release

import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Failure, main, root } from "./tools.mjs";

// The published clients use what stands under the version.
const DOCUMENTS = ["openapi.json", "2.4.9/openapi.json", "operator/openapi.json", "2.4.9/operator/openapi.json"].map((name) => ({
  name,
  released: join(root, "docs", "released", name),
  current: join(root, "build", "site", name),
}));

/** Compares the documents with those of the last release. */
export function breaking() {
  for (const { name, released, current } of DOCUMENTS) {
    const [before, after] = [released, current].map((file) => JSON.parse(readFileSync(file, "utf8")));
    expectCompatible(before, after);
    console.log(`${name}: nothing breaks what was written for ${before.info.version}`);
  }
}

export function expectCompatible(before, after) {
  const found = breaks(before, after);
  if (found.length === 0 || isHigher(after.info.version, before.info.version)) return;
  const advice = `raise the version (it is ${after.info.version}), or take it back`;
  throw new Failure([`This breaks programs that partners have; ${advice}:`, ...found].join("\n- "));
}

function isHigher(version, other) {
  return version.localeCompare(other, "en", { numeric: true }) > 0;
}

/** Every break, as a line each. */
export function breaks(before, after) {
  const found = new Set();
  const report = (place, what) => found.add(`${place}: ${what}`);
  // What many operations share is compared once.
  const compared = new Set();
  const isFirst = (compare, was, is) => {
    const key = `${compare.name} ${was.$ref} ${is.$ref}`;
    if (!was.$ref) return true;
    if (compared.has(key)) return false;
    return compared.add(key);
  };
  for (const [path, operations] of Object.entries(before.paths)) {
    if (!after.paths[path]) report(path, "the path is gone");
    else for (const [method, operation] of Object.entries(operations)) {
      const place = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path][method];
      if (!now) report(place, "the operation is gone");
      else compareOperations(place, operation, now);
    }
  }
  return [...found];

  function compareOperations(place, was, is) {
    if (was.operationId !== is.operationId) report(place, `the operationId ${was.operationId} is gone`);
    for (const scheme of lost(schemes(before, was), schemes(after, is))) report(place, `the security ${scheme} is gone`);
    compareParameters(place, was.parameters, is.parameters);
    compareBodies(place, was.requestBody, is.requestBody);
    for (const [status, answer] of Object.entries(was.responses)) {
      if (is.responses[status]) compareAnswers(`${place}, ${status}`, answer, is.responses[status]);
      else report(place, `the status ${status} is gone`);
    }
  }

  function compareParameters(place, was, is) {
    const key = ({ name, in: where }) => `${where} parameter ${name}`;
    const earlier = new Map(was.map((parameter) => [key(parameter), parameter]));
    const later = new Map(is.map((parameter) => [key(parameter), parameter]));
    for (const [name, parameter] of earlier) {
      const now = later.get(name);
      if (!now) report(place, `the ${name} is gone`);
      else compareInputs(`${place}, ${name}`, parameter.schema, now.schema);
    }
    for (const [name, { required }] of later) {
      if (required && !earlier.get(name)?.required) report(place, `the ${name} is required now`);
    }
  }

  function compareBodies(place, was, is) {
    if (is?.required && !was?.required) report(place, "a body is required now");
    if (!was) return;
    if (!is) return report(place, "the body is gone");
    compareContents(place, was.content, is.content, compareInputs);
  }

  function compareAnswers(place, was, is) {
    if (!isFirst(compareAnswers, was, is)) return;
    [was, is] = [resolve(before, was), resolve(after, is)];
    compareContents(place, was.content, is.content, compareOutputs);
    for (const name of lost(Object.keys(was.headers ?? {}), Object.keys(is.headers ?? {}))) {
      report(place, `the header ${name} is gone`);
    }
  }

  function compareContents(place, was = {}, is = {}, compare) {
    for (const type of lost(Object.keys(was), Object.keys(is))) report(place, `the media type ${type} is gone`);
    for (const type of Object.keys(was).filter((type) => is[type])) compare(place, was[type].schema, is[type].schema);
  }

  /** What was valid must stay valid. */
  function compareInputs(place, was, is) {
    if (!isFirst(compareInputs, was, is)) return;
    [was, is] = [resolve(before, was), resolve(after, is)];
    compareCommon(place, was, is, compareInputs);
    for (const type of lost(types(was), types(is))) report(place, `the type ${type} is not taken any more`);
    for (const [limit, isTighter] of Object.entries(TIGHTER)) {
      if (is[limit] !== undefined && (was[limit] === undefined || isTighter(is[limit], was[limit]))) {
        report(place, `${limit} is ${is[limit]} now`);
      }
    }
    if (is.enum && !was.enum) report(place, "only some values are taken now");
    if (is.pattern && !was.pattern) report(place, "a pattern is required now");
    if (is.pattern && was.pattern && is.pattern !== was.pattern) report(place, `the pattern is ${is.pattern} now`);
    for (const name of lost(is.required, was.required)) report(place, `${name} is required now`);
  }

  /** What was answered must still be answered, and nothing else in its place. */
  function compareOutputs(place, was, is) {
    if (!isFirst(compareOutputs, was, is)) return;
    [was, is] = [resolve(before, was), resolve(after, is)];
    compareCommon(place, was, is, compareOutputs);
    for (const type of lost(types(is), types(was))) report(place, `the type ${type} is answered now`);
    for (const name of lost(was.required, is.required)) {
      if (is.properties?.[name]) report(place, `${name} may be absent now`);
    }
  }

  function compareCommon(place, was, is, compare) {
    if (was.format !== is.format) report(place, `the format ${was.format} is ${is.format} now`);
    for (const value of lost(was.enum, is.enum ?? was.enum)) report(place, `the value ${value} is gone`);
    for (const [name, schema] of Object.entries(was.properties ?? {})) {
      const now = is.properties?.[name];
      if (now) compare(`${place}, ${name}`, schema, now);
      else report(place, `${name} is gone`);
    }
    if (was.items && is.items) compare(`${place}[]`, was.items, is.items);
    const [earlier, later] = [was, is].map(({ anyOf = [], oneOf = [] }) => [...anyOf, ...oneOf]);
    earlier.forEach((schema, at) => {
      const now = later.find((other) => isDeepStrictEqual(other, schema)) ?? later[at];
      if (now) compare(place, schema, now);
      else report(place, "one of its forms is gone");
    });
  }
}

/** The limits of an input, and when a new one refuses more than the old one. */
const higher = (now, was) => now > was;
const lower = (now, was) => now < was;
const TIGHTER = {
  minimum: higher,
  maximum: lower,
  minLength: higher,
  maxLength: lower,
  minItems: higher,
  maxItems: lower,
};

const lost = (was = [], is = []) => was.filter((value) => !is.includes(value));
const types = ({ type = [] }) => [type].flat();
const schemes = (document, operation) => (operation.security ?? document.security).flatMap(Object.keys);

function resolve(document, part) {
  if (!part.$ref) return part;
  const [kind, name] = part.$ref.split("/").slice(-2);
  return resolve(document, document.components[kind][name]);
}

await main(import.meta, () => {
  if (!process.argv.includes("--release")) return breaking();
  for (const { released, current } of DOCUMENTS) copyFileSync(current, released);
});
