# Keeps a copy of your customers in the file copy.db. Run it as often as you
# like: it asks only for what has changed since. An erased customer leaves it.
import sqlite3

import requests
from requests.auth import HTTPDigestAuth

url = "https://customers.example/customers"
copy = sqlite3.connect("copy.db")
copy.executescript("""
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS customers (id INTEGER PRIMARY KEY, json TEXT);
    CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY, after INTEGER);
    INSERT OR IGNORE INTO cursor VALUES (1, 0);
""")

with requests.Session() as session:
    session.auth = HTTPDigestAuth("acme", "secret")
    while True:
        [after] = copy.execute("SELECT after FROM cursor").fetchone()
        answer = session.get(f"{url}/changes", params={"after": after})
        answer.raise_for_status()
        page = answer.json()
        if page["after"] == after:
            break
        ids = {change["customer_id"] for change in page["changes"]}
        if 0 in ids:  # A custom field has changed, and so every customer has.
            ids |= {id for [id] in copy.execute("SELECT id FROM customers")}
        for id in ids - {0}:
            answer = session.get(f"{url}/{id}")
            if answer.status_code == 404:
                copy.execute("DELETE FROM customers WHERE id = ?", [id])
                continue
            answer.raise_for_status()
            copy.execute("REPLACE INTO customers VALUES (?, ?)", [id, answer.text])
        # Only now, so that a run that breaks off is done again.
        copy.execute("UPDATE cursor SET after = ?", [page["after"]])
        copy.commit()

[count] = copy.execute("SELECT count(*) FROM customers").fetchone()
print(f"The copy has {count} customers.")
