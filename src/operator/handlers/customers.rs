//! The handlers of a partner's customers, as the operator sees them.

use super::{home_of, take_username};
use crate::auth::login::Operator;
use crate::customers::sql::ids;
use crate::db::audit::Actor;
use crate::erasure::handlers as erasure;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::paging::Paging;
use crate::platform::reply::Reply;
use crate::platform::site::Site;

/// Lists the ids of a partner's customers in ascending order, also if the partner is disabled:
/// 1. reads the paging (400);
/// 2. finds the partner (404);
/// 3. answers the page, with a `Link` to the next page.
pub async fn list(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let (partner_id, home) = home_of(site, &username).await?;
    let page = ids(call.version, partner_id, paging);
    let results = home.run(page).await?;
    let total = results.first(|at| at.total);
    let total = total.map_or(Ok(0), |row| row.integer("total"))?;
    let rows = results.all(|at| at.rows);
    let path = format!("/operator/partners/{username}/customers");
    Reply::page(call.version, &path, "customers", paging, &rows, total)
}

/// Erases a customer on a partner's behalf, also if the partner is disabled:
/// 1. finds the partner (404);
/// 2. goes on as [`erasure::erase`] does for the partner itself (400, 404, 412).
pub async fn erase(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);

    let (partner_id, home) = home_of(site, &username).await?;
    let actor = Actor::Operator(&username);
    erasure::erase(partner_id, actor, &site.at(&home), call).await
}
