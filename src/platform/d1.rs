//! Calls D1 and counts what the calls cost. Only this module reads a database error.

use std::cell::Cell;

use js_sys::futures::JsFuture;
use js_sys::{Array, Error as JsError, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use worker::Env;
use worker::worker_sys::types::{D1Database, D1Result};

use super::{bindings, room};
use crate::db::batch::{At, Batch};
use crate::db::sql::{Arg, Statement};
use crate::http::error::Error;

/// What one request has cost the database so far. The row counts come from D1's `meta`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Round trips to D1.
    pub trips: i64,
    /// Rows scanned.
    pub rows_read: i64,
    /// Rows and index entries written.
    pub rows_written: i64,
    /// The size of the database after the last answer, in bytes; 0 before the first.
    pub size_after: i64,
}

/// The database, as one request sees it.
#[derive(Clone, Debug)]
pub struct Store {
    d1: D1Database,
    cost: Cell<Cost>,
}

impl Store {
    /// The database that the Worker is bound to.
    ///
    /// # Errors
    /// 500 without the binding.
    pub fn new(env: &Env) -> Result<Self, Error> {
        let d1 =
            bindings::d1(env, "DB").map_err(|_| Error::Internal("no D1 binding DB".to_owned()))?;
        Ok(Self {
            d1,
            cost: Cell::default(),
        })
    }

    /// What the request has cost so far.
    pub fn cost(&self) -> Cost {
        self.cost.get()
    }

    /// Runs one statement and returns its rows.
    ///
    /// # Errors
    /// As for [`Store::run`].
    pub async fn read(&self, statement: Statement) -> Result<Rows, Error> {
        let rows = self.transaction(vec![statement]).await?.pop();
        rows.ok_or_else(left_out)
    }

    /// Runs a batch as one transaction, in one round trip. It takes effect as a whole or not at all.
    ///
    /// # Errors
    /// 503 if the database refused the batch (nothing has changed), or if the connection was lost (all or nothing has
    /// changed).
    pub async fn run<N>(&self, batch: Batch<N>) -> Result<Results<N>, Error> {
        let Batch { statements, names } = batch;
        let all = self.transaction(statements).await?;
        Ok(Results { names, all })
    }

    async fn transaction(&self, statements: Vec<Statement>) -> Result<Vec<Rows>, Error> {
        let prepared = self.prepare(&statements);
        let prepared = prepared.map_err(|error| Error::Internal(text(&error)))?;
        let mut cost = self.cost.get();
        cost.trips += 1;
        self.cost.set(cost);
        let results = self.send(prepared).await;
        let results = results.map_err(|error| Error::Unavailable(text(&error)))?;
        let all: Vec<Rows> = results
            .iter()
            .map(|rows| Rows(rows.unchecked_into()))
            .collect();
        if all.len() != statements.len() {
            return Err(left_out());
        }
        for rows in &all {
            if let Ok(meta) = rows.0.meta() {
                let meta = Row(meta.into());
                cost.rows_read += meta.integer("rows_read").unwrap_or(0);
                cost.rows_written += meta.integer("rows_written").unwrap_or(0);
                cost.size_after = meta.integer("size_after").unwrap_or(cost.size_after);
            }
        }
        self.cost.set(cost);
        room::seen(cost.size_after);
        Ok(all)
    }

    fn prepare(&self, statements: &[Statement]) -> Result<Array, JsValue> {
        let prepared = Array::new();
        for statement in statements {
            let args: Array = statement.args().iter().map(js_value).collect();
            prepared.push(&self.d1.prepare(statement.sql())?.bind(args)?.into());
        }
        Ok(prepared)
    }

    async fn send(&self, prepared: Array) -> Result<Array, JsValue> {
        Ok(JsFuture::from(self.d1.batch(prepared)?).await?.into())
    }
}

/// The results of a batch, by the names of its statements.
#[derive(Debug)]
pub struct Results<N> {
    /// The names from the batch.
    pub names: N,
    all: Vec<Rows>,
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
pub struct Rows(D1Result);

impl Rows {
    /// All rows.
    pub fn all(&self) -> Vec<Row> {
        let rows = self.0.results().ok().flatten();
        rows.map_or_else(Vec::new, |rows| rows.iter().map(Row).collect())
    }

    /// The first row, if there is one.
    pub fn first(&self) -> Option<Row> {
        self.0.results().ok().flatten()?.iter().next().map(Row)
    }
}

/// A row. It stays in JavaScript. A column crosses into wasm only when the code reads it.
#[derive(Clone, Debug)]
pub struct Row(JsValue);

impl Row {
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
        Reflect::get(&self.0, &column.into()).unwrap_or_default()
    }
}

fn left_out() -> Error {
    Error::Internal("D1 left a statement out".to_owned())
}

fn wrong(column: &str) -> Error {
    Error::Internal(format!("column {column} is not of its type"))
}

/// An `i64` would become a BigInt, which D1 refuses. A JavaScript number is exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "ids and counts are below 2^53")]
fn js_value(arg: &Arg) -> JsValue {
    match arg {
        Arg::Null => JsValue::NULL,
        Arg::Integer(integer) => JsValue::from_f64(*integer as f64),
        Arg::Text(text) => JsValue::from_str(text),
    }
}

/// The text of a database error. It says what went wrong and never holds a value.
fn text(error: &JsValue) -> String {
    let error = error.dyn_ref::<JsError>();
    error.map_or_else(
        || "D1 threw no error".to_owned(),
        |error| error.message().into(),
    )
}
