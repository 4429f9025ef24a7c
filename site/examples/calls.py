# Posts up to 1000 calls at once. If one is invalid, none is stored. Leave out
# anum if the caller withheld the number, and cnum if nobody answered.
import requests
from requests.auth import HTTPDigestAuth

customer = 2
answer = requests.post(
    f"http://127.0.0.1:8787/customers/{customer}/calls",
    auth=HTTPDigestAuth("demo", "demo-password"),
    json={
        "calls": [
            {
                "measure_id": 4,
                "start": "2026-09-05 10:00:00",
                "duration": 42,
                "answered": 1,
                "anum": "+46701740699",
                "bnum": "+46313900601",
                "cnum": "+46313900650",
            },
            {"measure_id": 4, "start": "2026-09-05 10:07:30", "bnum": "+46313900601"},
        ]
    },
)
answer.raise_for_status()
print(len(answer.json()["calls"]), "calls")
