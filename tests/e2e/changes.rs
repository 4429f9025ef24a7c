//! What has changed: whoever asks for it can keep a copy.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::operator;
use crate::clients::{filled_in, interpreter};
use crate::cost::assert_costs;
use crate::db::db_execute;
use crate::partner::Partner;
use crate::server::{ROOT, Server};

/// The changes of a page, and the cursor for the next request.
#[track_caller]
fn changes(partner: &Partner, query: &str) -> (Vec<Value>, i64) {
    let answer = partner
        .get(&format!("/customers/changes{query}"))
        .expect(200);
    let after = answer.json()["after"].as_i64().unwrap();
    (answer.records("changes"), after)
}

#[test]
fn every_change_of_a_customer_is_told_and_an_erasure_too() {
    let partner = Partner::new();
    let other = Partner::new();
    assert_eq!(changes(&partner, ""), (Vec::new(), 0));
    let id = partner.create_customer("Customer", "1");
    other.create_customer("Customer", "1");
    let measure = partner.create_measure(id);
    let user = partner.create_user(id, "user@example.com");
    let path = format!("/customers/{id}");
    let numbers = partner.request("PUT", &format!("{path}/allowed_numbers"));
    numbers
        .json(&json!({"phonenrs": ["+46846500440"]}))
        .expect(200);
    let call =
        json!({"measure_id": measure, "start": "2026-09-01 07:12:09", "bnum": "+46846500401"});
    partner.post_calls(id, &[call]).expect(200);
    // The operator's entries about the partner itself are its own, but a custom field is in every customer's answer.
    partner.with_login("read");
    let what = json!({"name": "Renamed"});
    operator("PUT", &format!("/operator/partners/{}", partner.username))
        .json(&what)
        .expect(200);
    partner.set_up_custom(7, &json!({"label": "Shop"}));
    partner
        .put(&path, &[("name", "Changed"), ("email", "")])
        .expect(200);
    partner
        .delete(&format!("{path}/measures/{measure}"))
        .expect(200);
    partner.delete(&format!("{path}/users/{user}")).expect(200);
    partner.delete(&path).expect(200);

    let (all, after) = changes(&partner, "");
    let told: Vec<Value> = all
        .iter()
        .map(|change| {
            let mut change = change.as_object().unwrap().clone();
            assert_eq!(change.remove("at").unwrap().as_str().unwrap().len(), 19);
            assert!(change.remove("change_id").unwrap().is_i64());
            Value::Object(change)
        })
        .collect();
    let expected = [
        ("create", "customers", id, id, json!(["name", "custnr"])),
        (
            "create",
            "measures",
            measure,
            id,
            json!(["name", "phonenr", "destnr"]),
        ),
        ("create", "users", user, id, json!(["email"])),
        ("replace", "allowed_numbers", id, id, json!(["phonenrs"])),
        (
            "create",
            "calls",
            id,
            id,
            json!(["measure_id", "start", "bnum"]),
        ),
        (
            "set up",
            "custom_fields",
            7,
            0,
            json!(["custom_7", "label"]),
        ),
        ("change", "customers", id, id, json!(["name", "email"])),
        ("expire", "measures", measure, id, json!([])),
        ("remove", "users", user, id, json!([])),
        ("erase", "customers", id, id, json!([])),
    ];
    let expected = expected.map(|(action, kind, record_id, customer_id, fields)| {
        json!({"action": action, "kind": kind, "record_id": record_id, "customer_id": customer_id, "fields": fields})
    });
    assert_eq!(told, expected);
    let ids: Vec<i64> = all
        .iter()
        .map(|change| change["change_id"].as_i64().unwrap())
        .collect();
    assert!(ids.is_sorted(), "{ids:?}");
    assert_eq!(ids.last(), Some(&after));
    assert_eq!(changes(&other, "").0.len(), 1);
}

#[test]
fn the_cursor_goes_on_where_the_last_page_ended() {
    let partner = Partner::new();
    for n in 0..5 {
        partner.create_customer("Customer", &n.to_string());
    }
    let (all, last) = changes(&partner, "");
    assert_eq!(all.len(), 5);
    let (mut walked, mut after) = (Vec::new(), 0);
    loop {
        let (page, next) = changes(&partner, &format!("?pagesize=2&after={after}"));
        assert!(page.len() <= 2);
        walked.extend(page);
        if next == after {
            break;
        }
        after = next;
    }
    assert_eq!((walked, after), (all, last));
    // When nothing is new, the cursor stays.
    for cursor in [last, last + 1_000_000, (1 << 53) - 1] {
        let page = changes(&partner, &format!("?after={cursor}"));
        assert_eq!(page, (Vec::new(), cursor));
    }
    let published = partner
        .get("/2.4.9/customers/changes?pagesize=1")
        .expect(200);
    let change = published.record("changes");
    for name in ["change_id", "record_id", "customer_id"] {
        assert!(change[name].is_string(), "{change}");
    }
    assert_eq!(published.json()["after"], change["change_id"]);
    for (query, error) in [
        ("pagesize=0", "pagesize: range"),
        ("pagesize=1001", "pagesize: range"),
        ("after=-1", "after: range"),
        ("after=x", "after: not_an_integer"),
        ("page=0", "page: unknown_parameter"),
        ("customer_id=1", "customer_id: unknown_parameter"),
    ] {
        let refused = partner
            .get(&format!("/customers/changes?{query}"))
            .expect(400);
        assert_eq!(refused.errors(), [error]);
    }
}

/// Adds `count` entries of a partner to the audit trail. It bypasses the Worker, because it adds thousands.
pub fn db_seed_audit(partner: &Partner, count: i64) {
    db_execute(
        partner.server,
        "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < ?2) \
         INSERT INTO audit (at, actor, partner_id, login, action, kind, record_id, customer_id, fields, request_id) \
         SELECT datetime('now'), 'partner', ?1, '', 'change', 'customers', n, n, '[]', 'r' FROM seed",
        &[&partner.partner_id, &count],
    );
}

#[test]
fn a_page_of_changes_costs_its_own_rows_however_many_there_are() {
    let server = Server::alone();
    let (partner, other) = (
        Partner::on(server, &json!({})),
        Partner::on(server, &json!({})),
    );
    db_seed_audit(&partner, 20_000);
    db_seed_audit(&other, 20_000);
    partner.create_customer("Customer", "1");
    for query in ["pagesize=10", "pagesize=10&after=10000"] {
        let page = partner.get(&format!("/customers/changes?{query}"));
        // A row of the index and one of the table for each, and the entry of the partner itself.
        assert_eq!(assert_costs(page, 200, 24, 0).records("changes").len(), 10);
    }
    let new = partner.get("/customers/changes?pagesize=10&after=20002");
    assert_eq!(assert_costs(new, 200, 4, 0).records("changes").len(), 1);
}

/// Random numbers from a seed (an LCG with Knuth's constants).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// How many random changes the copy is held against.
const CHANGES: usize = 3_000;

#[test]
fn a_copy_that_follows_the_changes_holds_what_the_service_holds() {
    if interpreter("py").is_none() {
        return;
    }
    let partner = Partner::new();
    let directory = partner.server.state.join("copy");
    fs::create_dir_all(&directory).unwrap();
    let example = Path::new(ROOT).join("site/examples/changes.py");
    let example = fs::read_to_string(example).unwrap();
    let Partner {
        username, password, ..
    } = &partner;
    let program = filled_in(&example, &partner.server.origin, username, password);
    assert!(program.contains(password));
    fs::write(directory.join("changes.py"), program).unwrap();
    let follow = || {
        let mut command = Command::new("python3");
        let _under_way = partner.server.request_under_way();
        let output = command
            .arg("changes.py")
            .current_dir(&directory)
            .env("NO_PROXY", "127.0.0.1")
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:#?}");
    };
    let mut random = Random(20_261_126);
    let mut live: Vec<i64> = Vec::new();
    let mut erased = 0;
    for n in 0..CHANGES {
        let id = if live.is_empty() {
            0
        } else {
            live[random.below(live.len())]
        };
        let path = format!("/customers/{id}");
        let text = format!("Text {n}");
        match random.below(20) {
            _ if live.len() < 5 => live.push(partner.create_customer(&text, &text)),
            0..=3 => live.push(partner.create_customer(&text, &text)),
            4..=5 => {
                partner.delete(&path).expect(200);
                live.retain(|other| *other != id);
                erased += 1;
            }
            6 => {
                partner.create_user(id, "user@example.com");
            }
            // It is refused while the old values are still being removed.
            kind @ 7..=8 if n % 3 == 0 => {
                let field = format!("/operator/partners/{}/custom_fields/7", partner.username);
                let method = if kind == 7 { "PUT" } else { "DELETE" };
                let request = operator(method, &field);
                let request = if kind == 7 {
                    request.json(&json!({"label": text}))
                } else {
                    request
                };
                request.send();
            }
            9 => {
                partner.put(&path, &[("custom_7", &text)]).send();
            }
            _ => {
                partner
                    .put(&path, &[("name", &text), ("address_city", &text)])
                    .expect(200);
            }
        }
        if n % 700 == 0 {
            follow();
        }
    }
    follow();
    assert!(erased > 100 && live.len() > 100, "{erased} {}", live.len());

    let copy = rusqlite::Connection::open(directory.join("copy.db")).unwrap();
    let mut rows = copy.prepare("SELECT id, json FROM customers").unwrap();
    let rows = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let copied: BTreeMap<i64, Value> = rows
        .map(|row| {
            let (id, text): (i64, String) = row.unwrap();
            let json: Value = serde_json::from_str(&text).unwrap();
            (id, json)
        })
        .collect();
    let held = partner.get("/customers").expect(200).records("customers");
    assert_eq!(held.len(), live.len());
    let held: BTreeMap<i64, Value> = held
        .into_iter()
        .map(|customer| (customer["customer_id"].as_i64().unwrap(), customer))
        .collect();
    assert_eq!(copied, held);
}
