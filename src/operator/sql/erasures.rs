//! The SQL of the list of erasures. Every statement is sent to the ledger.

use super::trail::WINDOW;
use crate::db::batch::{At, Batch, Steps};
use crate::db::json::{Member, json_object};
use crate::db::sql::Sql;
use crate::erasure::receipt::COUNTS;
use crate::http::paging::Paging;
use crate::http::version::Version;
use crate::sql;

/// The members of an erasure that are columns, besides the counts and `partner`.
const COLUMNS: [&str; 9] = [
    "erasure_id",
    "database",
    "customer_id",
    "uuid",
    "removed_at",
    "completed_at",
    "reerased_at",
    "backups_until",
    "jws",
];

/// The results of [`erasures`].
#[derive(Clone, Copy, Debug)]
pub struct Erasures {
    /// One row: the number of erasures since the time, as `total`.
    pub total: At,
    /// The erasures, oldest first.
    pub rows: At,
}

/// Reads a page of the erasures since a time (`""` is the beginning), by ascending time and id, and their number among the
/// first [`WINDOW`]. It reads the rows that the offset skips, the rows that it answers, and the entries of an index that it
/// counts.
pub fn erasures(version: Version, since: &str, paging: Paging) -> Batch<Erasures> {
    let integer = |name| Member::integer(version, name);
    let [erasure_id, database, customer_id, rest @ ..] = COLUMNS;
    let mut members = vec![
        integer(erasure_id),
        Member::column(database),
        Member::scalar("partner", sql!("username")),
        integer(customer_id),
    ];
    members.extend(rest.map(|name| match name {
        // As the receipt has it.
        "backups_until" => Member::scalar(name, sql!("iif(completed_at = '', '', backups_until)")),
        name => Member::column(name),
    }));
    members.extend(COUNTS.map(integer));
    let total = sql!(
        "SELECT COUNT(*) AS total FROM \
         (SELECT 1 FROM erasures WHERE removed_at >= {since} ORDER BY removed_at LIMIT {max})",
        since = since,
        max = WINDOW,
    );
    let rows = sql!(
        "SELECT {json} AS json, erasure_id AS id FROM erasures WHERE {begin} \
         ORDER BY removed_at, erasure_id LIMIT {limit} OFFSET {offset}",
        json = json_object(&members),
        begin = begin(since, paging.after),
        limit = paging.limit(),
        offset = paging.offset(),
    );
    let mut steps = Steps::default();
    let total = steps.add(total.named("operator::erasures_total"));
    let rows = steps.add(rows.named("operator::erasures"));
    steps.named(Erasures { total, rows })
}

/// The condition that an erasure is not before a time, and comes after the one with this id; 0 is the beginning.
fn begin(since: &str, after: i64) -> Sql {
    match after {
        0 => sql!("removed_at >= {since}", since = since),
        after => sql!(
            "removed_at >= {since} AND (removed_at, erasure_id) > \
             (SELECT removed_at, erasure_id FROM erasures WHERE erasure_id <= {after} \
             ORDER BY erasure_id DESC LIMIT 1)",
            since = since,
            after = after,
        ),
    }
}
