//! What a kind of record is: a table, and what a partner gives and gets of it.

use super::given::Given;
use crate::body::Rules;
use crate::intent::Intent;
use crate::request::Params;
use crate::version::Version;

/// A kind of record that hangs on a customer. Its table has a `customer_id`, and `customers` a column
/// `<name>_total` with how many there are.
#[derive(Debug)]
pub struct Kind {
    /// Its name in the path and in the envelope, and its table.
    pub name: &'static str,
    /// One of them, as a 404 names it.
    pub singular: &'static str,
    /// The column and parameter with its id.
    pub id: &'static str,
    /// Every column that is written, and the SQL expression that stands there when nothing is given at the
    /// creation; `?1` is the time.
    pub columns: &'static [(&'static str, &'static str)],
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
}

/// How a member of the answer is made.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Of the column of its name, an integer.
    Integer,
    /// Of the column of its name, a text.
    Text,
    /// Of this SQL expression, a text; `?1` is the time.
    Sql(&'static str),
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

impl Creation {
    /// What the body of a creation may be.
    pub fn body(self) -> Rules {
        match self {
            Self::One => Rules::PARTNER,
            Self::Batch => Rules::BATCH,
        }
    }
}

/// The most records of a batch.
pub const BATCH_MAX: usize = 1_000;

/// What a `DELETE` does to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Sets this column to this SQL expression, and answers the record; `?1` is the time.
    Set(&'static str, &'static str),
    /// Deletes the row.
    DeleteRow,
}

impl Kind {
    /// The members of the answer, each with the SQL expression that it is made from.
    pub fn output(&self, version: Version) -> Vec<(String, String)> {
        let member = |(name, form): &(&str, Form)| {
            let expression = match form {
                Form::Integer => version.integer_sql(name),
                Form::Text => (*name).to_owned(),
                Form::Sql(expression) => (*expression).to_owned(),
            };
            ((*name).to_owned(), expression)
        };
        self.members.iter().map(member).collect()
    }

    /// The column of `customers` with how many there are.
    pub fn total(&self) -> String {
        format!("{}_total", self.name)
    }
}

/// Kinds are told apart by their names.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}
