//! Compares the erasure rules in the code with the real schema that the migrations create.

use std::collections::BTreeMap;

use customers_api::db::schema::{CUSTOMER_TABLES, IDEMPOTENCY_KEYS, OTHER_TABLES, Table};

use crate::db::{db_columns, db_query};
use crate::server::shared;

/// The tables that have rules, with their columns sorted. A table that is listed twice has every column twice.
fn ruled(tables: impl Iterator<Item = &'static Table>) -> BTreeMap<String, Vec<String>> {
    let mut ruled = BTreeMap::<String, Vec<String>>::new();
    for table in tables {
        let columns = ruled.entry(table.name.to_owned()).or_default();
        columns.extend(table.columns.iter().map(|(name, _)| (*name).to_owned()));
    }
    ruled.values_mut().for_each(|columns| columns.sort());
    ruled
}

#[test]
fn every_column_of_every_table_has_one_rule_and_every_rule_has_a_column() {
    let mut real = db_columns(shared());
    real.values_mut().for_each(|columns| columns.sort());
    assert!(real["customers"].len() > 30, "{real:?}");
    let tables = CUSTOMER_TABLES.iter().chain(OTHER_TABLES);
    let rules = ruled(tables.chain([&IDEMPOTENCY_KEYS]));
    for (table, columns) in &real {
        assert_eq!(rules.get(table), Some(columns), "rules for table {table}");
    }
    let tables: Vec<_> = real.keys().collect();
    assert_eq!(rules.keys().collect::<Vec<_>>(), tables);
}

#[test]
fn every_table_with_a_customer_id_is_a_customer_table_except_receipts_steps_audit_and_keys() {
    let of_customers: Vec<String> = ruled(CUSTOMER_TABLES.iter()).into_keys().collect();
    let mut real = db_columns(shared());
    real.retain(|_, columns| columns.contains(&"customer_id".to_owned()));
    for table in ["erasures", "maskings", "audit", "idempotency_keys"] {
        real.remove(table).expect(table);
    }
    assert_eq!(real.into_keys().collect::<Vec<_>>(), of_customers);
}

#[test]
fn there_are_no_virtual_tables() {
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' \
         AND type NOT IN ('table', 'view') AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'";
    assert_eq!(db_query(shared(), sql, &[]), []);
}
