// The platform calls this module. It calls the Worker, and answers in its place if the Worker panics. A panic is a trap,
// which Rust cannot catch. The trap stops the instance, and index.js, which wasm-bindgen makes, starts a new one for the
// next call. Nobody else would answer the requests that were under way in the stopped instance.

import { fetch as serve, scheduled } from "./index.js";

const underWay = new Set();
addEventListener("error", () => underWay.forEach((fail) => fail()));

export default {
  async fetch(request, env, ctx) {
    const { promise: trapped, reject: fail } = Promise.withResolvers();
    underWay.add(fail);
    try {
      return await Promise.race([serve(request, env, ctx), trapped]);
    } catch {
      return failed(request);
    } finally {
      underWay.delete(fail);
    }
  },

  scheduled,
};

function failed({ method, url }) {
  const id = crypto.randomUUID();
  console.log(JSON.stringify({ request_id: id, level: "alarm", method, status: 500, error: "a panic" }));
  const message = `the service failed; quote the request id ${id} to support`;
  const headers = { "X-Request-Id": id, "Cache-Control": "no-store" };
  if (url.startsWith("https:")) headers["Strict-Transport-Security"] = "max-age=31536000";
  return Response.json({ errors: [{ code: "internal_error", message }] }, { status: 500, headers });
}
