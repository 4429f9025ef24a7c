"""life.py ORIGIN USERNAME PASSWORD: a customer's life with the Python client of openapi-generator."""

import json
import sys

from customers_client import ApiClient, ApiException, Configuration
from customers_client.api import CustomersApi, ErasureApi, MeasuresApi
from customers_client.models import CustomerChange, CustomerCreation, Errors, NewCustomer, NewMeasure

origin, username, password = sys.argv[1:]


def connect(secret):
    return ApiClient(Configuration(host=origin, username=username, password=secret))


def failure(call, *arguments):
    try:
        call(*arguments)
    except ApiException as error:
        return error
    raise AssertionError("the call did not fail")


def code(error):
    return Errors.from_json(error.body).errors[0].code.value


client = connect(password)
customers, erasure, measures = CustomersApi(client), ErasureApi(client), MeasuresApi(client)
body = CustomerCreation(NewCustomer(name="Åkeri & Söner 100 %", custnr="A+1/2"))
created = customers.create_customer(body).customers[0]
customer_id = created.customer_id
taken = failure(customers.create_customer, body)
page = customers.list_customers(custnr="A+1/2", pagesize=10)
change = CustomerChange(email="post@example.com")
changed = customers.update_customer(customer_id, customer_change=change).customers[0]
measures.create_measure(customer_id, NewMeasure(name="Leaflet", phonenr="+46313900650", destnr="+46313900602"))
listed = measures.list_measures(customer_id)
preview = erasure.erase_customer(customer_id, dry_run=1).erasure
receipt = erasure.erase_customer(customer_id).erasure
gone = failure(customers.get_customer, customer_id)
refused = failure(CustomersApi(connect("wrong")).list_customers)
left = customers.list_customers()

print(
    json.dumps(
        {
            "created": created.custnr,
            "taken": code(taken),
            "listed": page.total,
            "changed": changed.email,
            "measures": len(listed.measures),
            "previewed": preview.removed_at,
            "masked": receipt.phone_numbers_masked,
            "status": receipt.status,
            "gone": code(gone),
            "refused": refused.status,
            "left": left.total,
        }
    )
)
