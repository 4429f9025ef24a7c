//! `/customers/custnr/{custnr}`: a customer by the partner's own number. `PUT` creates it or changes it.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::client::percent_encoded;
use crate::cost::assert_costs;
use crate::db::db_query;
use crate::partner::Partner;

#[test]
fn a_put_creates_the_customer_of_a_custnr_or_changes_it() {
    let partner = Partner::new();
    let path = "/customers/custnr/1001";
    let put = |parameters| partner.put(path, parameters);
    let created = assert_costs(
        put(&[("name", "Nordlund AB"), ("email", "a@b.example")]),
        200,
        30,
        10,
    );
    assert_eq!(created.json()["created"], true);
    let customer = created.customer();
    assert_eq!(customer["custnr"], "1001");
    let by_id = format!("/customers/{}", customer["customer_id"]);
    assert_eq!(created.header("Location"), Some(by_id.as_str()));
    assert_eq!(created.header("ETag"), Some("\"1\""));

    let changed = assert_costs(put(&[("email", "c@d.example")]), 200, 30, 6);
    assert_eq!(changed.json().get("created"), None);
    assert_eq!(changed.header("Location"), None);
    assert_eq!(changed.header("ETag"), Some("\"2\""));
    let mut expected = customer.clone();
    expected["email"] = json!("c@d.example");
    assert_eq!(changed.customer(), expected);
    assert_eq!(partner.total(), 1);

    let read = assert_costs(partner.get(path), 200, 4, 0);
    assert_eq!(read.text, changed.text);
    assert_eq!(read.text, partner.get(&by_id).expect(200).text);
    assert_eq!(read.header("ETag"), changed.header("ETag"));
    partner.get("/customers/custnr/1002").expect(404);

    let published = partner.put("/2.4.9/customers/custnr/1002", &[("name", "n")]);
    let published = published.expect(200);
    assert_eq!(published.json()["created"], true);
    let id = published.customer()["customer_id"].clone();
    let location = format!("/2.4.9/customers/{}", id.as_str().unwrap());
    assert_eq!(published.header("Location"), Some(location.as_str()));
}

#[test]
fn a_put_that_would_create_needs_what_a_creation_needs() {
    let partner = Partner::new();
    let path = "/customers/custnr/1001";
    let lacking = partner.put(path, &[("email", "a@b.example")]).expect(400);
    assert_eq!(lacking.errors(), ["name: required"]);
    let wrong = partner.put(path, &[("email", "a")]).expect(400);
    assert_eq!(wrong.errors(), ["email: email", "name: required"]);
    // With a precondition it only changes.
    let request = partner.put(path, &[("email", "a")]);
    let wrong = request.header("If-Match", "*").expect(400);
    assert_eq!(wrong.errors(), ["email: email"]);
    assert_eq!(partner.total(), 0);
    let id = partner.create_customer("Nordlund AB", "1001");
    let wrong = assert_costs(partner.put(path, &[("email", "a")]), 400, 2, 0);
    assert_eq!(wrong.errors(), ["email: email"]);
    partner.put(path, &[("email", "a@b.example")]).expect(200);
    // Nothing given is nothing changed.
    let unchanged = partner.put(path, &[]).expect(200);
    assert_eq!(unchanged.header("ETag"), Some("\"2\""));
    assert_eq!(partner.customer(id), unchanged.customer());

    let german = Partner::with(&json!({"country": "DE"}));
    let lacking = german.put(path, &[("name", "n")]).expect(400);
    assert_eq!(lacking.errors().len(), 6, "{lacking:#?}");
    assert!(lacking.errors().contains(&"custom_3: required".to_owned()));
}

#[test]
fn the_custnr_in_the_body_is_that_of_the_path_or_absent() {
    let partner = Partner::new();
    let path = "/customers/custnr/1001";
    let put = |custnr| partner.put(path, &[("name", "n"), ("custnr", custnr)]);
    put("1001").expect(200);
    assert_eq!(put("1002").expect(400).errors(), ["custnr: contradiction"]);
    let composed = format!("/customers/custnr/{}", percent_encoded("K\u{f6}-5"));
    let decomposed = [("name", "n"), ("custnr", "Ko\u{308}-5")];
    let created = partner.put(&composed, &decomposed).expect(200).customer();
    assert_eq!(created["custnr"], "K\u{f6}-5");
    let number = partner.request("PUT", path).json(&json!({"custnr": 1001}));
    assert_eq!(number.expect(400).errors(), ["custnr: contradiction"]);
    let long = format!("/customers/custnr/{}", "c".repeat(46));
    let long = partner.put(&long, &[("name", "n")]).expect(400);
    assert_eq!(long.errors(), ["custnr: length"]);
    assert_eq!(partner.total(), 2);
}

#[test]
fn a_custnr_of_any_characters_is_percent_encoded_in_the_path() {
    let partner = Partner::new();
    for custnr in ["a/b", "50 % + ?#", "Kö-5", "7", "erasure", "a;b=c&d"] {
        let path = format!("/customers/custnr/{}", percent_encoded(custnr));
        let created = partner.put(&path, &[("name", "n")]).expect(200);
        assert_eq!(created.customer()["custnr"], custnr);
        assert_eq!(
            partner.get(&path).expect(200).customer(),
            created.customer()
        );
    }
    assert_eq!(partner.total(), 6);
}

#[test]
fn if_match_holds_a_put_by_custnr_to_a_version() {
    let partner = Partner::new();
    let path = "/customers/custnr/1001";
    let put = |tag| partner.put(path, &[("name", "n")]).header("If-Match", tag);
    // No customer has this version, or any version, yet.
    put("\"1\"").expect(412);
    put("*").expect(412);
    assert_eq!(partner.total(), 0);
    partner.create_customer("Nordlund AB", "1001");
    put("\"2\"").expect(412);
    put("\"1\"").expect(200);
    put("\"1\"").expect(412);
    put("*").expect(200);
    let read = partner.get(path).expect(200);
    assert_eq!(read.header("ETag"), Some("\"3\""));
}

#[test]
fn sixteen_puts_that_race_for_one_custnr_end_in_one_customer() {
    let partner = Partner::new();
    let start = Barrier::new(16);
    let race = |n: usize| {
        let name = format!("Racer {n}");
        let request = partner.put("/customers/custnr/1001", &[("name", &name)]);
        start.wait();
        request.expect(200).json()
    };
    let answers: Vec<Value> = thread::scope(|scope| {
        let racers: Vec<_> = (0..16).map(|n| scope.spawn(move || race(n))).collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect()
    });
    let created = answers.iter().filter(|answer| answer["created"] == true);
    assert_eq!(created.count(), 1);
    let id = &answers[0]["customers"][0]["customer_id"];
    let same = answers
        .iter()
        .all(|answer| answer["customers"][0]["customer_id"] == *id);
    assert!(same, "{answers:?}");
    assert_eq!(partner.total(), 1);
    let read = partner.get("/customers/custnr/1001").expect(200);
    assert_eq!(read.header("ETag"), Some("\"16\""));
}

#[test]
fn a_put_by_custnr_leaves_other_partners_and_erased_customers_alone() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let theirs = other.create_customer("Theirs", "1001");
    let erased = partner.create_customer("Erased", "1001");
    partner.delete(&format!("/customers/{erased}")).expect(200);
    let path = "/customers/custnr/1001";
    partner.get(path).expect(404);
    let created = partner.put(path, &[("name", "Mine")]).expect(200);
    assert_eq!(created.json()["created"], true);
    assert!(created.customer()["customer_id"].as_i64().unwrap() > erased);
    assert_eq!(other.customer(theirs)["name"], "Theirs");
    partner.get(&format!("/customers/{erased}")).expect(404);
}

#[test]
fn a_put_by_custnr_has_an_entry_for_what_it_did() {
    let partner = Partner::new();
    let put = |name| {
        partner
            .put("/customers/custnr/1001", &[("name", name)])
            .expect(200)
    };
    let id = put("First").customer()["customer_id"].as_i64().unwrap();
    put("Second");
    partner.put("/customers/custnr/1001", &[]).expect(200);
    let sql = "SELECT group_concat(action || ' ' || kind || ' ' || record_id || ' ' || fields, '; ') AS entries \
         FROM audit WHERE customer_id = ?1 AND partner_id = ?2";
    let entries = &db_query(partner.server, sql, &[&id, &partner.partner_id])[0]["entries"];
    let expected =
        format!("create customers {id} [\"name\",\"custnr\"]; change customers {id} [\"name\"]");
    assert_eq!(*entries, rusqlite::types::Value::Text(expected));
}
