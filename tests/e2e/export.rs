//! The export: everything stored about one customer, from the same columns as the erasure.

use std::collections::BTreeMap;

use customers_api::db::schema::{CUSTOMER_TABLES, Rule};
use rusqlite::types::Value as Sql;
use serde_json::{Value, json};

use crate::cost::assert_costs;
use crate::db::Row;
use crate::partner::Partner;
use crate::subject::Subject;

fn as_json(row: &Row) -> Value {
    let value = |value: &Sql| match value {
        Sql::Integer(integer) => json!(integer),
        Sql::Text(text) => json!(text),
        other => panic!("{other:?}"),
    };
    row.iter()
        .map(|(name, sql)| (name.clone(), value(sql)))
        .collect()
}

#[test]
fn the_export_has_every_row_and_every_column_of_the_customer() {
    let partner = Partner::new();
    let subject = Subject::of(&partner);
    let _other = Subject::of(&partner);
    let export = partner.get(&format!("{}/export", subject.path()));
    let export = assert_costs(export, 200, 40, 0).json();

    let mut rows = subject.db_rows();
    // The export leaves out receipts and work in steps (there are none yet), the audit trail and the keys (neither has
    // values).
    for table in ["erasures", "maskings", "audit", "idempotency_keys"] {
        rows.remove(table).expect(table);
    }
    let rows: BTreeMap<String, Value> = rows
        .iter()
        .map(|(table, rows)| (table.clone(), rows.iter().map(as_json).collect()))
        .collect();
    assert_eq!(export, json!(rows));
}

#[test]
fn every_list_is_in_the_order_of_its_ids() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let measure_id = partner.create_measure(id);
    partner.create_measure(id);
    let starts = ["2026-09-03", "2026-09-01", "2026-09-02"];
    let calls = starts.map(|day| {
        json!({"measure_id": measure_id, "start": format!("{day} 07:12:09"), "bnum": "+46846500401"})
    });
    partner.post_calls(id, &calls).expect(200);
    let export = partner.get(&format!("/customers/{id}/export"));
    let export = export.expect(200).json();
    for (table, key, count) in [("measures", "measure_id", 2), ("calls", "call_id", 3)] {
        let rows = export[table].as_array().unwrap();
        assert_eq!(rows.len(), count, "{table}");
        assert!(
            rows.is_sorted_by_key(|row| row[key].as_i64()),
            "{table}: {rows:#?}"
        );
    }
}

#[test]
fn the_export_has_every_column_that_an_erasure_changes() {
    let partner = Partner::new();
    let subject = Subject::of(&partner);
    let export = partner
        .get(&format!("{}/export", subject.path()))
        .expect(200)
        .json();
    let mut changed = 0;
    for table in CUSTOMER_TABLES {
        for row in export[table.name].as_array().unwrap() {
            for (column, _) in table
                .columns
                .iter()
                .filter(|(_, rule)| !matches!(rule, Rule::Keep))
            {
                assert!(row.get(column).is_some(), "{}.{column}", table.name);
                changed += 1;
            }
        }
    }
    assert!(changed > 40, "{changed}");
}

#[test]
fn the_export_is_the_same_by_query_and_by_path() {
    let partner = Partner::new();
    let subject = Subject::of(&partner);
    let by_path = partner
        .get(&format!("{}/export", subject.path()))
        .expect(200);
    let id = subject.customer_id;
    let by_query = partner
        .get(&format!("/customers/export?customer_id={id}"))
        .expect(200);
    assert_eq!(by_query.text, by_path.text);
    let nobody = partner.get("/customers/export").expect(400);
    assert_eq!(nobody.errors(), ["customer_id: required"]);
}
