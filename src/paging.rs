//! A page of a list: which one is asked for, and its envelope. The same for every list.

use crate::error::{Error, Fault};
use crate::json::Json;
use crate::reply::{Body, Reply};
use crate::request::{ID_MAX, Params};
use crate::store::Row;
use crate::version::Version;

/// The most records of a page, and how many it has when nothing is asked.
const PAGE_SIZE_MAX: i64 = 1_000;

/// The page that a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// The number of the page, from 0, counted past `after`.
    pub page: i64,
    /// How many records it has.
    pub pagesize: i64,
    /// The id past which the list begins; 0 for its start.
    pub after: i64,
}

impl Paging {
    /// Takes `page`, `pagesize` and `after` out of a request's parameters, and adds every fault that
    /// they have to theirs.
    pub fn take(params: &mut Params) -> Self {
        let mut within = |name: &str, min: i64, max: i64, default: i64| {
            let value = params.integer(name).unwrap_or(default);
            if !(min..=max).contains(&value) {
                let message = format!("must be from {min} to {max}");
                params.fault(Fault::of(name, "range", message));
            }
            value
        };
        Self {
            page: within("page", 0, ID_MAX, 0),
            pagesize: within("pagesize", 1, PAGE_SIZE_MAX, PAGE_SIZE_MAX),
            after: within("after", 0, ID_MAX, 0),
        }
    }

    /// How many rows to read: one more than are shown tells whether another page follows.
    pub fn limit(self) -> i64 {
        self.pagesize + 1
    }

    /// How many rows to pass over: more than there can be, for a page that is far past the end.
    pub fn offset(self) -> i64 {
        self.page.saturating_mul(self.pagesize).min(ID_MAX)
    }

    /// Answers a page. `rows` are at most [`Paging::limit`] of them, each with its `json` and its `id`;
    /// `path` is where the list stands, without the version.
    ///
    /// # Errors
    /// 500 when a row has no such columns.
    pub fn reply(
        self,
        version: Version,
        path: &str,
        name: &str,
        rows: &[Row],
        total: i64,
    ) -> Result<Reply, Error> {
        let pagesize = self.pagesize;
        let (shown, rest) = rows
            .split_at_checked(usize::try_from(pagesize).unwrap_or(usize::MAX))
            .unwrap_or((rows, &[]));
        let paging = version.render(Json::object([
            ("total", total.into()),
            ("page", self.page.into()),
            ("pagesize", pagesize.into()),
            ("numpages", ((total + pagesize - 1) / pagesize).into()),
        ]));
        let mut reply = Reply::rows(name, shown)?;
        if let Body::Rows { after, .. } = &mut reply.body {
            *after = format!("],{}", paging.to_string().trim_start_matches('{'));
        }
        Ok(match (shown.last(), rest) {
            (Some(last), [_, ..]) => {
                let (prefix, last) = (version.prefix(), last.integer("id")?);
                let next = format!("{prefix}{path}?pagesize={pagesize}&after={last}");
                reply.with("Link", format!("<{next}>; rel=\"next\""))
            }
            _ => reply,
        })
    }
}
