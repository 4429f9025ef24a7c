//! What each route takes and answers. A route that is not told here does not compile.

use customers::customers::IDEMPOTENCY_KEY_MAX;
use customers::intent::Intent;
use customers::paging::{AFTER, PAGE, PAGESIZE};
use customers::records::allowed_numbers::ALLOWED_NUMBERS_MAX;
use customers::records::kind::{BATCH_MAX, Creation, Kind, Removal};
use customers::router::{OperatorRoute, PartnerRoute};
use serde_json::{Map, Value, json};

use crate::columns::Columns;
use crate::inputs;
use crate::outputs::{Outputs, described, list, object};
use crate::patterns;

/// An operation, before it is known at which path it stands.
#[derive(Default)]
pub struct Operation {
    pub tag: &'static str,
    pub summary: String,
    pub about: &'static str,
    /// The ids that it cannot do without, each with its table. They stand in the path, the query or the body.
    pub ids: Vec<(&'static str, &'static str)>,
    /// Parameters of the query and headers.
    pub parameters: Vec<Value>,
    pub body: Option<Body>,
    /// The schema of a 200.
    pub answer: Value,
    /// Headers of a 200, each with whether it is always there.
    pub headers: Vec<(&'static str, bool)>,
    /// Statuses beside those that every operation has.
    pub statuses: Vec<u16>,
}

/// A request's body.
pub struct Body {
    /// The schema as JSON, and as a form where that will do.
    pub json: Value,
    pub form: Option<Value>,
    pub example: Value,
}

const CUSTOMER: (&str, &str) = ("customers", "customer_id");

/// A reference to a schema of the document.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The name of a kind's schema: `users` -> `User`.
pub fn schema_name(kind: &Kind) -> String {
    let mut letters = kind.singular.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// What a partner can ask for, at a path of the router's.
pub fn partner(outputs: Outputs<'_>, route: PartnerRoute, path: &str) -> Result<Operation, String> {
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
            summary: "Whether the service answers you".to_owned(),
            ids: Vec::new(),
            answer: object(members([("ping", json!({ "const": "ok" }))])),
            ..operation
        },
        PartnerRoute::ListCustomers => Operation {
            summary: "List customers".to_owned(),
            about: "The live customers by ascending `customer_id`. Follow the `Link` header to walk all of them.",
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
                        "Only the customer with this number of yours.",
                    ),
                ],
                paging(),
            ]
            .concat(),
            answer: outputs.page("customers", customer()),
            headers: vec![("Link", false)],
            ..operation
        },
        PartnerRoute::CreateCustomer => Operation {
            summary: "Create a customer".to_owned(),
            about: "`custom_n` is taken only where it is set up for you. German partners must give `custom_1` to \
                `custom_6`: street, house number, ZIP, city, `Firma`, `Herr` or `Frau`, full name.",
            ids: Vec::new(),
            parameters: vec![header(
                "Idempotency-Key",
                json!({
                    "type": "string",
                    "pattern": format!("^[!-~](?:[ -~]{{0,{}}}[!-~])?$", IDEMPOTENCY_KEY_MAX - 2),
                }),
                "A repeated request with the same key has the first one's result, and creates nothing.",
            )],
            body: Some(Body::either(
                inputs::customer(columns, Intent::Create)?,
                json!({ "name": "Nordlund AB", "custnr": "SE-1003" }),
            )),
            answer: outputs.one("customers", customer()),
            headers: vec![("ETag", true), ("Location", true)],
            statuses: vec![404, 409],
            ..operation
        },
        PartnerRoute::ReadCustomer => Operation {
            summary: "Read a customer".to_owned(),
            answer: outputs.one("customers", customer()),
            headers: vec![("ETag", true)],
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::ChangeCustomer => Operation {
            summary: "Change a customer".to_owned(),
            about: "Changes the fields that are given, and leaves the others.",
            parameters: vec![if_match()],
            body: Some(Body::either(
                inputs::customer(columns, Intent::Change)?,
                json!({ "email": "office@nordlund.example" }),
            )),
            answer: outputs.one("customers", customer()),
            headers: vec![("ETag", true)],
            statuses: vec![404, 409, 412],
            ..operation
        },
        PartnerRoute::EraseCustomer => Operation {
            tag: "Erasure",
            summary: "Erase a customer".to_owned(),
            about: "In one transaction: marks the account removed, expires its measures, removes its users and allowed \
                numbers, masks every phone number after country code and national destination code, and removes \
                everything else that is personal. Done again it answers the same receipt. The parameters may also \
                stand in a urlencoded body.",
            parameters: vec![
                query(
                    "dry_run",
                    json!({ "type": "integer", "minimum": 0, "maximum": 1, "default": 0 }),
                    "1 only counts what would be done.",
                ),
                if_match(),
            ],
            answer: object(members([("erasure", reference("Receipt"))])),
            statuses: vec![404, 412],
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
            summary: "Export everything held about a customer".to_owned(),
            about: "One document with all that is stored (GDPR articles 15 and 20).",
            answer: reference("Export"),
            statuses: vec![404],
            ..operation
        },
        PartnerRoute::ReadRecords(kind) if path.ends_with(&format!("{{{}}}", kind.id)) => {
            Operation {
                summary: format!("Read a {}", kind.singular),
                ids: vec![CUSTOMER, (kind.name, kind.id)],
                answer: outputs.one(kind.name, reference(&schema_name(kind))),
                ..of_kind(kind)?
            }
        }
        PartnerRoute::ReadRecords(kind) => Operation {
            summary: format!("List the {} of a customer", kind.name),
            parameters: paging(),
            answer: outputs.page(kind.name, reference(&schema_name(kind))),
            headers: vec![("Link", false)],
            ..of_kind(kind)?
        },
        PartnerRoute::CreateRecords(kind) => Operation {
            summary: match kind.creation {
                Creation::One => format!("Add a {} to a customer", kind.singular),
                Creation::Batch => format!("Add {} to a customer", kind.name),
            },
            about: match kind.creation {
                Creation::One => "",
                Creation::Batch => "All or nothing. Each names a measure of the same customer.",
            },
            body: Some(new_records(columns, kind)?),
            answer: outputs.one(kind.name, reference(&schema_name(kind))),
            headers: vec![("Location", true)],
            ..of_kind(kind)?
        },
        PartnerRoute::ChangeRecord(kind) => Operation {
            summary: format!("Change a {}", kind.singular),
            about: "Changes the fields that are given, and leaves the others.",
            ids: vec![CUSTOMER, (kind.name, kind.id)],
            body: Some(Body::either(
                inputs::record(columns, kind, Intent::Change)?,
                example(kind)?,
            )),
            answer: outputs.one(kind.name, reference(&schema_name(kind))),
            ..of_kind(kind)?
        },
        PartnerRoute::RemoveRecord(kind, removal) => Operation {
            summary: match removal {
                Removal::Set(..) => format!("Expire a {}", kind.singular),
                Removal::DeleteRow => format!("Remove a {}", kind.singular),
            },
            ids: vec![CUSTOMER, (kind.name, kind.id)],
            answer: match removal {
                Removal::Set(..) => outputs.one(kind.name, reference(&schema_name(kind))),
                Removal::DeleteRow => object(members([(
                    kind.name,
                    json!({ "type": "array", "maxItems": 0 }),
                )])),
            },
            ..of_kind(kind)?
        },
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
            about: "The whole list. In a form, `phonenrs` holds the text of a JSON array.",
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
            statuses: vec![404],
            ..operation
        },
    })
}

/// What the operator can ask for.
pub fn operator(outputs: Outputs<'_>, route: OperatorRoute) -> Result<Operation, String> {
    let columns = outputs.columns;
    let partner = || object(members([("partner", reference("Partner"))]));
    let username = ("partners", "username");
    let operation = Operation {
        tag: "Partners",
        ids: vec![username],
        statuses: vec![404],
        ..Operation::default()
    };
    Ok(match route {
        OperatorRoute::ListPartners => Operation {
            summary: "List the partners".to_owned(),
            ids: Vec::new(),
            parameters: paging(),
            answer: outputs.page("partners", reference("Partner")),
            headers: vec![("Link", false)],
            ..operation
        },
        OperatorRoute::ReadPartner => Operation {
            summary: "Read a partner".to_owned(),
            answer: partner(),
            ..operation
        },
        OperatorRoute::PutPartner => Operation {
            summary: "Create a partner, or change one".to_owned(),
            about: "Changes what is given. A new partner's password is in the answer, this once.",
            body: Some(Body::json(
                inputs::operators_partner(columns)?,
                json!({ "name": "Acme", "country": "SE", "allowed_networks": ["192.0.2.0/24"], "enabled": true }),
            )),
            answer: object(members([("partner", reference("CreatedPartner"))])),
            ..operation
        },
        OperatorRoute::NewPassword => Operation {
            summary: "Give a partner a new password".to_owned(),
            about: "The old one ends at once. The new one is shown this once.",
            answer: object(members([("password", password())])),
            ..operation
        },
        OperatorRoute::PutCustomField => Operation {
            summary: "Set up a custom field of a partner, or change its set-up".to_owned(),
            about: "Changes what is given. A new one has no label, at most 255 characters, and may be left out, unless \
                another is given. Those of the German rule stay as the rule has them.",
            ids: vec![username, ("custom_fields", "n")],
            body: Some(Body::json(
                inputs::custom_field(columns)?,
                json!({ "label": "Shop", "max_length": 40, "required": false }),
            )),
            answer: partner(),
            ..operation
        },
        OperatorRoute::DeleteCustomField => Operation {
            summary: "End a custom field of a partner".to_owned(),
            about: "Removes what was stored in it, of all customers, and says what that has cost the database.",
            ids: vec![username, ("custom_fields", "n")],
            answer: object(members([
                ("partner", reference("Partner")),
                (
                    "cost",
                    object(members([
                        ("customers_changed", outputs.integer()),
                        ("rows_read", outputs.integer()),
                        ("rows_written", outputs.integer()),
                    ])),
                ),
            ])),
            ..operation
        },
        OperatorRoute::ReadAudit => Operation {
            tag: "Audit trail",
            summary: "Read who has changed what".to_owned(),
            about: "Oldest entry first: names of fields, never a value.",
            ids: Vec::new(),
            parameters: paging(),
            answer: outputs.page("audit", reference("AuditEntry")),
            headers: vec![("Link", false)],
            ..operation
        },
    })
}

/// A partner as the operator sees it; a new one with its password.
pub fn partner_schema(outputs: Outputs<'_>, is_created: bool) -> Result<Value, String> {
    let names = ["partner_id", "username", "name", "country"];
    let mut schema = outputs.columns("partners", names)?;
    let networks = &outputs.columns.get("partners", "allowed_networks")?.about;
    let mut field = outputs.columns("custom_fields", ["n", "label", "max_length"])?;
    let about = &outputs.columns.get("custom_fields", "required")?.about;
    field.insert(
        "required".to_owned(),
        described(json!({ "type": "boolean" }), about),
    );
    let enabled = &outputs.columns.get("partners", "enabled")?.about;
    schema.extend(members([
        (
            "allowed_networks",
            described(list(json!({ "type": "string" })), networks),
        ),
        ("enabled", described(json!({ "type": "boolean" }), enabled)),
        ("custom_fields", list(object(field))),
        ("customers", outputs.column("partners", "customers")?),
    ]));
    let mut schema = object(schema);
    if let (true, Some(properties)) = (
        is_created,
        schema.get_mut("properties").and_then(Value::as_object_mut),
    ) {
        properties.insert("password".to_owned(), password());
    }
    Ok(schema)
}

/// An entry of the audit trail.
pub fn audit_entry(outputs: Outputs<'_>) -> Result<Value, String> {
    let names = [
        "audit_id",
        "at",
        "actor",
        "action",
        "kind",
        "record_id",
        "customer_id",
        "request_id",
    ];
    let mut schema = outputs.columns("audit", names)?;
    let fields = &outputs.columns.get("audit", "fields")?.about;
    schema.extend(members([
        ("partner", outputs.column("partners", "username")?),
        (
            "fields",
            described(list(json!({ "type": "string" })), fields),
        ),
    ]));
    Ok(object(schema))
}

fn password() -> Value {
    described(
        json!({ "type": "string" }),
        "256 random bits. It is kept nowhere.",
    )
}

impl Body {
    fn either(schema: Value, example: Value) -> Self {
        Self {
            json: schema.clone(),
            form: Some(schema),
            example,
        }
    }

    fn json(schema: Value, example: Value) -> Self {
        Self {
            json: schema,
            form: None,
            example,
        }
    }
}

/// What the operations of a kind have in common.
fn of_kind(kind: &Kind) -> Result<Operation, String> {
    let tag = match kind.name {
        "measures" => "Measures",
        "users" => "Users",
        "calls" => "Calls",
        name => return Err(format!("{name}: say here under which heading they stand")),
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

/// A record that could be given; its phone numbers are from ranges that are reserved for fiction.
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
        }),
        name => return Err(format!("{name}: give an example here")),
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

fn paging() -> Vec<Value> {
    [
        (PAGE, "The number of the page, from 0."),
        (PAGESIZE, "How many records a page has."),
        (AFTER, "The id past which the list begins."),
    ]
    .iter()
    .map(|(bounds, about)| query(bounds.name, inputs::bounds(bounds), about))
    .collect()
}

fn if_match() -> Value {
    let about = "The `ETag` of the version that is meant; after another change the answer is a 412, and nothing is done.";
    header("If-Match", json!({ "type": "string" }), about)
}

fn query(name: &str, schema: Value, about: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": schema, "description": about })
}

fn header(name: &str, schema: Value, about: &str) -> Value {
    json!({ "name": name, "in": "header", "schema": schema, "description": about })
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let members = members.into_iter();
    members
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}
