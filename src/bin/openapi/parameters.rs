//! Where the parameters of an operation stand, and what tells the paths of one task apart.

use customers_api::http::params::ID_MAX;
use customers_api::partners::profile::{CUSTOM_FIELDS, USERNAME_MAX};
use serde_json::{Value, json};

use crate::columns::Columns;
use crate::examples;
use crate::inputs;
use crate::operations::{Body, Content, capitalized, named};
use crate::patterns;
use crate::schema::{described, insert};

/// Where an id stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    /// A `DELETE` takes its parameters in a form too, so the document cannot require them in the query.
    QueryOrForm,
}

/// What a `DELETE` says of a parameter that it needs.
const NEEDED: &str = " Required, here or in the form.";

/// The parameter of an id.
pub fn id_parameter(
    columns: &Columns,
    place: Place,
    table: &str,
    name: &str,
) -> Result<Value, String> {
    let column = match name {
        "login" => "username",
        column => column,
    };
    let column = columns.get(table, column)?;
    let schema = match name {
        "username" | "login" => {
            json!({ "type": "string", "pattern": format!("^[A-Za-z0-9._-]{{1,{USERNAME_MAX}}}$") })
        }
        "custnr" => {
            json!({ "type": "string", "minLength": 1, "maxLength": 45, "pattern": patterns::unpadded() })
        }
        "n" => inputs::between(1, i64::try_from(CUSTOM_FIELDS.len()).unwrap_or(ID_MAX)),
        _ => inputs::id(),
    };
    let about = match place {
        Place::QueryOrForm => format!("{}{NEEDED}", column.about),
        _ => column.about.clone(),
    };
    Ok(json!({
        "name": name,
        "in": if place == Place::Path { "path" } else { "query" },
        "required": place != Place::QueryOrForm,
        "schema": schema,
        "description": about,
        "example": examples::of(table, name),
    }))
}

/// What a path adds to the names of its task.
pub struct Variant {
    pub of_id: String,
    pub of_summary: String,
}

/// The variant of a path that lacks these ids. They stand in the query or the body.
pub fn variant(path: &str, elsewhere: &[&str], place: &str) -> Variant {
    if elsewhere.is_empty() {
        return Variant {
            of_id: String::new(),
            of_summary: String::new(),
        };
    }
    let customer = if path.contains("{customer_id}") {
        "OfCustomer"
    } else {
        ""
    };
    Variant {
        of_id: format!("{customer}By{}", capitalized(place)),
        of_summary: format!(" ({} in the {place})", elsewhere.join(" and ")),
    }
}

/// The form that a `DELETE` can have in place of its query.
pub fn form_of(task: &str, ids: &[&str], parameters: &[Value]) -> Option<Content> {
    let mut properties = json!({});
    let mut example = json!({});
    for parameter in parameters {
        let member = |name: &str| parameter.get(name);
        if member("in")? != "query" {
            continue;
        }
        let name = member("name")?.as_str()?;
        let about = member("description")?.as_str()?.replace(NEEDED, "");
        let schema = member("schema")?.clone();
        insert(&mut properties, name, described(schema, &about));
        insert(&mut example, name, examples::of("", name)?);
    }
    if example == json!({}) {
        return None;
    }
    let schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    let named = named(format!("{}Form", capitalized(task)), schema);
    Some(Content { named, example }.with_ids(ids))
}

impl Content {
    /// The content under a name that tells which ids stand in it.
    pub fn with_ids(mut self, ids: &[&str]) -> Self {
        if !ids.is_empty() {
            let ids: Vec<String> = ids.iter().map(|id| capitalized(id)).collect();
            self.named
                .name
                .push_str(&format!("With{}", ids.join("And")));
        }
        self
    }

    /// Adds a required member.
    fn require(&mut self, name: &str, schema: &Value) {
        let body = &mut self.named.schema;
        if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert(name.to_owned(), schema.clone());
        }
        let required = body.get("required").and_then(Value::as_array);
        let mut required = required.cloned().unwrap_or_default();
        required.push(name.into());
        insert(body, "required", required.into());
        if let Some(example) = schema.pointer("/examples/0") {
            insert(&mut self.example, name, example.clone());
        }
    }
}

impl Body {
    /// Adds a required member.
    pub fn require(&mut self, name: &str, schema: &Value) {
        self.json.require(name, schema);
        if let Some(form) = &mut self.form {
            form.require(name, schema);
        }
    }
}
