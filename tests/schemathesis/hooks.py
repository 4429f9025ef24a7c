"""Tells schemathesis what the documents do not say: which records exist, and the rules that depend on them."""

import os
import unicodedata
import uuid
from urllib.parse import unquote

import schemathesis

# The ids of existing records. This customer stays. Erasures get another one.
THERE = {"customer_id": int(os.environ["CUSTOMER_ID"]), "measure_id": int(os.environ["MEASURE_ID"])}
TO_BE_ERASED = {"customer_id": int(os.environ["ERASED_ID"])}


@schemathesis.hook
def before_call(context, case, kwargs):
    # The service refuses a key that was used before with other parameters, so each key is used once.
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if case.meta is None:
        return
    # Requests that are meant to be invalid stay invalid. The service takes the digits of an integer as a string too, which
    # the document leaves out.
    if not case.meta.generation.mode.is_positive:
        undigit(case.body)
        # An id that is no integer of 64 bits is no fault: no record has it.
        for name, value in (case.query or {}).items():
            if name.endswith("_id") and str(value).lstrip("-").isdecimal() and not -(2**63) <= int(value) < 2**63:
                case.query[name] = "x"
        return
    body = case.body if isinstance(case.body, dict) else {}
    # The document cannot say that one of two places must have the id.
    if case.method == "DELETE":
        for name in (parameter["name"] for parameter in case.operation.definition.raw["parameters"] if parameter["in"] == "query"):
            if name.endswith("_id") and name not in (case.query or {}) and name not in body:
                case.query = {**(case.query or {}), name: THERE.get(name, 1)}
        # Nor that only one may have it.
        for name in case.query or {}:
            body.pop(name, None)
    # Nor that one record is no page.
    if case.query and any(name in case.query for name in ("measure_id", "user_id", "call_id")):
        for name in ("page", "pagesize", "after"):
            case.query.pop(name, None)
    calls = body.get("calls", [])
    # A stateful test keeps the ids that it found. Calls are the exception: they must name a measure of their customer.
    if case.meta.phase.name.value != "stateful" or calls:
        ids = TO_BE_ERASED if is_of_an_erasure(case) else THERE
        for part in [case.path_parameters, case.query, body, *calls]:
            part.update({name: id for name, id in ids.items() if name in part})
    # The patterns say nothing of the first character, nor of those beyond the Basic Multilingual Plane.
    for part in [body, *calls]:
        part.update({name: plain(value) for name, value in part.items() if isinstance(value, str)})
    # The document cannot say that a custnr in the body is that of the path, which stands here percent-encoded.
    if "custnr" in body and "custnr" in (case.path_parameters or {}):
        body["custnr"] = unquote(case.path_parameters["custnr"])
    for call in calls:
        # The document cannot say that a call starts in this century, and no later than tomorrow.
        call["start"] = "2020" + call["start"][4:]
    # JSON Schema counts 1.0 as an integer, but a form would send the text "1.0".
    if case.media_type == "application/x-www-form-urlencoded":
        body.update({name: int(value) for name, value in body.items() if isinstance(value, float)})


def undigit(value):
    """Makes strings of digits something else, at any depth."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(items):
        if isinstance(member, str) and member.isdecimal():
            value[key] = member + "x"
        undigit(member)


def plain(text):
    text = "".join(character if character <= "\uffff" else "x" for character in text)
    return "x" + text[1:] if text and unicodedata.category(text[0]).startswith("M") else text


def is_of_an_erasure(case):
    path = case.operation.path
    return path.endswith("/erasure") or (case.method == "DELETE" and path in ("/customers", "/customers/{customer_id}"))
