// Creates a customer, unless its custnr is taken: the code of an error tells.
const answer = await fetch("https://customers.example/customers", {
  method: "POST",
  headers: { Authorization: "Basic " + Buffer.from("acme:secret").toString("base64") },
  body: new URLSearchParams({ name: "Tandläkarna", custnr: "SE-1002" }),
});
// What is not JSON has no code: a 401, and what a proxy on the way answers.
if (!answer.headers.get("Content-Type")?.includes("json")) throw new Error(await answer.text());
const { errors = [] } = await answer.json();
if (answer.ok) console.log("created");
else if (errors.some(({ code }) => code === "custnr_taken")) console.log("SE-1002 is taken");
else throw new Error(errors.map(({ message }) => message).join("; "));
