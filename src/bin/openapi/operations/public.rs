//! The operations that need no credentials.

use serde_json::{Value, json};

use super::{Operation, members, named, reference};
use crate::examples;
use crate::outputs::Outputs;
use crate::schema::{list, object, object_with, shown};

/// `GET /health`
pub fn health(outputs: Outputs<'_>) -> Operation {
    let missing = outputs.text(
        "missing",
        "The name of a migration that the database lacks.",
    );
    let command = outputs.text(
        "apply_with",
        "A command that applies them. It names the database, and says whether that is a local or a deployed one.",
    );
    let answer = members([
        ("status", outputs.text("health", "`ok`, or what is wrong.")),
        (
            "version",
            outputs.text(
                "release",
                "The release of the service that runs, which is not the version in a path.",
            ),
        ),
        (
            "migrations",
            outputs.member("migrations", "How many migrations the databases have."),
        ),
        ("missing", shown(list(missing), Some(json!([])))),
        ("apply_with", shown(list(command), Some(json!([])))),
    ]);
    Operation {
        tag: "Service",
        task: "getHealth".to_owned(),
        summary: "Check the health of the service".to_owned(),
        about: "Needs no credentials. Answers a 503 if the schema of the database is older than the code.",
        answer: named(
            "Health",
            object_with(answer, |name| !matches!(name, "missing" | "apply_with")),
        ),
        ..Operation::default()
    }
}

/// `GET /.well-known/jwks.json`
pub fn keys() -> Operation {
    let keys = json!({
        "type": "array",
        "items": reference("Key"),
        "description": "The keys. The one that signs now is the first.",
    });
    Operation {
        tag: "Service",
        task: "getKeys".to_owned(),
        summary: "Read the keys that verify receipts".to_owned(),
        about: "Needs no credentials. A JWK Set with every key that has ever signed a receipt; the one that signs now is the \
        first.",
        answer: named("KeySet", object(members([("keys", keys)]))),
        headers: vec![("Cache-Control", true)],
        ..Operation::default()
    }
}

/// A key that verifies receipts, with a whole one as the example.
pub fn key(outputs: Outputs<'_>) -> Result<Value, String> {
    let key = object(members([
        ("kty", outputs.text("kty", "The type of the key.")),
        ("crv", outputs.text("crv", "The curve.")),
        ("x", outputs.text("x", "The point's x.")),
        ("y", outputs.text("y", "The point's y.")),
        (
            "kid",
            outputs.text("kid", "The key's name in the header of a signature."),
        ),
        ("use", outputs.text("use", "What the key is for.")),
        (
            "alg",
            outputs.text("alg", "The algorithm of the signatures."),
        ),
    ]));
    let example = examples::of_schema(&key, &Value::Null)?;
    Ok(shown(key, Some(example)))
}
