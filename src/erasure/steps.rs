//! Work that would be too long for one transaction and so goes on in steps: masking the calls of an erased customer
//! (`maskings`), and removing the values of an ended custom field (`endings`).
//!
//! Each step is a transaction of its own. It reads from the database how far the work has come, does the next rows, and
//! writes how far it has come. So two runners at once do each row once, and a runner that is stopped loses nothing: the
//! next one goes on where the last finished step ended.

use crate::db::batch::{At, Batch, Steps};
use crate::db::idempotency;
use crate::db::schema::CUSTOMER_TABLES;
use crate::db::sql::{Sql, Statement};
use crate::erasure::receipt::backups_until;
use crate::moves::leaving;
use crate::moves::pages::{PACE, Pace};
use crate::operator::input::FieldNumber;
use crate::records::calls::{CALLS, EXTERNAL_IDS};
use crate::sql;

/// The fewest rows that a step takes, while there are so many, besides the one that keeps how far it has come and the
/// receipt. A run begins with so many: D1 is one thread for all partners, and nobody knows yet how long a row takes it.
pub const ROWS_LEAST: i64 = 200;

/// The most rows that a step takes of each of three tables: calls, their `external_ids`, and keys. So it writes fewer than
/// 10,000 in all.
pub const ROWS_MOST: i64 = 3_300;

/// How long the database should work on a step, in microseconds. Others wait meanwhile, and for the commit.
const AIM_US: i64 = 5_000;

/// How many rows the next step takes, after one with so many rows took the database so many microseconds.
pub fn rows_after(rows: i64, us: i64) -> i64 {
    let aimed = rows * AIM_US / us.max(1);
    aimed.min(2 * rows).clamp(ROWS_LEAST, ROWS_MOST)
}

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
    /// The work of a row of [`next`]: its `id`, and its `n`, which is 0 for a masking and -1 for a leaving.
    pub fn of(id: i64, n: i64) -> Self {
        if n < 0 {
            return Self::Leaving(id);
        }
        let field = u8::try_from(n).ok().and_then(FieldNumber::of);
        field.map_or(Self::Masking(id), |field| Self::Ending(id, field))
    }

    /// Does the next step, if another runner has not finished the work. It changes at most so many `rows` of the calls, as
    /// many `external_ids`, as many keys, and two, and reads at most ten times as many. Of a partner that leaves, see
    /// [`leaving::step`].
    pub fn step(self, now: &str, rows: i64) -> Batch<Step> {
        let mut steps = Steps::default();
        let goes_on = match self {
            Self::Masking(masking_id) => mask(&mut steps, masking_id, now, rows),
            Self::Ending(ending_id, field) => {
                let ending = sql!(
                    "ending_id = {ending_id} AND n = {n}",
                    ending_id = ending_id,
                    n = field.n()
                );
                empty(&mut steps, &ending, field, rows).goes_on
            }
            Self::Leaving(partner_id) => {
                let rows = rows.min(PACE.rows);
                leaving::step(&mut steps, partner_id, Pace { rows, ..PACE });
                steps.add(leaves(partner_id))
            }
        };
        steps.named(Step { goes_on })
    }

    /// Completes the work if no step is left and its last step has not done so. It reads and writes a handful of rows.
    pub fn finish(self, now: &str) -> Vec<Statement> {
        match self {
            Self::Masking(masking_id) => complete(masking_id, now),
            Self::Ending(..) | Self::Leaving(_) => Vec::new(),
        }
    }
}

/// The results of [`Work::step`].
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// A row if more of the work may be left.
    pub goes_on: At,
}

/// What a run passes over, because a step of it was refused: of each kind of work, everything up to this id.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passed {
    masking: i64,
    ending: i64,
    leaving: i64,
}

impl Passed {
    /// Passes over this work too. Older work of its kind is done, or was passed over before.
    pub fn over(&mut self, work: Work) {
        match work {
            Work::Masking(id) => self.masking = id,
            Work::Ending(id, _) => self.ending = id,
            Work::Leaving(id) => self.leaving = id,
        }
    }
}

/// Finds the oldest work that was not passed over, as `id` and `n`: first the customers to be masked, then the custom
/// fields, then the partners that leave. No row if there is no work. It reads three rows.
pub fn next(passed: Passed) -> Statement {
    sql!(
        "SELECT id, n FROM (SELECT masking_id AS id, 0 AS n FROM maskings WHERE masking_id > {masking} \
         ORDER BY masking_id LIMIT 1) \
         UNION ALL \
         SELECT id, n FROM (SELECT ending_id AS id, n FROM endings WHERE ending_id > {ending} \
         ORDER BY ending_id LIMIT 1) \
         UNION ALL \
         SELECT id, n FROM (SELECT partner_id AS id, -1 AS n FROM leavings WHERE partner_id > {leaving} \
         ORDER BY partner_id LIMIT 1) LIMIT 1",
        masking = passed.masking,
        ending = passed.ending,
        leaving = passed.leaving,
    )
    .named("steps::next")
}

/// Finds a partner that leaves.
fn leaves(partner_id: i64) -> Statement {
    sql!(
        "SELECT partner_id FROM leavings WHERE partner_id = {partner_id}",
        partner_id = partner_id
    )
    .named("steps::leaves")
}

/// Masks the next calls, removes as many `external_ids` of the customer, and notes the last of the calls. The named result has
/// a row if there was any.
fn mask(steps: &mut Steps, masking_id: i64, now: &str, rows: i64) -> At {
    let calls = CUSTOMER_TABLES
        .iter()
        .filter(|table| table.name == CALLS.name);
    let next_ids = sql!(
        "call_id IN (SELECT call_id FROM ({calls}))",
        calls = next_calls(masking_id, rows, 0)
    );
    for table in calls {
        steps.add(table.erase(now, &next_ids).named("steps::mask"));
    }
    let [partner_id, customer_id] = of_masking(masking_id);
    // At least as many as calls were masked, so none is left after the last one.
    let external_ids = sql!(
        "DELETE FROM {external_ids} WHERE customer_id = {customer_id} AND external_id <= COALESCE(\
         (SELECT external_id FROM {external_ids} WHERE customer_id = {customer_id} ORDER BY external_id LIMIT 1 OFFSET {rows} - 1), \
         (SELECT MAX(external_id) FROM {external_ids} WHERE customer_id = {customer_id}))",
        external_ids = Sql::name(EXTERNAL_IDS),
        customer_id = &customer_id,
        rows = rows,
    );
    steps.add(external_ids.named("steps::remove_external_ids"));
    steps.add(idempotency::erase_next(
        &partner_id,
        &customer_id,
        now,
        rows,
    ));
    // If fewer than a full step were left, the last one of all.
    let note = sql!(
        "UPDATE maskings SET start = last.start, call_id = last.call_id FROM \
         (SELECT start, call_id FROM ({last_of_step}) UNION ALL SELECT start, call_id FROM \
         (SELECT start, call_id FROM calls WHERE customer_id = {customer_id} ORDER BY start DESC, call_id DESC LIMIT 1) \
         LIMIT 1) AS last \
         WHERE masking_id = {masking_id} AND maskings.call_id <> last.call_id RETURNING masking_id",
        last_of_step = next_calls(masking_id, 1, rows - 1),
        customer_id = noted("customer_id", masking_id),
        masking_id = masking_id,
    );
    steps.add(note.named("steps::note_masked"))
}

/// Completes the erasure if no call is left to be masked and no `external_id`, and ends the work if no key is left either.
fn complete(masking_id: i64, now: &str) -> Vec<Statement> {
    let [partner_id, customer_id] = of_masking(masking_id);
    let complete = sql!(
        "UPDATE erasures SET completed_at = {now}, backups_until = {backups_until}, recorded = 0 \
         WHERE customer_id = (SELECT customer_id FROM maskings WHERE masking_id = {masking_id}) \
         AND completed_at = '' AND NOT EXISTS ({next}) \
         AND NOT EXISTS (SELECT 1 FROM {external_ids} WHERE customer_id = {customer_id})",
        now = now,
        backups_until = backups_until(now),
        masking_id = masking_id,
        next = next_calls(masking_id, 1, 0),
        external_ids = Sql::name(EXTERNAL_IDS),
        customer_id = &customer_id,
    );
    let end = sql!(
        "DELETE FROM maskings WHERE masking_id = {masking_id} AND EXISTS \
         (SELECT 1 FROM erasures WHERE erasures.customer_id = maskings.customer_id AND completed_at <> '') \
         AND NOT EXISTS ({keys})",
        masking_id = masking_id,
        keys = idempotency::of_customer(&partner_id, &customer_id),
    );
    vec![
        complete.named("steps::complete"),
        end.named("steps::end_masking"),
    ]
}

/// The ids of the partner and of the customer of a row of `maskings`.
fn of_masking(masking_id: i64) -> [Sql; 2] {
    let customer_id = noted("customer_id", masking_id);
    let partner_id = sql!(
        "(SELECT partner_id FROM customers WHERE customer_id = {customer_id})",
        customer_id = &customer_id,
    );
    [partner_id, customer_id]
}

/// A column of the row of `maskings`.
fn noted(column: &'static str, masking_id: i64) -> Sql {
    sql!(
        "(SELECT {column} FROM maskings WHERE masking_id = {masking_id})",
        column = Sql::name(column),
        masking_id = masking_id,
    )
}

/// The calls that follow the last masked one, in the order of the index `calls_customer`.
///
/// For a comparison of the pair (start, call_id) SQLite would seek by `start` alone and read every call with the same
/// `start`. So there is one seek for each part, and SQLite merges their results as it reads them.
fn next_calls(masking_id: i64, limit: i64, offset: i64) -> Sql {
    let noted = |column| noted(column, masking_id);
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

/// The results of [`empty`].
#[derive(Clone, Copy, Debug)]
pub struct Emptied {
    /// The number of customers that had a value, as `changed`.
    pub changed: At,
    /// A row if values may be left.
    pub goes_on: At,
}

/// Empties an ended field of the next customers of its partner, at most so many `rows`, and notes the last of them. When
/// fewer were left, the ending is over. `ending` is the condition that finds the row of `endings`.
pub fn empty(steps: &mut Steps, ending: &Sql, field: FieldNumber, rows: i64) -> Emptied {
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
        next = next_customers(rows, 0),
    );
    steps.add(empty.named("steps::empty"));
    let changed = steps.add(sql!("SELECT changes() AS changed").named("steps::changed"));
    let note = sql!(
        "UPDATE endings SET emptied_to = last.customer_id FROM ({last}) AS last WHERE {ending} RETURNING n",
        last = next_customers(1, rows - 1),
        ending = ending,
    );
    let end = sql!(
        "DELETE FROM endings WHERE {ending} AND changes() = 0",
        ending = ending
    );
    let goes_on = steps.add(note.named("steps::note_emptied"));
    steps.add(end.named("steps::end_ending"));
    Emptied { changed, goes_on }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_as_many_rows_as_the_last_one_had_time_for() {
        assert_eq!(rows_after(1_000, AIM_US), 1_000);
        assert_eq!(rows_after(1_000, 2 * AIM_US), 500);
        assert_eq!(rows_after(1_000, AIM_US * 4 / 5), 1_250);
        assert_eq!(rows_after(1_000, 0), 2_000);
        assert_eq!(rows_after(1_000, 1_000_000), ROWS_LEAST);
        assert_eq!(rows_after(3_000, 1), ROWS_MOST);
    }
}
