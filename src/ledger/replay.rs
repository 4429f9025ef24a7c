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
use crate::sql as text;

/// How far the database has come, as far as the ledger knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head {
    /// Its `sequence`.
    pub sequence: i64,
    /// No id above it has been given.
    pub ids_upto: i64,
}

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

/// Asks the ledger how far the database has come.
///
/// # Errors
/// 503 if the ledger does not answer.
pub async fn hear(trips: &impl Trips) -> Result<Head, Error> {
    let head = match first(trips.ledger(vec![sql::head()]).await?, 0) {
        None => Head::default(),
        Some(row) => Head {
            sequence: row.integer("sequence")?,
            ids_upto: row.integer("ids_upto")?,
        },
    };
    trips.hear(head.sequence);
    Ok(head)
}

/// What the ledger has of an erasure.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its columns, as JSON.
    pub json: String,
    /// Whether it is the erasure that was given. If not, the customer had been erased before, and a restore had brought it
    /// back.
    pub is_first: bool,
}

/// Records an erasure in the ledger. `entry` is what the customers' database tells of it.
///
/// # Errors
/// 503 if the ledger does not answer. Then the erasure stays in the outbox.
pub async fn record(trips: &impl Trips, entry: &str) -> Result<Kept, Error> {
    let signed = trips.sign(entry).await?;
    keep(trips, sql::record(entry, &signed)).await
}

/// Keeps what lets somebody in as a partner. `doors` is what [`state::doors`] has read.
///
/// # Errors
/// 503 if the ledger does not answer.
pub async fn keep_doors(trips: &impl Trips, doors: &str) -> Result<(), Error> {
    keep(trips, sql::doors(doors)).await?;
    Ok(())
}

async fn keep(trips: &impl Trips, batch: Batch<()>) -> Result<Kept, Error> {
    let last = batch.statements.len().saturating_sub(1);
    let kept = first(trips.ledger(batch.statements).await?, last).ok_or_else(nothing)?;
    trips.hear(kept.integer("sequence")?);
    Ok(Kept {
        json: kept.text("kept")?,
        is_first: kept.integer("is_first")? == 1,
    })
}

/// Takes an erasure from the outbox, once [`record`] has returned `kept`.
///
/// # Errors
/// 503 if the database does not answer. Then the erasure is recorded again later, which changes nothing.
pub async fn close(trips: &impl Trips, entry: &str, kept: &Kept) -> Result<(), Error> {
    let statements = state::recorded(entry, &kept.json);
    trips.customers(statements.into()).await?;
    Ok(())
}

/// What is done every minute after [`replay`]: it records what is in the outbox, and counts the minute.
///
/// # Errors
/// 503 if a database does not answer. The next minute goes on.
pub async fn every_minute(trips: &impl Trips) -> Result<(), Error> {
    for row in all(trips.customers(vec![state::outbox()]).await?) {
        let entry = row.text("entry")?;
        let kept = record(trips, &entry).await?;
        close(trips, &entry, &kept).await?;
    }
    let head = hear(trips).await?;
    let count = vec![state::fence(head.sequence), state::count_minute()];
    let counted = first(trips.customers(count).await?, 1).ok_or_else(nothing)?;
    let sequence = counted.integer("sequence")?;
    advance(trips, sequence, 0).await
}

/// Undoes a restore, if the database was restored, and promises ids if few are left:
/// 1. lifts the ids above all that were ever given;
/// 2. puts back what lets somebody in;
/// 3. does again what erasures the database lacks, and writes their receipts again;
/// 4. opens the fence.
///
/// # Errors
/// 503 if a database does not answer. What was done stays done.
pub async fn replay(trips: &impl Trips) -> Result<Replayed, Error> {
    let head = hear(trips).await?;
    let state = first(trips.customers(vec![state::read()]).await?, 0).ok_or_else(nothing)?;
    let (sequence, ids) = (state.integer("sequence")?, state.integer("ids")?);
    let promised = state.integer("ids_upto")?;
    let mut replayed = Replayed {
        was_restored: sequence < head.sequence,
        ..Replayed::default()
    };
    if !replayed.was_restored {
        if promised - ids < IDS_AHEAD / 2 {
            promise(trips, ids.max(promised) + IDS_AHEAD, None).await?;
        }
        return Ok(replayed);
    }
    let upto = head.ids_upto.max(promised).max(ids);
    promise(trips, upto + IDS_AHEAD, Some(upto)).await?;
    let doors_sequence = state.integer("doors_sequence")?;
    replayed.logins = put_doors_back(trips, doors_sequence, head.sequence).await?;
    let open = head.sequence + 1;
    // Isolates that had not heard yet may have counted on.
    let from = (sequence - MINUTE).max(0);
    (replayed.erasures, replayed.erased_again) = erase_again(trips, from, open).await?;
    advance(trips, open, 0).await?;
    trips.customers(vec![state::open(open)]).await?;
    Ok(replayed)
}

/// Promises ids, in the ledger first; after a restore, no table gives an id up to `lift` again.
async fn promise(trips: &impl Trips, ids_upto: i64, lift: Option<i64>) -> Result<(), Error> {
    advance(trips, 0, ids_upto).await?;
    let mut statements = lift.map_or_else(Vec::new, |upto| state::lift(upto).into());
    statements.push(state::promise(ids_upto));
    trips.customers(statements).await?;
    Ok(())
}

async fn advance(trips: &impl Trips, sequence: i64, ids_upto: i64) -> Result<(), Error> {
    let sequence_sql = text!("{sequence}", sequence = sequence);
    trips
        .ledger(vec![sql::advance(sequence_sql, ids_upto)])
        .await?;
    trips.hear(sequence);
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
        trips.customers(undo::put_doors_back(&list, head)).await?;
        count += i64::try_from(page.len()).unwrap_or(PAGE);
    }
}

/// Erases again whoever of the ledger lives again, and writes receipts again that are lost. Returns how many erasures the
/// ledger has, and how many were done again.
async fn erase_again(trips: &impl Trips, from: i64, open: i64) -> Result<(i64, i64), Error> {
    let (mut sequence, mut erasure_id, mut count, mut again) = (from, 0, 0, 0);
    loop {
        let page = trips
            .ledger(vec![sql::erasures_after(sequence, erasure_id)])
            .await?;
        let page = all(page);
        let Some(last) = page.last() else {
            return Ok((count, again));
        };
        (sequence, erasure_id) = (last.integer("sequence")?, last.integer("erasure_id")?);
        let texts = page.iter().map(|row| row.text("entry"));
        let list = list(&texts.collect::<Result<Vec<_>, _>>()?);
        let living = first_rows(trips.customers(undo::look(&list, &trips.now())).await?);
        for row in living {
            let entry = undo::Entry {
                partner_id: row.integer("partner_id")?,
                customer_id: row.integer("customer_id")?,
                uuid: row.text("uuid")?,
                removed_at: row.text("removed_at")?,
                json: row.text("entry")?,
            };
            trips
                .customers(entry.erase_again(&trips.now(), open))
                .await?;
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
