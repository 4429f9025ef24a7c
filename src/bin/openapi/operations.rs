//! The operations: the input and the answer of each route.

use customers_api::http::paging::{AFTER, PAGE, PAGESIZE};
use customers_api::records::kind::Kind;
use serde_json::{Map, Value, json};

use crate::inputs;

pub mod operator;
pub mod partner;

/// An operation without its path.
#[derive(Default)]
pub struct Operation {
    pub tag: &'static str,
    pub summary: String,
    pub about: &'static str,
    /// The required ids, each with its table. The caller sends them in the path, the query or the body.
    pub ids: Vec<(&'static str, &'static str)>,
    /// The parameters in the query and in headers.
    pub parameters: Vec<Value>,
    pub body: Option<Body>,
    /// The schema of a 200.
    pub answer: Value,
    /// The headers of a 200. The flag says whether every 200 has the header.
    pub headers: Vec<(&'static str, bool)>,
    /// The statuses of errors besides those that every operation has.
    pub statuses: Vec<u16>,
}

/// A request's body.
pub struct Body {
    /// The schema of a JSON body. `form` is the schema of a form, if the operation accepts one.
    pub json: Value,
    pub form: Option<Value>,
    pub example: Value,
}

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

fn paging() -> Vec<Value> {
    [
        (PAGE, "The number of the page, from 0."),
        (PAGESIZE, "The most records in a page."),
        (AFTER, "The list begins after the record with this id."),
    ]
    .iter()
    .map(|(bounds, about)| query(bounds.name, inputs::bounds(bounds), about))
    .collect()
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
