//! The operator's list of erasures, which is the ledger's, and its replay.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Request, operator};
use crate::partner::Partner;
use crate::server::Server;

/// The list of a server's erasures that begins with this query.
fn list(server: &Server, query: &str) -> Vec<Value> {
    let list = Request::operator(server, "GET", &format!("/operator/erasures{query}"));
    list.expect(200).records("erasures")
}

#[test]
fn the_ledger_lists_every_erasure_with_its_receipt() {
    let server = Server::with_demo();
    let partner = Partner::on(server, &json!({}));
    assert_eq!(list(server, ""), [] as [Value; 0]);
    let ids = ["1", "2", "3"].map(|custnr| partner.create_customer("Customer", custnr));
    let receipts = ids.map(|id| {
        let erased = partner.delete(&format!("/customers/{id}")).expect(200);
        erased.json()["erasure"].clone()
    });

    let erasures = list(server, "");
    assert_eq!(erasures.len(), 3);
    for (erasure, receipt) in erasures.iter().zip(&receipts) {
        for (name, value) in receipt.as_object().unwrap() {
            if name != "status" {
                assert_eq!(erasure[name], *value, "{name}");
            }
        }
        assert_eq!(erasure["partner"], partner.username);
        assert_eq!(erasure["database"], "DB");
        let names: BTreeSet<&String> = erasure.as_object().unwrap().keys().collect();
        assert_eq!(
            names.len(),
            receipt.as_object().unwrap().len() + 2,
            "{names:?}"
        );
    }

    // Page by page, and since a time.
    let first = Request::operator(server, "GET", "/operator/erasures?pagesize=2").expect(200);
    assert_eq!(first.json()["total"], 3);
    let next = first.header("Link").unwrap();
    let next = next.strip_prefix('<').unwrap().split('>').next().unwrap();
    let rest = Request::operator(server, "GET", next).expect(200);
    assert_eq!(
        [first.records("erasures"), rest.records("erasures")].concat(),
        erasures
    );
    assert_eq!(rest.header("Link"), None);
    let removed_at = receipts[1]["removed_at"]
        .as_str()
        .unwrap()
        .replace(' ', "%20");
    let since = list(server, &format!("?since={removed_at}"));
    let expected = erasures.iter();
    let expected = expected
        .filter(|erasure| erasure["removed_at"].as_str() >= receipts[1]["removed_at"].as_str());
    assert_eq!(since, expected.cloned().collect::<Vec<_>>());
    assert_eq!(
        list(server, "?since=2100-01-01%2000:00:00"),
        [] as [Value; 0]
    );
    let published = Request::operator(server, "GET", "/2.4.9/operator/erasures").expect(200);
    assert_eq!(
        published.records("erasures")[0]["customer_id"],
        ids[0].to_string()
    );
}

#[test]
fn a_time_that_is_none_is_a_400() {
    for since in ["yesterday", "2026-13-01%2000:00:00", ""] {
        let answer = operator("GET", &format!("/operator/erasures?since={since}"));
        assert_eq!(answer.expect(400).errors(), ["since: time"]);
    }
}

#[test]
fn a_replay_without_a_restore_changes_nothing_and_says_so() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let kept = partner.customer(id);
    let none = json!({"was_restored": false, "erasures": 0, "erased_again": 0, "logins": 0});
    let replay = operator("POST", "/operator/replay").expect(200).json();
    assert_eq!(replay["replay"], none);
    assert_eq!(partner.customer(id), kept);
}
