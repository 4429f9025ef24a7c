# Keeps a copy of your customers in the file copy.db. Run it as often as you
# like: it asks only for what has changed since. An erased customer leaves it.
import json
import sqlite3

import requests
from requests.auth import HTTPDigestAuth

session = requests.Session()
session.auth = HTTPDigestAuth("acme", "secret")
copy = sqlite3.connect("copy.db")
copy.executescript("""
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS customers (id INTEGER PRIMARY KEY, json TEXT);
    CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY, after INTEGER);
    INSERT OR IGNORE INTO cursor VALUES (1, 0);
""")


def read(path="", **query):
    answer = session.get("https://customers.example/customers" + path, params=query)
    if answer.status_code == 404:
        return None
    answer.raise_for_status()
    return answer.json()


def keep(customer):
    row = [customer["customer_id"], json.dumps(customer)]
    copy.execute("REPLACE INTO customers VALUES (?, ?)", row)


def keep_cursor(after):  # The last of a step, so that a run that breaks off does it again.
    copy.execute("UPDATE cursor SET after = ?", [after])
    copy.commit()


[after] = copy.execute("SELECT after FROM cursor").fetchone()
if after == 0:  # The first copy: see where the changes end, then read the list.
    while (page := read("/changes", after=after))["after"] != after:
        after = page["after"]
    last = 0
    while customers := read(after=last)["customers"]:
        for customer in customers:
            keep(customer)
        last = customers[-1]["customer_id"]
    keep_cursor(after)

while (page := read("/changes", after=after))["after"] != after:
    ids = {change["customer_id"] for change in page["changes"]}
    if 0 in ids:  # A custom field has changed, and so every customer has.
        ids |= {id for [id] in copy.execute("SELECT id FROM customers")}
    for id in ids - {0}:
        if found := read(f"/{id}"):
            keep(found["customers"][0])
        else:
            copy.execute("DELETE FROM customers WHERE id = ?", [id])
    after = page["after"]
    keep_cursor(after)

[count] = copy.execute("SELECT count(*) FROM customers").fetchone()
print(f"The copy has {count} customers.")
