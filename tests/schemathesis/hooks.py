"""What schemathesis cannot know from the documents: which records there are, and the rules that are about them."""

import os
import uuid

import schemathesis

# The ids of records that are there. The customer stays; there is another one to be erased.
THERE = {"customer_id": int(os.environ["CUSTOMER_ID"]), "measure_id": int(os.environ["MEASURE_ID"])}
TO_BE_ERASED = {"customer_id": int(os.environ["ERASED_ID"])}


@schemathesis.hook
def before_call(context, case, kwargs):
    # A key that was used before with other parameters is refused: each is used once.
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    # What is meant to be wrong stays so.
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    body = case.body if isinstance(case.body, dict) else {}
    calls = body.get("calls", [])
    # What is found along the way stays as it was found; but a call names a measure of its customer.
    if case.meta.phase.name.value != "stateful" or calls:
        ids = TO_BE_ERASED if is_of_an_erasure(case) else THERE
        for part in [case.path_parameters, case.query, body, *calls]:
            part.update({name: id for name, id in ids.items() if name in part})
    # 1.0 is an integer to JSON, but a form has no numbers.
    if case.media_type == "application/x-www-form-urlencoded":
        body.update({name: int(value) for name, value in body.items() if isinstance(value, float)})


def is_of_an_erasure(case):
    path = case.operation.path
    return path.endswith("/erasure") or (case.method == "DELETE" and path in ("/customers", "/customers/{customer_id}"))
