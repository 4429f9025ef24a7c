//! The given fields of one record, as columns and their values.

use super::kind::EXPIRES;
use crate::http::error::Fault;
use crate::http::json::Json;
use crate::http::params::Params;
use crate::phone::E164;

/// The columns of the given fields, with their values.
#[derive(Debug, Default)]
pub struct Given {
    columns: Vec<(String, Json)>,
    /// The names of the given parameters: the columns without the internal ones.
    fields: Vec<&'static str>,
    /// How many phone numbers there are.
    numbers: i64,
}

impl Given {
    /// Sets a column if there is a value.
    pub fn set(&mut self, column: &'static str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.fields.push(column);
            self.columns.push((column.to_owned(), value.into()));
        }
    }

    /// Takes a phone number out of the parameters. Sets its column, and the internal column with the length of its
    /// country code and national destination code (NDC).
    pub fn number(&mut self, params: &mut Params, column: &'static str, ccndc: &'static str) {
        let Some(text) = params.text(column) else {
            return;
        };
        match E164::parse(&text) {
            Ok(number) => {
                self.set(column, Some(number.as_str()));
                self.columns.push((ccndc.to_owned(), number.ccndc().into()));
                self.numbers += 1;
            }
            Err(fault) => params.fault(Fault::of(column, fault.code(), fault.message())),
        }
    }

    /// Does the same as [`Given::number`], but also accepts `""`, which means no number.
    pub fn number_or_none(
        &mut self,
        params: &mut Params,
        column: &'static str,
        ccndc: &'static str,
    ) {
        if params.is_empty_text(column) {
            self.set(column, params.text(column));
            self.columns.push((ccndc.to_owned(), 0.into()));
        } else {
            self.number(params, column, ccndc);
        }
    }

    /// The names of the given parameters.
    pub fn fields(&self) -> &[&'static str] {
        &self.fields
    }

    /// The value of a column.
    pub fn column(&self, column: &str) -> Option<&Json> {
        let mut columns = self.columns.iter();
        let found = columns.find(|(known, _)| known == column);
        found.map(|(_, value)| value)
    }

    /// Whether the record never ends, if the given fields say so.
    pub fn is_endless(&self) -> Option<bool> {
        let expires = self.column(EXPIRES)?;
        Some(expires.as_text() == Some(""))
    }

    /// How many phone numbers there are.
    pub fn numbers(&self) -> i64 {
        self.numbers
    }

    /// The columns as members of an object.
    pub fn to_json(&self) -> Json {
        Json::Object(self.columns.clone())
    }
}
