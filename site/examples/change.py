# Changes what is sent and leaves the rest, if nobody has changed the customer
# since its ETag was read: otherwise the answer is 412, and nothing has changed.
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
