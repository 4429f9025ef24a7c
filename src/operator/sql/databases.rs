//! The SQL of the list of databases.

use crate::db::sql::Statement;
use crate::sql;

/// Reads how many partners a database serves, how many customers they have, and how far it has counted, as `partners`,
/// `customers` and `sequence`. It reads one row for each partner of the database: some thousands, where each has some
/// hundred customers.
pub fn summary() -> Statement {
    sql!(
        "SELECT COUNT(*) AS partners, COALESCE(SUM(customers), 0) AS customers, \
         (SELECT sequence FROM state WHERE state_id = 1) AS sequence FROM partners WHERE serves <> 'nothing'"
    )
    .named("databases::summary")
}
