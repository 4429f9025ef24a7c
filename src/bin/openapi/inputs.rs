//! The schemas of inputs. Types and limits come from the input types. The other rules come from the validation itself:
//! this module gives it wrong values and reads its faults.

use std::collections::BTreeSet;

use customers_api::customers::model::CustomerInput;
use customers_api::http::error::{Error, Fault};
use customers_api::http::intent::Intent;
use customers_api::http::json::Json;
use customers_api::http::paging::Bounds;
use customers_api::http::params::{ID_MAX, Params};
use customers_api::http::time::Now;
use customers_api::operator::input::{CustomFieldSetUp, NETWORKS_MAX, PartnerInput};
use customers_api::partners::placement::Database;
use customers_api::partners::profile::{CUSTOM_FIELDS, CUSTOM_LENGTH_MAX, CustomField, Profile};
use customers_api::records::kind::Kind;
use serde_json::{Map, Value, json};

use crate::columns::Columns;
use crate::examples;
use crate::patterns;
use crate::schema::{described, shown};

/// Takes an input out of parameters, as a handler does.
type Take<'a> = &'a dyn Fn(&mut Params, Intent);

/// The input of a record.
pub struct Input<'a> {
    /// The table that has the parameters as columns.
    table: &'a str,
    /// Every parameter with its type and its limits.
    properties: Vec<(String, Value)>,
    take: Take<'a>,
}

/// A partner that has every custom field.
pub fn partner() -> Profile {
    let custom_fields = CUSTOM_FIELDS
        .into_iter()
        .zip(1..)
        .map(|(name, n)| CustomField {
            n,
            name,
            label: String::new(),
            max_length: CUSTOM_LENGTH_MAX,
            required: false,
        });
    Profile {
        partner_id: 1,
        database: Database::DIRECTORY,
        country: String::new(),
        allowed_networks: Vec::new(),
        enabled: true,
        login: String::new(),
        may_write: true,
        ha1_sealed: String::new(),
        ha1_previous_sealed: String::new(),
        previous_until: String::new(),
        custom_fields: custom_fields.collect(),
        read_at: 0,
    }
}

/// The input of a customer, as an object.
pub fn customer(columns: &Columns, intent: Intent) -> Result<Value, String> {
    let partner = partner();
    let take = |params: &mut Params, intent| {
        CustomerInput::take(params, &partner, intent);
    };
    let mut properties = properties(&schemars::schema_for!(CustomerInput));
    properties.extend(partner.custom_fields.iter().map(|field| {
        let schema = json!({ "type": "string", "maxLength": field.max_length });
        (field.name.to_owned(), schema)
    }));
    let table = "customers";
    let input = Input {
        table,
        properties,
        take: &take,
    };
    input.object(columns, intent)
}

/// The input of a record of a kind, as an object.
pub fn record(columns: &Columns, kind: &Kind, intent: Intent) -> Result<Value, String> {
    let now = Now {
        millis: 0,
        utc: "1970-01-01 00:00:00".to_owned(),
        utc_in_a_day: "1970-01-02 00:00:00".to_owned(),
    };
    let take = |params: &mut Params, intent| {
        (kind.take)(params, intent, &now);
    };
    let mut properties = properties(&(kind.schema)());
    let numbers = kind.numbers.iter();
    properties.extend(numbers.map(|name| ((*name).to_owned(), json!({ "type": "string" }))));
    let input = Input {
        table: kind.name,
        properties,
        take: &take,
    };
    input.object(columns, intent)
}

/// The input of a partner, which the operator sends.
pub fn operators_partner(columns: &Columns) -> Result<Value, String> {
    let take = |params: &mut Params, _| {
        PartnerInput::take(params);
    };
    let input = Input {
        table: "partners",
        properties: properties(&schemars::schema_for!(PartnerInput)),
        take: &take,
    };
    input.object(columns, Intent::Change)
}

/// The input of a custom field's set-up, which the operator sends.
pub fn custom_field(columns: &Columns) -> Result<Value, String> {
    let take = |params: &mut Params, _| {
        CustomFieldSetUp::take(params);
    };
    let input = Input {
        table: "custom_fields",
        properties: properties(&schemars::schema_for!(CustomFieldSetUp)),
        take: &take,
    };
    input.object(columns, Intent::Change)
}

/// Texts that break one rule each.
const WRONG: [&str; 6] = [" ", " a", "\u{7}", "a", "+999123", "1999-12-31 23:59:59"];

/// The names of the schemas for phone numbers. Their patterns are long, so the document holds each once.
pub const PHONE_NUMBER: &str = "PhoneNumber";
pub const PHONE_NUMBER_OR_NONE: &str = "PhoneNumberOrNone";

/// A phone number.
pub fn phone_number() -> Value {
    json!({ "type": "string", "pattern": patterns::phone_number(), "examples": ["+46313900650"] })
}

/// A phone number or `""`.
pub fn phone_number_or_none() -> Value {
    json!({ "type": "string", "pattern": patterns::or_empty(&patterns::phone_number()), "examples": ["+46701740699"] })
}

/// The id of a record, in a body.
pub fn id_of(columns: &Columns, table: &str, name: &str) -> Result<Value, String> {
    let schema = described(id(), &columns.get(table, name)?.about);
    Ok(shown(schema, examples::of(table, name)))
}

/// A paging parameter of a list.
pub fn bounds(bounds: &Bounds) -> Value {
    let Bounds {
        min, max, default, ..
    } = bounds;
    let mut schema = between(*min, *max);
    // A try-out form sends every default that the document names. A default that equals the minimum is left out.
    if default != min
        && let Some(schema) = schema.as_object_mut()
    {
        schema.insert("default".to_owned(), (*default).into());
    }
    schema
}

impl Input<'_> {
    fn object(&self, columns: &Columns, intent: Intent) -> Result<Value, String> {
        let mut properties = Map::new();
        for (name, schema) in &self.properties {
            let schema = self.property(name, schema)?;
            let said = self.faults(name, &schema);
            let rules: Vec<String> = said
                .iter()
                .map(|(code, message)| format!("`{code}`: {message}"))
                .collect();
            let about = &columns.get(self.table, name)?.about;
            let about = format!("{about}\n\n{}", rules.join("; "));
            let schema = described(schema.into(), about.trim());
            let example = examples::of(self.table, name);
            properties.insert(name.clone(), shown(schema, example));
        }
        let mut object = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        let required = self.required(intent);
        if let (Some(object), false) = (object.as_object_mut(), required.is_empty()) {
            object.insert("required".to_owned(), required.into());
        }
        Ok(object)
    }

    /// The parameters that the validation requires.
    fn required(&self, intent: Intent) -> Vec<String> {
        let faults = self.try_with(Vec::new(), intent).into_iter();
        let required = faults.filter(|fault| fault.code == "required");
        required.filter_map(|fault| fault.parameter).collect()
    }

    /// The schema of a parameter, with the rules that its type cannot express.
    fn property(&self, name: &str, schema: &Value) -> Result<Map<String, Value>, String> {
        let mut schema = schema.as_object().cloned().unwrap_or_default();
        let kind = schema
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let more = match kind {
            "string" => self.text(name)?,
            "array" => self.array(name)?,
            "integer" => limits(&schema),
            "boolean" => Map::new(),
            _ => return Err(format!("{name}: no schema is known for the type {kind:?}")),
        };
        if more.contains_key("$ref") {
            return Ok(more);
        }
        schema.remove("format");
        schema.extend(more);
        Ok(schema)
    }

    /// The pattern of the strictest rule for a text.
    fn text(&self, name: &str) -> Result<Map<String, Value>, String> {
        let codes = self.codes(name, WRONG.map(Json::from).into());
        let takes_nothing = self.try_value(name, "".into()).is_empty();
        let strictest = [
            "phone_number",
            "time",
            "email",
            "country",
            "database",
            "white_space",
            "blank",
            "control_character",
        ];
        let pattern = match strictest.into_iter().find(|code| codes.contains(code)) {
            Some("phone_number") => {
                let name = if takes_nothing {
                    PHONE_NUMBER_OR_NONE
                } else {
                    PHONE_NUMBER
                };
                return Ok(members(
                    json!({ "$ref": format!("#/components/schemas/{name}") }),
                ));
            }
            Some("time") => patterns::TIME.to_owned(),
            Some("email") => patterns::email(),
            Some("country") => patterns::country(),
            Some("database") => patterns::DATABASE.to_owned(),
            Some("white_space") => patterns::unpadded(),
            Some("blank") => patterns::not_blank(),
            // The pattern accepts an empty text already.
            Some("control_character") => {
                return Ok(members(json!({ "pattern": patterns::printable() })));
            }
            _ => {
                return Err(format!(
                    "{name}: no pattern is known for the rules {codes:?}"
                ));
            }
        };
        let pattern = if takes_nothing {
            patterns::or_empty(&pattern)
        } else {
            pattern
        };
        Ok(members(json!({ "pattern": pattern })))
    }

    /// The rule for an array.
    fn array(&self, name: &str) -> Result<Map<String, Value>, String> {
        let codes = self.codes(name, vec![Json::List(vec!["a".into()])]);
        if !codes.contains("networks") {
            return Err(format!(
                "{name}: no pattern is known for the rules {codes:?}"
            ));
        }
        let items = json!({ "type": "string", "pattern": patterns::network() });
        Ok(members(json!({ "items": items, "maxItems": NETWORKS_MAX })))
    }

    /// The codes of the faults of these values.
    fn codes(&self, name: &str, values: Vec<Json>) -> BTreeSet<&'static str> {
        let faults = values
            .into_iter()
            .flat_map(|value| self.try_value(name, value));
        faults
            .map(|fault| fault.code)
            .filter(|code| *code != "length")
            .collect()
    }

    /// Every code and message that the validation answers for wrong values of a parameter.
    fn faults(&self, name: &str, schema: &Map<String, Value>) -> Vec<(&'static str, String)> {
        let limit = |limit: &str| schema.get(limit).and_then(Value::as_i64);
        let mut wrong: Vec<Json> = WRONG.map(Json::from).into();
        wrong.push(Json::Fraction);
        if let Some(max) = limit("maxLength") {
            wrong.push("a".repeat(usize::try_from(max).unwrap_or(0) + 1).into());
        }
        if let Some(max) = limit("maximum").filter(|max| *max < ID_MAX) {
            wrong.push((max + 1).into());
        }
        let mut faults = Vec::new();
        for fault in wrong
            .into_iter()
            .flat_map(|value| self.try_value(name, value))
        {
            let said = (fault.code, fault.message);
            if !faults.contains(&said) {
                faults.push(said);
            }
        }
        faults
    }

    /// The faults of a value of a parameter.
    fn try_value(&self, name: &str, value: Json) -> Vec<Fault> {
        let mut faults = self.try_with(vec![(name.to_owned(), value)], Intent::Change);
        faults.retain(|fault| fault.parameter.as_deref() == Some(name));
        faults
    }

    fn try_with(&self, members: Vec<(String, Json)>, intent: Intent) -> Vec<Fault> {
        let mut params = Params::of_members(members);
        (self.take)(&mut params, intent);
        match params.finish() {
            Err(Error::Invalid(faults)) => faults,
            _ => Vec::new(),
        }
    }
}

/// The id of a record.
pub fn id() -> Value {
    between(1, ID_MAX)
}

/// An integer between limits.
pub fn between(min: i64, max: i64) -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": min, "maximum": max })
}

/// Any integer.
pub fn integer() -> Value {
    json!({ "type": "integer", "format": "int64" })
}

/// The rest of an integer's schema. One without a limit is an id.
fn limits(schema: &Map<String, Value>) -> Map<String, Value> {
    let is_id = !schema.contains_key("maximum");
    members(if is_id { id() } else { integer() })
}

fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The properties of a type. Inputs are `Option`s, but `null` is not a valid value.
fn properties(schema: &schemars::Schema) -> Vec<(String, Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties = properties.into_iter().flatten().map(|(name, schema)| {
        let mut schema = schema.clone();
        if let Some(kind) = schema.get_mut("type")
            && let Some(kinds) = kind.as_array()
            && let Some(first) = kinds.first()
        {
            *kind = first.clone();
        }
        (name.clone(), schema)
    });
    properties.collect()
}

#[cfg(test)]
mod tests;
