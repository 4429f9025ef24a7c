//! The audit trail of a partner that moves: nothing is missing, and nothing stands there twice.

use serde_json::{Value, json};

use crate::client::Request;
use crate::db::{db_open_of, db_seed_calls};
use crate::moves::{move_to, moved};
use crate::partner::Partner;
use crate::restores::cron;
use crate::server::Server;

/// The entries that a query finds, page by page along the links, and the total of the first page.
fn trail(partner: &Partner, query: &str) -> (Vec<Value>, i64) {
    let mut next = Some(format!("/operator/audit?{query}"));
    let (mut entries, mut total) = (Vec::new(), None);
    while let Some(path) = next {
        let page = Request::operator(partner.server, "GET", &path).expect(200);
        entries.extend(page.records("audit"));
        total = total.or(page.json()["total"].as_i64());
        let link = page.header("Link");
        next = link.map(|link| link[1..link.find('>').unwrap()].to_owned());
    }
    (entries, total.unwrap())
}

/// Each query with what it finds. An entry about the partner itself is left out: a move adds some.
fn found(partner: &Partner, id: i64) -> Vec<(Vec<Value>, i64)> {
    let name = &partner.username;
    let queries = [
        format!("partner={name}"),
        format!("partner={name}&pagesize=2"),
        format!("partner={name}&action=create&pagesize=1"),
        format!("partner={name}&order=newest"),
        format!("customer_id={id}"),
        "since=2026-01-01%2000:00:00&pagesize=2".to_owned(),
        "pagesize=2".to_owned(),
    ];
    let found = queries.map(|query| {
        let (mut entries, mut total) = trail(partner, &query);
        let all = entries.len();
        entries.retain(|entry| entry["kind"] != "partners");
        total -= i64::try_from(all - entries.len()).unwrap();
        (entries, total)
    });
    found.into()
}

/// Goes on with a move until it compares: the database that the partner moves to has a copy of everything then.
fn until_it_compares(partner: &Partner, to: &str) {
    let mut phase = move_to(partner, to).expect(200).json()["move"]["phase"].clone();
    while phase != "comparing" {
        assert!(phase == "copying" || phase == "clearing", "{phase}");
        // The cron does fewer steps at a time than the comparison has.
        cron(partner.server);
        let moves = Request::operator(partner.server, "GET", "/operator/databases");
        phase = moves.expect(200).json()["moves"][0]["phase"].clone();
    }
}

fn serve(partner: &Partner, database: &str, what: &str) {
    let _alone = partner.server.no_request_under_way();
    let sql = "UPDATE partners SET serves = ?1 WHERE partner_id = ?2 AND serves <> ?1";
    let of = (what, partner.partner_id);
    let changed = db_open_of(partner.server, database).execute(sql, of);
    assert_eq!(changed.unwrap(), 1);
}

#[test]
fn no_entry_stands_twice_in_the_trail_while_a_partner_moves_and_none_is_missing() {
    let partner = Partner::on(Server::alone(), &json!({"database": "DB"}));
    let id = partner.create_customer("Nordlund AB", "1");
    partner.create_customer("Nordlund AB", "2");
    let measure = partner.create_measure(id);
    db_seed_calls(partner.server, id, measure, 20_000, 20_000);
    let before = found(&partner, id);
    let lengths: Vec<usize> = before.iter().map(|(entries, _)| entries.len()).collect();
    assert_eq!(lengths, [3, 3, 3, 3, 2, 3, 3]);
    assert_eq!(before[0].1, 3);

    until_it_compares(&partner, "DB_2");
    assert_eq!(found(&partner, id), before, "the copy");
    // From when the database serves reads until the earlier home serves nothing.
    serve(&partner, "DB_2", "reads");
    assert_eq!(found(&partner, id), before, "the flip");
    serve(&partner, "DB_2", "nothing");
    let turned_back = move_to(&partner, "DB").expect(200).json();
    assert_eq!(turned_back["move"]["phase"], "abandoned");
    assert_eq!(found(&partner, id), before, "what is turned back");
    moved(&partner, "DB_2");
    assert_eq!(found(&partner, id), before, "the new home");
}

#[test]
fn the_trail_keeps_what_was_done_to_a_partner_before_it_moved_and_names_it() {
    let partner = Partner::on(Server::alone(), &json!({"database": "DB_2"}));
    let path = format!("/operator/partners/{}", partner.username);
    let rename = Request::operator(partner.server, "PUT", &path).json(&json!({"name": "Acme"}));
    rename.expect(200);
    partner.create_customer("Nordlund AB", "1");
    let query = format!("partner={}", partner.username);
    let (before, total) = trail(&partner, &query);
    let said: Vec<String> = before
        .iter()
        .map(|entry| format!("{} {}", entry["action"], entry["kind"]).replace('"', ""))
        .collect();
    assert_eq!(
        said,
        ["create partners", "change partners", "create customers"]
    );

    moved(&partner, "DB_3");
    for query in [query.as_str(), "order=newest&pagesize=100"] {
        let (after, _) = trail(&partner, query);
        for entry in &before {
            assert!(
                after.contains(entry),
                "{query}: {entry} is not in {after:#?}"
            );
        }
        assert!(
            after
                .iter()
                .all(|entry| entry["partner"] == partner.username.as_str())
        );
    }
    // Besides, that the partner has another home.
    assert_eq!(trail(&partner, &query).1, total + 1);
    let action = trail(&partner, &format!("{query}&action=change")).0;
    assert_eq!(action.len(), 2, "{action:#?}");
}
