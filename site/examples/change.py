# Changes only the fields that you send. If someone changed the customer after
# you read its ETag, the answer is 412 and nothing changes.
import requests
from requests.auth import HTTPDigestAuth

customer = 2
url = f"http://127.0.0.1:8787/customers/{customer}"

with requests.Session() as session:
    session.auth = HTTPDigestAuth("demo", "demo-password")
    read = session.get(url)
    read.raise_for_status()
    changed = session.put(
        url,
        headers={"If-Match": read.headers["ETag"]},
        data={"email": "reception@jarntorget-tand.example"},
    )
    changed.raise_for_status()
    print(changed.json()["customers"][0]["email"])
