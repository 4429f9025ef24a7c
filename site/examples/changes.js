// Reads all changes, a page at a time. Keep the last `after`, and begin with it
// the next time.
const headers = { Authorization: "Basic " + Buffer.from("acme:secret").toString("base64") };
let after = 0;
for (;;) {
  const answer = await fetch(`https://customers.example/customers/changes?after=${after}`, { headers });
  if (!answer.ok) throw new Error(await answer.text());
  const page = await answer.json();
  for (const { at, action, kind, customer_id } of page.changes) {
    console.log(`${at} ${action} ${kind}: customer ${customer_id}`);
  }
  if (page.after === after) break;
  after = page.after;
}
