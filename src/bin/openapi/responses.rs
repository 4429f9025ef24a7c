//! The answers: a 200, and every error.

use customers_api::auth::digest::REALM;
use customers_api::http::body::BodyRules;
use customers_api::http::error::Error;
use customers_api::http::error::codes::{self, CODES, Code};
use customers_api::http::validation::length_fault;
use serde_json::{Value, json};

use crate::examples;
use crate::operations::reference;
use crate::schema::{described, insert, object, object_with};

/// A 200 with these headers. The flag says whether every 200 has the header.
pub fn success(schema: Value, example: Value, headers: Vec<(&str, bool)>) -> Value {
    let mut all = json!({ "X-Request-Id": header_reference("X-Request-Id") });
    for (name, is_always) in headers {
        let about = match name {
            "Link" => "The next page, if there is one.",
            "ETag" => "The version of the record, for `If-Match`. A list has none.",
            _ => "The path of the record, if it is new.",
        };
        let header = if is_always {
            header_reference(name)
        } else {
            json!({ "description": about, "schema": { "type": "string" } })
        };
        insert(&mut all, name, header);
    }
    let content = json!({ "application/json": { "schema": schema, "example": example } });
    json!({ "description": "Done", "headers": all, "content": content })
}

/// A 503 of the health check. Its body is like that of a 200 if a migration is missing, and an error if the database
/// cannot be reached.
pub fn not_healthy(answers: &Value) -> Value {
    let schema = answers.pointer("/200/content/application~1json/schema");
    let schema = json!({ "anyOf": [schema, reference("Errors")] });
    let unavailable = Error::Unavailable(String::new());
    json!({
        "description": "The schema is older than the code, or the database cannot be reached",
        "headers": { "X-Request-Id": header_reference("X-Request-Id") },
        "content": { "application/json": { "schema": schema, "example": examples::error(&unavailable) } },
    })
}

/// Every code that an audience can meet, with its status and what to do about it.
pub fn error_code(is_met: fn(&Code) -> bool) -> Value {
    let codes: Vec<&Code> = CODES.iter().filter(|code| is_met(code)).collect();
    let of_each = |value: fn(&Code) -> Value| -> Value {
        let members = codes.iter().map(|code| (code.code.to_owned(), value(code)));
        Value::Object(members.collect())
    };
    let words: Vec<&str> = codes.iter().map(|code| code.code).collect();
    json!({
        "type": "string",
        "description": "A stable word for programs. A new one may come: decide by the status then.",
        "enum": words,
        "x-enum-descriptions": of_each(|code| code.about.into()),
        "x-enum-statuses": of_each(|code| code.status.into()),
    })
}

/// One error.
pub fn error() -> Value {
    let message = "A sentence for people. It names the parameter and the broken limit.";
    let parameter = "The parameter at fault, if there is one.";
    let text = json!({ "type": "string" });
    let members = [
        ("code".to_owned(), reference("ErrorCode")),
        ("message".to_owned(), described(text.clone(), message)),
        ("parameter".to_owned(), described(text, parameter)),
    ];
    object_with(members.into_iter().collect(), |name| name != "parameter")
}

/// The envelope of errors.
pub fn errors() -> Value {
    let errors = json!({ "type": "array", "minItems": 1, "items": reference("Error") });
    object([("errors".to_owned(), errors)].into_iter().collect())
}

/// Every error by its status. `refusal` is the content of a 401. An error's example has a code that the audience can meet.
pub fn responses(refusal: &Value, is_met: fn(&Code) -> bool) -> Value {
    let text = String::new;
    let mut responses = json!({});
    for (error, about) in [
        (
            Error::Invalid(vec![length_fault("name", 1, 60)]),
            "The request has faults; the body lists all of them",
        ),
        (
            Error::Unauthorized { stale: false },
            "The credentials are missing or wrong",
        ),
        (
            Error::Forbidden("this login may only read"),
            "The partner is disabled or calls from outside its networks, its login may only read, or the request came over \
             plain HTTP",
        ),
        (
            Error::NotFound("customer"),
            "The record does not exist, or it belongs to another partner. A repeated `Idempotency-Key`: what it created is \
             gone",
        ),
        (
            Error::CustnrTaken,
            "What is stored does not allow the request",
        ),
        (
            Error::PreconditionFailed,
            "The record has another version than `If-Match` or `version` names, or the request has a precondition that its \
            path cannot evaluate; nothing was changed",
        ),
        (
            Error::BodyTooLarge(BodyRules::PARTNER.limit),
            "The body has too many bytes",
        ),
        (
            Error::UnsupportedMediaType("application/x-www-form-urlencoded or application/json"),
            "The path does not accept this media type, or the body has a `Content-Encoding`",
        ),
        (
            Error::TooManyRequests(10),
            "Too many requests, requests that cost too many rows, or too many failed logins",
        ),
        (Error::Internal(text()), "The service has failed"),
        (
            Error::Unavailable(text()),
            "The database cannot do it at the moment",
        ),
        (
            Error::StorageFull,
            "The database is full, or keeps the room that it has for erasures",
        ),
    ] {
        let other = match error.status() {
            403 => Error::HttpsRequired {
                with_credentials: true,
            },
            _ => Error::UsernameTaken("username"),
        };
        let example = [&error, &other]
            .map(examples::error)
            .into_iter()
            .find(|example| {
                let code = example.pointer("/errors/0/code").and_then(Value::as_str);
                code.and_then(codes::find).is_some_and(is_met)
            });
        let json =
            json!({ "application/json": { "schema": reference("Errors"), "example": example } });
        let mut headers = json!({ "X-Request-Id": header_reference("X-Request-Id") });
        if error.retry_after(|| 0).is_some() {
            insert(&mut headers, "Retry-After", header_reference("Retry-After"));
        }
        let is_refusal = error.status() == 401;
        if is_refusal {
            insert(
                &mut headers,
                "WWW-Authenticate",
                header_reference("WWW-Authenticate"),
            );
        }
        let content = if is_refusal { refusal.clone() } else { json };
        let about = format!("{about}{}", codes_of(error.status(), is_met));
        let response = json!({ "description": about, "headers": headers, "content": content });
        insert(&mut responses, &error.status().to_string(), response);
    }
    let headers = ["X-Request-Id", "ETag"].map(|name| (name.to_owned(), header_reference(name)));
    let not_modified = json!({
        "description": "The record still has a version that `If-None-Match` names",
        "headers": Value::Object(headers.into_iter().collect()),
    });
    insert(&mut responses, "304", not_modified);
    responses
}

/// The codes of a status that an audience can meet, after a sentence without its full stop. Those of a 400 are too many for one.
fn codes_of(status: u16, is_met: fn(&Code) -> bool) -> String {
    let codes = CODES
        .iter()
        .filter(|code| code.status == status && status != 400 && is_met(code));
    let words: Vec<String> = codes.map(|code| format!("`{}`", code.code)).collect();
    match words.as_slice() {
        [] => String::new(),
        words => format!(". Codes: {}", words.join(", ")),
    }
}

/// The headers that answers share.
pub fn headers() -> Value {
    let text = json!({ "type": "string" });
    let mut headers = json!({});
    for (name, about) in [
        (
            "X-Request-Id",
            "The id of the request. Quote it to support.".to_owned(),
        ),
        (
            "ETag",
            "The version of the record, for `If-Match`.".to_owned(),
        ),
        (
            "Location",
            "The path of the new record; for several, that of the list that they are in."
                .to_owned(),
        ),
        ("Retry-After", "The number of seconds to wait.".to_owned()),
        (
            "Cache-Control",
            "Who may keep the answer, and for how many seconds.".to_owned(),
        ),
        (
            "WWW-Authenticate",
            format!("The challenges, for the realm `{REALM}`."),
        ),
    ] {
        insert(
            &mut headers,
            name,
            json!({ "description": about, "required": true, "schema": text }),
        );
    }
    headers
}

fn header_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}
