// node life.mjs ORIGIN USERNAME PASSWORD: a customer's life with the client of @hey-api/openapi-ts.

import { createClient, createConfig } from "./client/client";
import * as api from "./client/sdk.gen";
import type { ErrorCode, Errors } from "./client/types.gen";

declare const process: { argv: string[] };

const [origin, username, password] = process.argv.slice(2) as [string, string, string];
const connect = (secret: string) =>
  createClient(createConfig({ baseUrl: origin, auth: () => `${username}:${secret}` }));
const client = connect(password);

function answer<Data>(result: { data?: Data; error?: unknown }): Data {
  if (result.error || !result.data) throw new Error(JSON.stringify(result.error));
  return result.data;
}

/** The code of an error. A 401 is a line of text. */
function code(error: Errors | string | undefined): ErrorCode | undefined {
  return typeof error === "object" ? error.errors[0]?.code : undefined;
}

const body = { name: "Åkeri & Söner 100 %", custnr: "A+1/2" };
const [created] = answer(await api.createCustomer({ client, body })).customers;
const path = { customer_id: created!.customer_id };

const taken = await api.createCustomer({ client, body });
const page = answer(await api.listCustomers({ client, query: { custnr: body.custnr, pagesize: 10 } }));
const change = { email: "post@example.com" };
const [changed] = answer(await api.updateCustomer({ client, path, body: change })).customers;
const measure = { phonenr: "+46313900650", destnr: "+46313900602", name: "Leaflet" };
answer(await api.createMeasure({ client, path, body: measure }));
const measures = answer(await api.listMeasures({ client, path }));
const preview = answer(await api.eraseCustomer({ client, path, query: { dry_run: 1 } })).erasure;
const receipt = answer(await api.eraseCustomer({ client, path })).erasure;
const gone = await api.getCustomer({ client, path });
const refused = await api.listCustomers({ client: connect("wrong") });
const left = answer(await api.listCustomers({ client }));

console.log(
  JSON.stringify({
    created: created!.custnr,
    taken: code(taken.error),
    listed: page.total,
    changed: changed!.email,
    measures: measures.measures.length,
    previewed: preview.removed_at,
    masked: receipt.phone_numbers_masked,
    status: receipt.status,
    gone: code(gone.error),
    refused: refused.response?.status,
    left: left.total,
  }),
);
