//! The handler of the audit trail.

use std::cmp::Reverse;

use crate::auth::login::Operator;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::paging::Paging;
use crate::operator::sql::trail::{Filter, Order, Trail, trail};
use crate::partners::placement::Database;
use crate::platform::bindings;
use crate::platform::reply::Reply;
use crate::platform::rows::{Results, Row};
use crate::platform::site::Site;

/// The most entries that are read of each database, if there are several. A page that ends later is empty, and has a `Link` to
/// where it begins.
const MERGED_MAX: i64 = 1_000;

/// Reads the audit trail by ascending id, oldest entry first within each partner and each database; or its newest entries by
/// their time:
/// 1. reads the filters and the paging (400);
/// 2. reads of every database the page, the total, and whether the partner of the filter exists (404);
/// 3. answers the merged page, with a `Link` to where the next entries are looked for.
pub async fn read(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let filter = Filter::take(&mut call.params);
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let databases = bindings::databases(site.env);
    // One database skips the rows of earlier pages itself. Of several, it is not known which has them.
    let (each, skip) = match databases.as_slice() {
        [_] if filter.order == Order::Oldest => (paging, 0),
        _ => (paging.to_its_end(MERGED_MAX), paging.offset()),
    };
    let mut merged = Merged::default();
    for database in databases {
        let store = site.directory.other(site.env, database)?;
        let results = store.run(trail(call.version, &filter, each)).await?;
        if database == Database::DIRECTORY
            && let Some(partner) = results.names.partner
            && results.first(|_| partner).is_none()
        {
            return Err(Error::NotFound("partner"));
        }
        merged.add(&results, each)?;
    }
    if filter.order == Order::Newest {
        let total = merged.total;
        let rows = merged.newest(skip, paging);
        return Reply::page(
            call.version,
            "/operator/audit",
            "audit",
            paging,
            &rows,
            total,
        );
    }
    let Merged { total, end, .. } = merged;
    let rows = merged.page(skip, paging);
    let path = format!("/operator/audit{}", filter.query());
    let reply = Reply::page(call.version, &path, "audit", paging, &rows, total)?;
    if end == i64::MAX || i64::try_from(rows.len()).is_ok_and(|found| found > paging.pagesize) {
        return Ok(reply);
    }
    // Matches may follow the entries that this request has looked at, even if it has found none.
    Ok(reply.with_next(call.version, &path, paging, end))
}

/// The entries of several databases.
struct Merged {
    total: i64,
    /// Entries, with their ids and times.
    rows: Vec<(i64, String, Row)>,
    /// Up to this id, every database was looked at. [`i64::MAX`] if nothing follows in any.
    end: i64,
}

impl Default for Merged {
    fn default() -> Self {
        Self {
            total: 0,
            rows: Vec::new(),
            end: i64::MAX,
        }
    }
}

impl Merged {
    fn add(&mut self, results: &Results<Trail>, each: Paging) -> Result<(), Error> {
        let total = results.first(|at| at.total);
        self.total += total.map_or(Ok(0), |row| row.integer("total"))?;
        let last = results.first(|at| at.window);
        let looked_at = last.map_or(Ok(0), |row| row.integer("last"))?;
        let mut last = 0;
        let rows = results.all(|at| at.rows);
        let is_full = i64::try_from(rows.len()).is_ok_and(|found| found >= each.limit());
        for row in rows {
            last = row.integer("id")?;
            self.rows.push((last, row.text("at")?, row));
        }
        let end = match (is_full, looked_at) {
            (true, _) => last,
            (false, 0) => i64::MAX,
            (false, looked_at) => looked_at,
        };
        self.end = self.end.min(end);
        Ok(())
    }

    /// The rows of a page, and one more if there is one.
    fn page(mut self, skip: i64, paging: Paging) -> Vec<Row> {
        self.rows.sort_by_key(|(id, ..)| *id);
        let rows = self.rows.into_iter().filter(|(id, ..)| *id <= self.end);
        cut(rows, skip, paging.limit())
    }

    /// The rows of a page of the newest entries. There is no one more: no page follows by its id.
    fn newest(mut self, skip: i64, paging: Paging) -> Vec<Row> {
        let by_time = |(id, at, _): &(i64, String, Row)| (at.clone(), *id);
        self.rows.sort_by_key(|row| Reverse(by_time(row)));
        cut(self.rows.into_iter(), skip, paging.pagesize)
    }
}

fn cut(rows: impl Iterator<Item = (i64, String, Row)>, skip: i64, limit: i64) -> Vec<Row> {
    let [skip, limit] = [skip, limit].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    rows.skip(skip).take(limit).map(|(.., row)| row).collect()
}
