// Each kind of break, made in the document, is told and refused; what only adds is not.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { breaks, expectCompatible } from "../../scripts/breaking.mjs";

const text = readFileSync(new URL("../../docs/released/openapi.json", import.meta.url), "utf8");
const CUSTOMER = "/customers/{customer_id}";

/** The document, and the same after a change. */
function after(change) {
  const changed = JSON.parse(text);
  change(changed, changed.components.schemas, changed.paths);
  return [JSON.parse(text), changed];
}

const BREAKS = {
  "a path is removed": ["the path is gone", (_, __, paths) => delete paths[CUSTOMER]],
  "an operation is removed": ["the operation is gone", (_, __, paths) => delete paths[CUSTOMER].put],
  "an operationId is changed": ["operationId getCustomer is gone", (_, __, paths) => (paths[CUSTOMER].get.operationId = "x")],
  "a security scheme is removed": ["the security digest is gone", (document) => document.security.pop()],
  "a parameter is removed": ["query parameter custnr is gone", (_, __, paths) => drop(paths["/customers"].get, "custnr")],
  "a parameter is new and required": ["query parameter x is required now", (_, __, paths) =>
    paths["/customers"].get.parameters.push({ name: "x", in: "query", required: true, schema: { type: "string" } })],
  "a parameter becomes required": ["query parameter custnr is required now", (_, __, paths) =>
    (parameter(paths["/customers"].get, "custnr").required = true)],
  "a parameter's range is narrowed": ["maximum is 100 now", (_, __, paths) =>
    (parameter(paths["/customers"].get, "pagesize").schema.maximum = 100)],
  "a body becomes required": ["a body is required now", (_, __, paths) => (paths[CUSTOMER].put.requestBody.required = true)],
  "a body is removed": ["the body is gone", (_, __, paths) => delete paths[CUSTOMER].put.requestBody],
  "a media type is removed": ["x-www-form-urlencoded is gone", (_, __, paths) =>
    delete paths[CUSTOMER].put.requestBody.content["application/x-www-form-urlencoded"]],
  "a field of an input is removed": ["email is gone", (_, schemas) => delete schemas.NewCustomer.properties.email],
  "a field of an input becomes required": ["email is required now", (_, schemas) => schemas.NewCustomer.required.push("email")],
  "an input's type is narrowed": ["the type integer is not taken", (_, schemas) =>
    (schemas.NewUser.properties.write_access.type = "boolean")],
  "an input's length is narrowed": ["maxLength is 20 now", (_, schemas) => (schemas.NewCustomer.properties.name.maxLength = 20)],
  "an input gets a minimum length": ["minLength is 1 now", (_, schemas) => (schemas.NewCustomer.properties.email.minLength = 1)],
  "an input gets a list of values": ["only some values", (_, schemas) => (schemas.NewUser.properties.name.enum = ["a"])],
  "an input gets a pattern": ["a pattern is required", (_, schemas) => (schemas.NewCustomer.properties.custnr.pattern = "^1$"),
    (_, schemas) => delete schemas.NewCustomer.properties.custnr.pattern],
  "an input's pattern is changed": ["the pattern is ^2$ now", (_, schemas) => (schemas.NewCustomer.properties.custnr.pattern = "^2$"),
    (_, schemas) => (schemas.NewCustomer.properties.custnr.pattern = "^1$")],
  "one form of a body is removed": ["one of its forms is gone", (_, schemas) => schemas.CustomerCreation.oneOf.pop()],
  "a field of an answer is removed": ["uuid is gone", (_, schemas) => delete schemas.Customer.properties.uuid],
  "a field of an answer may be absent": ["uuid may be absent", (_, schemas) => drop_required(schemas.Customer, "uuid")],
  "an answer's type is changed": ["the type string is answered now", (_, schemas) =>
    (schemas.Customer.properties.customer_id.type = "string")],
  "an answer may be null": ["the type null is answered now", (_, schemas) =>
    (schemas.Customer.properties.email.type = ["string", "null"])],
  "a format is changed": ["the format int64 is int32 now", (_, schemas) =>
    (schemas.Customer.properties.customer_id.format = "int32")],
  "a value of an enum is removed": ["the value masking is gone", (_, schemas) => schemas.Receipt.properties.status.enum.pop()],
  "a status is removed": ["the status 200 is gone", (_, __, paths) => delete paths[CUSTOMER].get.responses[200]],
  "a status of an error is removed": ["the status 412 is gone", (_, __, paths) => delete paths[CUSTOMER].put.responses[412]],
  "a code of an error is removed": ["the value custnr_taken is gone", (_, schemas) =>
    without(schemas.ErrorCode.enum, (code) => code === "custnr_taken")],
  "a header of an error is removed": ["the header Retry-After is gone", (document) =>
    delete document.components.responses[503].headers["Retry-After"]],
  "a header is removed": ["the header ETag is gone", (_, __, paths) => delete paths[CUSTOMER].get.responses[200].headers.ETag],
};

const parameter = (operation, name) => operation.parameters.find((parameter) => parameter.name === name);
const without = (list, wanted) => list.splice(list.findIndex(wanted), 1);
const drop = (operation, name) => without(operation.parameters, (parameter) => parameter.name === name);
const drop_required = (schema, name) => without(schema.required, (required) => required === name);

for (const [title, [message, change, prepare = () => {}]] of Object.entries(BREAKS)) {
  test(`${title}: refused`, () => {
    const [before] = after(prepare).reverse();
    const [, now] = after(change);
    const found = breaks(before, now);
    assert.ok(found.some((line) => line.includes(message)), `${message} is not in:\n${found.join("\n")}`);
    assert.throws(() => expectCompatible(before, now), { message: /raise the version/ });
    now.info.version = "10.0.0";
    expectCompatible(before, now);
  });
}

const ADDITIONS = {
  "the same document": () => {},
  "a new path": (_, __, paths) => (paths["/x"] = paths[CUSTOMER]),
  "a new optional parameter": (_, __, paths) =>
    paths["/customers"].get.parameters.push({ name: "x", in: "query", schema: { type: "string" } }),
  "a new optional field of an input": (_, schemas) => (schemas.NewCustomer.properties.x = { type: "string" }),
  "a new field of an answer": (_, schemas) => (schemas.Customer.properties.x = { type: "string" }),
  "a new code of an error": (_, schemas) => schemas.ErrorCode.enum.push("x"),
  "a wider limit": (_, schemas) => (schemas.NewCustomer.properties.name.maxLength = 600),
  "another description": (document) => (document.info.description = "x"),
};

for (const [title, change] of Object.entries(ADDITIONS)) {
  test(`${title}: accepted`, () => {
    const [before, now] = after(change);
    assert.deepEqual(breaks(before, now), []);
    expectCompatible(before, now);
  });
}

test("a version is compared by its numbers", () => {
  const [before, now] = after((_, __, paths) => delete paths[CUSTOMER]);
  now.info.version = "2.4.10";
  expectCompatible(before, now);
  now.info.version = "2.4.8";
  assert.throws(() => expectCompatible(before, now));
});
