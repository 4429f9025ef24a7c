//! A page of records that are as large as they can be ends early, so that no answer takes an isolate down.

use crate::db::db_execute;
use crate::partner::Partner;
use rusqlite::params;
use serde_json::json;

/// Inserts customers whose every field is full of `character`.
pub fn db_insert_full(partner: &Partner, count: i64, character: &str) {
    let customs: Vec<String> = (1..=20).map(|n| format!("custom_{n}")).collect();
    let long = ["street", "zip", "city", "state", "country"].map(|name| format!("address_{name}"));
    let long: Vec<String> = long.into_iter().chain(customs).collect();
    let sql = format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2) \
         INSERT INTO customers (partner_id, uuid, custnr, name, corporateid, email, created, {}) \
         SELECT ?1, 'uuid', n, ?4, ?5, ?6, '2026-01-01 00:00:00', {} FROM n",
        long.join(", "),
        vec!["?3"; long.len()].join(", ")
    );
    let text = |length| character.repeat(length);
    let texts = params![
        partner.partner_id,
        count,
        text(255),
        text(60),
        text(40),
        text(150)
    ];
    db_execute(partner.server, &sql, texts);
    let sql = "UPDATE partners SET customers = customers + ?2 WHERE partner_id = ?1";
    db_execute(partner.server, sql, params![partner.partner_id, count]);
}

#[test]
fn a_page_of_the_largest_customers_ends_early_and_its_link_leads_on() {
    let partner = Partner::new();
    for n in 1..=20 {
        partner.set_up_custom(n, &json!({}));
    }
    db_insert_full(&partner, 1_000, "😀");
    let mut target = "/customers".to_owned();
    let mut custnrs = Vec::new();
    let mut pages = 0;
    loop {
        let page = partner.get(&target).expect(200);
        // 16 MB of JavaScript strings are at most 24 MB as UTF-8.
        assert!(page.text.len() < 24_000_000, "{}", page.text.len());
        let list = page.json();
        assert_eq!(
            (&list["total"], &list["numpages"]),
            (&json!(1_000), &json!(1))
        );
        let customers = list["customers"].as_array().unwrap();
        assert!(!customers.is_empty());
        custnrs.extend(
            customers
                .iter()
                .map(|customer| customer["custnr"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        let Some(link) = page.header("Link") else {
            break;
        };
        let (next, _) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        target = next.to_owned();
    }
    assert_eq!(pages, 2);
    let expected: Vec<String> = (1..=1_000).map(|n: i32| n.to_string()).collect();
    assert!(custnrs == expected, "{}", custnrs.len());
}

#[test]
fn a_page_of_the_largest_customers_in_ascii_is_whole() {
    let partner = Partner::new();
    for n in 1..=20 {
        partner.set_up_custom(n, &json!({}));
    }
    db_insert_full(&partner, 1_000, "a");
    let page = partner.get("/customers").expect(200);
    assert_eq!(page.header("Link"), None);
    assert_eq!(page.json()["customers"].as_array().unwrap().len(), 1_000);
}
