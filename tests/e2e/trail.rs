//! The filters of the audit trail.

use serde_json::{Value, json};

use crate::changes::db_seed_audit;
use crate::client::{Request, Response, operator};
use crate::cost::assert_costs_trips;
use crate::db::db_execute;
use crate::partner::{Partner, unused_username};
use crate::server::Server;

/// The actions of the entries in an answer.
fn actions(answer: &Response) -> Vec<String> {
    let entries = answer.records("audit");
    let actions = entries
        .iter()
        .map(|entry| entry["action"].as_str().unwrap().to_owned());
    actions.collect()
}

#[test]
fn the_trail_is_filtered_by_partner_customer_and_action() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let id = partner.create_customer("Customer", "1");
    let second = partner.create_customer("Customer", "2");
    other.create_customer("Customer", "1");
    partner
        .put(&format!("/customers/{id}"), &[("name", "N")])
        .expect(200);
    partner.create_user(id, "user@example.com");
    partner.delete(&format!("/customers/{id}")).expect(200);
    let name = &partner.username;
    for (query, expected) in [
        (
            format!("partner={name}"),
            vec!["create", "create", "create", "change", "create", "erase"],
        ),
        (
            format!("customer_id={id}"),
            vec!["create", "change", "create", "erase"],
        ),
        (format!("customer_id={second}"), vec!["create"]),
        (
            format!("customer_id={id}&partner={name}&action=create"),
            vec!["create", "create"],
        ),
        (
            format!("customer_id={id}&partner={}", other.username),
            vec![],
        ),
        (format!("partner={name}&action=erase"), vec!["erase"]),
        (format!("partner={name}&action=new%20password"), vec![]),
        ("customer_id=1000000000".to_owned(), vec![]),
        ("customer_id=0".to_owned(), vec![]),
    ] {
        let answer = operator("GET", &format!("/operator/audit?{query}")).expect(200);
        assert_eq!(actions(&answer), expected, "{query}");
        assert_eq!(answer.json()["total"], expected.len(), "{query}");
        assert_eq!(answer.header("Link"), None);
    }
    // The next page keeps the filters.
    let first = format!("/operator/audit?partner={name}&action=create&pagesize=3");
    let first = operator("GET", &first).expect(200);
    let link = first.header("Link").unwrap();
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    assert!(
        next.contains(&format!("partner={name}&action=create&pagesize=3&after=")),
        "{next}"
    );
    assert_eq!(actions(&operator("GET", next).expect(200)), ["create"]);

    let unknown = operator(
        "GET",
        &format!("/operator/audit?partner={}", unused_username()),
    );
    assert_eq!(unknown.expect(404).message(), "there is no such partner");
    for (query, error) in [
        ("action=erased", "action: action"),
        ("since=yesterday", "since: time"),
        ("since=2026-13-01%2000:00:00", "since: time"),
        ("customer_id=x", "customer_id: not_an_integer"),
        ("who=acme", "who: unknown_parameter"),
    ] {
        let refused = operator("GET", &format!("/operator/audit?{query}")).expect(400);
        assert_eq!(refused.errors(), [error], "{query}");
    }
}

/// A server whose trail is long: 30,000 entries of one partner, of which one in 10,000 is an erasure, a second apart.
fn long() -> (Partner, Partner) {
    let server = Server::alone();
    let (partner, other) = (
        Partner::on(server, &json!({})),
        Partner::on(server, &json!({})),
    );
    db_seed_audit(&partner, 30_000);
    db_execute(
        server,
        "UPDATE audit SET at = datetime('2026-01-01', audit_id || ' seconds'), \
         action = iif(audit_id % 10000 = 5000, 'erase', action)",
        &[],
    );
    other.create_customer("Customer", "1");
    (partner, other)
}

/// The databases of a server, each of which is asked in a trip of its own, and the directory in one more.
const TRIPS: i64 = 3 + 1;

#[test]
fn a_filtered_page_of_a_long_trail_costs_a_bounded_number_of_rows() {
    let (partner, other) = long();
    let get =
        |query: &str| Request::operator(partner.server, "GET", &format!("/operator/audit?{query}"));
    // The last entry is found by its time, in a few rows.
    let since = "since=2026-01-01%2008:20:00&pagesize=2";
    let late = assert_costs_trips(TRIPS, get(since), 200, 800, 0);
    let ids: Vec<Value> = late
        .records("audit")
        .iter()
        .map(|entry| entry["audit_id"].clone())
        .collect();
    assert_eq!(ids, [30_000, 30_001]);
    assert_eq!(late.json()["total"], 4);
    let all = get("since=2025-01-01%2000:00:00&pagesize=1").expect(200);
    assert_eq!(all.record("audit")["audit_id"], 1);
    // The first entry of a second counts, and none of the future.
    let exactly = get("since=2026-01-01%2000:00:09&pagesize=1").expect(200);
    assert_eq!(exactly.record("audit")["audit_id"], 9);
    assert_eq!(
        get("since=2100-01-01%2000:00:00")
            .expect(200)
            .records("audit"),
        [] as [Value; 0]
    );
    // Few entries among many of another partner.
    let few = format!("partner={}", other.username);
    assert_eq!(
        actions(&assert_costs_trips(TRIPS, get(&few), 200, 60, 0)),
        ["create", "create"]
    );

    // The rare ones are found by following the links: each request looks at 10,000 entries.
    let (mut found, mut pages) = (Vec::new(), 0);
    let mut next = Some(format!(
        "/operator/audit?partner={}&action=erase",
        partner.username
    ));
    while let Some(target) = next {
        let page = assert_costs_trips(
            TRIPS,
            Request::operator(partner.server, "GET", &target),
            200,
            61_000,
            0,
        );
        found.extend(
            page.records("audit")
                .iter()
                .map(|entry| entry["audit_id"].clone()),
        );
        let link = page
            .header("Link")
            .and_then(|link| link.strip_prefix('<')?.split('>').next());
        next = link.map(str::to_owned);
        pages += 1;
    }
    assert_eq!(found, [5_000, 15_000, 25_000]);
    assert_eq!(pages, 4);
}
