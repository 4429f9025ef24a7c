//! The handler of the audit trail.

use std::cmp::Reverse;

use crate::auth::login::Operator;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::operator::sql::trail::{self as sql, Filter, Order, Trail, trail};
use crate::partners::placement::Database;
use crate::partners::sql::find;
use crate::platform::bindings;
use crate::platform::d1::Store;
use crate::platform::reply::Reply;
use crate::platform::rows::{Results, Row};
use crate::platform::site::Site;

/// The most entries that are read of each database, if there are several. A page that ends later is empty, and has a `Link` to
/// where it begins.
const MERGED_MAX: i64 = 1_000;

/// Reads the audit trail by ascending id, oldest entry first within each partner and each database; or its newest entries by
/// their time:
/// 1. reads the filters and the paging (400);
/// 2. finds the partner of the filter in the directory (404);
/// 3. reads of every database the page and the total, then from the directory the names of the partners on the page;
/// 4. answers the merged page, with a `Link` to where the next entries are looked for.
pub async fn read(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let mut filter = Filter::take(&mut call.params);
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let directory = site.directory.other(site.env, Database::DIRECTORY)?;
    if let Some(partner) = filter.partner.as_deref() {
        let found = directory.read(find(partner)).await?.first();
        let found = found.ok_or(Error::NotFound("partner"))?;
        filter.partner_id = Some(found.integer("partner_id")?);
    }
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
        merged.add(&results, each)?;
    }
    if filter.order == Order::Newest {
        let total = merged.total;
        let rows = merged.newest(skip, paging);
        let rows = named(&directory, &filter, rows).await?;
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
    let rows = named(&directory, &filter, rows).await?;
    let path = format!("/operator/audit{}", filter.query());
    let reply = Reply::page(call.version, &path, "audit", paging, &rows, total)?;
    if end == i64::MAX || i64::try_from(rows.len()).is_ok_and(|found| found > paging.pagesize) {
        return Ok(reply);
    }
    // Matches may follow the entries that this request has looked at, even if it has found none.
    Ok(reply.with_next(call.version, &path, paging, end))
}

/// The rows with the names of the partners in place of their ids: `""` if the directory does not have the partner.
async fn named(directory: &Store, filter: &Filter, rows: Vec<Row>) -> Result<Vec<Row>, Error> {
    let known = filter.partner_id.zip(filter.partner.clone());
    let mut names: Vec<(i64, String)> = known.into_iter().collect();
    let mut entries = Vec::new();
    for row in rows {
        let entry = Json::parse(row.text("json")?.as_bytes())
            .map_err(|_| Error::Internal("an entry is not JSON".to_owned()))?;
        entries.push((row.integer("id")?, entry));
    }
    let ids = entries.iter().filter_map(|(_, entry)| partner_of(entry));
    let unknown: Vec<Json> = ids
        .filter(|id| name_of(&names, *id).is_none())
        .map(Json::from)
        .collect();
    if !unknown.is_empty() {
        let unknown = Json::List(unknown).to_string();
        for row in directory.read(sql::names(unknown)).await?.all() {
            names.push((row.integer("partner_id")?, row.text("username")?));
        }
    }
    let named = entries.into_iter().map(|(id, mut entry)| {
        let name = partner_of(&entry).and_then(|id| name_of(&names, id));
        let name = name.unwrap_or_default().into();
        if let Some(partner) = entry.get_mut("partner") {
            *partner = name;
        }
        Row::of(id, &entry.to_string())
    });
    Ok(named.collect())
}

fn partner_of(entry: &Json) -> Option<i64> {
    entry.get("partner")?.as_integer()
}

fn name_of(names: &[(i64, String)], id: i64) -> Option<&str> {
    let (_, name) = names.iter().find(|(known, _)| *known == id)?;
    Some(name)
}

/// The entries of several databases.
struct Merged {
    total: i64,
    /// How many entries of a partner are in the total that another database may have too.
    twice: Vec<(i64, i64)>,
    /// Entries, with their ids and times.
    rows: Vec<(i64, String, Row)>,
    /// Up to this id, every database was looked at. [`i64::MAX`] if nothing follows in any.
    end: i64,
}

impl Default for Merged {
    fn default() -> Self {
        Self {
            total: 0,
            twice: Vec::new(),
            rows: Vec::new(),
            end: i64::MAX,
        }
    }
}

impl Merged {
    fn add(&mut self, results: &Results<Trail>, each: Paging) -> Result<(), Error> {
        let total = results.first(|at| at.total);
        self.total += total.map_or(Ok(0), |row| row.integer("total"))?;
        for row in results.all(|at| at.twice) {
            let (id, count) = (row.integer("partner_id")?, row.integer("count")?);
            let other = self.twice.iter().find(|(known, _)| *known == id);
            self.total -= other.map_or(0, |(_, other)| count.min(*other));
            self.twice.push((id, count));
        }
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
        self.rows.dedup_by_key(|(id, ..)| *id);
        let rows = self.rows.into_iter().filter(|(id, ..)| *id <= self.end);
        cut(rows, skip, paging.limit())
    }

    /// The rows of a page of the newest entries. There is no one more: no page follows by its id.
    fn newest(mut self, skip: i64, paging: Paging) -> Vec<Row> {
        let by_time = |(id, at, _): &(i64, String, Row)| (at.clone(), *id);
        self.rows.sort_by_key(|row| Reverse(by_time(row)));
        self.rows.dedup_by_key(|(id, ..)| *id);
        cut(self.rows.into_iter(), skip, paging.pagesize)
    }
}

fn cut(rows: impl Iterator<Item = (i64, String, Row)>, skip: i64, limit: i64) -> Vec<Row> {
    let [skip, limit] = [skip, limit].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    rows.skip(skip).take(limit).map(|(.., row)| row).collect()
}
