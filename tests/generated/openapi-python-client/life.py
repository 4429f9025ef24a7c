"""life.py ORIGIN USERNAME PASSWORD: a customer's life with the client of openapi-python-client."""

import base64
import json
import sys

from customers_client import AuthenticatedClient
from customers_client.api.customers import create_customer, get_customer, list_customers, update_customer
from customers_client.api.erasure import erase_customer
from customers_client.api.measures import create_measure, list_measures
from customers_client.models import CustomerChange, Errors, NewCustomer, NewMeasure

origin, username, password = sys.argv[1:]


def connect(secret):
    token = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return AuthenticatedClient(base_url=origin, token=token, prefix="Basic")


def code(answer):
    assert isinstance(answer, Errors), answer
    return answer.errors[0].code.value


client = connect(password)
body = NewCustomer(name="Åkeri & Söner 100 %", custnr="A+1/2")
created = create_customer.sync(client=client, body=body).customers[0]
customer_id = created.customer_id
taken = create_customer.sync(client=client, body=body)
page = list_customers.sync(client=client, custnr="A+1/2", pagesize=10)
change = CustomerChange(email="post@example.com")
changed = update_customer.sync(customer_id, client=client, body=change).customers[0]
measure = NewMeasure(name="Leaflet", phonenr="+46313900650", destnr="+46313900602")
create_measure.sync(customer_id, client=client, body=measure)
measures = list_measures.sync(customer_id, client=client)
preview = erase_customer.sync(customer_id, client=client, dry_run=1).erasure
receipt = erase_customer.sync(customer_id, client=client).erasure
gone = get_customer.sync(customer_id, client=client)
refused = list_customers.sync_detailed(client=connect("wrong"))
left = list_customers.sync(client=client)

print(
    json.dumps(
        {
            "created": created.custnr,
            "taken": code(taken),
            "listed": page.total,
            "changed": changed.email,
            "measures": len(measures.measures),
            "previewed": preview.removed_at,
            "masked": receipt.phone_numbers_masked,
            "status": receipt.status.value,
            "gone": code(gone),
            "refused": refused.status_code.value,
            "left": left.total,
        }
    )
)
