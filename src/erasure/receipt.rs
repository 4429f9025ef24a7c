//! The receipt of an erasure. It holds no personal data.

use crate::db::json::{Member, integer, json_object};
use crate::db::schema::{CUSTOMER_TABLES, measure_is_active};
use crate::db::sql::Sql;
use crate::http::version::Version;
use crate::sql;

/// The counts in a receipt. The names are those of its members and of the columns of `erasures`.
pub const COUNTS: [&str; 4] = [
    "measures_expired",
    "users_removed",
    "allowed_numbers_removed",
    "phone_numbers_masked",
];

/// The JSON of a receipt, from a row of `customers` and an expression for each of [`COUNTS`].
pub fn json(version: Version, counts: impl IntoIterator<Item = Sql>) -> Sql {
    let mut members = vec![
        Member::integer(version, "customer_id"),
        Member::column("uuid"),
        Member::column("removed_at"),
    ];
    let counts = COUNTS.into_iter().zip(counts);
    members.extend(counts.map(|(name, count)| Member::scalar(name, integer(version, count))));
    json_object(&members)
}

/// The expressions for [`COUNTS`] before the erasure, for a row of `customers`. They read every row of the customer.
pub fn counts(now: &str) -> [Sql; 4] {
    let one = || sql!("1");
    let all = || sql!("TRUE");
    let numbers = CUSTOMER_TABLES
        .iter()
        .filter_map(|table| Some(sum(table.name, table.phone_numbers()?, all())));
    [
        sum("measures", one(), measure_is_active(now)),
        sum("users", one(), all()),
        sum("allowed_numbers", one(), all()),
        sql!("({numbers})", numbers = Sql::join(numbers, " + ")),
    ]
}

/// The sum of an expression over the customer's rows in a table that meet a condition.
fn sum(table: &'static str, expression: Sql, condition: Sql) -> Sql {
    sql!(
        "(SELECT COALESCE(SUM({expression}), 0) FROM {table} \
         WHERE {table}.customer_id = customers.customer_id AND {condition})",
        expression = expression,
        table = Sql::name(table),
        condition = condition,
    )
}
