//! An example of every member and parameter. Phone numbers are from ranges that are reserved for fiction.

use customers_api::http::error::Error;
use serde_json::{Value, json};

use crate::schema::insert;

/// The customer of the examples: the second of the demo data.
pub const CUSTOMER_ID: i64 = 2;

/// An example of a column, or of what has no column (`table` is then empty). `None` if there is none.
pub fn of(table: &str, name: &str) -> Option<Value> {
    of_table(table, name).or_else(|| of_any(name))
}

fn of_table(table: &str, name: &str) -> Option<Value> {
    Some(match (table, name) {
        ("customers", "name") => json!("Nordlund AB"),
        ("customers", "email") => json!("office@nordlund.example"),
        ("customers", "removed_at") => json!("2026-10-01 09:30:00"),
        ("measures", "name") => json!("Leaflet"),
        ("measures", "phonenr") => json!("+46313900650"),
        ("measures", "expires") => json!("2027-01-01 00:00:00"),
        ("users", "name") => json!("Karin Nordlund"),
        ("users", "email") => json!("karin@nordlund.example"),
        ("partners", "name") => json!("Acme"),
        ("partners", "username") => json!("acme"),
        ("partners", "customers") => json!(2),
        ("logins", "username" | "login") => json!("acme-reports"),
        ("custom_fields", "required") => json!(false),
        ("audit", "login") => json!("acme"),
        _ => return None,
    })
}

fn of_any(name: &str) -> Option<Value> {
    Some(match name {
        "customer_id" => json!(CUSTOMER_ID),
        "measure_id" => json!(4),
        "user_id" => json!(3),
        "call_id" => json!(11),
        "uuid" => json!("4f6c1d0e-8a3b-4c5d-9e2f-7a1b2c3d4e5f"),
        "custnr" => json!("SE-1020"),
        "corporateid" => json!("556000-0001"),
        "receive_monthly_report" => json!(1),
        "freespee_caller_id" => json!(0),
        "address_street" => json!("Storgatan 1"),
        "address_zip" => json!("411 01"),
        "address_city" => json!("Göteborg"),
        "address_state" => json!(""),
        "address_country" => json!("SE"),
        "custom_1" => json!("Storgatan"),
        "version" => json!(3),
        "created" | "at" | "start" => json!("2026-09-05 10:00:00"),
        "media" => json!("Print"),
        "phonenr" => json!("+46701740605"),
        "destnr" | "bnum" => json!("+46313900602"),
        "anum" => json!("+46701740699"),
        "cnum" => json!("+46313900650"),
        "write_access" | "answered" => json!(1),
        "duration" => json!(42),
        "external_id" => json!("pbx-2026-000117"),
        "position" => json!(0),
        "completed_at" => json!("2026-10-01 09:30:00"),
        "reerased_at" | "previous_until" => json!(""),
        "backups_until" => json!("2026-10-31 09:30:00"),
        "measures_expired" => json!(1),
        "users_removed" => json!(2),
        "allowed_numbers_removed" => json!(1),
        "phone_numbers_masked" => json!(9),
        "jws" => json!(include_str!("examples/receipt.jws").trim_end()),
        "audit_id" | "change_id" => json!(117),
        "actor" => json!("partner"),
        "action" => json!("change"),
        "kind" => json!("customers"),
        "record_id" => json!(2),
        "field" => json!("email"),
        "request_id" => json!("0b9f0c3c-52e4-4a7b-a0f6-3b1a3f6f0d11"),
        "n" => json!(7),
        "label" => json!("Shop"),
        "max_length" => json!(40),
        "total" => json!(1),
        "page" => json!(0),
        "pagesize" => json!(1000),
        "numpages" => json!(1),
        "after" => json!(0),
        "dry_run" => json!(1),
        "Idempotency-Key" => json!("5a1f7a52-8a4c-4a39-9d0e-3c1c1f3a8f0b"),
        "If-Match" | "If-None-Match" => json!("\"3\""),
        "health" => json!("ok"),
        "release" => json!("1.0.0"),
        "migrations" => json!(8),
        "missing" => json!("0008_example.sql"),
        "kty" => json!("EC"),
        "crv" => json!("P-256"),
        "x" => json!("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        "y" => json!("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        "kid" => json!("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"),
        "use" => json!("sig"),
        "alg" => json!("ES256"),
        "partner_id" | "erasure_id" => json!(1),
        "username" | "partner" => json!("acme"),
        "login" => json!("acme-reports"),
        "country" => json!("SE"),
        "network" => json!("192.0.2.0/24"),
        "allowed_networks" => json!(["192.0.2.0/24"]),
        "enabled" => json!(true),
        "access" => json!("read"),
        "password" => json!("3yV0-example-password"),
        "overlap_seconds" => json!(86_400),
        "database" => json!("DB"),
        "since" => json!("2026-09-01 00:00:00"),
        "to" => json!("DB_2"),
        "order" => json!("newest"),
        "size" => json!(4_096_000),
        "share" => json!(1),
        "partners" | "customers" => json!(2),
        "done" | "began_anew" => json!(0),
        "table" => json!("customers"),
        "rows" => json!(2),
        "sha256" => json!("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
        "apply_with" => json!("npx wrangler d1 migrations apply DB --local"),
        "customers_changed" | "rows_read" | "rows_written" => json!(2),
        "erasures" | "erased_again" | "logins" => json!(0),
        _ if name.starts_with("custom_") => json!(""),
        _ => return None,
    })
}

/// The body of an error.
pub fn error(error: &Error) -> Value {
    let body = error
        .body("0b9f0c3c-52e4-4a7b-a0f6-3b1a3f6f0d11")
        .to_string();
    serde_json::from_str(&body).unwrap_or_default()
}

/// The parameters, each with an example.
pub fn of_parameters(parameters: &[Value]) -> Result<Vec<Value>, String> {
    let parameters = parameters.iter().map(|parameter| {
        let mut parameter = parameter.clone();
        if parameter.get("example").is_none_or(Value::is_null) {
            let name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let example = of("", name).ok_or_else(|| format!("no example is known for {name}"))?;
            insert(&mut parameter, "example", example);
        }
        Ok(parameter)
    });
    parameters.collect()
}

/// An example of a schema, made of those of its members. A member that may be absent and is empty is left out.
pub fn of_schema(schema: &Value, schemas: &Value) -> Result<Value, String> {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let schema = name
            .rsplit('/')
            .next()
            .and_then(|name| schemas.get(name))
            .ok_or_else(|| format!("{name} is not defined"))?;
        return of_schema(schema, schemas);
    }
    let given = ["/examples/0", "/const", "/enum/0"];
    if let Some(example) = given.iter().find_map(|place| schema.pointer(place)) {
        return Ok(example.clone());
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") if schema.get("maxItems") == Some(&json!(0)) => Ok(json!([])),
        Some("array") => {
            let items = schema.get("items").ok_or("an array without items")?;
            Ok(json!([of_schema(items, schemas)?]))
        }
        Some("object") => of_object(schema, schemas),
        Some("boolean") => Ok(json!(true)),
        _ => Err(format!("no example is known for {schema}")),
    }
}

fn of_object(schema: &Value, schemas: &Value) -> Result<Value, String> {
    let required = schema.get("required").and_then(Value::as_array);
    let mut example = json!({});
    let members = schema.get("properties").and_then(Value::as_object);
    for (name, member) in members.into_iter().flatten() {
        let is_required = required.is_some_and(|names| names.contains(&json!(name)));
        match of_schema(member, schemas) {
            Ok(value) if !is_required && (value == "" || value == json!([])) => {}
            Ok(value) => insert(&mut example, name, value),
            Err(error) => return Err(format!("{name}: {error}")),
        }
    }
    Ok(example)
}
