//! The schemas that the operator's operations refer to.

use customers_api::erasure::receipt::COUNTS;
use customers_api::moves::engine::PHASES;
use serde_json::{Value, json};

use crate::examples;
use crate::operations::{Named, members, named, reference};
use crate::outputs::Outputs;
use crate::schema::{described, list, object, shown};

/// All of them, with their names.
pub fn all(outputs: Outputs<'_>) -> Result<Vec<Named>, String> {
    let customer = outputs.columns("customers", ["customer_id", "uuid", "created"])?;
    let count = |name, about| (name, outputs.member(name, about));
    let was_restored = described(json!({ "type": "boolean" }), "Whether a restore was found.");
    let replay = object(members([
        ("was_restored", was_restored),
        count("erasures", "How many erasures the restore had undone."),
        count("erased_again", "How many customers were erased again."),
        count("logins", "How many logins were put back as they were."),
    ]));
    Ok(vec![
        named("Partner", partner_schema(outputs, false)?),
        named("CreatedPartner", partner_schema(outputs, true)?),
        named("CustomField", custom_field(outputs)?),
        named("Login", login_schema(outputs, false)?),
        named("CreatedLogin", login_schema(outputs, true)?),
        named("CustomerId", object(customer)),
        named("Receipt", outputs.receipt()?),
        named("ReceiptClaims", outputs.claims()?),
        named("AuditEntry", audit_entry(outputs)?),
        named("Erasure", erasure(outputs)?),
        named("Replay", replay),
        named("Database", database(outputs)),
        named("Home", object(outputs.columns("partners", ["database"])?)),
        named("Move", move_of(outputs)),
        named("ComparedTable", compared_table(outputs)),
    ])
}

/// A custom field of a partner.
fn custom_field(outputs: Outputs<'_>) -> Result<Value, String> {
    let mut field = outputs.columns("custom_fields", ["n", "label", "max_length"])?;
    let about = &outputs.columns.get("custom_fields", "required")?.about;
    let required = described(json!({ "type": "boolean" }), about);
    field.insert("required".to_owned(), required);
    Ok(object(field))
}

/// A partner that the operator sees. A new partner has its password too.
fn partner_schema(outputs: Outputs<'_>, is_created: bool) -> Result<Value, String> {
    let names = ["partner_id", "username", "name", "country"];
    let mut schema = outputs.columns("partners", names)?;
    let networks = &outputs.columns.get("partners", "allowed_networks")?.about;
    let enabled = &outputs.columns.get("partners", "enabled")?.about;
    schema.extend(members([
        (
            "allowed_networks",
            described(list(outputs.text("network", "A network.")), networks),
        ),
        ("enabled", described(json!({ "type": "boolean" }), enabled)),
        ("custom_fields", list(reference("CustomField"))),
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
fn audit_entry(outputs: Outputs<'_>) -> Result<Value, String> {
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
        ("fields", outputs.names_of_fields(fields)),
    ]));
    Ok(object(schema))
}

/// A login that the operator sees. A new login has its password too.
fn login_schema(outputs: Outputs<'_>, is_created: bool) -> Result<Value, String> {
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

/// An erasure of the ledger.
fn erasure(outputs: Outputs<'_>) -> Result<Value, String> {
    let mut schema = outputs.columns("customers", ["customer_id", "uuid", "removed_at"])?;
    let of_receipt = ["completed_at", "reerased_at", "backups_until", "jws"];
    schema.append(&mut outputs.columns("erasures", of_receipt)?);
    schema.append(&mut outputs.columns("erasures", COUNTS)?);
    let about = "The database that the customer was in, by the name of its binding.";
    schema.extend(members([
        (
            "erasure_id",
            outputs.member("erasure_id", "Assigned, ascending."),
        ),
        ("database", outputs.text("database", about)),
        ("partner", outputs.column("partners", "username")?),
    ]));
    Ok(object(schema))
}

/// A password that is shown once.
pub fn password() -> Value {
    let about = "256 random bits. The service does not store the password.";
    let schema = described(json!({ "type": "string" }), about);
    shown(schema, examples::of("", "password"))
}

/// A database of customers.
fn database(outputs: Outputs<'_>) -> Value {
    let integer = |name, about| (name, outputs.member(name, about));
    let was_restored = "Whether it was restored, and what this has undone is not done again yet.";
    object(members([
        ("name", outputs.text("database", "The name of its binding.")),
        integer("size", "Its size in bytes."),
        integer(
            "share",
            "How full it is, with the room that the erasures of its customers need, in percent of what it may hold.",
        ),
        integer("partners", "How many partners live in it."),
        integer("customers", "How many live customers they have."),
        (
            "was_restored",
            described(json!({ "type": "boolean" }), was_restored),
        ),
    ]))
}

/// A move of a partner.
fn move_of(outputs: Outputs<'_>) -> Value {
    let integer = |name, about| (name, outputs.member(name, about));
    let phases = json!({ "type": "string", "enum": PHASES });
    let phase = "What is being done. The phases follow each other in this order.";
    let anew = "How often the move has begun anew, because of a restore or of a difference.";
    object(members([
        (
            "username",
            outputs.text("username", "The partner's user name."),
        ),
        (
            "from",
            outputs.text("database", "The database that it comes from."),
        ),
        ("to", outputs.text("to", "The database that it goes to.")),
        ("phase", described(phases, phase)),
        integer("done", "How many of `total` the phase has done."),
        integer(
            "total",
            "How many customers, measures, users and calls the partner has.",
        ),
        integer("began_anew", anew),
        (
            "tables",
            described(list(reference("ComparedTable")), "What was compared."),
        ),
    ]))
}

/// What a move has compared.
fn compared_table(outputs: Outputs<'_>) -> Value {
    object(members([
        (
            "table",
            outputs.text("table", "The table, or the part of one."),
        ),
        (
            "rows",
            outputs.member("rows", "How many rows it has, on both sides."),
        ),
        (
            "sha256",
            outputs.text("sha256", "The SHA-256 of them, on both sides."),
        ),
    ]))
}
