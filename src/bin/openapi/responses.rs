//! Answers: those that went well, and every error.

use customers_api::auth::digest::REALM;
use customers_api::http::error::Error;
use serde_json::{Value, json};

use crate::operations::reference;
use crate::schema::insert;

/// A 200 with these headers, each with whether it is always there.
pub fn success(schema: Value, headers: Vec<(&str, bool)>) -> Value {
    let mut all = json!({ "X-Request-Id": header_reference("X-Request-Id") });
    for (name, is_always) in headers {
        let mut header = header_reference(name);
        if !is_always {
            header = json!({ "description": "When another page follows.", "schema": { "type": "string" } });
        }
        insert(&mut all, name, header);
    }
    json!({ "description": "Done", "headers": all, "content": { "application/json": { "schema": schema } } })
}

/// A 503 that says in the form of the 200 what is missing, or in that of an error that the store cannot be asked.
pub fn not_healthy(answers: &Value) -> Value {
    let schema = answers.pointer("/200/content/application~1json/schema");
    let schema = json!({ "anyOf": [schema, reference("Errors")] });
    json!({
        "description": "The schema is older than the code, or the store cannot be asked",
        "headers": { "X-Request-Id": header_reference("X-Request-Id") },
        "content": { "application/json": { "schema": schema } },
    })
}

/// The envelope of errors.
pub fn errors() -> Value {
    json!({
        "type": "object",
        "required": ["errors"],
        "properties": { "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": { "type": "string", "description": "A stable machine word." },
                    "message": { "type": "string", "description": "For people; names the limit that was broken." },
                    "parameter": { "type": "string", "description": "The parameter at fault, where one is." },
                },
                "additionalProperties": false,
            },
        } },
        "additionalProperties": false,
    })
}

/// Every error, by its status; `refusal` is the content of a 401.
pub fn responses(refusal: &Value) -> Value {
    let text = String::new;
    let mut responses = json!({});
    for (error, about) in [
        (
            Error::Invalid(Vec::new()),
            "All that is wrong with the request, at once",
        ),
        (
            Error::Unauthorized { stale: false },
            "No credentials, or wrong ones",
        ),
        (
            Error::Forbidden(""),
            "The partner is disabled, or calls from outside its networks",
        ),
        (
            Error::NotFound(""),
            "There is no such record, or it is somebody else's",
        ),
        (Error::CustnrTaken, "Another live customer has the `custnr`"),
        (
            Error::PreconditionFailed,
            "The record has changed since; nothing was done",
        ),
        (Error::BodyTooLarge(0), "The body has too many bytes"),
        (
            Error::UnsupportedMediaType(""),
            "The body is of a media type that is not read here",
        ),
        (Error::TooManyRequests(0), "Too many requests"),
        (Error::Internal(text()), "A fault of the service"),
        (
            Error::Unavailable(text()),
            "The store is overloaded or has failed",
        ),
    ] {
        let json = json!({ "application/json": { "schema": reference("Errors") } });
        let mut headers = json!({ "X-Request-Id": header_reference("X-Request-Id") });
        if error.retry_after().is_some() {
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
        let response = json!({ "description": about, "headers": headers, "content": content });
        insert(&mut responses, &error.status().to_string(), response);
    }
    responses
}

/// The headers of answers.
pub fn headers() -> Value {
    let text = json!({ "type": "string" });
    let mut headers = json!({});
    for (name, about) in [
        ("X-Request-Id", "What to quote to support.".to_owned()),
        (
            "ETag",
            "The version of the record, for `If-Match`.".to_owned(),
        ),
        ("Location", "Where the new record is.".to_owned()),
        ("Retry-After", "How many seconds to wait.".to_owned()),
        (
            "WWW-Authenticate",
            format!("The challenges, of the realm `{REALM}`."),
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
