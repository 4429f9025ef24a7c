//! Reads the text of a database error: D1 has no codes, so nothing else reads its texts. Pure.

use crate::http::error::Error;
use crate::ledger::state::{ELSEWHERE, IDS_USED_UP, RESTORED};

/// The text of a call that had no answer by our own deadline.
pub const LATE: &str = "no answer by our deadline";

/// What D1 and SQLite say when the database, or the account, has no room left.
const FULL: [&str; 3] = [
    "sqlite_full",
    "exceeded maximum db size",
    "maximum account storage limit",
];

/// A statement that ran too long. D1 says of it that the object was reset, as it says of what passes.
const TOO_LONG: &str = "storage operation exceeded timeout";

/// What D1 says when it has more to do than it can. A repeat at once would make it worse.
const OVERLOADED: [&str; 4] = ["overloaded", "requests queued", "sqlite_busy", LATE];

/// What D1 says when the way to the database broke, or the database started anew.
const LOST: [&str; 9] = [
    "network connection lost",
    "replica disconnected",
    "client disconnected",
    "transient issue",
    "caused object to be reset",
    "reset because its code was updated",
    "internal error",
    "fetch failed",
    // D1 got a page of the platform instead of an answer.
    "failed to parse body as json",
];

/// What SQLite says of a table or a column that it does not have. Every statement of ours was tried on the schema of this
/// code, so the database has an older one.
const UNMIGRATED: [&str; 3] = ["no such table", "no such column", "has no column named"];

/// What kind of trouble an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection or the database's process was lost. It passes.
    Lost,
    /// The database has too much to do. It passes.
    Overloaded,
    /// The database refuses the batch because of the batch itself: too large, too long a run, a constraint, a type, a syntax. A
    /// text that nobody here knows counts as this too, so that somebody looks at it.
    Refused,
    /// The database lacks a migration.
    Unmigrated,
    /// The database has no room left.
    Full,
    /// The database was restored, or has given an id that is not allotted to it. Our own statements say so. It is put in order
    /// at once.
    Restored,
    /// The database does not serve the partner, or not that it writes: it moves. Our own statement says so.
    Elsewhere,
}

impl Trouble {
    /// The kind of the error with this text.
    pub fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        if says(&[RESTORED, IDS_USED_UP]) {
            Self::Restored
        } else if says(&[ELSEWHERE]) {
            Self::Elsewhere
        } else if says(&FULL) {
            Self::Full
        } else if says(&UNMIGRATED) {
            Self::Unmigrated
        } else if says(&OVERLOADED) {
            Self::Overloaded
        } else if says(&LOST) && !says(&[TOO_LONG]) {
            Self::Lost
        } else {
            Self::Refused
        }
    }

    /// What the caller gets. The text goes to the log.
    pub fn error(self, text: String) -> Error {
        match self {
            Self::Lost | Self::Overloaded => Error::Unavailable(text),
            Self::Refused => Error::Internal(text),
            Self::Unmigrated => Error::Unmigrated(text),
            Self::Full => Error::StorageFull,
            Self::Restored => Error::Restoring(text),
            Self::Elsewhere => Error::Moving(text),
        }
    }
}

/// The shortest `Retry-After` of a 503, in seconds. It doubles with each trouble in a row.
const PAUSE_LEAST: u32 = 2;

/// The longest `Retry-After` before jitter, in seconds. The jitter less than doubles it.
const PAUSE_MOST: u32 = 30;

/// After this many milliseconds without trouble, the next trouble is the first of its row.
const ROW_ENDS_MS: i64 = 60_000;

/// The troubles in a row that an isolate has had with a database since that has answered last.
#[derive(Debug, Default)]
pub struct Row {
    count: u32,
    last: i64,
}

impl Row {
    /// Adds a trouble at `now`, in milliseconds since 1970.
    pub fn add(&mut self, now: i64) {
        self.count = self.length(now).saturating_add(1);
        self.last = now;
    }

    /// How many they are at `now`.
    pub fn length(&self, now: i64) -> u32 {
        let is_over = now.saturating_sub(self.last) > ROW_ENDS_MS;
        if is_over { 0 } else { self.count }
    }
}

/// The seconds that a caller should wait after so many troubles in a row. `random` is any byte: without it, all callers would
/// come back at once.
pub fn pause(troubles: u32, random: u8) -> u32 {
    let doublings = troubles.saturating_sub(1).min(PAUSE_MOST.ilog2());
    let pause = (PAUSE_LEAST << doublings).min(PAUSE_MOST);
    pause + pause * u32::from(random) / 256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_that_d1_is_known_to_throw_has_its_kind() {
        for (kind, texts) in [
            (
                Trouble::Lost,
                &[
                    "D1_ERROR: Network connection lost.",
                    "Network connection lost.",
                    "D1_ERROR: Replica disconnected from primary.",
                    "D1_ERROR: D1 DB reset because its code was updated.",
                    "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
                    "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
                    "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
                    "D1_ERROR: Can't read from request stream because client disconnected.",
                    "internal error; reference = 0123456789abcdef",
                    "D1_ERROR: Failed to parse body as JSON, got: error code: 1031",
                ][..],
            ),
            (
                Trouble::Overloaded,
                &[
                    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
                    "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
                    "D1_ERROR: database is locked: SQLITE_BUSY",
                    LATE,
                ],
            ),
            (
                Trouble::Refused,
                &[
                    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
                    "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.",
                    "D1_ERROR: D1 DB exceeded its CPU time limit and was reset. [code: 7429]",
                    "D1_ERROR: string or blob too big: SQLITE_TOOBIG",
                    "D1_ERROR: statement too long: SQLITE_TOOBIG",
                    "D1_ERROR: UNIQUE constraint failed: t.c: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
                    "D1_ERROR: near \"INSERTZ\": syntax error at offset 0: SQLITE_ERROR",
                    "D1_ERROR: too many SQL variables at offset 300: SQLITE_ERROR",
                    "D1_ERROR: No SQL statements detected.",
                    "D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'",
                    "Your account has exceeded D1's free tier daily row write limit. Upgrade to a paid plan or wait",
                    "D1_ERROR: database disk image is malformed: SQLITE_CORRUPT",
                    "a text that nobody knows",
                    "",
                ],
            ),
            (
                Trouble::Unmigrated,
                &[
                    "D1_ERROR: no such table: customers: SQLITE_ERROR",
                    "D1_ERROR: no such column: version at offset 7: SQLITE_ERROR",
                    "D1_ERROR: table customers has no column named version at offset 30: SQLITE_ERROR",
                ],
            ),
            (
                Trouble::Restored,
                &[
                    "D1_ERROR: bad JSON path: 'database_was_restored1': SQLITE_ERROR",
                    "D1_ERROR: bad JSON path: 'ids_are_used_up1': SQLITE_ERROR",
                ],
            ),
            (
                Trouble::Elsewhere,
                &["D1_ERROR: bad JSON path: 'partner_is_elsewhere1': SQLITE_ERROR"],
            ),
            (
                Trouble::Full,
                &[
                    "D1_ERROR: Exceeded maximum DB size.",
                    "D1_ERROR: Exceeded maximum DB size",
                    "D1_ERROR: database or disk is full: SQLITE_FULL",
                    "Your account has exceeded D1's maximum account storage limit, please contact Cloudflare",
                ],
            ),
        ] {
            for text in texts {
                assert_eq!(Trouble::of(text), kind, "{text}");
            }
        }
    }

    #[test]
    fn each_kind_has_its_status() {
        for (kind, status) in [
            (Trouble::Lost, 503),
            (Trouble::Overloaded, 503),
            (Trouble::Refused, 500),
            (Trouble::Unmigrated, 503),
            (Trouble::Full, 507),
            (Trouble::Restored, 503),
            (Trouble::Elsewhere, 503),
        ] {
            assert_eq!(kind.error(String::new()).status(), status, "{kind:?}");
        }
    }

    #[test]
    fn the_pause_grows_with_the_row_within_its_bounds_and_has_jitter() {
        let mut row = Row::default();
        let told = |row: &Row, now| [0, 255].map(|random| pause(row.length(now), random));
        for (least, most) in [(2, 3), (4, 7), (8, 15), (16, 31), (30, 59), (30, 59)] {
            row.add(1_000_000);
            assert_eq!(told(&row, 1_000_000), [least, most]);
        }
        for _ in 0..1_000 {
            row.add(1_000_000);
        }
        assert_eq!(told(&row, 1_000_000 + ROW_ENDS_MS), [30, 59]);
        // It is over, so the next trouble is the first of a row.
        assert_eq!(row.length(1_000_001 + ROW_ENDS_MS), 0);
        row.add(1_000_001 + ROW_ENDS_MS);
        assert_eq!(told(&row, 1_000_001 + ROW_ENDS_MS), [2, 3]);
    }
}
