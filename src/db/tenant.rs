//! The tenant's condition. Every statement that finds or writes a customer, or what hangs on one, takes it from here.

use super::sql::Sql;
use crate::sql;

/// A row of `customers` is one of the partner's, and lives.
pub fn live_customers(partner_id: i64) -> Sql {
    sql!(
        "partner_id = {partner_id} AND removed_at = ''",
        partner_id = partner_id
    )
}

/// A row of `customers` is the one with this id, is the partner's, and lives. It finds one row at most.
pub fn live_customer(partner_id: i64, customer_id: i64) -> Sql {
    sql!(
        "customer_id = {customer_id} AND {live}",
        customer_id = customer_id,
        live = live_customers(partner_id)
    )
}

/// A row of another table hangs on the customer with this id, which is the partner's and lives. Otherwise the id to
/// compare with is `NULL`, which equals nothing, and no row of that table is looked at.
pub fn of_live_customer(partner_id: i64, customer_id: i64) -> Sql {
    sql!(
        "customer_id = (SELECT customer_id FROM customers WHERE {live})",
        live = live_customer(partner_id, customer_id)
    )
}
