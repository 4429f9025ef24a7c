//! The ledger's work: recording an erasure, keeping what lets somebody in, noticing a restore and undoing it.
//!
//! Two runs at once do no harm, and a run that is stopped anywhere loses nothing: every step asks the database what is left
//! to do, and the fence opens with the last one.

use super::sql::{self, PAGE};
use super::state::{self, IDS_AHEAD, MINUTE};
use super::trips::{Row, Trips, first};
use super::undo;
use crate::db::batch::Batch;
use crate::http::error::Error;
use crate::moves::restored;
use crate::partners::placement::Database;
use crate::sql as text;

/// What a replay has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Whether the database was restored.
    pub was_restored: bool,
    /// How many customers were erased again.
    pub erased_again: i64,
    /// How many erasures of the ledger were looked at.
    pub erasures: i64,
    /// How many logins were put back.
    pub logins: i64,
}

impl Replayed {
    /// Adds what was done in another database.
    pub fn add(&mut self, other: Self) {
        self.was_restored |= other.was_restored;
        self.erased_again += other.erased_again;
        self.erasures += other.erasures;
        self.logins += other.logins;
    }
}

/// Asks the ledger how far a database has come, and remembers it. Returns its `sequence`. If the ledger does not know the
/// database yet, it allots ids to it.
///
/// # Errors
/// 503 if a database does not answer.
pub async fn hear(trips: &impl Trips, database: Database) -> Result<i64, Error> {
    let sequence = match first(trips.ledger(vec![sql::head(database)]).await?, 0) {
        Some(row) => row.integer("sequence")?,
        None => {
            let state = read(trips, database).await?;
            allot(trips, database, state.integer("ids_upto")?, false).await?;
            0
        }
    };
    trips.hear(database, sequence);
    Ok(sequence)
}

/// Reads what a database knows of itself.
async fn read<T: Trips>(trips: &T, database: Database) -> Result<T::Row, Error> {
    let rows = trips.run(database, vec![state::read()]).await?;
    first(rows, 0).ok_or_else(nothing)
}

/// Allots ids to a database, in the ledger first. From then on the database gives ids above all that were allotted to another
/// one before; `anew`, above all that were allotted at all.
///
/// # Errors
/// 503 if a database does not answer. A repeat allots others.
pub async fn allot(
    trips: &impl Trips,
    database: Database,
    least: i64,
    anew: bool,
) -> Result<(), Error> {
    let allotted = trips
        .ledger(vec![sql::allot(database, least, anew)])
        .await?;
    let allotted = first(allotted, 0).ok_or_else(nothing)?;
    let mut statements = Vec::from(state::lift(allotted.integer("ids_from")?));
    statements.push(state::promise(allotted.integer("ids_upto")?));
    trips.run(database, statements).await?;
    Ok(())
}

/// What the ledger has of an erasure.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its columns, as JSON.
    pub json: String,
    /// Whether it is the erasure that was given. If not, the customer had been erased before, and a restore had brought it
    /// back.
    pub is_first: bool,
    is_signed: bool,
}

/// Records an erasure in the ledger. `entry` is what the customer's database tells of it. If the ledger has it otherwise than it
/// was signed, because it was done again, the receipt is signed anew.
///
/// # Errors
/// 503 if the ledger does not answer, or if the erasure has changed meanwhile. Then it stays in the outbox.
pub async fn record(trips: &impl Trips, database: Database, entry: &str) -> Result<Kept, Error> {
    let signed = trips.sign(entry).await?;
    let kept = keep(trips, database, sql::record(database, entry, &signed)).await?;
    if kept.is_signed {
        return Ok(kept);
    }
    let signed = trips.sign(&kept.json).await?;
    let anew = sql::sign_anew(database, entry, &kept.json, &signed);
    let kept = keep(trips, database, anew).await?;
    if kept.is_signed {
        return Ok(kept);
    }
    let text = "the erasure has changed while its receipt was signed";
    Err(Error::Unavailable(text.to_owned()))
}

/// Keeps what lets somebody in as a partner. `doors` is what [`state::doors`] has read.
///
/// # Errors
/// 503 if the ledger does not answer.
pub async fn keep_doors(trips: &impl Trips, doors: &str) -> Result<(), Error> {
    keep(trips, Database::DIRECTORY, sql::doors(doors)).await?;
    Ok(())
}

async fn keep(trips: &impl Trips, database: Database, batch: Batch<()>) -> Result<Kept, Error> {
    let last = batch.statements.len().saturating_sub(1);
    let kept = first(trips.ledger(batch.statements).await?, last).ok_or_else(nothing)?;
    trips.hear(database, kept.integer("sequence")?);
    Ok(Kept {
        json: kept.text("kept")?,
        is_first: kept.integer("is_first")? == 1,
        is_signed: kept.integer("is_signed")? == 1,
    })
}

/// Takes an erasure from the outbox, once [`record`] has returned `kept`.
///
/// # Errors
/// 503 if the database does not answer. Then the erasure is recorded again later, which changes nothing.
pub async fn close(
    trips: &impl Trips,
    database: Database,
    entry: &str,
    kept: &Kept,
) -> Result<(), Error> {
    let statements = state::recorded(entry, &kept.json);
    trips.run(database, statements.into()).await?;
    Ok(())
}

/// What is done every minute after [`replay`]: it records what is in the outbox of a database, and counts the minute.
///
/// # Errors
/// 503 if a database does not answer. The next minute goes on.
pub async fn every_minute(trips: &impl Trips, database: Database) -> Result<(), Error> {
    for row in all(trips.run(database, vec![state::outbox()]).await?) {
        let entry = row.text("entry")?;
        let kept = record(trips, database, &entry).await?;
        close(trips, database, &entry, &kept).await?;
    }
    let sequence = hear(trips, database).await?;
    let count = vec![state::fence(sequence), state::count_minute()];
    let counted = first(trips.run(database, count).await?, 1).ok_or_else(nothing)?;
    advance(trips, database, counted.integer("sequence")?).await
}

/// Undoes a restore, if the database was restored, and allots ids if few are left:
/// 1. lifts the ids above all that were ever allotted;
/// 2. puts back what lets somebody in, if the database has the directory;
/// 3. has moves from and to the database begin anew, and serves nobody there who lives elsewhere;
/// 4. does again what erasures the database lacks, and writes their receipts again;
/// 5. opens the fence.
///
/// # Errors
/// 503 if a database does not answer. What was done stays done.
pub async fn replay(trips: &impl Trips, database: Database) -> Result<Replayed, Error> {
    let head = hear(trips, database).await?;
    let state = read(trips, database).await?;
    let (sequence, ids) = (state.integer("sequence")?, state.integer("ids")?);
    let promised = state.integer("ids_upto")?;
    let mut replayed = Replayed {
        was_restored: sequence < head,
        ..Replayed::default()
    };
    let least = promised.max(ids);
    if !replayed.was_restored {
        if promised - ids < IDS_AHEAD / 2 {
            allot(trips, database, least, false).await?;
        }
        return Ok(replayed);
    }
    allot(trips, database, least, true).await?;
    if database == Database::DIRECTORY {
        let doors_sequence = state.integer("doors_sequence")?;
        replayed.logins = put_doors_back(trips, doors_sequence, head).await?;
    }
    // What another replay has opened meanwhile is right, and moves go on there: up to `head`, this one changes nothing.
    restored::put_right(trips, database, head).await?;
    let open = head + 1;
    // Isolates that had not heard yet may have counted on.
    let from = (sequence - MINUTE).max(0);
    (replayed.erasures, replayed.erased_again) = erase_again(trips, database, from, open).await?;
    advance(trips, database, open).await?;
    trips.run(database, vec![state::open(open)]).await?;
    Ok(replayed)
}

async fn advance(trips: &impl Trips, database: Database, sequence: i64) -> Result<(), Error> {
    let sequence_sql = text!("{sequence}", sequence = sequence);
    trips
        .ledger(vec![sql::advance(database, sequence_sql)])
        .await?;
    trips.hear(database, sequence);
    Ok(())
}

/// Puts back every login that was changed later than the database knows. Returns how many.
async fn put_doors_back(trips: &impl Trips, after: i64, head: i64) -> Result<i64, Error> {
    let (mut after, mut username, mut count) = (after, "\u{10ffff}".to_owned(), 0);
    loop {
        let page = trips
            .ledger(vec![sql::doors_after(after, &username)])
            .await?;
        let page = all(page);
        let Some(last) = page.last() else {
            return Ok(count);
        };
        (after, username) = (last.integer("sequence")?, last.text("username")?);
        let texts = page.iter().map(|row| row.text("door"));
        let list = list(&texts.collect::<Result<Vec<_>, _>>()?);
        let put = undo::put_doors_back(&list, head);
        trips.run(Database::DIRECTORY, put).await?;
        count += i64::try_from(page.len()).unwrap_or(PAGE);
    }
}

/// Erases again whoever of the ledger lives again, and writes receipts again that are lost. Returns how many erasures the
/// ledger has, and how many were done again.
async fn erase_again(
    trips: &impl Trips,
    database: Database,
    from: i64,
    open: i64,
) -> Result<(i64, i64), Error> {
    let (mut sequence, mut erasure_id, mut count, mut again) = (from, 0, 0, 0);
    loop {
        let page = trips
            .ledger(vec![sql::erasures_after(database, sequence, erasure_id)])
            .await?;
        let page = all(page);
        let Some(last) = page.last() else {
            return Ok((count, again));
        };
        (sequence, erasure_id) = (last.integer("sequence")?, last.integer("erasure_id")?);
        let texts = page.iter().map(|row| row.text("entry"));
        let list = list(&texts.collect::<Result<Vec<_>, _>>()?);
        let look = undo::look(&list, &trips.now());
        let living = first_rows(trips.run(database, look).await?);
        for row in living {
            let entry = undo::Entry {
                partner_id: row.integer("partner_id")?,
                customer_id: row.integer("customer_id")?,
                uuid: row.text("uuid")?,
                removed_at: row.text("removed_at")?,
                json: row.text("entry")?,
            };
            let erase = entry.erase_again(&trips.now(), open);
            trips.run(database, erase).await?;
            again += 1;
        }
        count += i64::try_from(page.len()).unwrap_or(PAGE);
    }
}

fn list(texts: &[String]) -> String {
    format!("[{}]", texts.join(","))
}

fn first_rows<R>(rows: Vec<Vec<R>>) -> Vec<R> {
    rows.into_iter().next().unwrap_or_default()
}

fn all<R>(rows: Vec<Vec<R>>) -> Vec<R> {
    rows.into_iter().flatten().collect()
}

fn nothing() -> Error {
    Error::Internal("a row of the ledger's work is missing".to_owned())
}
