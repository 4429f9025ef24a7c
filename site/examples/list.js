// Lists all customers page by page: the Link header names the next page. The
// page size is 2 here, to show several pages. It can be up to 1000.
const headers = { Authorization: "Basic " + Buffer.from("acme:secret").toString("base64") };
let next = "/customers?pagesize=2";
while (next) {
  const answer = await fetch("https://customers.example" + next, { headers });
  if (!answer.ok) throw new Error(await answer.text());
  const { customers } = await answer.json();
  for (const { customer_id, name } of customers) console.log(customer_id, name);
  next = answer.headers.get("Link")?.match(/<(.+)>; rel="next"/)?.[1];
}
