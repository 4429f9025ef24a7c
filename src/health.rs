//! Whether the service is up, and the schema as new as the code.

use std::cell::Cell;

use crate::call::Call;
use crate::error::Error;
use crate::json::Json;
use crate::memory::is_young;
use crate::reply::Reply;
use crate::schema::MIGRATIONS;
use crate::sql::Statement;
use crate::store::Store;

/// How long an isolate remembers that all is well, in milliseconds: whoever asks, and however often, costs each at most
/// 6 trips to D1 a minute, of some 10 rows each. An outage is seen 10 seconds late at the worst.
const REMEMBERED_MS: i64 = 10_000;

thread_local! {
    /// When all was well last, in milliseconds since 1970.
    static WELL_AT: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Says how the service is, to anybody:
/// 1. reads which migrations the database has had (503 when it cannot be asked), unless all was well a moment ago;
/// 2. answers that, with a 503 when the code needs one more.
pub async fn read(store: &Store, mut call: Call) -> Result<Reply, Error> {
    call.params.finish()?;

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

/// The migrations that the code needs and the database lacks.
async fn missing(store: &Store) -> Result<Vec<Json>, Error> {
    let applied = match store.batch([applied()]).await {
        Ok([rows]) => rows.all(),
        // A database that was never migrated has no such table.
        Err(error) => match store.batch([notes()]).await? {
            [tables] if tables.first().is_none() => Vec::new(),
            _ => return Err(error),
        },
    };
    let is_missing = |name: &&&str| {
        let mut names = applied.iter().map(|row| row.text("name"));
        !names.any(|applied| applied.is_ok_and(|applied| applied == **name))
    };
    let missing = MIGRATIONS.iter().filter(is_missing);
    Ok(missing.map(|name| (*name).into()).collect())
}

/// The names of the migrations that were applied, as the platform notes them.
fn applied() -> Statement {
    Statement::new("/* health::applied */ SELECT name FROM d1_migrations", [])
}

/// The table in which the platform notes them.
fn notes() -> Statement {
    let sql = "/* health::notes */ SELECT name FROM sqlite_schema WHERE name = 'd1_migrations'";
    Statement::new(sql, [])
}
