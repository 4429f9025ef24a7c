//! Work that would be too long for one transaction and so goes on in steps: masking the calls of an erased customer
//! (`maskings`), and removing the values of an ended custom field (`endings`).
//!
//! Each step is a transaction of its own. It reads from the database how far the work has come, does the next rows, and
//! writes how far it has come. So two runners at once do each row once, and a runner that is stopped loses nothing: the
//! next one goes on where the last finished step ended.

use crate::db::batch::{At, Batch, Steps};
use crate::db::schema::CUSTOMER_TABLES;
use crate::db::sql::{Sql, Statement};
use crate::erasure::receipt::backups_until;
use crate::moves::leaving;
use crate::moves::pages::PACE;
use crate::operator::input::FieldNumber;
use crate::records::calls::CALLS;
use crate::sql;

/// The most rows that a step changes, besides the one that keeps how far it has come and the receipt. D1 is one thread for
/// all partners, and recommends statements of 1,000 to 10,000 rows. A call takes it some 2 µs, so others wait for 20 ms.
pub const ROWS_PER_STEP: i64 = 10_000;

/// Work of which steps remain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The calls of the erased customer of this row of `maskings` remain to be masked.
    Masking(i64),
    /// The values of this custom field remain to be removed, for the partner of this row of `endings`.
    Ending(i64, FieldNumber),
    /// What the database still has of this partner, which lives elsewhere, remains to be deleted.
    Leaving(i64),
}

impl Work {
    /// The work of a row of [`Step::next`]: its `id`, and its `n`, which is 0 for a masking and -1 for a leaving.
    pub fn of(id: i64, n: i64) -> Self {
        if n < 0 {
            return Self::Leaving(id);
        }
        let field = u8::try_from(n).ok().and_then(FieldNumber::of);
        field.map_or(Self::Masking(id), |field| Self::Ending(id, field))
    }

    /// Does the next step, if another runner has not finished the work. It changes at most [`ROWS_PER_STEP`] rows and
    /// two, and reads at most six times as many. Of a partner that leaves, see [`leaving::step`].
    pub fn step(self, now: &str) -> Batch<Step> {
        let mut steps = Steps::default();
        match self {
            Self::Masking(masking_id) => mask(&mut steps, masking_id, now),
            Self::Ending(ending_id, field) => {
                let ending = sql!(
                    "ending_id = {ending_id} AND n = {n}",
                    ending_id = ending_id,
                    n = field.n()
                );
                empty(&mut steps, &ending, field);
            }
            Self::Leaving(partner_id) => drop(leaving::step(&mut steps, partner_id, PACE)),
        }
        let next = steps.add(next());
        steps.named(Step { next })
    }
}

/// The results of [`Work::step`].
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// See [`next`].
    pub next: At,
}

/// Finds the oldest work, as `id` and `n`: first the customers to be masked, then the custom fields, then the partners
/// that leave. No row if there is no work. It reads three rows.
pub fn next() -> Statement {
    sql!(
        "SELECT id, n FROM (SELECT masking_id AS id, 0 AS n FROM maskings ORDER BY masking_id LIMIT 1) \
         UNION ALL \
         SELECT id, n FROM (SELECT ending_id AS id, n FROM endings ORDER BY ending_id LIMIT 1) \
         UNION ALL \
         SELECT id, n FROM (SELECT partner_id AS id, -1 AS n FROM leavings ORDER BY partner_id LIMIT 1) LIMIT 1"
    )
    .named("steps::next")
}

/// Masks the next calls, and notes the last of them. When fewer were left than a step takes, the erasure is complete.
fn mask(steps: &mut Steps, masking_id: i64, now: &str) {
    let calls = CUSTOMER_TABLES
        .iter()
        .filter(|table| table.name == CALLS.name);
    let next_ids = sql!(
        "call_id IN (SELECT call_id FROM ({calls}))",
        calls = next_calls(masking_id, ROWS_PER_STEP, 0)
    );
    for table in calls {
        steps.add(table.erase(now, &next_ids).named("steps::mask"));
    }
    let note = sql!(
        "UPDATE maskings SET start = last.start, call_id = last.call_id FROM ({last}) AS last \
         WHERE masking_id = {masking_id}",
        last = next_calls(masking_id, 1, ROWS_PER_STEP - 1),
        masking_id = masking_id,
    );
    // If there was no last call of a full step, nothing was noted, and nothing is left.
    let complete = sql!(
        "UPDATE erasures SET completed_at = {now}, backups_until = {backups_until}, recorded = 0 \
         WHERE customer_id = (SELECT customer_id FROM maskings WHERE masking_id = {masking_id}) \
         AND completed_at = '' AND changes() = 0",
        now = now,
        backups_until = backups_until(now),
        masking_id = masking_id,
    );
    let end = sql!(
        "DELETE FROM maskings WHERE masking_id = {masking_id} AND EXISTS \
         (SELECT 1 FROM erasures WHERE erasures.customer_id = maskings.customer_id AND completed_at <> '')",
        masking_id = masking_id,
    );
    steps.add(note.named("steps::note_masked"));
    steps.add(complete.named("steps::complete"));
    steps.add(end.named("steps::end_masking"));
}

/// The calls that follow the last masked one, in the order of the index `calls_customer`.
///
/// For a comparison of the pair (start, call_id) SQLite would seek by `start` alone and read every call with the same
/// `start`. So there is one seek for each part, and SQLite merges their results as it reads them.
fn next_calls(masking_id: i64, limit: i64, offset: i64) -> Sql {
    let noted = |column| {
        sql!(
            "(SELECT {column} FROM maskings WHERE masking_id = {masking_id})",
            column = Sql::name(column),
            masking_id = masking_id,
        )
    };
    sql!(
        "SELECT start, call_id FROM calls \
         WHERE customer_id = {customer_id} AND start = {start} AND call_id > {call_id} \
         UNION ALL \
         SELECT start, call_id FROM calls WHERE customer_id = {customer_id} AND start > {start} \
         ORDER BY start, call_id LIMIT {limit} OFFSET {offset}",
        customer_id = noted("customer_id"),
        start = noted("start"),
        call_id = noted("call_id"),
        limit = limit,
        offset = offset,
    )
}

/// Empties an ended field of the next customers of its partner, and notes the last of them. When fewer were left than a
/// step takes, the ending is over. `ending` is the condition that finds the row of `endings`. The named result has the
/// number of customers that had a value, as `changed`.
pub fn empty(steps: &mut Steps, ending: &Sql, field: FieldNumber) -> At {
    let noted = |column| {
        sql!(
            "(SELECT {column} FROM endings WHERE {ending})",
            column = Sql::name(column),
            ending = ending,
        )
    };
    let next_customers = |limit, offset| {
        sql!(
            "SELECT customer_id FROM customers WHERE partner_id = {partner_id} AND removed_at = '' \
             AND customer_id > {emptied_to} ORDER BY customer_id LIMIT {limit} OFFSET {offset}",
            partner_id = noted("partner_id"),
            emptied_to = noted("emptied_to"),
            limit = limit,
            offset = offset,
        )
    };
    let empty = sql!(
        "UPDATE customers SET {column} = '', version = version + 1 \
         WHERE customer_id IN ({next}) AND {column} <> ''",
        column = Sql::name(field.name()),
        next = next_customers(ROWS_PER_STEP, 0),
    );
    steps.add(empty.named("steps::empty"));
    let changed = steps.add(sql!("SELECT changes() AS changed").named("steps::changed"));
    let note = sql!(
        "UPDATE endings SET emptied_to = last.customer_id FROM ({last}) AS last WHERE {ending}",
        last = next_customers(1, ROWS_PER_STEP - 1),
        ending = ending,
    );
    let end = sql!(
        "DELETE FROM endings WHERE {ending} AND changes() = 0",
        ending = ending
    );
    steps.add(note.named("steps::note_emptied"));
    steps.add(end.named("steps::end_ending"));
    changed
}
