//! The ledger in workerd: its trips are those of the bindings, and an isolate remembers what it has heard.

use std::cell::{Cell, RefCell};

use worker::{Context, Env};

use super::replay::{self, Replayed, close, every_minute, hear, keep_doors, record};
use super::sql;
use super::trips::{Rows, Trips};
use crate::db::sql::Statement;
use crate::erasure::evidence::Signed;
use crate::erasure::signing::Signer;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::partners::placement::Database;
use crate::platform::d1::{Cost, Store};
use crate::platform::log::level_of;
use crate::platform::rows::{self, Row};
use crate::platform::site::Site;
use crate::platform::{bindings, clock, room, scheduled};

/// How long an isolate goes without asking the ledger how far the database has come, in milliseconds.
const HEARD_MS: i64 = 60_000;

/// How long work after an answer can go on, in milliseconds: the platform then stops it.
const UNDOING_MS: i64 = 30_000;

thread_local! {
    /// Since when this isolate undoes a restore after an answer, in milliseconds since 1970.
    static UNDOING: Cell<Option<i64>> = const { Cell::new(None) };
    /// How far each database has counted, as this isolate has heard, and when it asked the ledger last.
    static HEARD: RefCell<Vec<(Database, i64, i64)>> = const { RefCell::new(Vec::new()) };
}

/// What the isolate has heard of a database. `None` before it has asked.
fn heard(database: Database) -> Option<(i64, i64)> {
    let known =
        |all: &Vec<(Database, i64, i64)>| all.iter().find(|heard| heard.0 == database).copied();
    let (_, sequence, at) = HEARD.with_borrow(known)?;
    Some((sequence, at))
}

fn set_heard(database: Database, sequence: i64, at: i64) {
    HEARD.with_borrow_mut(|all| {
        all.retain(|heard| heard.0 != database);
        all.push((database, sequence, at));
    });
}

/// The databases. Their batches run without the fence.
pub struct Stores {
    env: Env,
    /// What their trips cost adds to what this one's cost.
    first: Store,
}

impl Stores {
    /// Those of the bindings.
    ///
    /// # Errors
    /// 500 without the binding `DB`.
    pub fn new(env: &Env) -> Result<Self, Error> {
        Ok(Self {
            env: env.clone(),
            first: Store::new(env, Database::DIRECTORY)?,
        })
    }

    /// Those of a request: their cost adds to its.
    pub fn of(site: &Site<'_>) -> Self {
        Self {
            env: site.env.clone(),
            first: site.store.clone(),
        }
    }
}

impl Trips for Stores {
    type Row = Row;

    // Boxed, so that the module has the trip once and not in every function that makes one.
    fn run(
        &self,
        database: Database,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<Rows<Row>, Error>> {
        Box::pin(rows(self.first.other(&self.env, database), statements))
    }

    fn ledger(&self, statements: Vec<Statement>) -> impl Future<Output = Result<Rows<Row>, Error>> {
        Box::pin(rows(self.first.ledger(&self.env), statements))
    }

    async fn sign(&self, entry: &str) -> Result<Signed, Error> {
        Signer::of(&self.env).await?.sign(entry).await
    }

    fn hear(&self, database: Database, sequence: i64) {
        let (known, at) = heard(database).unwrap_or_default();
        set_heard(database, known.max(sequence), at);
    }

    fn has_room(&self, database: Database, customers: i64) -> bool {
        room::has_room(&self.env, database, customers)
    }

    fn now(&self) -> String {
        clock::now().utc
    }
}

async fn rows(store: Result<Store, Error>, statements: Vec<Statement>) -> Result<Rows<Row>, Error> {
    let all = store?.transaction(statements).await?;
    Ok(all.iter().map(rows::Rows::all).collect())
}

/// Has a database of a request refuse every batch if it was restored. Before its first request to the database, an isolate asks
/// the ledger how far it has come; then once a minute, after an answer, or at once if the request `must_be_sure`.
///
/// # Errors
/// 503 if the ledger is asked before the answer and fails.
pub async fn expect_no_restore(
    site: &Site<'_>,
    store: &Store,
    must_be_sure: bool,
) -> Result<(), Error> {
    let now = clock::millis();
    let database = store.database();
    match heard(database).filter(|_| !must_be_sure) {
        None => {
            hear(&Stores::of(site), database).await?;
            let (sequence, _) = heard(database).unwrap_or_default();
            set_heard(database, sequence, now);
        }
        Some((sequence, at)) if now - at > HEARD_MS => {
            set_heard(database, sequence, now);
            let stores = Stores::new(site.env)?;
            // If it fails, the next minute asks again.
            site.context.wait_until(async move {
                let _ = hear(&stores, database).await;
            });
        }
        Some(_) => {}
    }
    if let Some((sequence, _)) = heard(database) {
        store.expect(sequence);
    }
    Ok(())
}

/// Records an erasure in the ledger, before it is answered, and returns the signed receipt that the ledger then has. `entry`
/// is what [`crate::erasure::sql::receipt`] tells of it. After the answer, the erasure is taken from the outbox.
///
/// # Errors
/// 503 if the ledger does not answer, or if it has an earlier erasure: a restore has brought the customer back. A repeat of
/// the request records the erasure, or answers the earlier one.
pub async fn record_erasure(site: &Site<'_>, entry: String) -> Result<String, Error> {
    let database = site.store.database();
    let kept = record(&Stores::of(site), database, &entry).await?;
    let is_first = kept.is_first;
    let jws = Json::parse(kept.json.as_bytes()).unwrap_or(Json::Null);
    let jws = jws.get("jws").and_then(Json::as_text).map(str::to_owned);
    let stores = Stores::new(site.env)?;
    // If it fails, the cron records the erasure again.
    site.context.wait_until(async move {
        let _ = close(&stores, database, &entry, &kept).await;
    });
    if !is_first {
        let text = "the ledger has an earlier erasure of this customer";
        return Err(Error::Restoring(text.to_owned()));
    }
    jws.ok_or_else(|| Error::Internal("the ledger has no signed receipt".to_owned()))
}

/// The signed receipt of an erasure; `None` if the ledger does not have it as it is.
///
/// # Errors
/// 503 if the ledger does not answer.
pub async fn signed(site: &Site<'_>, entry: &str) -> Result<Option<String>, Error> {
    let ledger = site.directory.ledger(site.env)?;
    let signed = ledger.read(sql::signed(entry)).await?.first();
    signed.map(|row| row.text("jws")).transpose()
}

/// Keeps what lets somebody in as a partner, before a change of it is answered. `found` is the row of
/// [`super::state::doors`]; `None` if there is no such partner.
///
/// # Errors
/// 503 if the ledger does not answer. The change is done; a repeat keeps it.
pub async fn keep(site: &Site<'_>, found: Option<Row>) -> Result<(), Error> {
    match found {
        Some(found) => keep_doors(&Stores::of(site), &found.text("doors")?).await,
        None => Ok(()),
    }
}

/// Undoes a restore after the answer of a request that has met it, unless this isolate is at it already.
pub fn undo_after_the_answer(env: &Env, context: &Context) {
    let now = clock::millis();
    if UNDOING.get().is_some_and(|since| now - since < UNDOING_MS) {
        return;
    }
    UNDOING.set(Some(now));
    let env = env.clone();
    context.wait_until(async move {
        let _ = undo(&env, "request").await;
        UNDOING.set(None);
    });
}

/// Undoes the restore of every database that was restored, goes on with the work in steps that this has begun, and records in
/// the ledger what was done again.
///
/// # Errors
/// 503 if a database does not answer. What was done stays done.
pub async fn undo(env: &Env, by: &'static str) -> Result<Replayed, Error> {
    let mut sum = Replayed::default();
    for database in bindings::databases(env) {
        sum.add(undo_in(env, database, by).await?);
    }
    Ok(sum)
}

async fn undo_in(env: &Env, database: Database, by: &'static str) -> Result<Replayed, Error> {
    let stores = Stores::new(env)?;
    let replayed = replay::replay(&stores, database).await;
    log(by, database, &replayed, stores.first.cost());
    if replayed
        .as_ref()
        .is_ok_and(|replayed| replayed.erased_again > 0)
    {
        scheduled::run(env, database, by, 1).await;
    }
    if replayed
        .as_ref()
        .is_ok_and(|replayed| replayed.was_restored)
    {
        // The ledger learns of what was done again. If it fails, the next minute goes on.
        let _ = every_minute(&stores, database).await;
    }
    replayed
}

/// Undoes the restore of a database, if it was restored, or else does what is done every minute. If it fails, the next minute
/// goes on.
pub async fn each_minute(env: &Env, database: Database) {
    if undo_in(env, database, "cron")
        .await
        .is_ok_and(|replayed| !replayed.was_restored)
        && let Ok(stores) = Stores::new(env)
        && let Err(error) = every_minute(&stores, database).await
    {
        log("cron", database, &Err(error), stores.first.cost());
    }
}

/// Writes a line if the database was restored, or if something failed.
fn log(by: &'static str, database: Database, replayed: &Result<Replayed, Error>, cost: Cost) {
    let (done, level, error) = match replayed {
        Ok(replayed) if !replayed.was_restored => return,
        Ok(replayed) => (*replayed, "warning", None),
        Err(error) => (
            Replayed::default(),
            level_of(Some(error), false),
            error.internal_text(),
        ),
    };
    let line = Json::object([
        ("replay", by.into()),
        ("database", database.to_string().into()),
        ("level", level.into()),
        ("erasures", done.erasures.into()),
        ("erased_again", done.erased_again.into()),
        ("logins", done.logins.into()),
        ("d1_trips", cost.trips.into()),
        ("d1_rows_read", cost.rows_read.into()),
        ("d1_rows_written", cost.rows_written.into()),
        ("error", error.into()),
    ]);
    web_sys::console::log_1(&line.to_string().into());
}
