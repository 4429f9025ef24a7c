//! The operations: the input and the answer of each route.

use customers_api::http::paging::{AFTER, PAGE, PAGESIZE};
use customers_api::records::kind::Kind;
use serde_json::{Map, Value, json};

use crate::inputs;

pub mod operator;
pub mod partner;
pub mod public;
pub mod records;

/// An operation without its path.
#[derive(Default)]
pub struct Operation {
    pub tag: &'static str,
    /// What the operation does, in one word: its `operationId` at the path that has every id in it.
    pub task: String,
    pub summary: String,
    pub about: &'static str,
    /// The required ids, each with its table. The caller sends them in the path, the query or the body.
    pub ids: Vec<(&'static str, &'static str)>,
    /// The parameters in the query and in headers.
    pub parameters: Vec<Value>,
    pub body: Option<Body>,
    /// The schema of a 200.
    pub answer: Named,
    /// The headers of a 200. The flag says whether every 200 has the header.
    pub headers: Vec<(&'static str, bool)>,
    /// The statuses of errors besides those that every operation has.
    pub statuses: Vec<u16>,
}

/// A schema with its name among the document's schemas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Named {
    pub name: String,
    pub schema: Value,
}

/// A request's body.
pub struct Body {
    pub json: Content,
    /// The same as a form, if the operation accepts one.
    pub form: Option<Content>,
}

/// A body of one media type.
#[derive(Clone)]
pub struct Content {
    pub named: Named,
    pub example: Value,
}

/// Names a schema.
pub fn named(name: impl Into<String>, schema: Value) -> Named {
    let name = name.into();
    Named { name, schema }
}

/// A reference to a schema of the document.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A word of a name: `custnr` -> `Custnr`, `measure_id` -> `MeasureId`.
pub fn capitalized(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

/// The name of a kind's schema: `users` -> `User`.
pub fn schema_name(kind: &Kind) -> String {
    capitalized(kind.singular)
}

impl Content {
    fn new(name: impl Into<String>, schema: Value, example: Value) -> Self {
        let named = named(name, schema);
        Self { named, example }
    }
}

impl Body {
    fn either(name: impl Into<String>, schema: Value, example: Value) -> Self {
        let json = Content::new(name, schema, example);
        let form = Some(json.clone());
        Self { json, form }
    }

    fn json(name: impl Into<String>, schema: Value, example: Value) -> Self {
        let json = Content::new(name, schema, example);
        Self { json, form: None }
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

pub fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let members = members.into_iter();
    members
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}
