//! The operations of a partner's routes. The `match` is exhaustive: a route without an operation does not compile.

use customers_api::db::idempotency::KEY_MAX;
use customers_api::http::batch::BATCH_MAX;
use customers_api::http::intent::Intent;
use customers_api::http::paging::{AFTER, PAGESIZE};
use customers_api::http::params::ID_MAX;
use customers_api::http::routes::PartnerRoute;
use customers_api::records::allowed_numbers::ALLOWED_NUMBERS_MAX;
use customers_api::records::kind;
use serde_json::{Value, json};

use super::records::of_records;
use super::{Body, Content, Named, Operation, header, members, named, paging, query, reference};
use crate::columns::Columns;
use crate::inputs;
use crate::outputs::Outputs;
use crate::patterns;
use crate::schema::{insert, list, object};

pub const CUSTOMER: (&str, &str) = ("customers", "customer_id");
const CUSTNR: (&str, &str) = ("customers", "custnr");

/// The name of the schema of a customer that is created.
const NEW_CUSTOMER: &str = "NewCustomer";

/// The name of the schema of a list of such customers.
pub const NEW_CUSTOMERS: &str = "NewCustomers";

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
            task: "checkCredentials".to_owned(),
            summary: "Check your credentials".to_owned(),
            about: "Answers if the credentials are right, and reads nothing.",
            ids: Vec::new(),
            answer: named(
                "Pong",
                object(members([(
                    "ping",
                    json!({ "type": "string", "enum": ["ok"] }),
                )])),
            ),
            ..operation
        },
        PartnerRoute::ListCustomers => Operation {
            task: "listCustomers".to_owned(),
            summary: "List customers".to_owned(),
            about: "Your live customers by ascending `customer_id`. Follow the `Link` header to read all pages.",
            ids: Vec::new(),
            parameters: [
                vec![
                    query(
                        "customer_id",
                        inputs::integer(),
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
            answer: named("CustomerPage", outputs.page("customers", customer())),
            headers: vec![("Link", false)],
            ..operation
        },
        PartnerRoute::ReadChanges => Operation {
            task: "listChanges".to_owned(),
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
            answer: named(
                "ChangePage",
                object(members([
                    ("changes", list(reference("Change"))),
                    ("after", outputs.member("after", "What to ask for next.")),
                ])),
            ),
            ..operation
        },
        PartnerRoute::CreateCustomer => Operation {
            task: "createCustomer".to_owned(),
            summary: "Create a customer".to_owned(),
            about: "You can send `custom_n` only if it is set up for you. Some custom fields are mandatory for a partner \
            in Germany. A 400 names each that is missing, and the rule of each that is wrong. A list in `customers` (JSON, at \
            most 1 MiB) creates all of its customers or none, and is answered in its order.",
            ids: Vec::new(),
            parameters: vec![idempotency_key()],
            body: Some(new_customer(columns)?),
            answer: one_customer(outputs),
            headers: vec![("ETag", false), ("Location", true)],
            statuses: vec![404, 409],
            ..operation
        },
        PartnerRoute::ReadCustnr => Operation {
            task: "getCustomerByCustnr".to_owned(),
            summary: "Read a customer by its custnr".to_owned(),
            about: "The live customer with this `custnr`.",
            ids: vec![CUSTNR],
            parameters: vec![if_none_match()],
            answer: one_customer(outputs),
            headers: vec![("ETag", true)],
            statuses: vec![304, 404],
            ..operation
        },
        PartnerRoute::PutCustnr => Operation {
            task: "putCustomerByCustnr".to_owned(),
            summary: "Create or change a customer by its custnr".to_owned(),
            about: "Changes the given fields of the customer with this `custnr`. If you have none, creates it, and answers \
            `created` and a `Location`. A change needs no field; a creation needs all that are required. `custnr` may \
            stand in the body too if it is the same.",
            ids: vec![CUSTNR],
            parameters: vec![if_match()],
            body: Some(Body::either(
                "CustomerPut",
                with_version(with_custnr_of_path(inputs::customer(
                    columns,
                    Intent::Change,
                )?)),
                json!({ "name": "Nordlund AB" }),
            )),
            answer: named(
                "CustomerPutEnvelope",
                outputs.one_or_created("customers", customer()),
            ),
            headers: vec![("ETag", true), ("Location", false)],
            statuses: vec![412],
            ..operation
        },
        PartnerRoute::ReadCustomer => Operation {
            task: "getCustomer".to_owned(),
            summary: "Read a customer".to_owned(),
            about: "One live customer. The `ETag` names its version.",
            parameters: vec![if_none_match()],
            answer: one_customer(outputs),
            headers: vec![("ETag", true)],
            statuses: vec![304, 404],
            ..operation
        },
        PartnerRoute::ChangeCustomer => Operation {
            task: "updateCustomer".to_owned(),
            summary: "Change a customer".to_owned(),
            about: "Changes only the given fields.",
            parameters: vec![if_match()],
            body: Some(Body::either(
                "CustomerChange",
                with_version(inputs::customer(columns, Intent::Change)?),
                json!({ "email": "office@nordlund.example" }),
            )),
            answer: one_customer(outputs),
            headers: vec![("ETag", true)],
            statuses: vec![404, 409],
            ..operation
        },
        PartnerRoute::EraseCustomer => Operation {
            tag: "Erasure",
            task: "eraseCustomer".to_owned(),
            summary: "Erase a customer".to_owned(),
            about: "In one transaction: marks the customer removed, expires its measures, removes its users and allowed \
            numbers, masks every phone number after the country code and national destination code, and removes \
            all other personal data. The numbers on the calls of a customer with more than 20,000 calls are masked after \
            the answer: no request can read them any more, and the receipt says `masking` until the last one is \
            masked. A repeated request answers the same receipt. The \
            parameters of the query can stand in a form instead.",
            parameters: [erasing(), vec![if_match()]].concat(),
            answer: receipt(),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::ReadErasure => Operation {
            tag: "Erasure",
            task: "getErasure".to_owned(),
            summary: "Read the receipt of an erasure".to_owned(),
            about: "The receipt that the erasure was answered with, as it stands now.",
            answer: receipt(),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::Export => Operation {
            task: "exportCustomer".to_owned(),
            summary: "Export everything stored about a customer".to_owned(),
            about: "One document with all stored data (GDPR articles 15 and 20). It is streamed and may be of any length. \
                    It is complete only with its last member, `complete`.",
            answer: named("Export", outputs.export()?.1),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::ReadRecords(resource)
        | PartnerRoute::CreateRecords(resource)
        | PartnerRoute::ChangeRecord(resource)
        | PartnerRoute::RemoveRecord(resource) => of_records(outputs, route, kind(resource), path)?,
        PartnerRoute::ReadAllowedNumbers => Operation {
            tag: "Allowed numbers",
            task: "getAllowedNumbers".to_owned(),
            summary: "Read the allowed numbers of a customer".to_owned(),
            about: "The whole list, in the order in which it was sent.",
            answer: all_numbers(outputs),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::ReplaceAllowedNumbers => Operation {
            tag: "Allowed numbers",
            task: "replaceAllowedNumbers".to_owned(),
            summary: "Replace the allowed numbers of a customer".to_owned(),
            about: "Replaces the whole list. In a form, `phonenrs` holds the text of a JSON array.",
            body: Some(new_numbers()),
            answer: all_numbers(outputs),
            statuses: vec![404],
            ..operation
        },
    })
}

/// A change of a customer.
pub fn change(outputs: Outputs<'_>) -> Result<Value, String> {
    let mut schema =
        outputs.trail(["at", "action", "kind", "record_id", "customer_id", "fields"])?;
    let change_id = outputs.column("audit", "audit_id")?;
    schema.insert("change_id".to_owned(), change_id);
    Ok(object(schema))
}

/// The parameters of an erasure.
pub fn erasing() -> Vec<Value> {
    vec![
        query(
            "dry_run",
            inputs::between(0, 1),
            "1 only counts what the erasure would change.",
        ),
        query("version", version(), VERSION_ABOUT),
    ]
}

/// The envelope of one customer.
fn one_customer(outputs: Outputs<'_>) -> Named {
    named(
        "CustomerEnvelope",
        outputs.one("customers", reference("Customer")),
    )
}

/// The envelope of a receipt.
pub fn receipt() -> Named {
    let envelope = object(members([("erasure", reference("Receipt"))]));
    named("ReceiptEnvelope", envelope)
}

/// One customer or a list of customers, in JSON; a form has one.
fn new_customer(columns: &Columns) -> Result<Body, String> {
    let one = json!({ "name": "Nordlund AB", "custnr": "SE-1020" });
    let either = json!({ "oneOf": [reference(NEW_CUSTOMER), reference(NEW_CUSTOMERS)] });
    let form = inputs::customer(columns, Intent::Create)?;
    Ok(Body {
        json: Content::new("CustomerCreation", either, one.clone()),
        form: Some(Content::new(NEW_CUSTOMER, form, one)),
    })
}

fn all_numbers(outputs: Outputs<'_>) -> Named {
    let number = outputs.text("phonenr", "A number that the customer lets through, E.164.");
    let numbers = object(members([("allowed_numbers", list(number))]));
    named("AllowedNumbers", numbers)
}

/// A list of allowed numbers. A form cannot have a list, so it has the text of one.
fn new_numbers() -> Body {
    let list = json!({
        "type": "array",
        "items": reference(inputs::PHONE_NUMBER),
        "maxItems": ALLOWED_NUMBERS_MAX,
        "description": "The numbers, E.164. An empty list removes all.",
    });
    let text = json!({
        "type": "string",
        "contentMediaType": "application/json",
        "pattern": patterns::phone_number_array(ALLOWED_NUMBERS_MAX),
        "description": "The numbers, E.164, as the text of a JSON array. An empty array removes all.",
    });
    let body = |phonenrs: Value| {
        json!({
            "type": "object",
            "required": ["phonenrs"],
            "properties": { "phonenrs": phonenrs },
            "additionalProperties": false,
        })
    };
    let example = json!({ "phonenrs": ["+46701740605"] });
    let of_form = json!({ "phonenrs": "[\"+46701740605\"]" });
    Body {
        json: Content::new("NewAllowedNumbers", body(list), example),
        form: Some(Content::new("NewAllowedNumbersForm", body(text), of_form)),
    }
}

const VERSION_ABOUT: &str = "The number in the `ETag` that you read. It means what an `If-Match` with that tag means, \
    and no program on the way can lose it.";

fn version() -> Value {
    inputs::between(0, ID_MAX)
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
pub fn new_customers() -> Value {
    json!({
        "type": "object",
        "required": ["customers"],
        "properties": {
            "customers": {
                "type": "array",
                "minItems": 1,
                "maxItems": BATCH_MAX,
                "items": reference(NEW_CUSTOMER),
                "description": "The customers. All of them are created, or none.",
            },
        },
        "additionalProperties": false,
    })
}

/// The input of a customer whose `custnr` stands in the path.
fn with_custnr_of_path(mut input: Value) -> Value {
    if let Some(custnr) = input.pointer_mut("/properties/custnr") {
        let about = "The same as in the path. It can be left out.";
        insert(custnr, "description", about.into());
    }
    input
}

pub fn idempotency_key() -> Value {
    let pattern = format!("^[!-~](?:[ -~]{{0,{}}}[!-~])?$", KEY_MAX - 2);
    let about = "A repeated request with the same key and the same parameters answers what the first one created, and \
                 creates nothing. A key is forgotten 30 days after its use.";
    header(
        "Idempotency-Key",
        json!({ "type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": pattern }),
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
