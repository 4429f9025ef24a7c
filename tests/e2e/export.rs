//! The export: everything stored about one customer, of any length.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use customers_api::db::schema::{CUSTOMER_TABLES, Rule, exported_tables};
use rusqlite::params;
use rusqlite::types::Value as Sql;
use serde_json::{Value, json};

use crate::cost::assert_costs;
use crate::db::{Row, db_execute, db_query};
use crate::partner::Partner;
use crate::server::Server;
use crate::subject::Subject;

/// A row without what is only the service's own.
fn as_json(table: &str, row: &Row) -> Value {
    let ours = |name: &str| {
        let counts = [
            "measures_total",
            "users_total",
            "calls_total",
            "measures_endless",
            "numbers_total",
        ];
        let others = ["partner_id", "removed_at"];
        name.ends_with("_ccndc") || counts.contains(&name) || others.contains(&name)
    };
    let value = |name: &str, value: &Sql| match value {
        Sql::Text(text) if table == "audit" && name == "fields" => {
            serde_json::from_str(text).unwrap()
        }
        Sql::Integer(integer) => json!(integer),
        Sql::Text(text) => json!(text),
        other => panic!("{other:?}"),
    };
    row.iter()
        .filter(|(name, _)| !ours(name))
        .map(|(name, sql)| (name.clone(), value(name, sql)))
        .collect()
}

/// Inserts calls of a customer, several at the same second.
fn db_insert_calls(server: &Server, customer_id: i64, count: i64) {
    let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2) \
         INSERT INTO calls (customer_id, measure_id, start, duration, answered, anum, anum_ccndc, bnum, bnum_ccndc) \
         SELECT ?1, 1, datetime('2026-01-01', ((n * 7919 % ?2) / 7) || ' seconds'), n, n % 2, \
         '+4670' || n, 4, '+46890510', 3 FROM n";
    db_execute(server, sql, params![customer_id, count]);
}

/// Waits for the second line of log of an export.
fn stream_log(server: &Server, request_id: &str) -> Value {
    for _ in 0..200 {
        let printed = server.printed();
        let mut lines = printed
            .lines()
            .filter(|line| line.starts_with("{\"stream\""));
        if let Some(line) = lines.find(|line| line.contains(request_id)) {
            return serde_json::from_str(line).unwrap();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the end of {request_id} was not logged");
}

#[test]
fn the_export_has_every_row_and_every_column_of_the_customer_that_is_not_only_ours() {
    let partner = Partner::new();
    partner.set_up_custom(7, &json!({"label": "Båt"}));
    partner.set_up_custom(9, &json!({"label": "\"Nine\""}));
    let subject = Subject::of(&partner);
    let _other = Subject::of(&partner);
    let name = [("name", subject.mark.as_str())];
    partner.put(&subject.path(), &name).expect(200);
    let export = partner.get(&format!("{}/export", subject.path()));
    let export = assert_costs(export, 200, 60, 0);
    let log = stream_log(partner.server, export.request_id());
    // One customer, 2 labels, 3 measures, 2 users, 3 allowed numbers, 2 calls, 2 entries of the audit trail.
    assert_eq!(log["rows"], 15, "{log}");
    assert_eq!(
        (&log["stream"], &log["d1_trips"]),
        (&json!("complete"), &json!(1))
    );
    assert!(export.text.ends_with("],\"complete\":true}"));

    let mut rows = subject.db_rows();
    // There is no receipt and no work in steps yet, the keys have no values, and what `external_ids` has, stands in the calls.
    for table in ["erasures", "maskings", "idempotency_keys", "external_ids"] {
        rows.remove(table).unwrap();
    }
    let mut expected: BTreeMap<String, Value> = rows
        .iter()
        .map(|(table, rows)| {
            let rows = rows.iter().map(|row| as_json(table, row));
            (table.clone(), rows.collect())
        })
        .collect();
    let labels = json!([{"n": 7, "label": "Båt"}, {"n": 9, "label": "\"Nine\""}]);
    expected.insert("custom_fields".to_owned(), labels);
    expected.insert("complete".to_owned(), json!(true));
    assert_eq!(expected["audit"].as_array().unwrap().len(), 2);
    assert_eq!(export.json(), json!(expected));
}

#[test]
fn under_the_published_version_the_integers_of_an_export_are_strings() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let export = partner.get(&format!("/2.4.9/customers/{id}/export"));
    let export = export.expect(200).json();
    assert_eq!(export["customers"][0]["customer_id"], id.to_string());
    assert_eq!(export["audit"][0]["customer_id"], id.to_string());
    assert_eq!(export["audit"][0]["fields"], json!(["name", "custnr"]));
    assert_eq!(export["complete"], true);
}

#[test]
fn an_export_of_many_rows_is_complete_and_has_each_once_in_order() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    // More than a first page and two further ones of 2,500, and a list that ends with its first page.
    let calls = 6_789;
    db_insert_calls(partner.server, id, calls);
    let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2) \
         INSERT INTO users (customer_id, email, name) SELECT ?1, n || '@example.com', n FROM n";
    db_execute(partner.server, sql, params![id, 1_000]);

    for prefix in ["", "/2.4.9"] {
        let export = partner.get(&format!("{prefix}/customers/{id}/export"));
        let export = export.expect(200);
        let log = stream_log(partner.server, export.request_id());
        let document = export.json();
        assert_eq!(document["complete"], true);
        assert_eq!(document["users"].as_array().unwrap().len(), 1_000);
        let integer = |value: &Value| match value {
            Value::String(text) => text.parse().unwrap(),
            value => value.as_i64().unwrap(),
        };
        let calls: Vec<(String, i64, i64)> = document["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| {
                let start = call["start"].as_str().unwrap().to_owned();
                (start, integer(&call["call_id"]), integer(&call["duration"]))
            })
            .collect();
        let sql = "SELECT start, call_id, duration FROM calls WHERE customer_id = ?1 ORDER BY start, call_id";
        let stored = db_query(partner.server, sql, &[&id]);
        let stored: Vec<_> = stored
            .iter()
            .map(|row| {
                let (Sql::Text(start), Sql::Integer(id), Sql::Integer(duration)) =
                    (&row["start"], &row["call_id"], &row["duration"])
                else {
                    panic!("{row:?}")
                };
                (start.clone(), *id, *duration)
            })
            .collect();
        assert!(calls == stored, "{} of {}", calls.len(), stored.len());
        // A first read, three further pages of calls, one of users, and the end.
        assert_eq!(log["d1_trips"], 6, "{log}");
        let read = log["d1_rows_read"].as_i64().unwrap();
        assert!(read < 8_000, "{log}");
    }
}

#[test]
fn a_head_of_an_export_reads_only_its_beginning() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    db_insert_calls(partner.server, id, 5_000);
    let head = partner.request("HEAD", &format!("/customers/{id}/export"));
    let head = assert_costs(head, 200, 1_100, 0);
    assert_eq!(head.text, "");
    assert_eq!(head.header("Content-Type"), Some("application/json"));
}

/// An export that is read from a socket as slowly as a test wants.
struct SlowReader {
    connection: BufReader<TcpStream>,
    request_id: String,
}

impl SlowReader {
    fn of(partner: &Partner, id: i64) -> Self {
        let request = partner.get(&format!("/customers/{id}/export"));
        let credentials = request.credentials().unwrap().to_owned();
        let address = partner.server.origin.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(address).unwrap();
        connection
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let head = format!(
            "GET /customers/{id}/export HTTP/1.1\r\nHost: {address}\r\nAuthorization: {credentials}\r\n\
             Connection: close\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).unwrap();
        let mut reader = Self {
            connection: BufReader::new(connection),
            request_id: String::new(),
        };
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.connection.read_line(&mut line).unwrap();
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("X-Request-Id")
            {
                value.trim().clone_into(&mut reader.request_id);
            }
        }
        reader
    }

    /// Everything that still comes, however the connection ends.
    fn rest(mut self) -> String {
        let mut rest = Vec::new();
        let mut chunk = vec![0; 1 << 20];
        while let Ok(length @ 1..) = self.connection.read(&mut chunk) {
            rest.extend_from_slice(&chunk[..length]);
        }
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// So many calls that an export of them does not fit into the buffers between the Worker and a reader who waits.
const MANY: i64 = 250_000;

#[test]
fn a_customer_that_is_erased_while_it_is_exported_ends_the_export_before_its_last_member() {
    let partner = Partner::new();
    let server = partner.server;
    let id = partner.create_customer("Customer", "1");
    db_insert_calls(server, id, MANY);

    let slow = SlowReader::of(&partner, id);
    std::thread::sleep(Duration::from_millis(500));
    partner.delete(&format!("/customers/{id}")).expect(200);
    let request_id = slow.request_id.clone();
    let rest = slow.rest();
    assert!(rest.contains("\"calls\":["));
    assert!(
        !rest.contains("\"complete\""),
        "{}",
        &rest[rest.len() - 200..]
    );
    // Not even the last chunk, which says that an answer has ended well, comes.
    assert!(
        !rest.ends_with("\r\n0\r\n\r\n"),
        "{}",
        &rest[rest.len() - 20..]
    );
    let log = stream_log(server, &request_id);
    assert_eq!(log["stream"], "broken off", "{log}");
    assert_eq!(log["error"], "the customer was erased", "{log}");
    assert!(log["rows"].as_i64().unwrap() < MANY, "{log}");
    // No page was read of an erased customer: no masked number came.
    assert!(!rest.contains('*'));
}

#[test]
fn a_reader_who_goes_away_ends_the_reading() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    db_insert_calls(partner.server, id, MANY);
    let gone = SlowReader::of(&partner, id);
    let request_id = gone.request_id.clone();
    drop(gone);
    let log = stream_log(partner.server, &request_id);
    assert_eq!(log["stream"], "broken off", "{log}");
    assert!(log["rows"].as_i64().unwrap() < MANY, "{log}");
}

#[test]
fn the_export_has_every_column_that_an_erasure_changes() {
    let partner = Partner::new();
    let subject = Subject::of(&partner);
    let export = partner.get(&format!("{}/export", subject.path()));
    let export = export.expect(200).json();
    let mut changed = 0;
    // What `external_ids` has, stands in the calls.
    let exported = CUSTOMER_TABLES
        .iter()
        .filter(|table| table.name != "external_ids");
    for table in exported {
        for row in export[table.name].as_array().unwrap() {
            let columns = table.columns.iter();
            let columns = columns.filter(|(column, rule)| {
                !matches!(rule, Rule::Keep) && !table.internal.contains(column)
            });
            for (column, _) in columns {
                assert!(row.get(column).is_some(), "{}.{column}", table.name);
                changed += 1;
            }
        }
    }
    assert!(changed > 40, "{changed}");
    assert!(exported_tables().all(|table| export[table.name].is_array()));
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
