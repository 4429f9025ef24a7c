//! The operations of the operator's routes. The `match` is exhaustive: a route without an operation does not compile.

use customers_api::db::audit::ACTIONS;
use customers_api::erasure::receipt::COUNTS;
use customers_api::http::routes::OperatorRoute;
use customers_api::moves::engine::PHASES;
use customers_api::operator::input::{ENDING_STATUSES, OVERLAP_MAX};
use customers_api::partners::placement::Database;
use customers_api::operator::sql::trail::ORDERS;
use customers_api::partners::profile::{READ, WRITE};
use serde_json::{Value, json};

use super::{Body, Operation, members, paging, query, reference};
use crate::inputs;
use crate::operations::partner::erasing;
use crate::outputs::Outputs;
use crate::patterns;
use crate::schema::{described, list, object};

/// The operation of a route.
pub fn operation(outputs: Outputs<'_>, route: OperatorRoute) -> Result<Operation, String> {
    let columns = outputs.columns;
    let partner = || object(members([("partner", reference("Partner"))]));
    let username = ("partners", "username");
    let login = ("logins", "login");
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
            about: NEW_PASSWORD,
            body: Some(overlap()),
            answer: object(members([("password", password())])),
            ..operation
        },
        OperatorRoute::ListLogins => Operation {
            tag: "Logins",
            summary: "List the logins of a partner".to_owned(),
            about: "The partner's own login is among them.",
            answer: outputs.one("logins", reference("Login")),
            ..operation
        },
        OperatorRoute::PutLogin => Operation {
            tag: "Logins",
            summary: "Add a login to a partner, or change its access".to_owned(),
            about: "Only the answer that adds a login holds its password. A user name belongs to one login only.",
            ids: vec![username, login],
            body: Some(Body::json(
                json!({
                    "type": "object",
                    "required": ["access"],
                    "properties": { "access": { "enum": [READ, WRITE] } },
                    "additionalProperties": false,
                }),
                json!({ "access": READ }),
            )),
            answer: object(members([("login", reference("CreatedLogin"))])),
            statuses: vec![404, 409],
            ..operation
        },
        OperatorRoute::EndLogin => Operation {
            tag: "Logins",
            summary: "End a login at once".to_owned(),
            about: "Answers the logins that are left. The partner's own login cannot be ended.",
            ids: vec![username, login],
            answer: outputs.one("logins", reference("Login")),
            ..operation
        },
        OperatorRoute::NewLoginPassword => Operation {
            tag: "Logins",
            summary: "Give a login a new password".to_owned(),
            about: NEW_PASSWORD,
            ids: vec![username, login],
            body: Some(overlap()),
            answer: object(members([("password", password())])),
            ..operation
        },
        OperatorRoute::ListCustomersOf => Operation {
            summary: "List the customers of a partner".to_owned(),
            about: "Only their ids, and when they were created. Also if the partner is disabled.",
            parameters: paging(),
            answer: outputs.page(
                "customers",
                object(outputs.columns("customers", ["customer_id", "uuid", "created"])?),
            ),
            headers: vec![("Link", false)],
            ..operation
        },
        OperatorRoute::EraseOnBehalf => Operation {
            summary: "Erase a customer on a partner's behalf".to_owned(),
            about: "As the partner's own `DELETE` does, also if the partner is disabled.",
            ids: vec![username, ("customers", "customer_id")],
            parameters: erasing(),
            answer: object(members([("erasure", reference("Receipt"))])),
            statuses: vec![404, 412],
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
            about: "Who changed what. An entry names the fields and holds no values. With a filter, \
            `total` counts among the first 10,000 entries of the partner or customer (without either, of the whole \
            trail), and a page may be short and still have a `Link` to the next.",
            ids: Vec::new(),
            parameters: [filters(), paging()].concat(),
            answer: outputs.page("audit", reference("AuditEntry")),
            headers: vec![("Link", false)],
            ..operation
        },
        OperatorRoute::MovePartner => Operation {
            tag: "Databases",
            summary: "Move a partner to another database".to_owned(),
            about: "Goes on for some seconds, and answers how far the move is. Repeat it until `phase` is `complete`; without \
            repeats the service goes on by itself, slowly. While a partner moves, its reads are answered; its writes get a 503 \
            with the code `moving`, and can be repeated.",
            body: Some(move_to()),
            answer: object(members([("move", reference("Move"))])),
            statuses: vec![404, 409],
            ..operation
        },
        OperatorRoute::ListErasures => Operation {
            tag: "Ledger",
            summary: "List the erasures".to_owned(),
            about: "From the ledger, which no restore of the customers' database takes back; in the order of the time of the \
            erasure. `total` counts among the first 10,000 since then.",
            ids: Vec::new(),
            parameters: [vec![since()], paging()].concat(),
            answer: outputs.page("erasures", reference("Erasure")),
            headers: vec![("Link", false)],
            ..operation
        },
        OperatorRoute::Replay => Operation {
            tag: "Ledger",
            summary: "Undo a restore of the customers' database".to_owned(),
            about: "The service does so by itself. Without a restore it changes nothing, and all counts are 0.",
            ids: Vec::new(),
            answer: object(members([(
                "replay",
                object(members([
                    ("was_restored", json!({ "type": "boolean" })),
                    ("erasures", outputs.integer()),
                    ("erased_again", outputs.integer()),
                    ("logins", outputs.integer()),
                ])),
            )])),
            ..operation
        },
        OperatorRoute::ReadHome => Operation {
            tag: "Databases",
            summary: "Read where a partner lives".to_owned(),
            about: "The answer of a partner does not tell it.",
            answer: object(members([(
                "home",
                object(members([(
                    "database",
                    outputs.column("partners", "database")?,
                )])),
            )])),
            ..operation
        },
        OperatorRoute::ListDatabases => Operation {
            tag: "Databases",
            summary: "List the databases".to_owned(),
            about: "Each that the Worker has, in the order of their numbers.",
            ids: Vec::new(),
            answer: object(members([("databases", list(reference("Database")))])),
            ..operation
        },
    })
}

/// A database of customers.
pub fn database(outputs: Outputs<'_>) -> Value {
    let integer = |about| described(outputs.integer(), about);
    let name = "The name of its binding.";
    let was_restored = "Whether it was restored, and what this has undone is not done again yet.";
    object(members([
        ("name", described(json!({ "type": "string" }), name)),
        ("size", integer("Its size in bytes.")),
        (
            "share",
            integer("How full it is, in percent of what it may hold."),
        ),
        ("partners", integer("How many partners live in it.")),
        ("customers", integer("How many live customers they have.")),
        (
            "was_restored",
            described(json!({ "type": "boolean" }), was_restored),
        ),
    ]))
}

/// A move of a partner.
pub fn move_of(outputs: Outputs<'_>) -> Value {
    let integer = |about| described(outputs.integer(), about);
    let text = |about| described(json!({ "type": "string" }), about);
    let phases = json!({ "type": "string", "enum": PHASES });
    let table = object(members([
        ("table", text("The table, or the part of one.")),
        ("rows", integer("How many rows it has, on both sides.")),
        ("sha256", text("The SHA-256 of them, on both sides.")),
    ]));
    object(members([
        ("username", text("The partner's user name.")),
        ("from", text("The database that it comes from.")),
        ("to", text("The database that it goes to.")),
        (
            "phase",
            described(
                phases,
                "What is being done. The phases follow each other in this order.",
            ),
        ),
        ("done", integer("How many of `total` the phase has done.")),
        (
            "total",
            integer("How many customers, measures, users and calls the partner has."),
        ),
        (
            "began_anew",
            integer("How often the move has begun anew, because of a restore or of a difference."),
        ),
        ("tables", described(list(table), "What was compared.")),
    ]))
}

/// An erasure of the ledger.
pub fn erasure(outputs: Outputs<'_>) -> Result<Value, String> {
    let mut schema = outputs.columns("customers", ["customer_id", "uuid", "removed_at"])?;
    let of_receipt = ["completed_at", "reerased_at", "backups_until", "jws"];
    schema.append(&mut outputs.columns("erasures", of_receipt)?);
    schema.append(&mut outputs.columns("erasures", COUNTS)?);
    let database = described(
        json!({ "type": "string" }),
        "The database that the customer was in, by the name of its binding.",
    );
    schema.extend(members([
        ("erasure_id", outputs.integer()),
        ("database", database),
        ("partner", outputs.column("partners", "username")?),
    ]));
    Ok(object(schema))
}

fn since() -> Value {
    query(
        "since",
        json!({ "type": "string", "pattern": patterns::TIME }),
        "Only what is of this time and later.",
    )
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
        "login",
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

/// A login that the operator sees. A new login has its password too.
pub fn login_schema(outputs: Outputs<'_>, is_created: bool) -> Result<Value, String> {
    let mut schema = outputs.columns("logins", ["access", "created", "previous_until"])?;
    schema.extend(members([("login", outputs.column("logins", "username")?)]));
    let mut schema = object(schema);
    if let (true, Some(properties)) = (
        is_created,
        schema.get_mut("properties").and_then(Value::as_object_mut),
    ) {
        properties.insert("password".to_owned(), password());
    }
    Ok(schema)
}

const NEW_PASSWORD: &str = "The old password stops working after `overlap_seconds`: without it, at once. A password that \
                            was replaced before stops working at once. Only this answer shows the new password.";

/// The body of a request for a new password.
fn move_to() -> Body {
    let names: Vec<String> = Database::all()
        .map(|database| database.to_string())
        .collect();
    Body::json(
        json!({
            "type": "object",
            "required": ["to"],
            "properties": { "to": { "enum": names } },
            "additionalProperties": false,
        }),
        json!({ "to": "DB_2" }),
    )
}

fn overlap() -> Body {
    let seconds = json!({ "type": "integer", "minimum": 0, "maximum": OVERLAP_MAX });
    let about = "For how many seconds the old password stays good.";
    Body::json(
        json!({
            "type": "object",
            "properties": { "overlap_seconds": described(seconds, about) },
            "additionalProperties": false,
        }),
        json!({ "overlap_seconds": 86_400 }),
    )
}

/// The filters of the audit trail.
fn filters() -> Vec<Value> {
    let text = || json!({ "type": "string" });
    vec![
        query(
            "partner",
            text(),
            "Only entries of the partner with this user name.",
        ),
        query(
            "customer_id",
            json!({ "type": "integer" }),
            "Only entries of this customer.",
        ),
        since(),
        query(
            "action",
            json!({ "enum": ACTIONS }),
            "Only entries of this action.",
        ),
        query(
            "order",
            json!({ "enum": ORDERS.map(|(name, _)| name) }),
            "Which entry comes first; without it, the oldest. The newest are at most 1,000, and their page has no `Link`.",
        ),
    ]
}

fn password() -> Value {
    described(
        json!({ "type": "string" }),
        "256 random bits. The service does not store the password.",
    )
}
