//! The handler of the audit trail.

use crate::auth::login::Operator;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::paging::Paging;
use crate::operator::sql::trail::{Filter, trail};
use crate::platform::reply::Reply;
use crate::platform::site::Site;

/// Reads the audit trail, oldest entry first:
/// 1. reads the filters and the paging (400);
/// 2. reads the page, the total, and whether the partner of the filter exists (404);
/// 3. answers the page, with a `Link` to where the next entries are looked for.
pub async fn read(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let filter = Filter::take(&mut call.params);
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let results = site.store.run(trail(call.version, &filter, paging)).await?;
    if let Some(partner) = results.names.partner
        && results.first(|_| partner).is_none()
    {
        return Err(Error::NotFound("partner"));
    }
    let total = results.first(|at| at.total);
    let total = total.map_or(Ok(0), |row| row.integer("total"))?;
    let last = results.first(|at| at.window);
    let last = last.map_or(Ok(0), |row| row.integer("last"))?;
    let rows = results.all(|at| at.rows);
    let path = format!("/operator/audit{}", filter.query());
    let reply = Reply::page(call.version, &path, "audit", paging, &rows, total)?;
    if last == 0 || i64::try_from(rows.len()).is_ok_and(|found| found > paging.pagesize) {
        return Ok(reply);
    }
    // Matches may follow the entries that this request has looked at, even if it has found none.
    Ok(reply.with_next(call.version, &path, paging, last))
}
