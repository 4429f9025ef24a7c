//! A page of a list: which one is asked for, and what its envelope says. The same for every list.

use super::error::Fault;
use super::json::Json;
use super::params::{ID_MAX, Params};
use super::version::Version;

/// The most records of a page, and how many it has when nothing is asked.
const PAGE_SIZE_MAX: i64 = 1_000;

/// A parameter of every list.
#[derive(Debug)]
pub struct Bounds {
    /// Its name.
    pub name: &'static str,
    /// The least value.
    pub min: i64,
    /// The largest.
    pub max: i64,
    /// What holds when it is not given.
    pub default: i64,
}

/// The number of the page, from 0, counted past `after`.
pub const PAGE: Bounds = Bounds {
    name: "page",
    min: 0,
    max: ID_MAX,
    default: 0,
};

/// How many records a page has.
pub const PAGESIZE: Bounds = Bounds {
    name: "pagesize",
    min: 1,
    max: PAGE_SIZE_MAX,
    default: PAGE_SIZE_MAX,
};

/// The id past which the list begins; 0 for its start.
pub const AFTER: Bounds = Bounds {
    name: "after",
    min: 0,
    max: ID_MAX,
    default: 0,
};

/// The page that a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// See [`PAGE`].
    pub page: i64,
    /// See [`PAGESIZE`].
    pub pagesize: i64,
    /// See [`AFTER`].
    pub after: i64,
}

impl Paging {
    /// Takes `page`, `pagesize` and `after` out of a request's parameters, and adds every fault that
    /// they have to theirs.
    pub fn take(params: &mut Params) -> Self {
        let mut within = |bounds: &Bounds| {
            let Bounds {
                name,
                min,
                max,
                default,
            } = *bounds;
            let value = params.integer(name).unwrap_or(default);
            if !(min..=max).contains(&value) {
                let message = format!("must be from {min} to {max}");
                params.fault(Fault::of(name, "range", message));
            }
            value
        };
        Self {
            page: within(&PAGE),
            pagesize: within(&PAGESIZE),
            after: within(&AFTER),
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

    /// What the envelope of a page says after its records, when the list has `total` of them.
    pub fn members(self, version: Version, total: i64) -> Vec<(&'static str, Json)> {
        let pagesize = self.pagesize;
        let members = [
            ("total", total),
            ("page", self.page),
            ("pagesize", pagesize),
            ("numpages", (total + pagesize - 1) / pagesize),
        ];
        let members = members.into_iter();
        members
            .map(|(name, value)| (name, version.render(value.into())))
            .collect()
    }
}
