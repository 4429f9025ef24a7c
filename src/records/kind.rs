//! What a kind of record is: a table, and what a partner gives and gets of it.

use super::given::Given;
use crate::db::json::Member;
use crate::db::sql::Sql;
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::version::Version;
use crate::sql;

/// A kind of record that hangs on a customer. Its table has a `customer_id`.
#[derive(Debug)]
pub struct Kind {
    /// Its name in the path and in the envelope, and its table.
    pub name: &'static str,
    /// One of them, as a 404 names it.
    pub singular: &'static str,
    /// The column and parameter with its id.
    pub id: &'static str,
    /// The column of `customers` with how many there are.
    pub total: &'static str,
    /// Every column that is written, and what stands there when nothing is given at the creation.
    pub columns: &'static [(&'static str, Unset)],
    /// Those of the columns that hold a phone number.
    pub numbers: &'static [&'static str],
    /// What is answered of a record, in this order.
    pub members: &'static [(&'static str, Form)],
    /// Takes what a partner gives of one out of parameters, and adds every fault that it has to theirs.
    pub take: fn(&mut Params, Intent) -> Given,
    /// The schema of what is given, phone numbers aside, for the OpenAPI documents.
    #[cfg(not(target_arch = "wasm32"))]
    pub schema: fn() -> schemars::Schema,
    /// In which order they are listed.
    pub order: Order,
    /// How they are created.
    pub creation: Creation,
    /// What a `DELETE` does to one; `None` where there is no `DELETE`.
    pub removal: Option<Removal>,
}

/// What stands in a column when nothing is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// `''`
    Empty,
    /// 0
    Zero,
    /// The time of the request.
    Now,
}

impl Unset {
    /// The SQL expression.
    pub fn sql(self, now: &str) -> Sql {
        match self {
            Self::Empty => sql!("''"),
            Self::Zero => sql!("0"),
            Self::Now => sql!("{now}", now = now),
        }
    }
}

/// How a member of the answer is made.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Of the column of its name, an integer.
    Integer,
    /// Of the column of its name, a text.
    Text,
    /// Of the expression that this makes of the time, a text.
    Computed(fn(&str) -> Sql),
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By ascending id.
    Id,
    /// By descending `start`, and of those that started at the same time by descending id.
    NewestFirst,
}

/// How records are created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// One by one: a request's parameters are a record's.
    One,
    /// Up to [`BATCH_MAX`] at once, all or nothing: the parameter with the name of the kind is a list of
    /// them. Each names a measure of the same customer.
    Batch,
}

/// The most records of a batch.
pub const BATCH_MAX: usize = 1_000;

/// What a `DELETE` does to a record.
#[derive(Clone, Copy, Debug)]
pub enum Removal {
    /// Sets this column to the expression that this makes of the time, and answers the record.
    Set(&'static str, fn(&str) -> Sql),
    /// Deletes the row.
    DeleteRow,
}

impl Kind {
    /// The members of a record as it goes out, in their order.
    pub fn output(&self, version: Version, now: &str) -> Vec<Member> {
        let member = |(name, form): &(&'static str, Form)| match form {
            Form::Integer => Member::integer(version, name),
            Form::Text => Member::column(name),
            Form::Computed(expression) => Member::scalar(name, expression(now)),
        };
        self.members.iter().map(member).collect()
    }
}
