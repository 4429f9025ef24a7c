//! What a database holds of a partner, and what must be true of it.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use crate::ledger::trips::Row;
use crate::partners::placement::Database;

/// What a database has of a partner: lines of a kind, each with the UUID of its customer, or `""`. Only what the service itself
/// does not change by its work in steps is in them.
pub(super) type Holding = BTreeSet<(String, &'static str, String)>;

const LINES: &[(&str, &str)] = &[
    (
        "customer",
        "SELECT uuid, customer_id || ' ' || iif(removed_at = '', name || ' ' || custnr, 'erased') AS line \
         FROM customers WHERE partner_id = :p",
    ),
    (
        "call",
        "SELECT uuid, COUNT(*) || ' ' || SUM(call_id) || ' ' || SUM(call_id * measure_id % 101) || ' ' || MAX(start) AS line \
         FROM customers JOIN calls USING (customer_id) WHERE partner_id = :p GROUP BY customer_id",
    ),
    (
        "measure",
        "SELECT uuid, measure_id || ' ' || m.created AS line \
         FROM measures AS m JOIN customers USING (customer_id) WHERE partner_id = :p",
    ),
    (
        "user",
        "SELECT uuid, user_id || ' ' || u.email AS line \
         FROM users AS u JOIN customers USING (customer_id) WHERE partner_id = :p",
    ),
    (
        "number",
        "SELECT uuid, position || ' ' || phonenr AS line \
         FROM allowed_numbers JOIN customers USING (customer_id) WHERE partner_id = :p",
    ),
    (
        "key",
        "SELECT '' AS uuid, key_hmac || ' ' || kind || ' ' || ids AS line FROM idempotency_keys WHERE partner_id = :p",
    ),
    (
        "field",
        "SELECT '' AS uuid, n || ' ' || label AS line FROM custom_fields WHERE partner_id = :p",
    ),
    (
        "country",
        "SELECT '' AS uuid, name || ' ' || country AS line FROM partners WHERE partner_id = :p",
    ),
];

pub(super) fn holding(world: &World, database: Database, partner_id: i64) -> Holding {
    let mut holding = Holding::new();
    for (kind, sql) in LINES {
        for row in world.query(database, &sql.replace(":p", &partner_id.to_string())) {
            let line = (row.text("uuid").unwrap(), *kind, row.text("line").unwrap());
            assert!(holding.insert(line), "twice in {database}");
        }
    }
    holding
}

/// What is left of it after these erasures, each a UUID and an id.
pub(super) fn after_erasures(holding: &Holding, erased: &BTreeMap<String, i64>) -> Holding {
    let lines = holding.iter().filter(|(uuid, kind, _)| {
        !erased.contains_key(uuid) || !["customer", "user", "number"].contains(kind)
    });
    let erased = erased
        .iter()
        .map(|(uuid, id)| (uuid.clone(), "customer", format!("{id} erased")));
    lines.cloned().chain(erased).collect()
}

/// Queries that find what must not be, in the home of a partner.
const FAULTS: &[(&str, &str)] = &[
    (
        "the count of customers",
        "SELECT 1 FROM partners WHERE partner_id = :p AND customers <> \
         (SELECT COUNT(*) FROM customers WHERE partner_id = :p AND removed_at = '')",
    ),
    (
        "the total of calls",
        "SELECT 1 FROM customers WHERE partner_id = :p AND removed_at = '' AND calls_total <> \
         (SELECT COUNT(*) FROM calls WHERE calls.customer_id = customers.customer_id)",
    ),
    (
        "the total of measures",
        "SELECT 1 FROM customers WHERE partner_id = :p AND removed_at = '' AND measures_total <> \
         (SELECT COUNT(*) FROM measures WHERE measures.customer_id = customers.customer_id)",
    ),
    (
        "the count of endless measures",
        "SELECT 1 FROM customers WHERE partner_id = :p AND measures_endless <> \
         (SELECT COUNT(*) FROM measures WHERE measures.customer_id = customers.customer_id AND expires = '')",
    ),
    (
        "the positions of allowed numbers",
        "SELECT 1 FROM allowed_numbers JOIN customers USING (customer_id) WHERE partner_id = :p \
         GROUP BY customer_id HAVING MAX(position) + 1 <> COUNT(*)",
    ),
    (
        "the total of users",
        "SELECT 1 FROM customers WHERE partner_id = :p AND users_total <> \
         (SELECT COUNT(*) FROM users WHERE users.customer_id = customers.customer_id)",
    ),
    (
        "the blocks of customers",
        "SELECT 1 FROM partners WHERE partner_id = :p AND customers <> \
         COALESCE((SELECT SUM(live) FROM blocks WHERE kind = 'customers' AND owner_id = :p), 0)",
    ),
    (
        "the blocks of calls",
        "SELECT 1 FROM customers WHERE partner_id = :p AND removed_at = '' AND calls_total <> \
         COALESCE((SELECT SUM(live) FROM blocks WHERE kind = 'calls' AND owner_id = customer_id), 0)",
    ),
    (
        "the blocks of users",
        "SELECT 1 FROM customers WHERE partner_id = :p AND removed_at = '' AND users_total <> \
         COALESCE((SELECT SUM(live) FROM blocks WHERE kind = 'users' AND owner_id = customer_id), 0)",
    ),
    (
        "somebody erased has a name",
        "SELECT 1 FROM customers WHERE partner_id = :p AND removed_at <> '' AND name || custnr || custom_7 <> ''",
    ),
    (
        "somebody erased has no receipt that is recorded and complete",
        "SELECT 1 FROM customers LEFT JOIN erasures USING (customer_id) \
         WHERE partner_id = :p AND removed_at <> '' AND (recorded, completed_at <> '') IS NOT (1, 1)",
    ),
    (
        "somebody erased has a number",
        "SELECT 1 FROM calls JOIN customers USING (customer_id) \
         WHERE partner_id = :p AND removed_at <> '' AND bnum NOT LIKE '%*'",
    ),
    (
        "an external_id is no call's",
        "SELECT 1 FROM external_ids AS e JOIN customers USING (customer_id) LEFT JOIN calls USING (call_id) \
         WHERE partner_id = :p AND e.external_id IS NOT calls.external_id",
    ),
    (
        "the number of external_ids",
        "SELECT 1 FROM customers WHERE partner_id = :p AND \
         (SELECT COUNT(*) FROM external_ids AS e WHERE e.customer_id = customers.customer_id) <> \
         (SELECT COUNT(*) FROM calls AS c WHERE c.customer_id = customers.customer_id AND external_id <> '')",
    ),
    (
        "work is left",
        "SELECT 1 FROM maskings UNION ALL SELECT 1 FROM endings UNION ALL SELECT 1 FROM leavings",
    ),
];

/// Panics if something is wrong with a partner at home.
pub(super) fn assert_sound(world: &World, home: Database, partner_id: i64, told: &[String]) {
    for (what, sql) in FAULTS {
        let faults = world.query(home, &sql.replace(":p", &partner_id.to_string()));
        assert!(
            faults.is_empty(),
            "{what}, of partner {partner_id} in {home}: {told:#?}"
        );
    }
}

/// The tables that have rows of a partner, beside the entries of the audit trail that stay.
pub(super) fn left_behind(world: &World, database: Database, partner_id: i64) -> Vec<&'static str> {
    let tables = [
        ("partners", "partner_id = :p"),
        ("leavings", "partner_id = :p"),
        ("custom_fields", "partner_id = :p"),
        ("customers", "partner_id = :p"),
        ("idempotency_keys", "partner_id = :p"),
        ("endings", "partner_id = :p"),
        (
            "audit",
            "partner_id = :p AND kind NOT IN ('partners', 'logins')",
        ),
        ("blocks", "kind = 'customers' AND owner_id = :p"),
    ];
    let has_rows = |(table, condition): &(&str, &str)| {
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
        world.number(database, &sql.replace(":p", &partner_id.to_string())) > 0
    };
    tables
        .into_iter()
        .filter(has_rows)
        .map(|(table, _)| table)
        .collect()
}

/// Every record of a database that must hang on a customer and does not.
pub(super) fn orphans(world: &World, database: Database) -> i64 {
    let tables = [
        "measures",
        "users",
        "calls",
        "external_ids",
        "allowed_numbers",
        "erasures",
    ];
    let counts = tables.map(|table| {
        let sql = format!(
            "SELECT COUNT(*) AS n FROM {table} WHERE customer_id NOT IN (SELECT customer_id FROM customers)"
        );
        world.number(database, &sql)
    });
    let sql = "SELECT COUNT(*) AS n FROM blocks WHERE kind IN ('measures', 'users', 'calls') \
               AND owner_id NOT IN (SELECT customer_id FROM customers)";
    counts.iter().sum::<i64>() + world.number(database, sql)
}
