//! The operations of the operator's routes. The `match` is exhaustive: a route without an operation does not compile.

use customers_api::db::audit::ACTIONS;
use customers_api::http::routes::OperatorRoute;
use customers_api::operator::input::{ENDING_STATUSES, OVERLAP_MAX};
use customers_api::operator::sql::trail::ORDERS;
use customers_api::partners::placement::Database;
use customers_api::partners::profile::{READ, WRITE};
use serde_json::{Value, json};

use super::{Body, Named, Operation, members, named, paging, query, reference};
use crate::inputs;
use crate::operations::partner::{erasing, receipt};
use crate::outputs::Outputs;
use crate::patterns;
use crate::schema::{described, list, object};
use schemas::password;

pub mod schemas;

/// The operation of a route.
pub fn operation(outputs: Outputs<'_>, route: OperatorRoute) -> Result<Operation, String> {
    let columns = outputs.columns;
    let partner = || {
        let envelope = object(members([("partner", reference("Partner"))]));
        named("PartnerEnvelope", envelope)
    };
    let logins = || named("LoginsEnvelope", outputs.one("logins", reference("Login")));
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
            task: "listPartners".to_owned(),
            summary: "List the partners".to_owned(),
            about: "By ascending `partner_id`.",
            ids: Vec::new(),
            parameters: paging(),
            answer: named(
                "PartnerPage",
                outputs.page("partners", reference("Partner")),
            ),
            headers: vec![("Link", false)],
            ..operation
        },
        OperatorRoute::ReadPartner => Operation {
            task: "getPartner".to_owned(),
            summary: "Read a partner".to_owned(),
            about: "With its custom fields, and how many customers it has.",
            answer: partner(),
            ..operation
        },
        OperatorRoute::PutPartner => Operation {
            task: "putPartner".to_owned(),
            summary: "Create a partner, or change one".to_owned(),
            about: "Changes only the given fields. Only the answer that creates a partner holds its password.",
            body: Some(Body::json(
                "PartnerPut",
                inputs::operators_partner(columns)?,
                json!({ "name": "Acme", "country": "SE", "allowed_networks": ["192.0.2.0/24"], "enabled": true }),
            )),
            answer: named(
                "CreatedPartnerEnvelope",
                object(members([("partner", reference("CreatedPartner"))])),
            ),
            headers: vec![("Location", false)],
            statuses: vec![404, 409],
            ..operation
        },
        OperatorRoute::NewPassword => Operation {
            task: "renewPassword".to_owned(),
            summary: "Give a partner a new password".to_owned(),
            about: NEW_PASSWORD,
            body: Some(overlap()),
            answer: new_password(),
            ..operation
        },
        OperatorRoute::ListLogins => Operation {
            tag: "Logins",
            task: "listLogins".to_owned(),
            summary: "List the logins of a partner".to_owned(),
            about: "The partner's own login is among them.",
            answer: logins(),
            ..operation
        },
        OperatorRoute::PutLogin => Operation {
            tag: "Logins",
            task: "putLogin".to_owned(),
            summary: "Add a login to a partner, or change its access".to_owned(),
            about: "Only the answer that adds a login holds its password. A user name belongs to one login only.",
            ids: vec![username, login],
            body: Some(Body::json(
                "LoginPut",
                json!({
                    "type": "object",
                    "required": ["access"],
                    "properties": { "access": {
                        "type": "string",
                        "enum": [READ, WRITE],
                        "description": "`write` may do everything, `read` only GET, HEAD and OPTIONS.",
                    } },
                    "additionalProperties": false,
                }),
                json!({ "access": READ }),
            )),
            answer: named(
                "CreatedLoginEnvelope",
                object(members([("login", reference("CreatedLogin"))])),
            ),
            headers: vec![("Location", false)],
            statuses: vec![404, 409],
            ..operation
        },
        OperatorRoute::EndLogin => Operation {
            tag: "Logins",
            task: "endLogin".to_owned(),
            summary: "End a login at once".to_owned(),
            about: "Answers the logins that are left. The partner's own login cannot be ended.",
            ids: vec![username, login],
            answer: logins(),
            ..operation
        },
        OperatorRoute::NewLoginPassword => Operation {
            tag: "Logins",
            task: "renewLoginPassword".to_owned(),
            summary: "Give a login a new password".to_owned(),
            about: NEW_PASSWORD,
            ids: vec![username, login],
            body: Some(overlap()),
            answer: new_password(),
            ..operation
        },
        OperatorRoute::ListCustomersOf => Operation {
            task: "listCustomersOfPartner".to_owned(),
            summary: "List the customers of a partner".to_owned(),
            about: "Only their ids, and when they were created. Also if the partner is disabled.",
            parameters: paging(),
            answer: named(
                "CustomerIdPage",
                outputs.page("customers", reference("CustomerId")),
            ),
            headers: vec![("Link", false)],
            ..operation
        },
        OperatorRoute::EraseOnBehalf => Operation {
            task: "eraseCustomerOfPartner".to_owned(),
            summary: "Erase a customer on a partner's behalf".to_owned(),
            about: "As the partner's own `DELETE` does, also if the partner is disabled.",
            ids: vec![username, ("customers", "customer_id")],
            parameters: erasing(),
            answer: receipt(),
            statuses: vec![404, 412],
            ..operation
        },
        OperatorRoute::PutCustomField => Operation {
            task: "putCustomField".to_owned(),
            summary: "Set up a custom field of a partner, or change its set-up".to_owned(),
            about: "Changes only the given parts of the set-up. By default a new field has no label, takes 255 characters \
            and is optional. The fields of the German rule cannot be changed.",
            ids: vec![username, ("custom_fields", "n")],
            body: Some(Body::json(
                "CustomFieldPut",
                inputs::custom_field(columns)?,
                json!({ "label": "Shop", "max_length": 40, "required": false }),
            )),
            answer: partner(),
            statuses: vec![404, 409],
            ..operation
        },
        OperatorRoute::DeleteCustomField => Operation {
            task: "endCustomField".to_owned(),
            summary: "End a custom field of a partner".to_owned(),
            about: "Removes the field's values from all customers, and says what that cost the database. If the partner has \
            200 customers or more, the values of the others are removed after the answer, and `status` is `ending`. \
            Nobody can read or write the field meanwhile, and it cannot be set up again until the last value is removed.",
            ids: vec![username, ("custom_fields", "n")],
            answer: named(
                "CustomFieldEnding",
                object(members([
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
                            (
                                "customers_changed",
                                outputs
                                    .member("customers_changed", "How many customers had a value."),
                            ),
                            (
                                "rows_read",
                                outputs.member("rows_read", "How many rows the database has read."),
                            ),
                            (
                                "rows_written",
                                outputs.member(
                                    "rows_written",
                                    "How many rows the database has written.",
                                ),
                            ),
                        ])),
                    ),
                ])),
            ),
            ..operation
        },
        OperatorRoute::ReadAudit => Operation {
            tag: "Audit trail",
            task: "listAudit".to_owned(),
            summary: "Read the audit trail".to_owned(),
            about: "Who changed what. An entry names the fields and holds no values. With a filter, \
            `total` counts among the first 10,000 entries of the partner or customer (without either, of the whole \
            trail), and a page may be short and still have a `Link` to the next.",
            ids: Vec::new(),
            parameters: [filters(), paging()].concat(),
            answer: named("AuditPage", outputs.page("audit", reference("AuditEntry"))),
            headers: vec![("Link", false)],
            ..operation
        },
        OperatorRoute::MovePartner => Operation {
            tag: "Databases",
            task: "movePartner".to_owned(),
            summary: "Move a partner to another database".to_owned(),
            about: "Goes on for some seconds, and answers how far the move is. Repeat it until `phase` is `complete`; without \
            repeats the service goes on by itself, slowly. To give it up, move the partner to the database that it comes from; \
            that ends in `abandoned`. While a partner moves, its reads are answered; its writes get a 503 \
            with the code `moving`, and can be repeated.",
            body: Some(move_to()),
            answer: named(
                "MoveEnvelope",
                object(members([("move", reference("Move"))])),
            ),
            statuses: vec![404, 409],
            ..operation
        },
        OperatorRoute::ListErasures => Operation {
            tag: "Ledger",
            task: "listErasures".to_owned(),
            summary: "List the erasures".to_owned(),
            about: "From the ledger, which no restore of the customers' database takes back; in the order of the time of the \
            erasure. `total` counts among the first 10,000 since then.",
            ids: Vec::new(),
            parameters: [vec![since()], paging()].concat(),
            answer: named(
                "ErasurePage",
                outputs.page("erasures", reference("Erasure")),
            ),
            headers: vec![("Link", false)],
            ..operation
        },
        OperatorRoute::Replay => Operation {
            tag: "Ledger",
            task: "replay".to_owned(),
            summary: "Undo a restore of the customers' database".to_owned(),
            about: "The service does so by itself. Without a restore it changes nothing, and all counts are 0.",
            ids: Vec::new(),
            answer: named(
                "ReplayEnvelope",
                object(members([("replay", reference("Replay"))])),
            ),
            ..operation
        },
        OperatorRoute::ReadHome => Operation {
            tag: "Databases",
            task: "getHome".to_owned(),
            summary: "Read where a partner lives".to_owned(),
            about: "The answer of a partner does not tell it.",
            answer: named(
                "HomeEnvelope",
                object(members([("home", reference("Home"))])),
            ),
            ..operation
        },
        OperatorRoute::ReadDocument => Operation {
            tag: "Document",
            task: "getOperatorDocument".to_owned(),
            summary: "Read this document".to_owned(),
            about: "Partners have another one, which is public: `/openapi.json`.",
            ids: Vec::new(),
            answer: named("Document", document()),
            statuses: Vec::new(),
            ..operation
        },
        OperatorRoute::ListDatabases => Operation {
            tag: "Databases",
            task: "listDatabases".to_owned(),
            summary: "List the databases".to_owned(),
            about: "Each that the Worker has, in the order of their numbers. `moves` has the moves that are unfinished, at most 100.",
            ids: Vec::new(),
            answer: named(
                "DatabasesEnvelope",
                object(members([
                    ("databases", list(reference("Database"))),
                    ("moves", list(reference("Move"))),
                ])),
            ),
            ..operation
        },
    })
}

/// An OpenAPI document. OpenAPI says what else is in it.
fn document() -> Value {
    json!({
        "type": "object",
        "description": "A document of OpenAPI 3.1.",
        "examples": [{ "openapi": "3.1.0" }],
    })
}

fn since() -> Value {
    query(
        "since",
        json!({ "type": "string", "pattern": patterns::TIME }),
        "Only what is of this time and later.",
    )
}

const NEW_PASSWORD: &str = "The old password stops working after `overlap_seconds`: without it, at once. A password that \
                            was replaced before stops working at once. Only this answer shows the new password.";

/// The body of a request for a move.
fn move_to() -> Body {
    let names: Vec<String> = Database::all()
        .map(|database| database.to_string())
        .collect();
    let to =
        json!({ "type": "string", "enum": names, "description": "The database that it goes to." });
    Body::json(
        "MoveTo",
        json!({
            "type": "object",
            "required": ["to"],
            "properties": { "to": to },
            "additionalProperties": false,
        }),
        json!({ "to": "DB_2" }),
    )
}

/// The body of a request for a new password.
fn overlap() -> Body {
    let seconds = inputs::between(0, OVERLAP_MAX);
    let about = "For how many seconds the old password stays good.";
    Body::json(
        "Overlap",
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
            inputs::integer(),
            "Only entries of this customer.",
        ),
        since(),
        query(
            "action",
            json!({ "type": "string", "enum": ACTIONS }),
            "Only entries of this action.",
        ),
        query(
            "order",
            json!({ "type": "string", "enum": ORDERS.map(|(name, _)| name) }),
            "Which entry comes first; without it, the oldest. The newest are at most 1,000, and their page has no `Link`.",
        ),
    ]
}

fn new_password() -> Named {
    named("NewPassword", object(members([("password", password())])))
}
