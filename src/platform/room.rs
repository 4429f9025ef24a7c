//! Keeps the room that erasures need: refuses what would fill the database.
//!
//! D1 tells its size with every answer. An isolate remembers it, so that a refusal costs no trip to the database.

use std::cell::Cell;

use worker::Env;

use super::{bindings, clock};
use crate::db::room::{DATABASE_MAX, Need, Room};
use crate::http::error::Error;

/// How long a remembered size is believed, in milliseconds. Without an end, an isolate that only gets creations would refuse
/// them for ever: it asks D1 nothing, and does not learn that there is room again.
const BELIEVED_MS: i64 = 10_000;

/// The variable that lowers [`DATABASE_MAX`]: for a plan whose databases hold less (500 MB without payment), and for tests.
const VARIABLE: &str = "DATABASE_MAX_BYTES";

thread_local! {
    /// The size of the database, and when D1 told it.
    static SEEN: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
}

/// Remembers the size that an answer of D1 has told.
pub fn seen(size: i64) {
    if size > 0 {
        SEEN.set((size, clock::now().millis));
    }
}

/// Lets a request go on, if the database has room for what it writes.
///
/// # Errors
/// 507 if the room is kept for erasures.
pub fn admit(env: &Env, need: Need) -> Result<(), Error> {
    if need == Need::None {
        return Ok(());
    }
    let (size, at) = SEEN.get();
    let is_old = clock::now().millis - at > BELIEVED_MS;
    if is_old || room(env).takes(need, size) {
        return Ok(());
    }
    Err(Error::StorageFull)
}

/// Whether the operator must see to the size of the database.
pub fn is_short(env: &Env, size: i64) -> bool {
    room(env).is_short(size)
}

fn room(env: &Env) -> Room {
    let max = bindings::secret(env, VARIABLE).and_then(|text| text.parse().ok());
    Room::of(max.unwrap_or(DATABASE_MAX))
}
