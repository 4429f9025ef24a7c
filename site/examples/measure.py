# destnr is the tracking number. Its calls go to phonenr.
import requests
from requests.auth import HTTPDigestAuth

customer = 2
answer = requests.post(
    f"http://127.0.0.1:8787/customers/{customer}/measures",
    auth=HTTPDigestAuth("demo", "demo-password"),
    data={
        "name": "Leaflet",
        "media": "Print",
        "destnr": "+46313900602",
        "phonenr": "+46313900650",
    },
)
answer.raise_for_status()
print(answer.json()["measures"][0]["measure_id"])
