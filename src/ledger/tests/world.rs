//! Two real databases of SQLite in the place of the bindings, and trips to them that can be cut off.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::super::replay::{every_minute, hear, replay};
use super::super::state;
use super::super::trips::{Row, Rows, Trips};
use crate::db::sql::{Arg, Statement};
use crate::db::tests::{database, ledger};
use crate::db::trouble::Trouble;
use crate::erasure::evidence::{self, PublicKey, Signed};
use crate::http::error::Error;
use crate::http::json::Json;
use crate::partners::placement::Database;

/// The only database of customers in this world.
const DB: Database = Database::DIRECTORY;

/// Numbers that depend on the seed alone (SplitMix64).
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// A row of an answer, by column name.
#[derive(Debug)]
pub(crate) struct Cells(pub(crate) BTreeMap<String, Value>);

impl Row for Cells {
    fn integer(&self, column: &str) -> Result<i64, Error> {
        match self.0.get(column) {
            Some(Value::Integer(integer)) => Ok(*integer),
            other => panic!("{column}: {other:?}"),
        }
    }

    fn text(&self, column: &str) -> Result<String, Error> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text.clone()),
            other => panic!("{column}: {other:?}"),
        }
    }
}

/// An isolate with its two databases.
pub(crate) struct World {
    pub(crate) customers: RefCell<Connection>,
    pub(crate) ledger: Connection,
    /// How far the isolate has heard that the database has counted; `None` before it has asked.
    pub(crate) heard: Cell<Option<i64>>,
    /// How many trips remain until the isolate is killed.
    pub(crate) remain: Cell<u64>,
    /// Whether the last trip is carried out, although nobody learns of it.
    pub(crate) last_is_done: Cell<bool>,
    /// Seconds since the beginning.
    pub(crate) time: Cell<i64>,
}

/// A database that the ledger does not know yet.
fn fresh() -> Connection {
    let database = database();
    let ids = "UPDATE state SET ids_upto = 0";
    database.execute_batch(ids).unwrap();
    database
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            customers: RefCell::new(fresh()),
            ledger: ledger(),
            heard: Cell::new(None),
            remain: Cell::new(u64::MAX),
            last_is_done: Cell::new(false),
            time: Cell::new(0),
        }
    }

    fn trip(&self, database: &Connection, statements: &[Statement]) -> Result<Rows<Cells>, Error> {
        let killed = || Error::Unavailable("killed".to_owned());
        let remain = self.remain.get();
        if remain == 0 {
            return Err(killed());
        }
        self.remain.set(remain - 1);
        if remain == 1 && !self.last_is_done.get() {
            return Err(killed());
        }
        let rows = transaction(database, statements);
        if remain == 1 { Err(killed()) } else { rows }
    }

    /// Runs a batch as a request does: behind the fence.
    pub(crate) fn request(&self, statements: Vec<Statement>) -> Result<Rows<Cells>, Error> {
        if self.heard.get().is_none() {
            now(hear(self, DB))?;
        }
        let only_reads = statements.iter().all(Statement::is_read);
        let fence = state::fence_of(1, only_reads, self.heard.get().unwrap());
        let mut rows = self.trip(
            &self.customers.borrow(),
            &[vec![fence], statements].concat(),
        )?;
        Ok(rows.split_off(1))
    }

    /// What the cron does, but for the work in steps.
    pub(crate) fn minute(&self) -> Result<(), Error> {
        now(replay(self, DB))?;
        now(every_minute(self, DB))
    }

    pub(crate) fn query(&self, sql: &str) -> Vec<Cells> {
        rows(&self.customers.borrow(), sql, &[])
    }
}

impl Trips for World {
    type Row = Cells;

    async fn run(&self, _: Database, statements: Vec<Statement>) -> Result<Rows<Cells>, Error> {
        self.trip(&self.customers.borrow(), &statements)
    }

    async fn ledger(&self, statements: Vec<Statement>) -> Result<Rows<Cells>, Error> {
        self.trip(&self.ledger, &statements)
    }

    /// In place of a signature, what is signed.
    async fn sign(&self, entry: &str) -> Result<Signed, Error> {
        let entry = Json::parse(entry.as_bytes()).unwrap();
        let jws = evidence::receipt(&entry).to_string();
        Ok(Signed { jws, key: key() })
    }

    fn hear(&self, _: Database, sequence: i64) {
        let heard = self.heard.get().unwrap_or_default();
        self.heard.set(Some(heard.max(sequence)));
    }

    fn has_room(&self, _: Database, _: i64) -> bool {
        true
    }

    fn now(&self) -> String {
        self.time.set(self.time.get() + 1);
        let time = self.time.get();
        format!(
            "2026-11-26 {:02}:{:02}:{:02}",
            time / 3600,
            time / 60 % 60,
            time % 60
        )
    }
}

pub(crate) fn rows(database: &Connection, sql: &str, args: &[Arg]) -> Vec<Cells> {
    try_rows(database, sql, args).unwrap()
}

pub(crate) fn try_rows(
    database: &Connection,
    sql: &str,
    args: &[Arg],
) -> rusqlite::Result<Vec<Cells>> {
    let mut prepared = database.prepare_cached(sql)?;
    let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    let rows = prepared.query_map(params_from_iter(args), |row| {
        let cell = |(at, name): (usize, &String)| Ok((name.clone(), row.get(at)?));
        names
            .iter()
            .enumerate()
            .map(cell)
            .collect::<Result<_, _>>()
            .map(Cells)
    })?;
    rows.collect()
}

pub(crate) fn transaction(
    database: &Connection,
    statements: &[Statement],
) -> Result<Rows<Cells>, Error> {
    let transaction = database.unchecked_transaction().unwrap();
    let mut all = Vec::new();
    for statement in statements {
        match try_rows(&transaction, statement.sql(), statement.args()) {
            Ok(rows) => all.push(rows),
            Err(error) => {
                let error = error.to_string();
                let trouble = Trouble::of(&error);
                let is_ours = [Trouble::Restored, Trouble::Elsewhere].contains(&trouble);
                assert!(is_ours, "{error}\n{}", statement.sql());
                return Err(trouble.error(error));
            }
        }
    }
    transaction.commit().unwrap();
    Ok(all)
}

/// Runs work that never waits.
pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(work).poll(&mut context) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}

/// How many statements a database keeps prepared: all that there are.
pub(crate) const STATEMENTS: usize = 500;

/// A copy of a database.
pub(crate) fn copy(database: &Connection) -> Connection {
    thread_local!(static COUNT: Cell<u64> = const { Cell::new(0) });
    COUNT.set(COUNT.get() + 1);
    let thread = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "");
    let name = format!(
        "file:copy-{thread}-{}?mode=memory&cache=shared",
        COUNT.get()
    );
    let flags = OpenFlags::default() | OpenFlags::SQLITE_OPEN_URI;
    let copy = Connection::open_with_flags(&name, flags).unwrap();
    database.execute("VACUUM INTO ?1", [&name]).unwrap();
    copy.set_prepared_statement_cache_capacity(STATEMENTS);
    copy
}

/// A key that signs nothing.
pub fn key() -> PublicKey {
    PublicKey {
        x: "x".to_owned(),
        y: "y".to_owned(),
    }
}
