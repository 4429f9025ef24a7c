//! Says whether the service is up and the database has every migration that the code needs.

use std::cell::RefCell;

use worker::Env;

use super::d1::Store;
use super::log::Trace;
use super::reply::Reply;
use super::rows::Row;
use super::{bindings, clock};
use crate::db::memory::is_young;
use crate::db::schema::{LEDGER_MIGRATIONS, MIGRATIONS, applied_migrations};
use crate::erasure::signing::Signer;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::json::Json;

/// How long an isolate remembers that all is well, in milliseconds. However many callers ask, each isolate makes at
/// most 12 trips to D1 a minute, of about 10 rows each. An outage shows at most 10 seconds late.
const WELL_MS: i64 = 10_000;

/// How long an isolate remembers that something is wrong, in milliseconds. A database in trouble gets at most one probe
/// a second from it.
const FAILURE_MS: i64 = 1_000;

/// The migrations that the databases lack, with the name of the binding before each, or why that cannot be told.
type Finding = Result<Vec<String>, Error>;

thread_local! {
    /// What this isolate found last, and when, in milliseconds since 1970.
    static FOUND: RefCell<Option<(i64, Finding)>> = const { RefCell::new(None) };
}

/// Tells any caller whether the service is healthy:
/// 1. reads the secrets (500 if one is missing or malformed);
/// 2. reads which migrations the database and the ledger have (503 if one cannot be reached), unless that was found a moment
///    ago;
/// 3. answers the result, with a 503 and the commands that help if a migration is missing.
pub async fn read(
    env: &Env,
    store: &Store,
    is_local: bool,
    call: Call,
    trace: &mut Trace,
) -> Result<Reply, Error> {
    let call = call.finish()?;
    Signer::of(env).await?;
    let missing = match remembered(call.now.millis) {
        Some(finding) => finding?,
        None => probe(env, store, trace).await?,
    };
    let (status, word) = if missing.is_empty() {
        (200, "ok")
    } else {
        (503, "the schema is older than the code")
    };
    let needed = MIGRATIONS.len() * bindings::databases(env).len() + LEDGER_MIGRATIONS.len();
    let applied = needed.saturating_sub(missing.len());
    let mut members = vec![
        ("status".to_owned(), word.into()),
        ("version".to_owned(), env!("CARGO_PKG_VERSION").into()),
        (
            "migrations".to_owned(),
            i64::try_from(applied).unwrap_or(0).into(),
        ),
    ];
    if !missing.is_empty() {
        // The name of the binding stands before that of the migration.
        let bindings = missing.iter().filter_map(|name| name.split(' ').next());
        let mut commands: Vec<String> = bindings.map(|name| migrate(env, name, is_local)).collect();
        commands.dedup();
        let commands = commands.into_iter().map(Json::from).collect();
        members.push(("apply_with".to_owned(), Json::List(commands)));
        members.push((
            "missing".to_owned(),
            Json::List(missing.into_iter().map(Json::from).collect()),
        ));
    }
    let reply = Reply::json(call.version.render(Json::Object(members)));
    Ok(Reply { status, ..reply })
}

/// The command that applies the migrations of a database.
pub fn migrate(env: &Env, binding: &str, is_local: bool) -> String {
    let place = if is_local { "--local" } else { "--remote" };
    let environment = env
        .var("ENVIRONMENT")
        .map(|name| format!(" --env {}", name));
    format!(
        "npx wrangler d1 migrations apply {binding} {place}{}",
        environment.unwrap_or_default()
    )
}

fn remembered(now: i64) -> Option<Finding> {
    FOUND.with_borrow(|found| {
        let (at, finding) = found.as_ref()?;
        let is_well = matches!(finding, Ok(missing) if missing.is_empty());
        let life = if is_well { WELL_MS } else { FAILURE_MS };
        is_young(*at, now, life).then(|| finding.clone())
    })
}

async fn probe(env: &Env, store: &Store, trace: &mut Trace) -> Finding {
    let began = clock::millis();
    let finding = missing(env, store).await;
    let now = clock::millis();
    trace.probe_ms = Some(now - began);
    FOUND.set(Some((now, finding.clone())));
    finding
}

/// The migrations that the code needs and the databases do not have.
async fn missing(env: &Env, store: &Store) -> Finding {
    let mut missing = Vec::new();
    for database in bindings::databases(env) {
        let lacks = missing_in(&store.other(env, database)?, MIGRATIONS).await?;
        missing.extend(lacks.map(|name| format!("{database} {name}")));
    }
    let lacks = missing_in(&store.ledger(env)?, LEDGER_MIGRATIONS).await?;
    missing.extend(lacks.map(|name| format!("LEDGER {name}")));
    Ok(missing)
}

/// Those of one database.
async fn missing_in<'a>(
    store: &Store,
    needed: &'a [&'static str],
) -> Result<impl Iterator<Item = &'static str> + use<'a>, Error> {
    let applied = match store.read(applied_migrations()).await {
        Ok(rows) => rows.all(),
        // A database without any migration does not have the table.
        Err(Error::Unmigrated(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let names = applied.iter().map(|row: &Row| row.text("name"));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let needed = needed.iter().copied();
    Ok(needed.filter(move |name| !names.iter().any(|applied| applied == name)))
}
