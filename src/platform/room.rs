//! Keeps the room that erasures need: refuses what would fill the database.
//!
//! D1 tells its size with every answer. An isolate remembers it, so that a refusal costs no trip to the database.

use std::cell::RefCell;

use worker::Env;

use super::{bindings, clock};
use crate::db::room::{DATABASE_MAX, Need, Room};
use crate::http::error::Error;
use crate::partners::placement::Database;

/// How long a remembered size is believed, in milliseconds. Without an end, an isolate that only gets creations would refuse
/// them for ever: it asks D1 nothing, and does not learn that there is room again.
const BELIEVED_MS: i64 = 10_000;

/// The variable that lowers [`DATABASE_MAX`]: for a plan whose databases hold less (500 MB without payment), and for tests.
const VARIABLE: &str = "DATABASE_MAX_BYTES";

thread_local! {
    /// The size of each database, and when D1 told it.
    static SEEN: RefCell<Vec<(Database, i64, i64)>> = const { RefCell::new(Vec::new()) };
}

/// Remembers the size of a database that an answer of D1 has told.
pub fn seen(database: Database, size: i64) {
    let now = clock::millis();
    SEEN.with_borrow_mut(
        |seen| match seen.iter_mut().find(|seen| seen.0 == database) {
            Some(known) => *known = (database, size, now),
            None => seen.push((database, size, now)),
        },
    );
}

/// Lets a request go on, if its database has room for what it writes.
///
/// # Errors
/// 507 if the room is kept for erasures.
pub fn admit(env: &Env, database: Database, need: Need) -> Result<(), Error> {
    let known = SEEN.with_borrow(|seen| seen.iter().find(|seen| seen.0 == database).copied());
    let Some((_, size, at)) = known.filter(|_| need != Need::None) else {
        return Ok(());
    };
    let is_old = clock::millis() - at > BELIEVED_MS;
    if is_old || room(env).takes(need, size) {
        return Ok(());
    }
    Err(Error::StorageFull)
}

/// Whether the operator must see to the size of the database.
pub fn is_short(env: &Env, size: i64) -> bool {
    room(env).is_short(size)
}

/// The limits of a database.
pub fn room(env: &Env) -> Room {
    let max = bindings::secret(env, VARIABLE).and_then(|text| text.parse().ok());
    Room::of(max.unwrap_or(DATABASE_MAX))
}
