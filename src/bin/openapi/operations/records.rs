//! The operations of the records that hang on a customer.

use customers_api::http::batch::BATCH_MAX;
use customers_api::http::intent::Intent;
use customers_api::http::routes::PartnerRoute;
use customers_api::records::kind::{Creation, Kind, Removal};
use serde_json::{Value, json};

use super::partner::{CUSTOMER, idempotency_key};
use super::{Body, Operation, capitalized, members, named, paging, query, reference, schema_name};
use crate::columns::Columns;
use crate::inputs;
use crate::outputs::Outputs;
use crate::schema::object;

/// The operation of a route for a kind of record.
pub fn of_records(
    outputs: Outputs<'_>,
    route: PartnerRoute,
    kind: &Kind,
    path: &str,
) -> Result<Operation, String> {
    let columns = outputs.columns;
    let name = schema_name(kind);
    let many = capitalized(kind.name);
    let one = || {
        named(
            format!("{name}Envelope"),
            outputs.one(kind.name, reference(&name)),
        )
    };
    let no_removal = || format!("{}: the kind has no removal for its DELETE", kind.name);
    let is_of_one = path.ends_with(&format!("{{{}}}", kind.id));
    Ok(match route {
        PartnerRoute::ReadRecords(_) if is_of_one => Operation {
            task: format!("get{name}"),
            summary: format!("Read a {}", kind.singular),
            about: "Answers it as the list has it.",
            ids: vec![CUSTOMER, (kind.name, kind.id)],
            answer: one(),
            ..of_kind(kind)?
        },
        PartnerRoute::CreateRecords(_) => Operation {
            task: match kind.creation {
                Creation::One => format!("create{name}"),
                Creation::Batch => format!("create{many}"),
            },
            summary: match kind.creation {
                Creation::One => format!("Add a {} to a customer", kind.singular),
                Creation::Batch => format!("Add {} to a customer", kind.name),
            },
            about: match kind.creation {
                Creation::One => "Answers the new record. `Location` is its path.",
                Creation::Batch => {
                    "Creates all or none. Each names a measure of the same customer. A call with the `external_id` of \
                    one that the customer has is that call: it is answered in its place, and stored once."
                }
            },
            parameters: vec![idempotency_key()],
            body: Some(new_records(columns, kind)?),
            answer: one(),
            headers: vec![("Location", true)],
            statuses: vec![404, 409],
            ..of_kind(kind)?
        },
        PartnerRoute::ChangeRecord(_) => Operation {
            task: format!("update{name}"),
            summary: format!("Change a {}", kind.singular),
            about: "Changes only the given fields.",
            ids: vec![CUSTOMER, (kind.name, kind.id)],
            body: Some(Body::either(
                format!("{name}Change"),
                inputs::record(columns, kind, Intent::Change)?,
                example(kind)?,
            )),
            answer: one(),
            statuses: vec![404],
            ..of_kind(kind)?
        },
        PartnerRoute::RemoveRecord(_) => {
            let (task, summary, about, answer) = match kind.removal.ok_or_else(no_removal)? {
                Removal::Set(..) => (
                    "expire",
                    "Expire",
                    "Answers the record, which stays.",
                    one(),
                ),
                Removal::DeleteRow => {
                    let none = json!({ "type": "array", "items": reference(&name), "maxItems": 0 });
                    let answer = object(members([(kind.name, none)]));
                    let answer = named(format!("No{many}"), answer);
                    ("remove", "Remove", "Answers an empty list.", answer)
                }
            };
            Operation {
                task: format!("{task}{name}"),
                summary: format!("{summary} a {}", kind.singular),
                about,
                ids: vec![CUSTOMER, (kind.name, kind.id)],
                answer,
                ..of_kind(kind)?
            }
        }
        _ => Operation {
            task: format!("list{many}"),
            summary: format!("List the {} of a customer", kind.name),
            about: match kind.creation {
                Creation::One => {
                    "By ascending id. With the id of one record, only that one, or a 404."
                }
                Creation::Batch => {
                    "Newest first. With the id of one record, only that one, or a 404."
                }
            },
            parameters: [vec![only_one(kind)], paging()].concat(),
            answer: named(
                format!("{name}Page"),
                outputs.page_or_one(kind.name, reference(&name)),
            ),
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

/// The name of the schema of a record that is created.
pub fn new_name(kind: &Kind) -> String {
    format!("New{}", schema_name(kind))
}

fn new_records(columns: &Columns, kind: &Kind) -> Result<Body, String> {
    let name = new_name(kind);
    Ok(match kind.creation {
        Creation::One => {
            let record = inputs::record(columns, kind, Intent::Create)?;
            Body::either(name, record, example(kind)?)
        }
        Creation::Batch => Body::json(
            format!("New{}", capitalized(kind.name)),
            json!({
                "type": "object",
                "required": [kind.name],
                "properties": {
                    kind.name: {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": BATCH_MAX,
                        "items": reference(&name),
                        "description": "The records. All of them are created, or none.",
                    },
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

/// The id of one record as a parameter of the list.
fn only_one(kind: &Kind) -> Value {
    let about = "Only the record with this id. It takes no paging, and the answer then has no members but the list.";
    query(kind.id, inputs::id(), about)
}
