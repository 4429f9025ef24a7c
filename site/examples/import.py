# Creates the customers of customers.json, 500 at a time: a list of objects such
# as {"name": "Nordlund AB", "custnr": "1"}. After a failure run it again with the
# same file: what was created is answered once more, and nothing is created twice.
import hashlib
import json
import time

import requests
from requests.auth import HTTPDigestAuth

with open("customers.json", encoding="utf-8") as file:
    customers = json.load(file)
with requests.Session() as session:
    session.auth = HTTPDigestAuth("acme", "secret")
    for begin in range(0, len(customers), 500):
        body = json.dumps({"customers": customers[begin:begin + 500]})
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": hashlib.sha256(body.encode()).hexdigest(),
        }
        for attempt in range(8):
            wait = 2 ** attempt
            try:
                answer = session.post("https://customers.example/customers", data=body, headers=headers, timeout=60)
            except requests.RequestException:  # The answer is lost: ask for it again.
                answer = None
            if answer is not None:
                if answer.status_code not in (429, 503):
                    break
                wait = int(answer.headers.get("Retry-After", wait))
            time.sleep(wait)
        if answer is None or not answer.ok:
            raise SystemExit(f"from customers[{begin}] on: {answer.text if answer is not None else 'no answer'}")
        for customer in answer.json()["customers"]:
            print(customer["customer_id"], customer["custnr"])
