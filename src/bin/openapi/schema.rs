//! Builds the common parts of schemas.

use serde_json::{Map, Value, json};

/// An array.
pub fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// An object of an answer. All members are required. It may have more one day, so it is open.
pub fn object(members: Map<String, Value>) -> Value {
    object_with(members, |_| true)
}

/// An object of an answer. `is_required` says which members are required.
pub fn object_with(members: Map<String, Value>, is_required: impl Fn(&str) -> bool) -> Value {
    let required: Vec<&String> = members.keys().filter(|name| is_required(name)).collect();
    json!({
        "type": "object",
        "required": required,
        "properties": members,
    })
}

/// A schema with a description.
pub fn described(mut schema: Value, about: &str) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), about.into());
    }
    schema
}

/// A schema with an example, unless there is none.
pub fn shown(mut schema: Value, example: Option<Value>) -> Value {
    if let Some(example) = example {
        insert(&mut schema, "examples", json!([example]));
    }
    schema
}

/// Sets a member of an object.
pub fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}
