//! The ledger's work on two real databases of SQLite, through every order of events that a seeded generator makes: customers
//! are created and erased, passwords replaced, the database is restored, and every run may be killed at any trip.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use world::{Cells, Seeded, World, copy, key, now, rows, transaction};

use super::replay::{close, hear, keep_doors, record, replay};
use super::sql;
use super::state::TABLES_WITH_IDS;
use super::trips::{Row, Trips, first};
use crate::customers::batch::{self, New};
use crate::customers::model::CustomerInput;
use crate::db::audit::{Actor, Context};
use crate::db::tests::{database, ledger, partner};
use crate::erasure::evidence::Signed;
use crate::erasure::receipt::COUNTS;
use crate::erasure::sql::Target;
use crate::erasure::steps::{Passed, ROWS_MOST, Work, next};
use crate::http::error::Error;
use crate::http::etag::IfMatch;
use crate::http::json::Json;
use crate::http::version::Version::Bare;
use crate::operator::sql::logins::Login;
use crate::partners::placement::Database;

mod signed;
pub(crate) mod world;

/// What a test knows of a customer that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Living {
    customer_id: i64,
    name: String,
}

/// What a point in time was.
struct Snapshot {
    database: Connection,
    living: BTreeMap<String, Living>,
}

/// What must be true of a world, and the world.
struct Story {
    world: World,
    seeded: Seeded,
    /// Who lives, by UUID, as far as nobody has erased them.
    living: BTreeMap<String, Living>,
    /// Every id that was ever given, with its UUID.
    given: BTreeMap<i64, String>,
    /// The `removed_at` of each erasure that was answered, by UUID.
    answered: BTreeMap<String, String>,
    snapshots: Vec<Snapshot>,
    /// The last password that was answered, and those that came later without an answer.
    password: u64,
    unanswered: BTreeSet<u64>,
    count: u64,
    told: Vec<String>,
}

const DB: Database = Database::DIRECTORY;

const ADMIN: Login<'_> = Login {
    partner: "acme",
    login: "acme",
};

fn audit<'a>(now: &'a str, actor: Actor<'a>) -> Context<'a> {
    Context {
        now,
        request_id: "r",
        actor,
        login: "",
    }
}

fn sealed(password: u64) -> String {
    format!("sealed {password}")
}

impl Story {
    fn new(seed: u64) -> Self {
        let world = World::new();
        let login = "UPDATE logins SET ha1_sealed = 'sealed 0'";
        world.customers.borrow().execute(login, []).unwrap();
        let mut story = Self {
            world,
            seeded: Seeded(seed),
            living: BTreeMap::new(),
            given: [(1, "u".to_owned()), (2, "v".to_owned())].into(),
            answered: BTreeMap::new(),
            snapshots: Vec::new(),
            password: 0,
            unanswered: BTreeSet::new(),
            count: 0,
            told: Vec::new(),
        };
        story.observe("u");
        story
    }

    /// Notes a customer that the database has.
    fn observe(&mut self, uuid: &str) {
        let sql = format!("SELECT customer_id, name FROM customers WHERE uuid = '{uuid}'");
        for row in self.world.query(&sql) {
            let customer_id = row.integer("customer_id").unwrap();
            let given = self.given.insert(customer_id, uuid.to_owned());
            assert!(
                given.is_none_or(|given| given == uuid),
                "id {customer_id} is given a second time: {:?}",
                self.told
            );
            let name = row.text("name").unwrap();
            let living = Living { customer_id, name };
            self.living.insert(uuid.to_owned(), living);
        }
    }

    fn create(&mut self) -> Result<(), Error> {
        self.count += 1;
        let uuid = format!("uuid-{}", self.count);
        let input = CustomerInput {
            name: Some(format!("name-{}", self.count)),
            custnr: Some(format!("custnr-{}", self.count)),
            ..CustomerInput::default()
        };
        let new = [New {
            uuid: uuid.clone(),
            input,
        }];
        let at = self.world.now();
        let partner = partner();
        let batch = batch::create(Bare, &partner, &new, None, audit(&at, Actor::Partner(1)));
        let created = self.world.request(batch.statements);
        self.observe(&uuid);
        let is_there = self.living.contains_key(&uuid);
        assert!(created.is_err() || is_there, "{:?}", self.told);
        if let Some(Living { customer_id, .. }) = self.living.get(&uuid) {
            self.furnish(*customer_id);
        }
        created.map(drop)
    }

    /// Gives a customer records; some have so many calls that an erasure goes in steps.
    fn furnish(&mut self, customer_id: i64) {
        let calls_total = if self.seeded.below(4) == 0 { 30_000 } else { 2 };
        let sql = format!(
            "INSERT INTO measures (customer_id, name, phonenr, phonenr_ccndc, destnr, destnr_ccndc, created)
             VALUES ({customer_id}, 'm', '+46890510', 3, '+46890510', 3, '2026-01-01 00:00:00');
             INSERT INTO users (customer_id, email) VALUES ({customer_id}, 'a@b.example');
             INSERT INTO calls (customer_id, measure_id, start, bnum, bnum_ccndc)
             VALUES ({customer_id}, 1, '2026-01-01 00:00:00', '+46890510', 3),
                    ({customer_id}, 1, '2026-01-01 00:00:00', '+46890511', 3);
             UPDATE customers SET measures_total = 1, measures_endless = 1, users_total = 1, numbers_total = 4, calls_total = {calls_total}
             WHERE customer_id = {customer_id};"
        );
        self.world.customers.borrow().execute_batch(&sql).unwrap();
    }

    /// Erases somebody of whom the test knows, whether or not they live.
    fn erase(&mut self) -> Result<(), Error> {
        let at = self.seeded.below(self.given.len() as u64) as usize;
        let (&customer_id, _) = self.given.iter().nth(at).unwrap();
        let now_is = self.world.now();
        let target = Target {
            partner_id: 1,
            customer_id,
            if_match: &IfMatch::Any,
            version: Bare,
            audit: audit(&now_is, Actor::Partner(1)),
            again: None,
        };
        let batch = target.erase();
        let receipt = batch.names.receipt.index();
        let rows = self.world.request(batch.statements)?;
        let Some(row) = first(rows, receipt) else {
            return Ok(());
        };
        let uuid = self.given[&customer_id].clone();
        let (entry, removed_at) = (row.text("entry")?, row.text("removed_at")?);
        if !entry.is_empty() {
            let kept = now(record(&self.world, DB, &entry))?;
            if kept.is_first {
                self.answered.entry(uuid).or_insert(removed_at);
            }
            now(close(&self.world, DB, &entry, &kept))?;
        }
        Ok(())
    }

    fn new_password(&mut self) -> Result<(), Error> {
        self.count += 1;
        let at = self.world.now();
        let sealed = sealed(self.count);
        now(hear(&self.world, DB))?;
        self.unanswered.insert(self.count);
        let batch = ADMIN.new_password(&sealed, 0, audit(&at, Actor::Operator("acme")));
        let doors = batch.names.doors.index();
        let doors = first(self.world.request(batch.statements)?, doors).unwrap();
        now(keep_doors(&self.world, &doors.text("doors")?))?;
        self.password = self.count;
        self.unanswered.clear();
        Ok(())
    }

    fn steps(&self) -> Result<(), Error> {
        loop {
            let Some(work) = first(now(self.world.run(DB, vec![next(Passed::default())]))?, 0)
            else {
                return Ok(());
            };
            let work = Work::of(work.integer("id")?, work.integer("n")?);
            let at = self.world.now();
            let mut statements = work.step(&at, ROWS_MOST).statements;
            statements.extend(work.finish(&at));
            now(self.world.run(DB, statements))?;
        }
    }

    fn snapshot(&mut self) {
        let database = copy(&self.world.customers.borrow());
        let living = self.living.clone();
        self.snapshots.push(Snapshot { database, living });
    }

    fn restore(&mut self) {
        if self.snapshots.is_empty() {
            return;
        }
        // A restore goes back by more than a minute.
        self.world.remain.set(u64::MAX);
        self.world.minute().unwrap();
        let at = self.seeded.below(self.snapshots.len() as u64) as usize;
        let Snapshot { database, living } = &self.snapshots[at];
        self.living.clone_from(living);
        *self.world.customers.borrow_mut() = copy(database);
    }

    fn go(&mut self, most: u64) {
        for _ in 0..most {
            let what = self.seeded.below(16);
            // Every third run is killed, and then an isolate that has heard nothing begins.
            let is_killed = self.seeded.below(3) == 0;
            let trips = if is_killed {
                1 + self.seeded.below(12)
            } else {
                u64::MAX
            };
            self.world.remain.set(trips);
            self.world.last_is_done.set(self.seeded.below(2) == 0);
            // A snapshot and a restore ask nobody.
            let done = match what {
                0..4 => self.create(),
                4..7 => self.erase(),
                7 => self.new_password(),
                8 => self.steps(),
                9 | 10 => now(replay(&self.world, DB)).map(drop),
                11 => self.world.minute(),
                12 | 13 => {
                    self.snapshot();
                    Ok(())
                }
                _ => {
                    self.restore();
                    Ok(())
                }
            };
            self.told
                .push(format!("{what} {trips} {:?}", done.as_ref().err()));
            if self.world.remain.get() == 0 {
                self.world.heard.set(None);
            }
            // A restore takes longer than an isolate goes without asking the ledger; but an erasure may come before.
            if what > 13 && self.seeded.below(2) == 0 {
                self.world.remain.set(u64::MAX);
                self.world.heard.set(Some(0));
                let _ = self.erase();
            }
            if what > 13 {
                self.world.heard.set(None);
            }
        }
    }

    /// Lets the service finish, and holds the world against what was promised. Returns how many were erased again.
    fn end(mut self) -> usize {
        self.world.remain.set(u64::MAX);
        self.world.heard.set(None);
        now(replay(&self.world, DB)).unwrap();
        self.steps().unwrap();
        self.world.minute().unwrap();
        self.steps().unwrap();
        self.world.minute().unwrap();
        let told = &self.told;

        let sql = "SELECT *, 1 AS recorded FROM erasures";
        let of_ledger = rows(&self.world.ledger, sql, &[]);
        let sql = "SELECT * FROM customers LEFT JOIN erasures USING (customer_id)";
        let customers = self.world.query(sql);
        let customer = |uuid: &str| {
            let mut found = customers
                .iter()
                .filter(|row| row.text("uuid").unwrap() == uuid);
            let one = found.next();
            assert!(found.next().is_none(), "{uuid} is there twice: {told:?}");
            one
        };
        // Nobody in the ledger lives, and the databases agree on each.
        let mut erased = BTreeSet::new();
        for entry in &of_ledger {
            let uuid = entry.text("uuid").unwrap();
            let row = customer(&uuid).unwrap_or_else(|| panic!("{uuid} is lost: {told:?}"));
            for column in [
                "customer_id",
                "partner_id",
                "removed_at",
                "completed_at",
                "measures_expired",
                "users_removed",
                "allowed_numbers_removed",
                "phone_numbers_masked",
                "backups_until",
                "reerased_at",
                "recorded",
            ] {
                assert_eq!(row.0[column], entry.0[column], "{uuid} {column}: {told:#?}");
            }
            // What was signed is the receipt.
            let jws = entry.text("jws").unwrap();
            let signed = Json::parse(jws.as_bytes()).unwrap();
            for (name, value) in [
                ("uuid", Json::from(uuid.as_str())),
                ("status", "complete".into()),
                ("removed_at", entry.text("removed_at").unwrap().into()),
                ("completed_at", entry.text("completed_at").unwrap().into()),
                ("reerased_at", entry.text("reerased_at").unwrap().into()),
                ("backups_until", entry.text("backups_until").unwrap().into()),
            ] {
                assert_eq!(signed.get(name), Some(&value), "{jws}: {told:#?}");
            }
            for name in COUNTS {
                let count = Json::from(entry.integer(name).unwrap());
                assert_eq!(signed.get(name), Some(&count), "{jws}: {told:#?}");
            }
            for column in ["name", "custnr"] {
                assert_eq!(row.text(column).unwrap(), "", "{uuid}: {told:?}");
            }
            erased.insert(uuid);
        }
        for (uuid, removed_at) in &self.answered {
            let row = customer(uuid).unwrap();
            assert_eq!(row.text("removed_at").unwrap(), *removed_at, "{told:?}");
            assert!(
                erased.contains(uuid),
                "{uuid} is not in the ledger: {told:?}"
            );
        }
        // Nobody else was touched.
        self.living.retain(|uuid, _| !erased.contains(uuid));
        for (uuid, living) in &self.living {
            let row = customer(uuid).unwrap();
            assert_eq!(row.text("removed_at").unwrap(), "", "{uuid}: {told:#?}");
            let name = row.text("name").unwrap();
            let customer_id = row.integer("customer_id").unwrap();
            assert_eq!(*living, Living { customer_id, name });
        }
        let lives = "SELECT COUNT(*) AS count, (SELECT COUNT(*) FROM users) AS users, \
             (SELECT COUNT(*) FROM calls JOIN customers USING (customer_id) \
              WHERE removed_at <> '' AND bnum NOT LIKE '%*') AS unmasked, \
             (SELECT COUNT(*) FROM maskings) AS maskings FROM customers WHERE removed_at = ''";
        let lives = &self.world.query(lives)[0];
        let count = i64::try_from(self.living.len()).unwrap();
        for (column, expected) in [
            ("count", count),
            ("users", count),
            ("unmasked", 0),
            ("maskings", 0),
        ] {
            assert_eq!(
                lives.integer(column).unwrap(),
                expected,
                "{column}: {told:#?}"
            );
        }
        // The front door is as it was answered last.
        let login = self.world.query("SELECT ha1_sealed FROM logins").remove(0);
        let login = login.text("ha1_sealed").unwrap();
        let mut may = self.unanswered.clone();
        may.insert(self.password);
        assert!(
            may.iter().any(|password| login == sealed(*password)),
            "{login} {may:?}: {told:#?}"
        );
        // Both have counted the same, and no id is above what is promised.
        let state = &self.world.query("SELECT * FROM state")[0];
        let head = &rows(&self.world.ledger, "SELECT * FROM heads", &[])[0];
        assert_eq!(state.0["sequence"], head.0["sequence"]);
        let promised = state.integer("ids_upto").unwrap();
        assert!(promised <= head.integer("ids_upto").unwrap());
        assert!(self.given.keys().all(|id| *id <= promised));
        let again = |entry: &&Cells| entry.text("reerased_at").unwrap() != "";
        of_ledger.iter().filter(again).count()
    }
}

#[test]
fn two_hundred_random_orders_of_events_end_with_nobody_back_and_nobody_else_touched() {
    let (mut restores, mut again) = (0, 0);
    for seed in 0..200 {
        let mut story = Story::new(seed);
        story.go(40);
        restores += story
            .told
            .iter()
            .filter(|told| told.starts_with("14") || told.starts_with("15"))
            .count();
        again += story.end();
    }
    assert!(restores > 500 && again > 100, "{restores} {again}");
}

#[test]
fn the_ids_of_every_table_that_never_gives_one_twice_are_lifted() {
    let database = database();
    let sql = "SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name";
    let names = rows(&database, sql, &[]);
    let names: Vec<String> = names.iter().map(|row| row.text("name").unwrap()).collect();
    let mut known = TABLES_WITH_IDS.map(str::to_owned);
    known.sort();
    assert_eq!(names, known);
}

/// A customer whose calls remained to be masked was brought back, and erased by its partner before the restore was noticed.
#[test]
fn only_the_completion_of_the_same_erasure_is_signed_once_more() {
    let database = ledger();
    let record = |removed_at: &str, completed_at: &str, jws: &str| {
        let entry = Json::object([
            ("sequence", 7.into()),
            ("partner_id", 1.into()),
            ("username", "acme".into()),
            ("customer_id", 1.into()),
            ("uuid", "u".into()),
            ("removed_at", removed_at.into()),
            ("completed_at", completed_at.into()),
            ("measures_expired", 0.into()),
            ("users_removed", 0.into()),
            ("allowed_numbers_removed", 0.into()),
            ("phone_numbers_masked", 9.into()),
            ("backups_until", "".into()),
            ("reerased_at", "".into()),
        ]);
        let signed = Signed {
            jws: jws.to_owned(),
            key: key(),
        };
        transaction(&database, &[sql::allot(DB, 0, false)]).unwrap();
        let batch = sql::record(DB, &entry.to_string(), &signed);
        let rows = transaction(&database, &batch.statements).unwrap();
        let kept = rows.last().unwrap()[0].text("kept").unwrap();
        let kept = Json::parse(kept.as_bytes()).unwrap();
        ["completed_at", "jws"].map(|name| kept.get(name).unwrap().as_text().unwrap().to_owned())
    };
    let (first, later, done) = (
        "2026-11-26 10:00:00",
        "2026-11-26 10:05:00",
        "2026-11-26 10:06:00",
    );
    assert_eq!(record(first, "", "1"), ["", "1"]);
    assert_eq!(record(later, later, "2"), ["", "1"]);
    assert_eq!(record(first, done, "3"), [done, "3"]);
    assert_eq!(record(first, done, "4"), [done, "3"]);
    let keys = rows(&database, "SELECT jwk FROM keys", &[]);
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].text("jwk").unwrap(), key().jwk().to_string());
}
