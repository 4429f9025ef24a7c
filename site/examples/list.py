# Lists all customers page by page: the Link header names the next page. The
# page size is 2 here, to show several pages. It can be up to 1000.
from urllib.parse import urljoin

import requests
from requests.auth import HTTPDigestAuth

with requests.Session() as session:
    session.auth = HTTPDigestAuth("acme", "secret")
    url = "https://customers.example/customers?pagesize=2"
    while url:
        answer = session.get(url)
        answer.raise_for_status()
        for customer in answer.json()["customers"]:
            print(customer["customer_id"], customer["name"])
        link = answer.links.get("next")
        url = link and urljoin(url, link["url"])
