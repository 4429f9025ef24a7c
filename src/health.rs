//! Whether the service is up, and the schema as new as the code.

use crate::call::Call;
use crate::error::Error;
use crate::json::Json;
use crate::reply::Reply;
use crate::schema::MIGRATIONS;
use crate::sql::Statement;
use crate::store::Store;

/// Says how the service is, to anybody:
/// 1. reads which migrations the database has had (503 when it cannot be asked);
/// 2. answers that, with a 503 when the code needs one more.
pub async fn read(store: &Store, mut call: Call) -> Result<Reply, Error> {
    call.params.finish()?;

    let [rows] = store.batch([applied()]).await?;
    let mut missing: Vec<Json> = Vec::new();
    let applied = rows.all();
    for name in MIGRATIONS {
        let mut names = applied.iter().map(|row| row.text("name"));
        if !names.any(|applied| applied.is_ok_and(|applied| applied == *name)) {
            missing.push((*name).into());
        }
    }
    let (status, word) = if missing.is_empty() {
        (200, "ok")
    } else {
        (503, "the schema is older than the code")
    };
    let latest = MIGRATIONS.len() - missing.len();
    let reply = Reply::json(call.version.render(Json::object([
        ("status", word.into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("migrations", i64::try_from(latest).unwrap_or(0).into()),
        ("missing", Json::List(missing)),
    ])));
    Ok(Reply { status, ..reply })
}

/// The names of the migrations that were applied, as the platform notes them.
fn applied() -> Statement {
    Statement::new("/* health::applied */ SELECT name FROM d1_migrations", [])
}
