# Use your customer's id. The first request only counts what the erasure would
# do. The second erases, which cannot be undone. The third reads the receipt.
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
