// Creates the customers of customers.json, 500 at a time: a list of objects such
// as {"name": "Nordlund AB", "custnr": "1"}. After a failure run it again with the
// same file: what was created is answered once more, and nothing is created twice.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

const Authorization = "Basic " + Buffer.from("acme:secret").toString("base64");
const all = JSON.parse(await readFile("customers.json", "utf8"));
for (let begin = 0; begin < all.length; begin += 500) {
  const body = JSON.stringify({ customers: all.slice(begin, begin + 500) });
  const key = createHash("sha256").update(body).digest("hex");
  const headers = { Authorization, "Content-Type": "application/json", "Idempotency-Key": key };
  let answer;
  for (let attempt = 0; attempt < 8; attempt++) {
    const signal = AbortSignal.timeout(60_000);
    const sent = fetch("https://customers.example/customers", { method: "POST", headers, body, signal });
    // Without an answer, ask for it again.
    answer = await sent.catch(() => undefined);
    if (answer && ![429, 503].includes(answer.status)) break;
    await setTimeout(1000 * Number(answer?.headers.get("Retry-After") ?? 2 ** attempt));
  }
  if (!answer?.ok) throw new Error(`from customers[${begin}] on: ${answer ? await answer.text() : "no answer"}`);
  const { customers } = await answer.json();
  for (const { customer_id, custnr } of customers) console.log(customer_id, custnr);
}
