//! The handlers of the ledger, as the operator sees it.

use crate::auth::login::Operator;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::ledger::keep;
use crate::operator::input::take_since;
use crate::operator::sql::erasures::erasures;
use crate::platform::reply::Reply;
use crate::platform::site::Site;

/// Lists the erasures of the ledger, oldest first:
/// 1. reads the time and the paging (400);
/// 2. reads the page and the total;
/// 3. answers the page, with a `Link` to the next page.
pub async fn list(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let since = take_since(&mut call.params);
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let ledger = site.directory.ledger(site.env)?;
    let page = erasures(call.version, since.as_deref().unwrap_or_default(), paging);
    let results = ledger.run(page).await?;
    let total = results.first(|at| at.total);
    let total = total.map_or(Ok(0), |row| row.integer("total"))?;
    let rows = results.all(|at| at.rows);
    // The only character of a valid time that a query cannot hold.
    let query = since.map(|since| format!("?since={}", since.replace(' ', "%20")));
    let path = format!("/operator/erasures{}", query.unwrap_or_default());
    Reply::page(call.version, &path, "erasures", paging, &rows, total)
}

/// Undoes a restore of the database, if there was one:
/// 1. refuses parameters (400);
/// 2. does what the service does by itself (503 if a database does not answer; a repeat goes on);
/// 3. answers what was done.
pub async fn replay(_: &Operator, site: &Site<'_>, call: Call) -> Result<Reply, Error> {
    let call = call.finish()?;

    let done = keep::undo(site.env, "operator").await?;
    let replay = Json::object([
        ("was_restored", Json::Bool(done.was_restored)),
        ("erasures", done.erasures.into()),
        ("erased_again", done.erased_again.into()),
        ("logins", done.logins.into()),
    ]);
    let replay = Json::object([("replay", replay)]);
    Ok(Reply::json(call.version.render(replay)))
}
