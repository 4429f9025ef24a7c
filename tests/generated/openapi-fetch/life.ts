// node life.mjs ORIGIN USERNAME PASSWORD: a customer's life with openapi-typescript's types and openapi-fetch.

import createClient from "openapi-fetch";
import type { components, paths } from "./customers";

declare const process: { argv: string[] };

const [origin, username, password] = process.argv.slice(2) as [string, string, string];
const client = (secret: string) => {
  const Authorization = `Basic ${btoa(`${username}:${secret}`)}`;
  return createClient<paths>({ baseUrl: origin, headers: { Authorization } });
};
const api = client(password);

/** `if (error)` must narrow: then there is an answer. */
function answer<Data, Failure>(result: { data?: Data; error?: Failure }): Data {
  if (result.error) throw new Error(JSON.stringify(result.error));
  return result.data as Data;
}

type ErrorCode = components["schemas"]["ErrorCode"];

/** The code of an error. A 401 is a line of text. */
function code(error: components["schemas"]["Errors"] | string | undefined): ErrorCode | undefined {
  return typeof error === "object" ? error.errors[0]?.code : undefined;
}

const body = { name: "Åkeri & Söner 100 %", custnr: "A+1/2" };
const [created] = answer(await api.POST("/customers", { body })).customers;
const params = { path: { customer_id: created!.customer_id } };

const taken = await api.POST("/customers", { body });
const page = answer(await api.GET("/customers", { params: { query: { custnr: body.custnr, pagesize: 10 } } }));
const change = { params, body: { email: "post@example.com" } };
const [changed] = answer(await api.PUT("/customers/{customer_id}", change)).customers;
const measure = { phonenr: "+46313900650", destnr: "+46313900602", name: "Leaflet" };
answer(await api.POST("/customers/{customer_id}/measures", { params, body: measure }));
const measures = answer(await api.GET("/customers/{customer_id}/measures", { params }));
const erase = (dry_run: number) => api.DELETE("/customers/{customer_id}", { params: { ...params, query: { dry_run } } });
const preview = answer(await erase(1)).erasure;
const receipt = answer(await erase(0)).erasure;
const gone = await api.GET("/customers/{customer_id}", { params });
const refused = await client("wrong").GET("/customers");

// Without the enum of the 401 this would not compile: `error` could be "", and then there is no answer.
const listed = await api.GET("/customers");
if (listed.error) throw new Error(JSON.stringify(listed.error));
const total: number = listed.data.total;

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
    refused: refused.response.status,
    left: total,
  }),
);
