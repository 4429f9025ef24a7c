//! Paging, which is the same for every list: which page a request asks for, and the members of its envelope.

use super::error::Fault;
use super::json::Json;
use super::params::{ID_MAX, Params};
use super::version::Version;

/// The maximum and the default number of records of a page.
const PAGE_SIZE_MAX: i64 = 1_000;

/// A parameter of every list.
#[derive(Debug)]
pub struct Bounds {
    /// The name of the parameter.
    pub name: &'static str,
    /// The smallest value.
    pub min: i64,
    /// The largest value.
    pub max: i64,
    /// The value if the parameter is absent.
    pub default: i64,
}

impl Bounds {
    /// Takes the parameter, and adds its fault to `params`.
    pub fn take(&self, params: &mut Params) -> i64 {
        let Self {
            name,
            min,
            max,
            default,
        } = *self;
        let value = params.integer(name).unwrap_or(default);
        if !(min..=max).contains(&value) {
            let message = format!("must be from {min} to {max}");
            params.fault(Fault::of(name, "range", message));
        }
        value
    }
}

/// The number of the page. Page 0 begins after the id `after`.
pub const PAGE: Bounds = Bounds {
    name: "page",
    min: 0,
    max: ID_MAX,
    default: 0,
};

/// The maximum number of records of the page.
pub const PAGESIZE: Bounds = Bounds {
    name: "pagesize",
    min: 1,
    max: PAGE_SIZE_MAX,
    default: PAGE_SIZE_MAX,
};

/// The list begins after this id; 0 is the start of the list.
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
    /// Takes `page`, `pagesize` and `after` from the parameters, and adds their faults to `params`.
    pub fn take(params: &mut Params) -> Self {
        Self {
            page: PAGE.take(params),
            pagesize: PAGESIZE.take(params),
            after: AFTER.take(params),
        }
    }

    /// How many rows to read. It is one more than the page shows: that row tells whether another page follows.
    pub fn limit(self) -> i64 {
        self.pagesize + 1
    }

    /// How many rows to skip. The cap is the largest id: no list has more rows.
    pub fn offset(self) -> i64 {
        self.page.saturating_mul(self.pagesize).min(ID_MAX)
    }

    /// One page that ends where this one ends, but not after `max` rows.
    #[must_use]
    pub fn to_its_end(self, max: i64) -> Self {
        let end = self.offset().saturating_add(self.pagesize);
        Self {
            page: 0,
            pagesize: end.min(max),
            ..self
        }
    }

    /// The members of the envelope after the records. `total` is the number of records in the whole list.
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
