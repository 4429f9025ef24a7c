//! Deleting what a database has of a partner that lives elsewhere, in steps. The partner's row goes last, and then that of
//! `leavings`, without which no step deletes anything.

use super::pages::Pace;
use super::parts::entry_moves;
use crate::db::batch::{At, Steps};
use crate::db::sql::Sql;
use crate::sql;

/// The customers whose records a step deletes together.
const CUSTOMERS: i64 = 200;

/// The results of [`step`].
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// Each has the number of calls or customers that one statement has deleted, as `changed`.
    pub deleted: Vec<At>,
}

/// Deletes the next rows of the partner, if it leaves: the records of its first customers, then the customers that have none
/// left, then what is its own. It deletes at most [`Pace::rows`] rows of each table.
pub fn step(steps: &mut Steps, partner_id: i64, pace: Pace) -> Left {
    // Without a row it is NULL, which equals nothing.
    let leaver = sql!(
        "(SELECT partner_id FROM leavings WHERE partner_id = {partner_id})",
        partner_id = partner_id
    );
    let customers = sql!(
        "SELECT customer_id FROM customers WHERE partner_id = {leaver} \
         ORDER BY removed_at, customer_id LIMIT {most}",
        leaver = &leaver,
        most = CUSTOMERS.min(pace.rows),
    );
    let mut left = Left::default();
    let mut delete = |steps: &mut Steps, table, key, condition: Sql, is_counted| {
        let delete = sql!(
            "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT {rows})",
            table = Sql::name(table),
            key = Sql::name(key),
            condition = condition,
            rows = pace.rows,
        );
        steps.add(delete.named("moves::delete"));
        if is_counted {
            let changed = sql!("SELECT changes() AS changed").named("moves::deleted");
            left.deleted.push(steps.add(changed));
        }
    };
    let of_customers = sql!("customer_id IN ({customers})", customers = &customers);
    for (table, key, is_counted) in [
        ("calls", "call_id", true),
        ("external_ids", "customer_id, external_id", false),
        ("measures", "measure_id", false),
        ("users", "user_id", false),
        ("allowed_numbers", "customer_id, position", false),
        ("maskings", "masking_id", false),
    ] {
        delete(steps, table, key, of_customers.clone(), is_counted);
    }
    let no_masking = sql!(
        "{of_customers} AND NOT EXISTS \
         (SELECT 1 FROM maskings WHERE maskings.customer_id = erasures.customer_id)",
        of_customers = &of_customers
    );
    delete(steps, "erasures", "customer_id", no_masking, false);
    let blocks = "kind, owner_id, start, id";
    let kinds = sql!("kind IN ('measures', 'users', 'calls')");
    let of_lists = sql!(
        "{kinds} AND owner_id IN ({customers})",
        kinds = &kinds,
        customers = &customers,
    );
    delete(steps, "blocks", blocks, of_lists, false);
    let lists = sql!(
        "SELECT 1 FROM blocks WHERE {kinds} AND owner_id = customers.customer_id",
        kinds = kinds
    );
    let records = [
        "calls",
        "external_ids",
        "measures",
        "users",
        "allowed_numbers",
        "erasures",
    ];
    let records = records.map(|table| {
        sql!(
            "SELECT 1 FROM {table} AS t WHERE t.customer_id = customers.customer_id",
            table = Sql::name(table)
        )
    });
    let have_none = records
        .into_iter()
        .chain([lists])
        .map(|rows| sql!("NOT EXISTS ({rows})", rows = rows));
    let bare = sql!(
        "customer_id IN ({customers}) AND {have_none}",
        customers = &customers,
        have_none = Sql::join(have_none, " AND "),
    );
    delete(steps, "customers", "customer_id", bare, true);

    let no_customer = sql!(
        "NOT EXISTS (SELECT 1 FROM customers WHERE partner_id = {partner_id})",
        partner_id = partner_id
    );
    let own = |condition: Sql| {
        sql!(
            "partner_id = {leaver} AND {condition}",
            leaver = &leaver,
            condition = condition
        )
    };
    let entries = sql!(
        "{entry_moves} AND {no_customer}",
        entry_moves = entry_moves(),
        no_customer = &no_customer
    );
    delete(steps, "audit", "audit_id", own(entries), false);
    // In this order SQLite seeks by both columns. In the other one it reads all keys of the partner for each step.
    let keys = "key_hmac, partner_id";
    delete(
        steps,
        "idempotency_keys",
        keys,
        own(no_customer.clone()),
        false,
    );
    delete(
        steps,
        "custom_fields",
        "partner_id, n",
        own(no_customer.clone()),
        false,
    );
    delete(
        steps,
        "endings",
        "ending_id",
        own(no_customer.clone()),
        false,
    );
    let list = sql!(
        "kind = 'customers' AND owner_id = {leaver} AND {no_customer}",
        leaver = &leaver,
        no_customer = &no_customer,
    );
    delete(steps, "blocks", blocks, list, false);
    let own_rows = ["idempotency_keys", "custom_fields", "endings"].map(|table| {
        sql!(
            " AND NOT EXISTS (SELECT 1 FROM {table} AS t WHERE t.partner_id = {partner_id})",
            table = Sql::name(table),
            partner_id = partner_id,
        )
    });
    let partner = sql!(
        "DELETE FROM partners WHERE partner_id = {leaver} AND {no_customer}{no_rows} \
         AND NOT EXISTS (SELECT 1 FROM audit WHERE partner_id = {partner_id} AND {entry_moves}) \
         AND NOT EXISTS (SELECT 1 FROM blocks WHERE kind = 'customers' AND owner_id = {partner_id})",
        leaver = &leaver,
        no_customer = no_customer,
        no_rows = Sql::join(own_rows, ""),
        partner_id = partner_id,
        entry_moves = entry_moves(),
    );
    let end = sql!(
        "DELETE FROM leavings WHERE partner_id = {partner_id} \
         AND NOT EXISTS (SELECT 1 FROM partners WHERE partner_id = {partner_id})",
        partner_id = partner_id,
    );
    steps.add(partner.named("moves::delete_partner"));
    steps.add(end.named("moves::end_leaving"));
    left
}
