//! The operations of a partner's routes. The `match` is exhaustive: a route without an operation does not compile.

use customers_api::db::idempotency::KEY_MAX;
use customers_api::http::batch::BATCH_MAX;
use customers_api::http::intent::Intent;
use customers_api::http::paging::{AFTER, PAGESIZE};
use customers_api::http::params::ID_MAX;
use customers_api::http::routes::PartnerRoute;
use customers_api::records::allowed_numbers::ALLOWED_NUMBERS_MAX;
use customers_api::records::kind;
use customers_api::records::kind::{Creation, Kind, Removal};
use serde_json::{Value, json};

use super::{Body, Operation, header, members, paging, query, reference, schema_name};
use crate::columns::Columns;
use crate::inputs;
use crate::outputs::Outputs;
use crate::patterns;
use crate::schema::{described, insert, list, object};

const CUSTOMER: (&str, &str) = ("customers", "customer_id");
const CUSTNR: (&str, &str) = ("customers", "custnr");

/// The name of the schema of a customer that is created.
pub const NEW_CUSTOMER: &str = "NewCustomer";

/// The operation of a route at one of its paths.
pub fn operation(
    outputs: Outputs<'_>,
    route: PartnerRoute,
    path: &str,
) -> Result<Operation, String> {
    let columns = outputs.columns;
    let customer = || reference("Customer");
    let operation = Operation {
        tag: "Customers",
        ids: vec![CUSTOMER],
        ..Operation::default()
    };
    Ok(match route {
        PartnerRoute::Ping => Operation {
            tag: "Service",
            summary: "Check your credentials".to_owned(),
            ids: Vec::new(),
            answer: object(members([("ping", json!({ "const": "ok" }))])),
            ..operation
        },
        PartnerRoute::ListCustomers => Operation {
            summary: "List customers".to_owned(),
            about: "Your live customers by ascending `customer_id`. Follow the `Link` header to read all pages.",
            ids: Vec::new(),
            parameters: [
                vec![
                    query(
                        "customer_id",
                        json!({ "type": "integer" }),
                        "Only the customer with this id.",
                    ),
                    query(
                        "custnr",
                        json!({ "type": "string" }),
                        "Only the customer with this `custnr`.",
                    ),
                ],
                paging(),
            ]
            .concat(),
            answer: outputs.page("customers", customer()),
            headers: vec![("Link", false)],
            ..operation
        },
        PartnerRoute::ReadChanges => Operation {
            summary: "Read what has changed".to_owned(),
            about: "For whoever keeps a copy: what has changed at your customers, their records and your custom fields \
            since a change, oldest first, without gaps. Names of fields, never a value. `after` is the cursor for the next \
            request.",
            ids: Vec::new(),
            parameters: vec![
                query(
                    PAGESIZE.name,
                    inputs::bounds(&PAGESIZE),
                    "The most changes.",
                ),
                query(
                    AFTER.name,
                    inputs::bounds(&AFTER),
                    "The changes after the change with this id.",
                ),
            ],
            answer: object(members([
                ("changes", list(reference("Change"))),
                (
                    "after",
                    described(outputs.integer(), "What to ask for next."),
                ),
            ])),
            ..operation
        },
        PartnerRoute::CreateCustomer => Operation {
            summary: "Create a customer".to_owned(),
            about: "You can send `custom_n` only if it is set up for you. Some custom fields are mandatory for a partner \
            in Germany. A 400 names each of them and its rule. A list in `customers` (JSON, at most 1 MiB) creates all of \
            its customers or none, and is answered in its order.",
            ids: Vec::new(),
            parameters: vec![idempotency_key()],
            body: Some(Body {
                json: json!({ "anyOf": [reference(NEW_CUSTOMER), new_customers()] }),
                form: Some(reference(NEW_CUSTOMER)),
                example: json!({ "name": "Nordlund AB", "custnr": "SE-1020" }),
            }),
            answer: outputs.one("customers", customer()),
            headers: vec![("ETag", false), ("Location", true)],
            statuses: vec![404, 409, 507],
            ..operation
        },
        PartnerRoute::ReadCustnr => Operation {
            summary: "Read a customer by its custnr".to_owned(),
            ids: vec![CUSTNR],
            parameters: vec![if_none_match()],
            answer: outputs.one("customers", customer()),
            headers: vec![("ETag", true)],
            statuses: vec![304, 404],
            ..operation
        },
        PartnerRoute::PutCustnr => Operation {
            summary: "Create or change a customer by its custnr".to_owned(),
            about: "Changes the given fields of the customer with this `custnr`. If you have none, creates it, and answers \
            `created` and a `Location`. A change needs no field; a creation needs all that are required. `custnr` may \
            stand in the body too if it is the same.",
            ids: vec![CUSTNR],
            parameters: vec![if_match()],
            body: Some(Body::either(
                with_version(without(
                    inputs::customer(columns, Intent::Change)?,
                    "custnr",
                )),
                json!({ "name": "Nordlund AB" }),
            )),
            answer: outputs.one_or_created("customers", customer()),
            headers: vec![("ETag", true), ("Location", false)],
            statuses: vec![412],
            ..operation
        },
        PartnerRoute::ReadCustomer => Operation {
            summary: "Read a customer".to_owned(),
            parameters: vec![if_none_match()],
            answer: outputs.one("customers", customer()),
            headers: vec![("ETag", true)],
            statuses: vec![304, 404],
            ..operation
        },
        PartnerRoute::ChangeCustomer => Operation {
            summary: "Change a customer".to_owned(),
            about: "Changes only the given fields.",
            parameters: vec![if_match()],
            body: Some(Body::either(
                with_version(inputs::customer(columns, Intent::Change)?),
                json!({ "email": "office@nordlund.example" }),
            )),
            answer: outputs.one("customers", customer()),
            headers: vec![("ETag", true)],
            statuses: vec![404, 409, 507],
            ..operation
        },
        PartnerRoute::EraseCustomer => Operation {
            tag: "Erasure",
            summary: "Erase a customer".to_owned(),
            about: "In one transaction: marks the customer removed, expires its measures, removes its users and allowed \
            numbers, masks every phone number after the country code and national destination code, and removes \
            all other personal data. The numbers on the calls of a customer with more than 20,000 calls are masked after \
            the answer: no request can read them any more, and the receipt says `masking` until the last one is \
            masked. A repeated request answers the same receipt. You can also send the parameters \
            in a urlencoded body.",
            parameters: [erasing(), vec![if_match()]].concat(),
            answer: object(members([("erasure", reference("Receipt"))])),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::ReadErasure => Operation {
            tag: "Erasure",
            summary: "Read the receipt of an erasure".to_owned(),
            answer: object(members([("erasure", reference("Receipt"))])),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::Export => Operation {
            summary: "Export everything stored about a customer".to_owned(),
            about: "One document with all stored data (GDPR articles 15 and 20). It is streamed and may be of any length. \
                    It is complete only with its last member, `complete`.",
            answer: reference("Export"),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::ReadRecords(resource)
        | PartnerRoute::CreateRecords(resource)
        | PartnerRoute::ChangeRecord(resource)
        | PartnerRoute::RemoveRecord(resource) => of_records(outputs, route, kind(resource), path)?,
        PartnerRoute::ReadAllowedNumbers => Operation {
            tag: "Allowed numbers",
            summary: "Read the allowed numbers of a customer".to_owned(),
            answer: reference("AllowedNumbers"),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::ReplaceAllowedNumbers => Operation {
            tag: "Allowed numbers",
            summary: "Replace the allowed numbers of a customer".to_owned(),
            about: "Replaces the whole list. In a form, `phonenrs` holds the text of a JSON array.",
            body: Some(Body {
                json: allowed_numbers(json!({
                    "type": "array",
                    "items": reference(inputs::PHONE_NUMBER),
                    "maxItems": ALLOWED_NUMBERS_MAX,
                })),
                form: Some(allowed_numbers(json!({
                    "type": "string",
                    "contentMediaType": "application/json",
                    "pattern": patterns::phone_number_array(ALLOWED_NUMBERS_MAX),
                }))),
                example: json!({ "phonenrs": ["+46701740605"] }),
            }),
            answer: reference("AllowedNumbers"),
            statuses: vec![404, 507],
            ..operation
        },
    })
}

/// A change of a customer.
pub fn change(outputs: Outputs<'_>) -> Result<Value, String> {
    let mut schema = outputs.columns(
        "audit",
        ["at", "action", "kind", "record_id", "customer_id"],
    )?;
    let fields = &outputs.columns.get("audit", "fields")?.about;
    schema.extend(members([
        ("change_id", outputs.column("audit", "audit_id")?),
        (
            "fields",
            described(list(json!({ "type": "string" })), fields),
        ),
    ]));
    Ok(object(schema))
}

/// The parameters of an erasure.
pub fn erasing() -> Vec<Value> {
    vec![
        query(
            "dry_run",
            json!({ "type": "integer", "minimum": 0, "maximum": 1, "default": 0 }),
            "1 only counts what the erasure would change.",
        ),
        query("version", version(), VERSION_ABOUT),
    ]
}

/// The operation of a route for a kind of record.
fn of_records(
    outputs: Outputs<'_>,
    route: PartnerRoute,
    kind: &Kind,
    path: &str,
) -> Result<Operation, String> {
    let columns = outputs.columns;
    let one = || outputs.one(kind.name, reference(&schema_name(kind)));
    let no_removal = || format!("{}: the kind has no removal for its DELETE", kind.name);
    let is_of_one = path.ends_with(&format!("{{{}}}", kind.id));
    Ok(match route {
        PartnerRoute::ReadRecords(_) if is_of_one => Operation {
            summary: format!("Read a {}", kind.singular),
            ids: vec![CUSTOMER, (kind.name, kind.id)],
            answer: one(),
            ..of_kind(kind)?
        },
        PartnerRoute::CreateRecords(_) => Operation {
            summary: match kind.creation {
                Creation::One => format!("Add a {} to a customer", kind.singular),
                Creation::Batch => format!("Add {} to a customer", kind.name),
            },
            about: match kind.creation {
                Creation::One => "",
                Creation::Batch => {
                    "Creates all or none. Each names a measure of the same customer. A call with the `external_id` of \
                    one that the customer has is that call: it is answered in its place, and stored once."
                }
            },
            parameters: vec![idempotency_key()],
            body: Some(new_records(columns, kind)?),
            answer: one(),
            headers: vec![("Location", true)],
            statuses: vec![404, 409, 507],
            ..of_kind(kind)?
        },
        PartnerRoute::ChangeRecord(_) => Operation {
            summary: format!("Change a {}", kind.singular),
            about: "Changes only the given fields.",
            ids: vec![CUSTOMER, (kind.name, kind.id)],
            body: Some(Body::either(
                inputs::record(columns, kind, Intent::Change)?,
                example(kind)?,
            )),
            answer: one(),
            statuses: vec![404, 507],
            ..of_kind(kind)?
        },
        PartnerRoute::RemoveRecord(_) => {
            let (summary, answer) = match kind.removal.ok_or_else(no_removal)? {
                Removal::Set(..) => (format!("Expire a {}", kind.singular), one()),
                Removal::DeleteRow => {
                    let none = json!({ "type": "array", "maxItems": 0 });
                    let answer = object(members([(kind.name, none)]));
                    (format!("Remove a {}", kind.singular), answer)
                }
            };
            Operation {
                summary,
                ids: vec![CUSTOMER, (kind.name, kind.id)],
                answer,
                ..of_kind(kind)?
            }
        }
        _ => Operation {
            summary: format!("List the {} of a customer", kind.name),
            parameters: paging(),
            answer: outputs.page(kind.name, reference(&schema_name(kind))),
            headers: vec![("Link", false)],
            ..of_kind(kind)?
        },
    })
}

/// The common parts of the operations of a kind.
fn of_kind(kind: &Kind) -> Result<Operation, String> {
    let tag = match kind.name {
        "measures" => "Measures",
        "users" => "Users",
        "calls" => "Calls",
        name => return Err(format!("{name}: no tag is known for this kind")),
    };
    Ok(Operation {
        tag,
        ids: vec![CUSTOMER],
        statuses: vec![404],
        ..Operation::default()
    })
}

fn new_records(columns: &Columns, kind: &Kind) -> Result<Body, String> {
    let record = inputs::record(columns, kind, Intent::Create)?;
    Ok(match kind.creation {
        Creation::One => Body::either(record, example(kind)?),
        Creation::Batch => Body::json(
            json!({
                "type": "object",
                "required": [kind.name],
                "properties": {
                    kind.name: { "type": "array", "minItems": 1, "maxItems": BATCH_MAX, "items": record },
                },
                "additionalProperties": false,
            }),
            json!({ kind.name: [example(kind)?] }),
        ),
    })
}

/// An example of a record. Its phone numbers are from ranges that are reserved for fiction.
fn example(kind: &Kind) -> Result<Value, String> {
    Ok(match kind.name {
        "measures" => {
            json!({ "name": "Leaflet", "phonenr": "+46313900650", "destnr": "+46313900602" })
        }
        "users" => json!({ "email": "karin@nordlund.example", "name": "Karin Nordlund" }),
        "calls" => json!({
            "measure_id": 4,
            "start": "2026-09-05 10:00:00",
            "duration": 42,
            "answered": 1,
            "anum": "+46701740699",
            "bnum": "+46313900601",
            "cnum": "+46313900650",
            "external_id": "pbx-2026-000117",
        }),
        name => return Err(format!("{name}: no example is known for this kind")),
    })
}

fn allowed_numbers(phonenrs: Value) -> Value {
    json!({
        "type": "object",
        "required": ["phonenrs"],
        "properties": { "phonenrs": phonenrs },
        "additionalProperties": false,
    })
}

const VERSION_ABOUT: &str = "The number in the `ETag` that you read. It means what an `If-Match` with that tag means, \
    and no program on the way can lose it.";

fn version() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": ID_MAX })
}

/// The input of a customer with the parameter `version`.
fn with_version(mut input: Value) -> Value {
    if let Some(properties) = input.get_mut("properties") {
        let mut schema = version();
        insert(&mut schema, "description", VERSION_ABOUT.into());
        insert(properties, "version", schema);
    }
    input
}

/// A list of customers.
fn new_customers() -> Value {
    json!({
        "type": "object",
        "required": ["customers"],
        "properties": {
            "customers": {
                "type": "array",
                "minItems": 1,
                "maxItems": BATCH_MAX,
                "items": reference(NEW_CUSTOMER),
            },
        },
        "additionalProperties": false,
    })
}

/// The schema of an object without one of its members.
fn without(mut schema: Value, name: &str) -> Value {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove(name);
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|required| required != name);
    }
    schema
}

fn idempotency_key() -> Value {
    let pattern = format!("^[!-~](?:[ -~]{{0,{}}}[!-~])?$", KEY_MAX - 2);
    let about = "A repeated request with the same key and the same parameters answers what the first one created, and \
                 creates nothing. A key is forgotten 30 days after its use.";
    header(
        "Idempotency-Key",
        json!({ "type": "string", "pattern": pattern }),
        about,
    )
}

fn if_none_match() -> Value {
    let about = "The `ETag` of your copy. If the customer has not changed since, the answer is a 304 without a body.";
    header("If-None-Match", json!({ "type": "string" }), about)
}

fn if_match() -> Value {
    let about = "The `ETag` that you read. If the customer has changed since, the answer is a 412 and changes nothing.";
    header("If-Match", json!({ "type": "string" }), about)
}
