//! Says whether the service is up and the database has every migration that the code needs.

use std::cell::Cell;

use super::d1::{Row, Store};
use super::reply::Reply;
use crate::db::memory::is_young;
use crate::db::schema::{MIGRATIONS, applied_migrations, migrations_table};
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::json::Json;

/// How long an isolate remembers that all is well, in milliseconds. However many callers ask, each isolate makes at
/// most 6 trips to D1 a minute, of about 10 rows each. An outage shows at most 10 seconds late.
const REMEMBERED_MS: i64 = 10_000;

thread_local! {
    /// When this isolate last saw that all is well, in milliseconds since 1970.
    static WELL_AT: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Tells any caller whether the service is healthy:
/// 1. reads which migrations the database has (503 if it cannot be reached), unless all was well a moment ago;
/// 2. answers the result, with a 503 if a migration is missing.
pub async fn read(store: &Store, call: Call) -> Result<Reply, Error> {
    let call = call.finish()?;

    let now = call.now.millis;
    let was_well = WELL_AT
        .get()
        .is_some_and(|at| is_young(at, now, REMEMBERED_MS));
    let missing = if was_well {
        Vec::new()
    } else {
        missing(store).await?
    };
    if missing.is_empty() && !was_well {
        WELL_AT.set(Some(now));
    }
    let (status, word) = if missing.is_empty() {
        (200, "ok")
    } else {
        (503, "the schema is older than the code")
    };
    let latest = MIGRATIONS.len() - missing.len();
    let mut members = vec![
        ("status".to_owned(), word.into()),
        ("version".to_owned(), env!("CARGO_PKG_VERSION").into()),
        (
            "migrations".to_owned(),
            i64::try_from(latest).unwrap_or(0).into(),
        ),
    ];
    if !missing.is_empty() {
        members.push(("missing".to_owned(), Json::List(missing)));
    }
    let reply = Reply::json(call.version.render(Json::Object(members)));
    Ok(Reply { status, ..reply })
}

/// The migrations that the code needs and the database does not have.
async fn missing(store: &Store) -> Result<Vec<Json>, Error> {
    let applied = match store.read(applied_migrations()).await {
        Ok(rows) => rows.all(),
        // A database without any migration does not have the table.
        Err(error) => match store.read(migrations_table()).await?.first() {
            None => Vec::new(),
            Some(_) => return Err(error),
        },
    };
    let names = applied.iter().map(|row: &Row| row.text("name"));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let missing = MIGRATIONS
        .iter()
        .filter(|name| !names.iter().any(|applied| applied == *name));
    Ok(missing.map(|name| (*name).into()).collect())
}
