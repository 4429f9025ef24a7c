# Creates a customer, unless its custnr is taken: the code of an error tells.
import requests
from requests.auth import HTTPDigestAuth

answer = requests.post(
    "https://customers.example/customers",
    auth=HTTPDigestAuth("acme", "secret"),
    data={"name": "Tandläkarna", "custnr": "SE-1002"},
)
if answer.ok:
    print("created")
elif "json" not in answer.headers.get("Content-Type", ""):
    # It has no code: a 401, and what a proxy on the way answers.
    raise SystemExit(answer.text)
elif "custnr_taken" in [error["code"] for error in answer.json()["errors"]]:
    print("SE-1002 is taken")
else:
    raise SystemExit(answer.text)
