//! Calls D1, checks its answers, and counts what the calls cost.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Error as JsError};
use wasm_bindgen::{JsCast, JsValue};
use worker::Env;
use worker::worker_sys::types::D1Database;

use super::rows::{Results, Rows, get, list};
use super::{bindings, clock, random, room};
use crate::db::batch::Batch;
use crate::db::budget::Budget;
use crate::db::sql::{Arg, Statement};
use crate::db::trouble::{self, Trouble};
use crate::http::error::Error;
use crate::ledger::state::{fence, fence_of};
use crate::partners::placement::Database;

/// What one request has cost the databases so far. The row counts and times come from D1's `meta`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Round trips to D1.
    pub trips: i64,
    /// Rows scanned.
    pub rows_read: i64,
    /// Rows and index entries written.
    pub rows_written: i64,
    /// How long the databases have worked on the statements, in microseconds.
    pub sql_us: i64,
    /// The size of the last database of customers that has answered, after its answer, in bytes; 0 before the first.
    pub size_after: i64,
}

/// How long a request waits for a batch, in milliseconds. The longest batch of ours takes some tenths of a second; D1 ends
/// one after 30 seconds, and a stalled one never.
const DEADLINE_MS: i32 = 10_000;

/// How much of a database error's text goes to the log, in characters.
const TEXT_MAX: usize = 300;

thread_local! {
    /// The troubles in a row that this isolate has had with each database. `None` is the ledger.
    static TROUBLES: RefCell<Vec<(Option<Database>, trouble::Row)>> = const { RefCell::new(Vec::new()) };
    /// What the partners have cost the database in this minute, in this isolate.
    static BUDGET: RefCell<Budget> = const { RefCell::new(Budget::new()) };
}

/// The `Retry-After` of a 503, in seconds. It grows while a database is in trouble.
pub fn pause() -> u32 {
    let [random] = random::bytes().unwrap_or_default();
    let now = clock::millis();
    let longest = TROUBLES.with_borrow(|rows| rows.iter().map(|(_, row)| row.length(now)).max());
    trouble::pause(longest.unwrap_or(0), random)
}

/// The binding of the ledger.
const LEDGER: &str = "LEDGER";

/// A database, as one request sees it.
#[derive(Clone, Debug)]
pub struct Store {
    /// Which of the customers' databases it is. `None` for the ledger.
    database: Option<Database>,
    d1: D1Database,
    /// Shared with the other databases.
    cost: Rc<Cell<Cost>>,
    /// How far the database must have counted, or no batch runs.
    heard: Cell<Option<i64>>,
    /// The partner that the database must serve, or no batch runs.
    tenant: Cell<Option<i64>>,
    /// The partner whose budget the request is charged to.
    charged: Cell<Option<i64>>,
}

impl Store {
    /// A database of the customers.
    ///
    /// # Errors
    /// 500 without the binding.
    pub fn new(env: &Env, database: Database) -> Result<Self, Error> {
        Self::of(env, Some(database), Rc::default())
    }

    /// Another database of the customers. What it costs adds to what this database costs.
    ///
    /// # Errors
    /// 500 without the binding.
    pub fn other(&self, env: &Env, database: Database) -> Result<Self, Error> {
        Self::of(env, Some(database), Rc::clone(&self.cost))
    }

    /// The same of the ledger.
    ///
    /// # Errors
    /// 500 without the binding.
    pub fn ledger(&self, env: &Env) -> Result<Self, Error> {
        Self::of(env, None, Rc::clone(&self.cost))
    }

    fn of(env: &Env, database: Option<Database>, cost: Rc<Cell<Cost>>) -> Result<Self, Error> {
        let binding = database.map_or_else(|| LEDGER.to_owned(), |database| database.to_string());
        let d1 = bindings::d1(env, &binding)
            .map_err(|_| Error::Internal(format!("no D1 binding {binding}")))?;
        Ok(Self {
            database,
            d1,
            cost,
            heard: Cell::default(),
            tenant: Cell::default(),
            charged: Cell::default(),
        })
    }

    /// Which of the customers' databases it is.
    pub fn database(&self) -> Database {
        self.database.unwrap_or(Database::DIRECTORY)
    }

    /// From now on, no batch runs if the database has counted less than this: it was restored.
    pub fn expect(&self, sequence: i64) {
        self.heard.set(Some(sequence));
    }

    /// From now on, no batch runs unless the database serves this partner.
    pub fn serve(&self, partner_id: i64) {
        self.tenant.set(Some(partner_id));
    }

    /// What the request has cost so far.
    pub fn cost(&self) -> Cost {
        self.cost.get()
    }

    /// Charges what follows to the budget of a partner.
    ///
    /// # Errors
    /// 429 if the partner has spent its budget of this minute.
    pub fn charge_to(&self, partner_id: i64) -> Result<(), Error> {
        self.charged.set(Some(partner_id));
        match BUDGET.with_borrow(|budget| budget.wait(clock::millis(), partner_id)) {
            Some(seconds) => Err(Error::TooManyRows(seconds)),
            None => Ok(()),
        }
    }

    /// Runs one statement and returns its rows.
    ///
    /// # Errors
    /// As for [`Store::run`].
    pub async fn read(&self, statement: Statement) -> Result<Rows, Error> {
        let rows = self.transaction(vec![statement]).await?.pop();
        rows.ok_or_else(odd)
    }

    /// Runs a batch as one transaction, in one round trip. It takes effect as a whole or not at all. A batch that only
    /// reads is sent a second time if the connection was lost.
    ///
    /// # Errors
    /// 503 if the database was restored or does not serve the partner (nothing has changed), was overloaded, or did not answer
    /// (all or nothing has changed). 500 if it refused the batch (nothing has changed), or if its answer is not one to the
    /// batch (all or nothing has changed). 507 if it is full.
    pub async fn run<N>(&self, batch: Batch<N>) -> Result<Results<N>, Error> {
        let Batch { statements, names } = batch;
        let all = self.transaction(statements).await?;
        Ok(Results { names, all })
    }

    /// Reads the rows of a statement with one column. The fence is in the same statement: D1 runs so many of them for a request
    /// and no more.
    ///
    /// # Errors
    /// As for [`Store::run`].
    pub async fn read_column(&self, statement: Statement) -> Result<Rows, Error> {
        let fenced = match self.fence(true) {
            Some(fence) => statement.and_all(fence),
            None => statement,
        };
        self.unfenced(vec![fenced], true)
            .await?
            .pop()
            .ok_or_else(odd)
    }

    /// Runs statements as one transaction.
    ///
    /// # Errors
    /// As for [`Store::run`].
    pub async fn transaction(&self, mut statements: Vec<Statement>) -> Result<Vec<Rows>, Error> {
        let only_reads = statements.iter().all(Statement::is_read);
        let fence = self.fence(only_reads);
        let own = usize::from(fence.is_some());
        statements.splice(0..0, fence);
        let mut all = self.unfenced(statements, only_reads).await?;
        Ok(all.split_off(own))
    }

    /// What no batch runs without: the database counts as far as was heard, and serves the partner.
    fn fence(&self, only_reads: bool) -> Option<Statement> {
        self.heard.get().map(|heard| match self.tenant.get() {
            Some(partner_id) => fence_of(partner_id, only_reads, heard),
            None => fence(heard),
        })
    }

    async fn unfenced(
        &self,
        statements: Vec<Statement>,
        only_reads: bool,
    ) -> Result<Vec<Rows>, Error> {
        let prepared = self.prepare(&statements);
        let prepared = prepared.map_err(|error| Error::Internal(text(&error)))?;
        let mut answer = self.send(&prepared).await;
        if only_reads && matches!(answer, Err((Trouble::Lost, _))) {
            answer = self.send(&prepared).await;
        }
        let answer = answer.map_err(|(trouble, text)| trouble.error(text))?;
        self.take(&answer, statements.len()).ok_or_else(odd)
    }

    fn prepare(&self, statements: &[Statement]) -> Result<Array, JsValue> {
        let prepared = Array::new();
        for statement in statements {
            let args: Array = statement.args().iter().map(js_value).collect();
            prepared.push(&self.d1.prepare(statement.sql())?.bind(args)?.into());
        }
        Ok(prepared)
    }

    /// Makes one trip to the database.
    async fn send(&self, prepared: &Array) -> Result<JsValue, (Trouble, String)> {
        let mut cost = self.cost.get();
        cost.trips += 1;
        self.cost.set(cost);
        let answer = match self.d1.batch(prepared.clone()) {
            Ok(promise) => bindings::within(DEADLINE_MS, promise).await,
            Err(error) => Err(error),
        };
        let outcome = answer.map_err(|error| {
            let text = text(&error);
            (Trouble::of(&text), text)
        });
        TROUBLES.with_borrow_mut(|rows| self.count_trouble(rows, &outcome));
        outcome
    }

    /// Counts a trouble in the row of this database, or ends the row.
    fn count_trouble(
        &self,
        rows: &mut Vec<(Option<Database>, trouble::Row)>,
        outcome: &Result<JsValue, (Trouble, String)>,
    ) {
        let is_its = |(database, _): &(Option<Database>, _)| *database == self.database;
        match outcome {
            Ok(_) => rows.retain(|row| !is_its(row)),
            Err((Trouble::Restored | Trouble::Elsewhere, _)) => {}
            Err(_) => {
                if !rows.iter().any(is_its) {
                    rows.push((self.database, trouble::Row::default()));
                }
                let its = rows.iter_mut().filter(|row| is_its(row));
                its.for_each(|(_, row)| row.add(clock::millis()));
            }
        }
    }

    /// Takes the answer to a batch, and counts what it has cost. `None` if it is not the answer to a batch of so many
    /// statements.
    fn take(&self, answer: &JsValue, statements: usize) -> Option<Vec<Rows>> {
        let results = list(answer)?;
        let mut cost = self.cost.get();
        let mut all = Vec::new();
        for result in results.iter() {
            if get(&result, "success")? == JsValue::FALSE {
                return None;
            }
            let rows = list(&get(&result, "results")?)?;
            if !rows.iter().all(|row| row.is_object()) {
                return None;
            }
            let meta = get(&result, "meta")?;
            let number = |name| get(&meta, name)?.as_f64();
            let count = |name| Some(number(name)? as i64);
            let (read, written) = (count("rows_read")?, count("rows_written")?);
            cost.rows_read += read;
            cost.rows_written += written;
            cost.sql_us += number("duration").map_or(0, |ms| (ms * 1_000.0) as i64);
            if let Some(database) = self.database
                && let Some(size) = count("size_after")
            {
                cost.size_after = size;
                room::seen(database, size);
            }
            if let Some(partner_id) = self.charged.get() {
                let now = clock::millis();
                BUDGET.with_borrow_mut(|budget| budget.charge(now, partner_id, read, written));
            }
            all.push(Rows(rows));
        }
        self.cost.set(cost);
        (all.len() == statements).then_some(all)
    }
}

fn odd() -> Error {
    Error::Internal("D1's answer is not one to the batch".to_owned())
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

/// The text of an error that JavaScript threw. One of the database says what went wrong and never holds a value.
pub fn text(error: &JsValue) -> String {
    let error = error.dyn_ref::<JsError>();
    let text = error.map_or_else(
        || "no error was thrown".to_owned(),
        |error| String::from(error.message()),
    );
    text.chars().take(TEXT_MAX).collect()
}
