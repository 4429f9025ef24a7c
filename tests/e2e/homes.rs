//! A partner has a home: one of several databases, which has everything that an erasure touches. The directory is in `DB`.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Request;
use crate::db::{db_ledger, db_open_of};
use crate::partner::{Partner, unused_username};
use crate::server::{Server, shared};

/// The databases of the local configuration.
const DATABASES: [&str; 3] = ["DB", "DB_2", "DB_3"];

fn partner_in(database: &str) -> Partner {
    Partner::with(&json!({"database": database}))
}

/// How many rows of a table a database has of a partner.
fn db_rows(server: &Server, database: &str, table: &str, partner_id: i64) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table} WHERE partner_id = ?1");
    one(&db_open_of(server, database), &sql, partner_id)
}

fn one(connection: &Connection, sql: &str, id: i64) -> i64 {
    connection.query_row(sql, [id], |row| row.get(0)).unwrap()
}

fn operator(method: &str, path: &str) -> Request<'static> {
    Request::operator(shared(), method, path)
}

#[test]
fn everything_of_a_partner_but_its_place_in_the_directory_is_in_its_home() {
    let partner = partner_in("DB_2");
    let server = partner.server;
    let id = partner.create_customer("Nordlund AB", "1");
    partner.set_up_custom(7, &json!({"label": "Shop"}));
    let measure = partner.create_measure(id);
    partner.create_user(id, "anna@example.com");
    let call = json!({"measure_id": measure, "start": "2026-01-01 00:00:00", "bnum": "+46890510"});
    partner.post_calls(id, &[call]).expect(200);
    partner
        .put(&format!("/customers/{id}"), &[("custom_7", "Oslo")])
        .expect(200);
    assert_eq!(partner.customer(id)["custom_7"], "Oslo");
    let export = partner
        .get(&format!("/customers/{id}/export"))
        .expect(200)
        .json();
    assert_eq!(export["calls"].as_array().unwrap().len(), 1);

    // The entry of the partner's creation is beside the directory.
    for (table, there, in_the_directory) in [
        ("directory", 0, 1),
        ("logins", 0, 1),
        ("partners", 1, 0),
        ("customers", 1, 0),
        ("custom_fields", 1, 0),
        ("audit", 6, 1),
    ] {
        let rows = |database| db_rows(server, database, table, partner.partner_id);
        assert_eq!(rows("DB_2"), there, "{table}");
        assert_eq!(rows("DB"), in_the_directory, "{table}");
        assert_eq!(rows("DB_3"), 0, "{table}");
    }

    let erased = partner
        .delete(&format!("/customers/{id}"))
        .expect(200)
        .json();
    assert_eq!(erased["erasure"]["phone_numbers_masked"], 3);
    let bnum = "SELECT COUNT(*) FROM calls WHERE customer_id = ?1 AND bnum = '+468*****'";
    assert_eq!(one(&db_open_of(server, "DB_2"), bnum, id), 1);
    let ledger = "SELECT COUNT(*) FROM erasures WHERE customer_id = ?1 AND database = 'DB_2'";
    assert_eq!(one(&db_ledger(server), ledger, id), 1);
}

#[test]
fn a_request_makes_one_trip_wherever_the_partner_lives() {
    for database in DATABASES {
        let partner = partner_in(database);
        let id = partner.create_customer("Nordlund AB", "1");
        for _ in 0..2 {
            let read = partner.get(&format!("/customers/{id}")).expect(200);
            let log = partner.server.log(read.request_id());
            assert_eq!(log["d1_trips"], 1, "{log}");
            assert_eq!(log["database"], database, "{log}");
        }
    }
}

#[test]
fn a_new_partner_lives_where_the_operator_says_or_where_most_room_is() {
    let created = |what: Value| {
        let path = format!("/operator/partners/{}", unused_username());
        operator("PUT", &path).json(&what).expect(200);
        let home = operator("GET", &format!("{path}/home")).expect(200).json();
        (path, home["home"]["database"].clone())
    };
    for database in DATABASES {
        let (path, home) = created(json!({"database": database}));
        assert_eq!(home, database);
        // It stays there, and is not moved by the way.
        operator("PUT", &path)
            .json(&json!({"database": database}))
            .expect(200);
        let other = if database == "DB" { "DB_2" } else { "DB" };
        let moved = operator("PUT", &path).json(&json!({"database": other}));
        assert_eq!(moved.expect(409).errors(), ["database: database_unfit"]);
    }
    let full = partner_in("DB");
    let many: Vec<Value> = (0..1_000)
        .map(|n| json!({"name": "Nordlund AB", "custnr": n.to_string()}))
        .collect();
    let many = json!({"customers": many});
    full.request("POST", "/customers").json(&many).expect(200);
    assert_ne!(created(json!({})).1, "DB");
    for (name, status, code) in [
        ("DB_9", 409, "database_unfit"),
        ("LEDGER", 400, "database"),
        ("", 400, "database"),
    ] {
        let path = format!("/operator/partners/{}", unused_username());
        let refused = operator("PUT", &path).json(&json!({"database": name}));
        assert_eq!(
            refused.expect(status).errors(),
            [format!("database: {code}")]
        );
        operator("GET", &path).expect(404);
    }
}

#[test]
fn no_two_databases_give_the_same_id() {
    let mut ids = BTreeSet::new();
    for database in DATABASES {
        for _ in 0..2 {
            let partner = partner_in(database);
            let id = partner.create_customer("Nordlund AB", "1");
            for id in [id, partner.create_customer("Nordlund AB", "2")] {
                assert!(ids.insert(("customers", id)), "{id}");
                let measure = partner.create_measure(id);
                assert!(ids.insert(("measures", measure)), "{measure}");
                let user = partner.create_user(id, "anna@example.com");
                assert!(ids.insert(("users", user)), "{user}");
            }
            assert!(ids.insert(("partners", partner.partner_id)));
        }
    }
    assert_eq!(ids.len(), 6 * 7);
}

#[test]
fn the_operator_changes_a_partner_wherever_it_lives() {
    let partner = partner_in("DB_3");
    let path = format!("/operator/partners/{}", partner.username);
    let what =
        json!({"name": "Acme", "country": "DE", "allowed_networks": ["127.0.0.0/8", "::1/128"]});
    let changed = operator("PUT", &path).json(&what).expect(200).json();
    assert_eq!(changed["partner"]["name"], "Acme");
    assert_eq!(
        changed["partner"]["custom_fields"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
    assert_eq!(operator("GET", &path).expect(200).json(), changed);
    // The change is in force at once.
    let refused = partner
        .post("/customers", &[("name", "n"), ("custnr", "1")])
        .expect(400);
    assert_eq!(refused.errors().len(), 6);
    let ended = operator("DELETE", &format!("{path}/custom_fields/7"));
    ended.expect(404);

    let list = operator("GET", "/operator/partners").expect(200);
    let mut list = list.records("partners");
    list.retain(|found| found["username"] == partner.username.as_str());
    assert_eq!(list, [changed["partner"].clone()]);

    operator("PUT", &path)
        .json(&json!({"enabled": false}))
        .expect(200);
    partner.get("/customers").expect(403);
}

#[test]
fn the_audit_trail_is_that_of_all_databases_in_the_order_of_its_ids() {
    let partner = partner_in("DB_2");
    partner.create_customer("Nordlund AB", "1");
    let login = format!("/operator/partners/{}/password", partner.username);
    operator("POST", &login).json(&json!({})).expect(200);
    let path = format!("/operator/audit?partner={}", partner.username);
    let all = operator("GET", &path).expect(200);
    let entries = all.records("audit");
    let said: Vec<&str> = entries
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    // The directory's entries have the lower ids: DB was allotted its ids first.
    assert_eq!(said, ["create", "new password", "create"]);
    assert_eq!(all.json()["total"], 3);
    let ids: Vec<i64> = entries
        .iter()
        .map(|entry| entry["audit_id"].as_i64().unwrap())
        .collect();
    assert!(ids.is_sorted(), "{ids:?}");
    assert!(
        entries
            .iter()
            .all(|entry| entry["partner"] == partner.username.as_str())
    );

    // Page by page, and by the links.
    let by_page: Vec<Value> = (0..4)
        .flat_map(|page| {
            let page = format!("{path}&pagesize=1&page={page}");
            operator("GET", &page).expect(200).records("audit")
        })
        .collect();
    assert_eq!(by_page, entries);
    let mut next = Some(format!("{path}&pagesize=1"));
    let mut by_link = Vec::new();
    while let Some(page) = next {
        let page = operator("GET", &page).expect(200);
        by_link.extend(page.records("audit"));
        let link = page.header("Link");
        next = link.map(|link| link[1..link.find('>').unwrap()].to_owned());
    }
    assert_eq!(by_link, entries);
}

#[test]
fn the_databases_are_listed_with_their_size_and_who_lives_there() {
    let partner = partner_in("DB_3");
    let listed = || {
        let listed = operator("GET", "/operator/databases").expect(200);
        listed.records("databases")
    };
    let before = listed();
    partner.create_customer("Nordlund AB", "1");
    let names: Vec<&str> = before
        .iter()
        .map(|found| found["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, DATABASES);
    let [before, after] = [&before[2], &listed()[2]];
    assert!(before["size"].as_i64().unwrap() > 50_000, "{before}");
    assert_eq!(before["share"], 0);
    assert_eq!(before["was_restored"], false);
    let count = |found: &Value, name: &str| found[name].as_i64().unwrap();
    assert!(
        count(after, "partners") >= count(before, "partners"),
        "{after}"
    );
    assert!(
        count(after, "customers") > count(before, "customers"),
        "{after}"
    );
}

/// A node that has not heard of a move asks the database, in every batch.
#[test]
fn a_database_that_does_not_serve_a_partner_changes_and_tells_nothing_of_it() {
    for database in ["DB", "DB_2"] {
        let partner = partner_in(database);
        let id = partner.create_customer("Nordlund AB", "1");
        let serve = |what: &str| {
            let _alone = partner.server.no_request_under_way();
            let sql = "UPDATE partners SET serves = ?1 WHERE partner_id = ?2";
            let of = (what, partner.partner_id);
            db_open_of(partner.server, database)
                .execute(sql, of)
                .unwrap();
        };
        let path = format!("/customers/{id}");
        let user = format!("{path}/users");
        let writes = || {
            vec![
                partner.post("/customers", &[("name", "n"), ("custnr", "2")]),
                partner.put(&path, &[("name", "n")]),
                partner.delete(&path),
                partner.post(&user, &[("email", "anna@example.com")]),
                operator(
                    "DELETE",
                    &format!("/operator/partners/{}{path}", partner.username),
                ),
            ]
        };
        serve("reads");
        for write in writes() {
            let refused = write.expect(503);
            assert_eq!(refused.errors(), ["moving"]);
            assert!(refused.header("Retry-After").is_some(), "{refused:#?}");
        }
        assert_eq!(partner.customer(id)["name"], "Nordlund AB");
        serve("nothing");
        for write in writes() {
            assert_eq!(write.expect(503).errors(), ["moving"]);
        }
        for read in [
            "/customers",
            &path,
            &user,
            &format!("{path}/export"),
            "/customers/changes",
        ] {
            assert_eq!(partner.get(read).expect(503).errors(), ["moving"]);
        }
        serve("all");
        assert_eq!(partner.customer(id)["name"], "Nordlund AB");
        assert_eq!(partner.total(), 1);
        partner.delete(&path).expect(200);
    }
}

#[test]
fn a_change_makes_no_empty_partner_where_a_restore_has_lost_one_that_had_moved() {
    let partner = partner_in("DB_2");
    let server = partner.server;
    let path = format!("/operator/partners/{}", partner.username);
    let rename = || operator("PUT", &path).json(&json!({"name": "Acme"}));
    let lose = || {
        let _alone = server.no_request_under_way();
        let sql = "DELETE FROM partners WHERE partner_id = ?1";
        let home = db_open_of(server, "DB_2");
        home.execute(sql, [partner.partner_id]).unwrap();
    };
    // The creation was cut off before the home had the partner: a repeat goes on.
    lose();
    rename().expect(200);
    partner.get("/customers").expect(200);

    let _alone = server.no_request_under_way();
    let sql = "UPDATE directory SET passage = 1 WHERE partner_id = ?1";
    let directory = db_open_of(server, "DB");
    directory.execute(sql, [partner.partner_id]).unwrap();
    drop((_alone, directory));
    lose();
    assert_eq!(rename().expect(503).errors(), ["moving"]);
    assert_eq!(partner.get("/customers").expect(503).errors(), ["moving"]);
    assert_eq!(db_rows(server, "DB_2", "partners", partner.partner_id), 0);
}
