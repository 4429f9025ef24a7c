// Reads the tasks of a partner out of our OpenAPI document, and the fields of each as rows of a table.

/**
 * The tasks of the document, by key. A key is a method and a path, such as `PUT /customers/{customer_id}`.
 *
 * Ids may stand in the path, the query or the body, and the document has an operation for each. They are one task: that
 * with the most ids in its path. The paths of the others are its `alternatives`.
 */
export function tasks(document) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const found = { method: method.toUpperCase(), path, operation };
      const group = sameTask(found);
      groups.set(group, [...(groups.get(group) ?? []), found]);
    }
  }
  const made = [...groups.values()].map((operations) => task(document, operations));
  return new Map(made.map((task) => [task.key, task]));
}

/** What is the same for all operations of a task. `GET` of a path that ends in an id reads one record, not a list. */
function sameTask({ method, path }) {
  const readsOne = method === "GET" && /_id\}$/.test(path);
  return `${method} ${path.replace(/\/\{\w+_id\}/g, "")}${readsOne ? "/one" : ""}`;
}

function task(document, operations) {
  const ids = ({ path }) => path.split("{").length;
  const [{ method, path, operation }, ...others] = operations.toSorted((a, b) => ids(b) - ids(a));
  const inPlace = (place) => (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  return {
    key: `${method} ${path}`,
    method,
    path,
    id: operation.operationId,
    title: operation.summary,
    about: operation.description ?? "",
    tag: operation.tags[0],
    needsNoCredentials: operation.security?.length === 0,
    alternatives: others.map((other) => other.path),
    parameters: ["path", "query", "header"].flatMap((place) =>
      rows(document, inPlace(place).map(({ name, required, schema, description }) =>
        [name, { description, ...resolved(document, schema) }, required, place])),
    ),
    body: bodyFields(document, operation),
    takesForm: Boolean(operation.requestBody?.content["application/x-www-form-urlencoded"]),
    takesJson: Boolean(operation.requestBody?.content["application/json"]),
    answer: answer(document, operation),
  };
}

function bodyFields(document, { requestBody }) {
  const { content } = resolved(document, requestBody) ?? {};
  const json = content?.["application/json"] ?? content?.["application/x-www-form-urlencoded"];
  const schema = resolved(document, json?.schema);
  // `POST /customers` takes one customer or a list. The items of the list have the fields of the one.
  const [one, list] = (schema?.anyOf ?? schema?.oneOf ?? [schema]).map((form) => resolved(document, form));
  const lists = Object.entries(list?.properties ?? {}).map(([name, property]) => {
    const description = `${property.description} In JSON, in place of the other fields. See [Many customers at once](#many-customers-at-once).`;
    return [name, { ...property, description }, false, "body"];
  });
  return [...fieldsOf(document, one, "body"), ...rows(document, lists)];
}

/** What a task answers: the records under each member that holds some, and the members that hold none. */
function answer(document, operation) {
  const schema = resolved(document, operation.responses["200"]?.content?.["application/json"]?.schema);
  const { properties = {}, required = [] } = schema ?? {};
  const [records, others] = [[], []];
  for (const [member, schema] of Object.entries(properties)) {
    const reference = schema.$ref ?? schema.items?.$ref;
    const fields = fieldsOf(document, resolved(document, reference ? { $ref: reference } : schema.items ?? schema));
    if (fields.length > 0) records.push({ name: reference?.split("/").pop() ?? member, member, fields });
    else others.push([member, resolved(document, schema), required.includes(member)]);
  }
  return { records, others: rows(document, others) };
}

/** The rows of an object's fields. Those of the objects in a list follow the list, as `calls[].start`. */
function fieldsOf(document, schema, place = "") {
  if (!schema?.properties) return [];
  const { required = [] } = schema;
  const fields = Object.entries(schema.properties).flatMap(([name, property]) => {
    const resolvedOne = resolved(document, property);
    const own = [name, resolvedOne, required.includes(name), place];
    const inner = resolved(document, resolvedOne.items);
    const needed = inner?.required ?? [];
    const members = Object.entries(inner?.properties ?? {}).map(([member, found]) =>
      [`${name}[].${member}`, resolved(document, found), needed.includes(member), place]);
    return [own, ...members];
  });
  return rows(document, fields);
}

/** Rows of a table. Neighbours that differ only in their names are one row, as custom_1 … custom_20 are. */
function rows(document, fields) {
  const made = [];
  for (const [name, schema, required = false, place = ""] of fields) {
    const row = { names: [name], type: type(schema), limit: limit(schema), meaning: meaning(schema), required, place };
    const last = made.at(-1);
    const isSame = last && ["type", "limit", "meaning", "required", "place"].every((key) => last[key] === row[key]);
    if (isSame && /^custom_/.test(name)) last.names.push(name);
    else made.push(row);
  }
  return made;
}

function type({ type = "", format }) {
  const types = [type].flat();
  if (types.includes("integer")) return "integer";
  if (types.includes("array")) return "list";
  return format === "uuid" ? "string (UUID)" : types.join(" or ");
}

/** What a value may be, in words. */
function limit({ enum: values, const: value, minimum, maximum, minLength = 0, maxLength, minItems = 0, maxItems, default: usual, pattern }) {
  const said = [];
  if (value !== undefined) said.push(JSON.stringify(value));
  if (values) said.push(values.map((value) => `\`${value}\``).join(", "));
  if (maximum < Number.MAX_SAFE_INTEGER) said.push(range(minimum ?? 0, maximum));
  else if (minimum !== undefined) said.push(`from ${minimum}`);
  if (maxLength !== undefined) said.push(`${range(minLength, maxLength)} characters`);
  if (maxItems !== undefined) said.push(`${range(minItems, maxItems)} of them`);
  if (maxLength === undefined && /\[1-9\].*\+|\\\+/.test(pattern ?? "") && !values && maximum === undefined) said.push("E.164");
  if (usual !== undefined) said.push(`default ${typeof usual === "number" ? usual.toLocaleString("en") : JSON.stringify(usual)}`);
  return said.join("; ");
}

const range = (from, to) => `${from}–${to.toLocaleString("en")}`;

/** The description without the rules that follow it: those are the limit, and stand among the errors. */
function meaning({ description = "", items }) {
  return (description || items?.description || "").split(/\n\n`\w+`: /)[0];
}

/** A part of the document without references: what stands beside a reference wins. */
function resolved(document, part) {
  if (!part) return part;
  const { $ref: reference, ...own } = part;
  if (reference) {
    const found = reference.slice(2).split("/").reduce((place, name) => place[name.replace(/~1/g, "/")], document);
    return { ...resolved(document, found), ...own };
  }
  return part;
}

/** Every code of an error: its name, its status, and what it means and what to do. */
export function codes(document) {
  const { enum: names, "x-enum-descriptions": texts, "x-enum-statuses": statuses } = document.components.schemas.ErrorCode;
  return names.map((name) => ({ name, status: [statuses[name]].flat(), text: texts[name] }));
}
