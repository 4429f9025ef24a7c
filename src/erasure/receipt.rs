//! The receipt of an erasure. It holds no personal data.

use crate::db::json::{Member, integer, json_object};
use crate::db::schema::measures_active;
use crate::db::sql::Sql;
use crate::http::version::Version;
use crate::sql;

/// The counts in a receipt. The names are those of its members and of the columns of `erasures`.
pub const COUNTS: [&str; 4] = [
    "measures_expired",
    "users_removed",
    "allowed_numbers_removed",
    "phone_numbers_masked",
];

/// The values of `status`: every phone number is masked; phone numbers on calls remain to be masked.
pub const STATUSES: [&str; 2] = ["complete", "masking"];

/// The `status` of a receipt.
pub fn status(is_masking: bool) -> &'static str {
    let [complete, masking] = STATUSES;
    if is_masking { masking } else { complete }
}

/// The most calls that an erasure masks in its one transaction; those of a customer with more are masked in steps. The
/// database is one thread for all partners: an erasure of 20,000 calls, each with an external id, was answered in 0.1 s here.
pub const CALLS_AT_ONCE: i64 = 20_000;

/// How long the database's own history shows what was erased. D1's Time Travel goes back 30 days on Workers Paid, and less on
/// the free plan (<https://developers.cloudflare.com/d1/reference/time-travel/>).
const HISTORY: &str = "30 days";

/// Until when the database's own history shows what is erased at `now`.
pub fn backups_until(now: &str) -> Sql {
    sql!(
        "datetime({now}, '{history}')",
        now = now,
        history = Sql::name(HISTORY)
    )
}

/// The condition that a row of `customers` has more calls than one transaction masks.
pub fn goes_in_steps() -> Sql {
    sql!("calls_total > {most}", most = CALLS_AT_ONCE)
}

/// The JSON of a receipt, from a row of `customers`, the condition that phone numbers remain to be masked, and an
/// expression for `completed_at`, for `reerased_at`, for `backups_until` once it is complete, and for each of [`COUNTS`]. The
/// member `jws` is not among them: see the handlers.
pub fn json(
    version: Version,
    is_masking: Sql,
    completed_at: Sql,
    reerased_at: Sql,
    backups_until: Sql,
    counts: impl IntoIterator<Item = Sql>,
) -> Sql {
    let status = sql!(
        "CASE WHEN {is_masking} THEN '{masking}' ELSE '{complete}' END",
        is_masking = &is_masking,
        masking = Sql::name(status(true)),
        complete = Sql::name(status(false)),
    );
    let backups_until = sql!(
        "CASE WHEN {is_masking} THEN '' ELSE {backups_until} END",
        is_masking = is_masking,
        backups_until = backups_until,
    );
    let mut members = vec![
        Member::integer(version, "customer_id"),
        Member::column("uuid"),
        Member::column("removed_at"),
        Member::scalar("status", status),
        Member::scalar("completed_at", completed_at),
        Member::scalar("reerased_at", reerased_at),
        Member::scalar("backups_until", backups_until),
    ];
    let counts = COUNTS.into_iter().zip(counts);
    members.extend(counts.map(|(name, count)| Member::scalar(name, integer(version, count))));
    json_object(&members)
}

/// The expressions for [`COUNTS`] before the erasure, for a row of `customers`, which has most of them. They read the measures
/// that end later than now, and the last of the allowed numbers, whose positions have no gaps.
pub fn counts(now: &str) -> [Sql; 4] {
    [
        measures_active(now),
        sql!("users_total"),
        sql!(
            "(SELECT COALESCE(MAX(position) + 1, 0) FROM allowed_numbers \
             WHERE allowed_numbers.customer_id = customers.customer_id)"
        ),
        sql!("numbers_total"),
    ]
}
