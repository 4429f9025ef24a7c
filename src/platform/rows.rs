//! The results of a batch. Rows stay in JavaScript until the code reads a column.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::db::batch::At;
use crate::http::error::Error;
use crate::ledger::trips;

/// A member of a value; `None` if the value has no members.
pub(super) fn get(value: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(value, &name.into()).ok()
}

pub(super) fn list(value: &JsValue) -> Option<Array> {
    Array::is_array(value).then(|| value.clone().unchecked_into())
}

/// The results of a batch, by the names of its statements.
#[derive(Debug)]
pub struct Results<N> {
    /// The names from the batch.
    pub names: N,
    pub(super) all: Vec<Rows>,
}

impl<N> Results<N> {
    /// All rows of one statement.
    pub fn all(&self, named: impl FnOnce(&N) -> At) -> Vec<Row> {
        let rows = self.all.get(named(&self.names).index());
        rows.map_or_else(Vec::new, Rows::all)
    }

    /// The first row of one statement, if there is one.
    pub fn first(&self, named: impl FnOnce(&N) -> At) -> Option<Row> {
        let rows = self.all.get(named(&self.names).index());
        rows.and_then(Rows::first)
    }
}

/// The rows that one statement returned.
#[derive(Debug)]
pub struct Rows(pub(super) Array);

impl Rows {
    /// All rows.
    pub fn all(&self) -> Vec<Row> {
        self.0.iter().map(Row).collect()
    }

    /// The first row, if there is one.
    pub fn first(&self) -> Option<Row> {
        self.0.iter().next().map(Row)
    }
}

/// A row. It stays in JavaScript. A column crosses into wasm only when the code reads it.
#[derive(Clone, Debug)]
pub struct Row(JsValue);

impl Row {
    /// A row of a list that several databases have: its `json`, and its `id`.
    #[expect(clippy::cast_precision_loss, reason = "ids are below 2^53")]
    pub fn of(id: i64, json: &str) -> Self {
        let row = Object::new();
        // A plain object takes any member.
        let _ = Reflect::set(&row, &"id".into(), &(id as f64).into());
        let _ = Reflect::set(&row, &"json".into(), &json.into());
        Self(row.into())
    }

    /// Reads a column that holds an integer.
    ///
    /// # Errors
    /// 500 if it does not hold one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "ids and counts are below 2^53"
    )]
    pub fn integer(&self, column: &str) -> Result<i64, Error> {
        let value = self.get(column).as_f64();
        let value = value.filter(|value| value.fract() == 0.0);
        value.map(|value| value as i64).ok_or_else(|| wrong(column))
    }

    /// Reads a column that holds a text.
    ///
    /// # Errors
    /// 500 if it does not hold one.
    pub fn text(&self, column: &str) -> Result<String, Error> {
        self.get(column).as_string().ok_or_else(|| wrong(column))
    }

    /// Reads a column that holds a text, and leaves the text in JavaScript.
    ///
    /// # Errors
    /// 500 if it does not hold one.
    pub fn js_text(&self, column: &str) -> Result<JsValue, Error> {
        let value = self.get(column);
        if value.is_string() {
            Ok(value)
        } else {
            Err(wrong(column))
        }
    }

    fn get(&self, column: &str) -> JsValue {
        get(&self.0, column).unwrap_or_default()
    }
}

impl trips::Row for Row {
    fn integer(&self, column: &str) -> Result<i64, Error> {
        self.integer(column)
    }

    fn text(&self, column: &str) -> Result<String, Error> {
        self.text(column)
    }
}

fn wrong(column: &str) -> Error {
    Error::Internal(format!("column {column} is not of its type"))
}
