// Stands between the Worker and its bindings, and makes them fail. Each request says in X-Faults, as JSON, what fails:
//
//   url    the scheme and host that the request seems to have
//   ledger how the ledger behaves, as for d1
//   d1     how the database behaves: {"throw": text}, {"answer": value}, {"edit": "no-results" | …}, {"stall": true};
//          "trips" limits that to these trips, counted from 0
//   kv     "throw", "stall", or {"text": …}, which is what every key has
//   limit  "throw", "stall", or {"key": …}: only this key is over its limit
//
// What it says is removed before the Worker sees the request.

import worker from "../../../build/entry.mjs";

export default {
  fetch(request, env, ctx) {
    const faults = JSON.parse(request.headers.get("X-Faults") ?? "{}");
    const headers = new Headers(request.headers);
    headers.delete("X-Faults");
    const url = faults.url ? faults.url + new URL(request.url).pathname : request.url;
    return worker.fetch(new Request(new Request(url, request), { headers }), faulty(env, faults), ctx);
  },
};

const stalled = () => new Promise(() => {});

function faulty(env, { d1, ledger, kv, limit }) {
  const bindings = Object.create(env);
  if (d1) bindings.DB = database(env.DB, d1);
  if (ledger) bindings.LEDGER = database(env.LEDGER, ledger);
  if (kv) bindings.PROFILES = { get: async () => failing(kv) ?? kv.text, put: async () => failing(kv) };
  if (limit) {
    const within = async ({ key }) => failing(limit) ?? { success: key !== limit.key };
    for (const name of ["PARTNER_LIMIT", "LOGIN_LIMIT", "ALL_LOGINS_LIMIT"]) bindings[name] = { limit: within };
  }
  return bindings;
}

function failing(how) {
  if (how === "stall") return stalled();
  if (how === "throw") return Promise.reject(new Error("secret text"));
  return undefined;
}

function database(real, { trips, ...how }) {
  let trip = 0;
  return {
    prepare: (sql) => real.prepare(sql),
    batch: async (statements) => {
      if (trips && !trips.includes(trip++)) return real.batch(statements);
      if (how.throw !== undefined) throw new Error(how.throw);
      if (how.stall) return stalled();
      if (how.edit) return edits[how.edit](await real.batch(statements));
      return how.answer;
    },
  };
}

const each = (edit) => (results) => results.map((result) => edit({ ...result }));

const edits = {
  "no-results": each(({ results: _, ...rest }) => rest),
  "null-results": each((result) => ({ ...result, results: null })),
  "text-results": each((result) => ({ ...result, results: "rows" })),
  "null-rows": each((result) => ({ ...result, results: [null] })),
  "no-meta": each(({ meta: _, ...rest }) => rest),
  "text-meta": each((result) => ({ ...result, meta: { rows_read: "1", rows_written: "0" } })),
  "no-success": each((result) => ({ ...result, success: false })),
  "fewer": (results) => results.slice(1),
  "more": (results) => [...results, ...results],
  "many-rows": each((result) => ({ ...result, meta: { ...result.meta, rows_read: 1_250_000 } })),
};
