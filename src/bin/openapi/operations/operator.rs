//! The operations of the operator's routes. The `match` is exhaustive: a route without an operation does not compile.

use customers_api::http::routes::OperatorRoute;
use customers_api::operator::input::ENDING_STATUSES;
use serde_json::{Value, json};

use super::{Body, Operation, members, paging, reference};
use crate::inputs;
use crate::outputs::Outputs;
use crate::schema::{described, list, object};

/// The operation of a route.
pub fn operation(outputs: Outputs<'_>, route: OperatorRoute) -> Result<Operation, String> {
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
            about: "Changes only the given fields. Only the answer that creates a partner holds its password.",
            body: Some(Body::json(
                inputs::operators_partner(columns)?,
                json!({ "name": "Acme", "country": "SE", "allowed_networks": ["192.0.2.0/24"], "enabled": true }),
            )),
            answer: object(members([("partner", reference("CreatedPartner"))])),
            statuses: vec![404, 409],
            ..operation
        },
        OperatorRoute::NewPassword => Operation {
            summary: "Give a partner a new password".to_owned(),
            about: "The old password stops working at once. Only this answer shows the new password.",
            answer: object(members([("password", password())])),
            ..operation
        },
        OperatorRoute::PutCustomField => Operation {
            summary: "Set up a custom field of a partner, or change its set-up".to_owned(),
            about: "Changes only the given parts of the set-up. By default a new field has no label, takes 255 characters \
            and is optional. The fields of the German rule cannot be changed.",
            ids: vec![username, ("custom_fields", "n")],
            body: Some(Body::json(
                inputs::custom_field(columns)?,
                json!({ "label": "Shop", "max_length": 40, "required": false }),
            )),
            answer: partner(),
            statuses: vec![404, 409],
            ..operation
        },
        OperatorRoute::DeleteCustomField => Operation {
            summary: "End a custom field of a partner".to_owned(),
            about: "Removes the field's values from all customers, and says what that cost the database. If the partner has \
            more than 10,000 customers, the values of the others are removed after the answer, and `status` is `ending`. \
            Nobody can read or write the field meanwhile, and it cannot be set up again until the last value is removed.",
            ids: vec![username, ("custom_fields", "n")],
            answer: object(members([
                ("partner", reference("Partner")),
                (
                    "status",
                    described(
                        json!({ "type": "string", "enum": ENDING_STATUSES }),
                        "Whether every value is removed, or values remain to be removed.",
                    ),
                ),
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
            summary: "Read the audit trail".to_owned(),
            about: "Who changed what, oldest entry first. An entry names the fields and holds no values.",
            ids: Vec::new(),
            parameters: paging(),
            answer: outputs.page("audit", reference("AuditEntry")),
            headers: vec![("Link", false)],
            ..operation
        },
    })
}

/// A partner that the operator sees. A new partner has its password too.
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
        "256 random bits. The service does not store the password.",
    )
}
