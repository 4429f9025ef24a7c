//! What a partner gives of one record, as columns and their values. Pure.

use crate::error::Fault;
use crate::json::Json;
use crate::phone::E164;
use crate::request::Params;

/// Columns of a record with their values: those that are given, and no others.
#[derive(Debug, Default)]
pub struct Given(Vec<(String, Json)>);

impl Given {
    /// Sets a column, if there is a value.
    pub fn set(&mut self, column: &str, value: Option<impl Into<Json>>) {
        self.0
            .extend(value.map(|value| (column.to_owned(), value.into())));
    }

    /// Takes a phone number out of parameters, and sets its column and the one with the length of its
    /// country code and national destination code.
    pub fn number(&mut self, params: &mut Params, column: &str, ccndc: &str) {
        let Some(text) = params.text(column) else {
            return;
        };
        match E164::parse(&text) {
            Ok(number) => {
                self.set(column, Some(number.as_str()));
                self.set(ccndc, Some(number.ccndc()));
            }
            Err(fault) => params.fault(Fault::of(column, fault.code(), fault.message())),
        }
    }

    /// The same, where `""` is no number.
    pub fn number_or_none(&mut self, params: &mut Params, column: &str, ccndc: &str) {
        if params.is_empty_text(column) {
            self.set(column, params.text(column));
            self.set(ccndc, Some(0));
        } else {
            self.number(params, column, ccndc);
        }
    }

    /// The columns as the members of an object.
    pub fn into_json(self) -> Json {
        Json::Object(self.0)
    }
}
