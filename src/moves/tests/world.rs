//! Three databases and the ledger, all real SQLite, and the isolates of the service: each has heard of its own how far the
//! databases have come, and believes for a minute where a partner lives. Any trip can be cut off, and can arrive later.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::db::sql::Statement;
use crate::db::tests::{empty_database, ledger};
use crate::erasure::evidence::{self, Signed};
use crate::erasure::steps::{Passed, ROWS_MOST, Work, next};
use crate::http::error::Error;
use crate::http::json::Json;
use crate::ledger::replay::{every_minute, hear, replay};
use crate::ledger::state;
use crate::ledger::tests::world::{Cells, STATEMENTS, key, now, rows, transaction};
use crate::ledger::trips::{Row, Rows, Trips, first};
use crate::partners::placement::Database;
use crate::partners::sql::find;

/// How long an isolate believes where a partner lives, in seconds.
const BELIEVED: i64 = 60;

/// What becomes of the trip at which a run is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// It never arrives.
    Lost,
    /// It is carried out, and nobody learns of it.
    Done,
    /// It is carried out later.
    Late,
}

/// What an isolate knows.
#[derive(Default)]
pub(super) struct Isolate {
    pub(super) heard: BTreeMap<Database, i64>,
    homes: BTreeMap<i64, (Database, i64)>,
}

/// A batch under way. `None` is the ledger.
pub(super) type Batch = (Option<Database>, Vec<Statement>);

pub(super) struct World {
    pub databases: Vec<RefCell<Connection>>,
    pub ledger: Connection,
    pub isolates: RefCell<Vec<Isolate>>,
    /// Which isolate is at work.
    pub at_work: Cell<usize>,
    /// How many trips remain until the run is cut off.
    pub remain: Cell<u64>,
    pub last: Cell<Last>,
    pub late: RefCell<Vec<Batch>>,
    /// Seconds since the beginning.
    pub time: Cell<i64>,
    /// A database without room: how many more customers it takes, and whether it refuses every write.
    pub full: Cell<Option<(Database, i64, bool)>>,
}

pub(super) fn all() -> impl Iterator<Item = Database> {
    Database::all().take(3)
}

fn quick(database: Connection) -> Connection {
    database.set_prepared_statement_cache_capacity(STATEMENTS);
    database
}

impl World {
    pub fn new(isolates: usize) -> Self {
        Self {
            databases: all()
                .map(|_| RefCell::new(quick(empty_database())))
                .collect(),
            ledger: quick(ledger()),
            isolates: RefCell::new((0..isolates).map(|_| Isolate::default()).collect()),
            at_work: Cell::new(0),
            remain: Cell::new(u64::MAX),
            last: Cell::new(Last::Lost),
            late: RefCell::new(Vec::new()),
            time: Cell::new(0),
            full: Cell::new(None),
        }
    }

    fn carry_out(&self, (database, statements): &Batch) -> Result<Rows<Cells>, Error> {
        let writes = !statements.iter().all(Statement::is_read);
        if let (Some((full, _, true)), true) = (self.full.get(), writes)
            && *database == Some(full)
        {
            return Err(Error::StorageFull);
        }
        match database {
            Some(database) => transaction(&self.databases[database.index()].borrow(), statements),
            None => transaction(&self.ledger, statements),
        }
    }

    fn trip(&self, batch: Batch) -> Result<Rows<Cells>, Error> {
        let killed = || Err(Error::Unavailable("killed".to_owned()));
        let remain = self.remain.get();
        if remain == 0 {
            return killed();
        }
        self.remain.set(remain - 1);
        if remain > 1 {
            return self.carry_out(&batch);
        }
        match self.last.get() {
            Last::Lost => {}
            Last::Done => drop(self.carry_out(&batch)),
            Last::Late => self.late.borrow_mut().push(batch),
        }
        killed()
    }

    /// Carries out a batch that arrives late.
    pub fn arrive(&self, at: usize) {
        let batch = self.late.borrow_mut().remove(at);
        let _ = self.carry_out(&batch);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Isolate) -> T) -> T {
        work(&mut self.isolates.borrow_mut()[self.at_work.get()])
    }

    fn heard(&self, database: Database) -> Result<i64, Error> {
        let known = self.with(|isolate| isolate.heard.get(&database).copied());
        known.map_or_else(|| now(hear(self, database)), Ok)
    }

    /// Where the isolate believes that a partner lives.
    fn home(&self, partner_id: i64) -> Result<Database, Error> {
        let time = self.time.get();
        let known = self.with(|isolate| isolate.homes.get(&partner_id).copied());
        if let Some((home, at)) = known
            && time - at < BELIEVED
        {
            return Ok(home);
        }
        let fence = state::fence(self.heard(Database::DIRECTORY)?);
        let find = find(&format!("partner-{partner_id}"));
        let found = self.trip((Some(Database::DIRECTORY), vec![fence, find]))?;
        let found = first(found, 1).expect("the directory has every partner");
        let home = Database::parse(&found.text("database")?).unwrap();
        self.with(|isolate| isolate.homes.insert(partner_id, (home, time)));
        Ok(home)
    }

    /// Runs a batch as a request does: behind the fence, where the isolate believes that the partner lives. What only reads is
    /// tried once more when the partner is not there.
    pub fn request(
        &self,
        partner_id: i64,
        statements: &[Statement],
    ) -> Result<(Database, Rows<Cells>), Error> {
        let reads = statements.iter().all(Statement::is_read);
        let mut is_again = false;
        loop {
            let home = self.home(partner_id)?;
            match self.fenced(home, partner_id, statements) {
                Err(Error::Moving(text)) => {
                    self.with(|isolate| isolate.homes.remove(&partner_id));
                    if !reads || is_again {
                        return Err(Error::Moving(text));
                    }
                    is_again = true;
                }
                other => return Ok((home, other?)),
            }
        }
    }

    /// Runs a batch of a partner in this database, behind the fence.
    pub fn fenced(
        &self,
        home: Database,
        partner_id: i64,
        statements: &[Statement],
    ) -> Result<Rows<Cells>, Error> {
        let reads = statements.iter().all(Statement::is_read);
        let fence = state::fence_of(partner_id, reads, self.heard(home)?);
        let batch = [vec![fence], statements.to_vec()].concat();
        Ok(self.trip((Some(home), batch))?.split_off(1))
    }

    /// Runs a batch in the directory's database, as the operator does.
    pub fn operate(&self, statements: &[Statement]) -> Result<Rows<Cells>, Error> {
        let fence = state::fence(self.heard(Database::DIRECTORY)?);
        let batch = [vec![fence], statements.to_vec()].concat();
        Ok(self.trip((Some(Database::DIRECTORY), batch))?.split_off(1))
    }

    /// What the cron does, but for the moves.
    pub fn minute(&self) -> Result<(), Error> {
        self.time.set(self.time.get() + 60);
        for database in all() {
            now(replay(self, database))?;
            now(every_minute(self, database))?;
            self.work(database)?;
        }
        Ok(())
    }

    fn work(&self, database: Database) -> Result<(), Error> {
        loop {
            let Some(work) = first(now(self.run(database, vec![next(Passed::default())]))?, 0)
            else {
                return Ok(());
            };
            let work = Work::of(work.integer("id")?, work.integer("n")?);
            let at = self.now();
            let mut statements = work.step(&at, ROWS_MOST).statements;
            statements.extend(work.finish(&at));
            now(self.run(database, statements))?;
        }
    }

    pub fn query(&self, database: Database, sql: &str) -> Vec<Cells> {
        rows(&self.databases[database.index()].borrow(), sql, &[])
    }

    /// The one value of a query, an integer.
    pub fn number(&self, database: Database, sql: &str) -> i64 {
        let row = self.query(database, sql).remove(0);
        row.integer("n").unwrap()
    }

    /// Whether a database was restored, and this is not undone.
    pub fn is_restored(&self, database: Database) -> bool {
        let sequence = self.number(database, "SELECT sequence AS n FROM state");
        let sql = format!("SELECT sequence FROM heads WHERE database = '{database}'");
        let heads = rows(&self.ledger, &sql, &[]);
        heads
            .iter()
            .any(|head| head.integer("sequence").unwrap() > sequence)
    }
}

impl Trips for World {
    type Row = Cells;

    async fn run(
        &self,
        database: Database,
        statements: Vec<Statement>,
    ) -> Result<Rows<Cells>, Error> {
        self.trip((Some(database), statements))
    }

    async fn ledger(&self, statements: Vec<Statement>) -> Result<Rows<Cells>, Error> {
        self.trip((None, statements))
    }

    /// In place of a signature, what is signed.
    async fn sign(&self, entry: &str) -> Result<Signed, Error> {
        let entry = Json::parse(entry.as_bytes()).unwrap();
        let jws = evidence::receipt(&entry).to_string();
        Ok(Signed { jws, key: key() })
    }

    fn hear(&self, database: Database, sequence: i64) {
        self.with(|isolate| {
            let heard = isolate.heard.entry(database).or_default();
            *heard = (*heard).max(sequence);
        });
    }

    fn has_room(&self, database: Database, customers: i64) -> bool {
        let full = self.full.get();
        full.is_none_or(|(full, takes, _)| full != database || customers <= takes)
    }

    fn now(&self) -> String {
        self.time.set(self.time.get() + 1);
        let time = self.time.get();
        let (days, time) = (time / 86_400, time % 86_400);
        format!(
            "2026-11-{:02} {:02}:{:02}:{:02}",
            1 + days,
            time / 3600,
            time / 60 % 60,
            time % 60
        )
    }
}
