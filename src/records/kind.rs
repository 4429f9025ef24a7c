//! A kind of record: its table, its input and its output.

use super::given::Given;
pub use crate::db::blocks::Order;
use crate::db::json::Member;
use crate::db::sql::Sql;
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::time::Now;
use crate::http::version::Version;
use crate::sql;

/// The most records of a customer of a kind that is created one by one, expired measures included. The one transaction of an
/// erasure changes all of them: with its calls and their `external_ids` that are at most 80,000 rows.
pub const RECORDS_MAX: i64 = 20_000;

/// The column and parameter that hold when a record ends.
pub const EXPIRES: &str = "expires";

/// A kind of record that belongs to a customer. Its table has a `customer_id`.
#[derive(Debug)]
pub struct Kind {
    /// The name in the path and in the envelope, and the name of the table.
    pub name: &'static str,
    /// The word for one record, as a 404 uses it.
    pub singular: &'static str,
    /// The column and parameter that hold a record's id.
    pub id: &'static str,
    /// The column of `customers` that counts the customer's records of this kind.
    pub total: &'static str,
    /// The column of `customers` that counts those of these records that never end: their [`EXPIRES`] is `''`.
    pub endless: Option<&'static str>,
    /// Every column that is written, and its value in a new record if the caller sends none.
    pub columns: &'static [(&'static str, Unset)],
    /// The columns that hold a phone number.
    pub numbers: &'static [&'static str],
    /// The members of a record in an answer, in this order.
    pub members: &'static [(&'static str, Form)],
    /// Takes the fields of a record out of the parameters, and adds their faults to the parameters' faults.
    pub take: fn(&mut Params, Intent, &Now) -> Given,
    /// The schema of the input without phone numbers, for the OpenAPI documents.
    #[cfg(not(target_arch = "wasm32"))]
    pub schema: fn() -> schemars::Schema,
    /// The order of the list.
    pub order: Order,
    /// How records are created.
    pub creation: Creation,
    /// What a `DELETE` does to a record; `None` if there is no `DELETE`.
    pub removal: Option<Removal>,
}

/// The value of a column in a new record if the caller sends none.
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

/// How a member of the answer is computed.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// An integer from the column of the same name.
    Integer,
    /// A text from the column of the same name.
    Text,
    /// A text from an SQL expression. The function makes the expression from the time of the request.
    Computed(fn(&str) -> Sql),
}

/// How records are created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// One for each request, up to [`RECORDS_MAX`] in all. The request's parameters are the record's fields.
    One,
    /// Up to [`BATCH_MAX`](crate::http::batch::BATCH_MAX) for each request, all or none. The parameter with the kind's name
    /// is a list of records. Each record names a measure of the same customer.
    Batch,
}

/// What a `DELETE` does to a record.
#[derive(Clone, Copy, Debug)]
pub enum Removal {
    /// Sets this column and answers the record. The function makes the new value's expression from the time of the
    /// request.
    Set(&'static str, fn(&str) -> Sql),
    /// Deletes the row.
    DeleteRow,
}

impl Kind {
    /// The columns that a caller gives and an answer has, each with its value if none is given.
    pub fn given_members(&self) -> impl Iterator<Item = (&'static str, Unset)> {
        let members = self.members;
        let columns = self.columns.iter().copied();
        columns.filter(move |(column, _)| members.iter().any(|(member, _)| member == column))
    }

    /// The members of a record in an answer, in their order.
    pub fn output(&self, version: Version, now: &str) -> Vec<Member> {
        let member = |(name, form): &(&'static str, Form)| match form {
            Form::Integer => Member::integer(version, name),
            Form::Text => Member::column(name),
            Form::Computed(expression) => Member::scalar(name, expression(now)),
        };
        self.members.iter().map(member).collect()
    }
}
