# Saves everything stored about a customer as one JSON document.
import requests
from requests.auth import HTTPDigestAuth

customer = 2
answer = requests.get(
    f"http://127.0.0.1:8787/customers/{customer}/export",
    auth=HTTPDigestAuth("demo", "demo-password"),
)
answer.raise_for_status()
with open(f"customer-{customer}.json", "wb") as file:
    file.write(answer.content)
