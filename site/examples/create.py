# Choose a new key for each customer that you create. If the answer gets lost,
# send the request again: the same key never creates a second customer.
import requests
from requests.auth import HTTPDigestAuth

answer = requests.post(
    "http://127.0.0.1:8787/customers",
    auth=HTTPDigestAuth("demo", "demo-password"),
    headers={"Idempotency-Key": "crm-4711"},
    data={
        "name": "Bergström & Söner AB",
        "custnr": "SE-1010",
        "email": "post@bergstrom.example",
    },
)
answer.raise_for_status()
print(answer.json()["customers"][0]["customer_id"])
