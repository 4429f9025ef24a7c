//! Keeps the room that erasures need: refuses what would fill the database.
//!
//! D1 tells its size with every answer. An isolate remembers it, and how many customers the database has, so that most requests
//! cost no trip more.

use std::cell::RefCell;

use worker::Env;

use super::d1::Store;
use super::site::Site;
use super::{bindings, clock};
use crate::db::memory::is_young;
use crate::db::room::{DATABASE_MAX, Need, Room, customers, look};
use crate::http::error::Error;
use crate::partners::placement::Database;

/// How long a remembered size or number of customers is believed, in milliseconds. It is not the isolate's own requests alone
/// that fill a database, and that make room.
const BELIEVED_MS: i64 = 10_000;

/// The same where the room is ample: in a minute a database grows by some 2 % of what it may hold at most, at 10,000 rows a
/// second.
const AMPLE_BELIEVED_MS: i64 = 60_000;

/// The variable that lowers [`DATABASE_MAX`]: for a plan whose databases hold less (500 MB without payment), and for tests.
const VARIABLE: &str = "DATABASE_MAX_BYTES";

/// What the isolate knows of a database. Each number stands with the time when it was told, in milliseconds since 1970.
#[derive(Clone, Copy)]
struct Seen {
    database: Database,
    size: (i64, i64),
    customers: Option<(i64, i64)>,
}

thread_local! {
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

fn known(database: Database) -> Option<Seen> {
    SEEN.with_borrow(|seen| seen.iter().find(|seen| seen.database == database).copied())
}

/// Remembers the size of a database that an answer of D1 has told.
pub fn seen(database: Database, size: i64) {
    let size = (size, clock::millis());
    SEEN.with_borrow_mut(
        |all| match all.iter_mut().find(|seen| seen.database == database) {
            Some(seen) => seen.size = size,
            None => all.push(Seen {
                database,
                size,
                customers: None,
            }),
        },
    );
}

/// Lets a request go on, if a database has room for what it writes. It makes a trip there if the isolate has not heard of the
/// size lately, and one more if the size alone does not tell and the isolate has not heard of the number of customers.
///
/// # Errors
/// 507 if the room is kept for erasures; 503 if the database does not answer.
pub async fn admit(site: &Site<'_>, database: Database, need: Need) -> Result<(), Error> {
    if need == Need::None {
        return Ok(());
    }
    let store = || site.directory.other(site.env, database);
    let now = clock::millis();
    let young = |told: (i64, i64)| is_young(told.1, now, BELIEVED_MS).then_some(told.0);
    let room = room(site.env);
    let is_ample =
        |seen: Seen| room.is_ample(seen.size.0) && is_young(seen.size.1, now, AMPLE_BELIEVED_MS);
    if known(database).is_some_and(is_ample) {
        return Ok(());
    }
    if known(database).and_then(|seen| young(seen.size)).is_none() {
        store()?.read(look()).await?;
    }
    if known(database).is_some_and(|seen| room.is_ample(seen.size.0)) {
        return Ok(());
    }
    let told = known(database)
        .and_then(|seen| seen.customers)
        .and_then(young);
    let customers = match told {
        Some(customers) => customers,
        None => count(&store()?).await?,
    };
    match known(database).is_some_and(|seen| room.takes(need, seen.size.0, customers)) {
        true => Ok(()),
        false => Err(Error::StorageFull),
    }
}

/// Reads how many customers a database has, and with the answer its size.
///
/// # Errors
/// 503 if it does not answer.
pub async fn count(store: &Store) -> Result<i64, Error> {
    let row = store.read(customers(0)).await?.first();
    let count = row.map_or(Ok(0), |row| row.integer("customers"))?;
    let told = Some((count, clock::millis()));
    SEEN.with_borrow_mut(|all| {
        let mut all = all.iter_mut();
        if let Some(seen) = all.find(|seen| seen.database == store.database()) {
            seen.customers = told;
        }
    });
    Ok(count)
}

/// Whether a database has room for what creations write if it has so many customers, by its last answer.
pub fn has_room(env: &Env, database: Database, customers: i64) -> bool {
    let size = known(database).map_or(0, |seen| seen.size.0);
    room(env).takes(Need::Creation, size, customers)
}

/// Whether the operator must see to the size of a database, as far as the isolate knows.
pub fn is_short(env: &Env, database: Database, size: i64) -> bool {
    room(env).is_short(size, last_count(database))
}

/// How full a database of this size is, in percent, as far as the isolate knows.
pub fn share(env: &Env, database: Database, size: i64) -> i64 {
    room(env).share(size, last_count(database))
}

fn last_count(database: Database) -> i64 {
    let told = known(database).and_then(|seen| seen.customers);
    told.map_or(0, |told| told.0)
}

/// The limits of a database.
pub fn room(env: &Env) -> Room {
    let max = bindings::secret(env, VARIABLE).and_then(|text| text.parse().ok());
    Room::of(max.unwrap_or(DATABASE_MAX))
}
