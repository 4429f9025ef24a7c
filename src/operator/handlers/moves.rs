//! The handler that moves a partner.

use super::placement::bound;
use super::{find, take_username};
use crate::auth::login::Operator;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::moves::engine::Move;
use crate::moves::run;
use crate::operator::input::take_move;
use crate::platform::reply::Reply;
use crate::platform::site::Site;

/// Moves a partner to another database, as far as one request goes. A repeat goes on:
/// 1. reads the user name and the database (400);
/// 2. finds the partner (404) and the database (409);
/// 3. begins the move, unless the partner moves elsewhere (409) or lives there (400), or finds the one that has begun;
/// 4. does steps for some seconds (503 if a database does not answer; 507 if the target has no room, and the move is turned
///    back);
/// 5. answers how far the move is.
pub async fn go_on(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let target = take_move(&mut call.params);
    let call = call.finish()?;

    let found = find(site, &username).await?;
    found.ok_or(Error::NotFound("partner"))?;
    let target = bound(site, "to", target)?;
    let it = run::for_a_request(site, &username, target).await?;
    let answer = Json::object([("move", json(&it))]);
    Ok(Reply::json(call.version.render(answer)))
}

/// A move as the operator sees it.
pub fn json(it: &Move) -> Json {
    Json::object([
        ("username", it.username.as_str().into()),
        ("from", it.source.to_string().into()),
        ("to", it.target.to_string().into()),
        ("phase", it.phase.as_str().into()),
        ("done", it.done.into()),
        ("total", it.total.into()),
        ("began_anew", it.began_anew.into()),
        (
            "tables",
            Json::parse(it.tables.as_bytes()).unwrap_or(Json::Null),
        ),
    ])
}
