//! The handlers of the databases, and of a partner's place among them.

use super::{find, moves, take_username};
use crate::auth::login::Operator;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::ledger::keep::Stores;
use crate::ledger::sql::head;
use crate::moves::engine::unfinished;
use crate::operator::sql::databases::summary;
use crate::partners::placement::Database;
use crate::platform::reply::Reply;
use crate::platform::site::Site;
use crate::platform::{bindings, room};

/// Lists the databases of customers, in the order of their numbers:
/// 1. refuses parameters (400);
/// 2. asks each, and the ledger how far it has come (503 if one does not answer);
/// 3. answers them all, and the moves that are unfinished; there are at most
///    [`DATABASES_MAX`](crate::partners::placement::DATABASES_MAX), and 100 moves.
pub async fn list(_: &Operator, site: &Site<'_>, call: Call) -> Result<Reply, Error> {
    let call = call.finish()?;

    let mut databases = Vec::new();
    for database in bindings::databases(site.env) {
        databases.push(describe(site, database).await?);
    }
    let moves = unfinished(&Stores::of(site)).await?;
    let databases = Json::object([
        ("databases", Json::List(databases)),
        ("moves", Json::List(moves.iter().map(moves::json).collect())),
    ]);
    Ok(Reply::json(call.version.render(databases)))
}

/// Tells where a partner lives:
/// 1. reads the user name (400);
/// 2. finds the partner in the directory (404);
/// 3. answers its home.
pub async fn home(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    call.finish()?;

    let (_, home) = find(site, &username)
        .await?
        .ok_or(Error::NotFound("partner"))?;
    let home = Json::object([("database", home.to_string().into())]);
    Ok(Reply::json(Json::object([("home", home)])))
}

async fn describe(site: &Site<'_>, database: Database) -> Result<Json, Error> {
    let ledger = site.directory.ledger(site.env)?;
    let head = ledger.read(head(database)).await?.first();
    let heard = head.map_or(Ok(0), |row| row.integer("sequence"))?;
    // A database that was restored is told of too, so there is no fence.
    let store = site.directory.other(site.env, database)?;
    let summary = store.read(summary()).await?.first();
    let summary = summary.ok_or_else(|| Error::Internal("a database has no state".to_owned()))?;
    let size = store.cost().size_after;
    let customers = summary.integer("customers")?;
    Ok(Json::object([
        ("name", database.to_string().into()),
        ("size", size.into()),
        ("share", room::room(site.env).share(size, customers).into()),
        ("partners", summary.integer("partners")?.into()),
        ("customers", customers.into()),
        (
            "was_restored",
            Json::Bool(summary.integer("sequence")? < heard),
        ),
    ]))
}
