//! Pages, held against the rows themselves.

use rusqlite::Connection;

use crate::db::tests::empty_database;
use crate::erasure::steps::Work;
use crate::http::json::Json;
use crate::ledger::tests::world::transaction;
use crate::ledger::trips::Row;
use crate::moves::pages::{Cursor, Pace, insert, page};
use crate::moves::parts::{PARTS, Part};

fn number(database: &Connection, sql: &str) -> i64 {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn filled() -> Connection {
    let database = empty_database();
    database
        .execute_batch(
            "INSERT INTO partners (partner_id, username) VALUES (1, 'one'), (2, 'two');
             WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < 12)
             INSERT INTO customers (customer_id, partner_id, uuid, custnr, name, created, removed_at)
             SELECT 13 - n, 1 + n % 2, n, n, 'a \"b\" [c], é' || char(10), '', iif(n % 5 = 0, 'r' || n % 3, '') FROM seed;
             INSERT INTO calls (customer_id, measure_id, start, bnum, bnum_ccndc, external_id)
             SELECT customer_id, 1, 's' || n.value % 2, '[]', 3, iif(n.value = 5, '', n.value) FROM customers, json_each('[5,4,3,2,1]') AS n
             WHERE customer_id % 3 > 0;
             INSERT INTO users (customer_id, email) SELECT customer_id, '' FROM customers WHERE customer_id > 9;
             INSERT INTO allowed_numbers SELECT customer_id, n.value, '+1' FROM customers, json_each('[0,1,2]') AS n;
             INSERT INTO erasures SELECT customer_id, '', 0, 0, 0, 0, 0, '', '', 0 FROM customers WHERE removed_at <> '';
             INSERT INTO blocks SELECT DISTINCT 'calls', customer_id, start, 0, 1 FROM calls;
             INSERT INTO blocks VALUES ('customers', 1, '', 3, 1), ('customers', 1, '', 9, 1), ('customers', 2, '', 3, 1);
             INSERT INTO custom_fields (partner_id, n) VALUES (1, 7), (1, 8), (2, 7);
             INSERT INTO idempotency_keys SELECT 1, 'k' || customer_id, '', '', 0, '[1]', '' FROM customers;",
        )
        .unwrap();
    database
}

/// All rows of a part, by pages. Each has some rows or goes on among other customers.
fn rows(database: &Connection, part: &Part, pace: Pace) -> (Vec<String>, usize) {
    let (mut place, mut rows, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let statement = page(part, 1, &Cursor::of(&place), pace);
        let found = transaction(database, &[statement])
            .unwrap()
            .remove(0)
            .remove(0);
        let (count, size) = (
            found.integer("count").unwrap(),
            found.integer("size").unwrap(),
        );
        let text = format!("[{}]", found.text("lines").unwrap());
        let Json::List(lines) = Json::parse(text.as_bytes()).unwrap() else {
            panic!("{text}")
        };
        assert_eq!(lines.len(), count as usize);
        rows.extend(lines.iter().map(Json::to_string));
        let is_full = count >= pace.rows || size >= pace.chars;
        place = found.text(if is_full { "place" } else { "rest" }).unwrap();
        pages += 1;
        if place.is_empty() {
            return (rows, pages);
        }
    }
}

#[test]
fn the_pages_of_a_part_have_each_row_of_the_partner_once_in_the_same_order_at_any_pace() {
    let database = filled();
    let whole = Pace {
        rows: 1_000,
        customers: 1_000,
        chars: 250_000,
    };
    for part in &PARTS {
        let (all, pages) = rows(&database, part, whole);
        assert_eq!(pages, 1);
        let mut distinct = all.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len(), "{}", part.name);
        for most in [1, 2, 3, 7] {
            for customers in [1, 2, 5] {
                let (paged, pages) = rows(
                    &database,
                    part,
                    Pace {
                        rows: most,
                        customers,
                        chars: 250_000,
                    },
                );
                assert_eq!(paged, all, "{} {most} {customers}", part.name);
                assert!(all.len() <= most as usize || pages > 1);
            }
            let (paged, _) = rows(
                &database,
                part,
                Pace {
                    chars: 50 * most,
                    ..whole
                },
            );
            assert_eq!(paged, all, "{} {most}", part.name);
        }
    }
    let count = |name| rows(&database, Part::of(name).unwrap(), whole).0.len();
    assert_eq!(
        (count("customers"), count("calls"), count("allowed_numbers")),
        (6, 20, 18)
    );
}

#[test]
fn a_page_is_written_as_it_was_read_and_only_where_the_partner_is_taken_in() {
    let source = filled();
    let whole = Pace {
        rows: 1_000,
        customers: 1_000,
        chars: 250_000,
    };
    let target = empty_database();
    let into = |passage, serves: &str| {
        let sql = format!(
            "INSERT OR REPLACE INTO partners (partner_id, username, serves, passage) VALUES (1, 'one', '{serves}', {passage})"
        );
        target.execute(&sql, []).unwrap();
    };
    for part in &PARTS {
        let statement = page(part, 1, &Cursor::of(""), whole);
        let found = transaction(&source, &[statement])
            .unwrap()
            .remove(0)
            .remove(0);
        let lines = found.text("lines").unwrap();
        let write = |passage| transaction(&target, &[insert(part, 1, passage, &lines)]).unwrap();
        for (passage, serves) in [(7, "reads"), (7, "all"), (6, "nothing"), (8, "nothing")] {
            target.pragma_update(None, "foreign_keys", false).unwrap();
            into(passage, serves);
            target.pragma_update(None, "foreign_keys", true).unwrap();
            write(7);
            assert_eq!(rows(&target, part, whole).0.len(), 0, "{}", part.name);
        }
        target.pragma_update(None, "foreign_keys", false).unwrap();
        into(7, "nothing");
        target.pragma_update(None, "foreign_keys", true).unwrap();
        write(7);
        write(7);
        assert_eq!(rows(&target, part, whole), rows(&source, part, whole));
    }
    let external_ids = |database: &Connection| {
        number(
            database,
            "SELECT COUNT(*) FROM external_ids JOIN calls USING (call_id, external_id) JOIN customers ON calls.customer_id = customers.customer_id WHERE partner_id = 1",
        )
    };
    assert_eq!(external_ids(&target), 16);
    assert_eq!(external_ids(&source), 16);
}

/// Where a database was restored into the steps of an erasure, the calls that were masked have other `external_id`s than those
/// that were removed.
#[test]
fn a_partner_that_leaves_half_masked_leaves_nothing_behind() {
    let database = filled();
    let customer = "(SELECT MIN(customer_id) FROM calls JOIN customers USING (customer_id) WHERE partner_id = 1)";
    database
        .execute_batch(&format!(
            "INSERT INTO erasures VALUES ({customer}, '', 0, 0, 0, 0, 0, '', '', 0);
             INSERT INTO maskings (customer_id) VALUES ({customer});
             INSERT INTO leavings VALUES (1);"
        ))
        .unwrap();
    let masking = number(&database, "SELECT masking_id FROM maskings");
    transaction(&database, &Work::Masking(masking).step("", 2).statements).unwrap();
    let half =
        "SELECT COUNT(*) FROM external_ids JOIN calls USING (call_id) WHERE calls.external_id = ''";
    assert!(number(&database, half) > 0);
    for step in 1.. {
        if number(&database, "SELECT COUNT(*) FROM leavings") == 0 {
            break;
        }
        assert!(step < 100, "it does not end");
        transaction(&database, &Work::Leaving(1).step("", 3).statements).unwrap();
    }
    let left = "SELECT COUNT(*) FROM external_ids WHERE customer_id NOT IN (SELECT customer_id FROM customers)";
    assert_eq!(number(&database, left), 0);
    assert!(number(&database, "SELECT COUNT(*) FROM external_ids") > 0);
}
