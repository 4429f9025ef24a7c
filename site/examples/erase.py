# Put in the customer's id. What the erasure would do; the erasure, which cannot
# be undone; and its receipt, which can be read again at any time.
import requests
from requests.auth import HTTPDigestAuth

customer = 1
url = f"http://127.0.0.1:8787/customers/{customer}"

with requests.Session() as session:
    session.auth = HTTPDigestAuth("demo", "demo-password")
    for method, path in [("DELETE", "?dry_run=1"), ("DELETE", ""), ("GET", "/erasure")]:
        answer = session.request(method, url + path)
        answer.raise_for_status()
        print(answer.json()["erasure"])
