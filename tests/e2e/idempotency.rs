//! Idempotency-Key: a POST that is repeated with its key creates nothing.

use std::sync::Barrier;
use std::thread;

use serde_json::json;

use crate::client::{Request, Response};
use crate::partner::Partner;

/// A request that creates a customer with this Idempotency-Key.
fn create(partner: &Partner, key: &str, name: &str, custnr: &str) -> Request<'static> {
    let form = [("name", name), ("custnr", custnr)];
    let request = partner.post("/customers", &form);
    request.header("Idempotency-Key", key)
}

/// Asserts that a repeated request returned the first result and created nothing.
#[track_caller]
fn assert_same(partner: &Partner, repeated: &Response, first: &Response) {
    assert_eq!(repeated.text, first.text);
    for name in ["Location", "ETag"] {
        assert!(first.header(name).is_some());
        assert_eq!(repeated.header(name), first.header(name));
    }
    assert_eq!(partner.total(), 1);
}

#[test]
fn a_post_repeated_with_its_key_returns_the_first_result_and_creates_nothing() {
    let partner = Partner::new();
    let request = create(&partner, "key", "Nordlund AB", "1001");
    let first = request.clone().expect(200);
    for _ in 0..2 {
        assert_same(&partner, &request.clone().expect(200), &first);
    }
}

#[test]
fn a_repeated_post_returns_the_current_customer() {
    let partner = Partner::new();
    let request = create(&partner, "key", "Nordlund AB", "1001");
    let first = request.clone().expect(200);
    let path = first.header("Location").unwrap();
    let changed = partner.put(path, &[("custnr", "1002")]).expect(200);
    let repeated = request.expect(200);
    assert_eq!(repeated.text, changed.text);
    assert_eq!(repeated.header("ETag"), changed.header("ETag"));
    assert_eq!(partner.total(), 1);
}

#[test]
fn the_same_parameters_in_another_encoding_count_as_the_same() {
    let partner = Partner::new();
    let form = [
        ("name", "n"),
        ("custnr", "1"),
        ("receive_monthly_report", "2"),
    ];
    let as_form = partner.post("/customers", &form);
    let as_json = partner
        .request("POST", "/customers")
        .json(&json!({"receive_monthly_report": 2, "custnr": "1", "name": "n"}));
    let first = as_form.header("Idempotency-Key", "key").expect(200);
    let repeated = as_json.header("Idempotency-Key", "key").expect(200);
    assert_same(&partner, &repeated, &first);
}

#[test]
fn the_same_key_with_other_parameters_is_a_400() {
    let partner = Partner::new();
    create(&partner, "key", "Nordlund AB", "1001").expect(200);
    partner.create_customer("Another", "1002");
    for (name, custnr) in [
        ("Nordlund AB", "1003"),
        ("Nordlund AB", "1002"),
        ("Nordlund", "1001"),
        ("Nordlund", "1004"),
    ] {
        let refused = create(&partner, "key", name, custnr).expect(400);
        assert_eq!(
            refused.errors(),
            ["Idempotency-Key: idempotency_key_reused"]
        );
    }
    let more = partner.post(
        "/customers",
        &[
            ("name", "Nordlund AB"),
            ("custnr", "1001"),
            ("email", "a@b.example"),
        ],
    );
    more.header("Idempotency-Key", "key").expect(400);
    assert_eq!(partner.total(), 2);
}

#[test]
fn another_key_is_another_creation() {
    let partner = Partner::new();
    create(&partner, "key", "Nordlund AB", "1001").expect(200);
    create(&partner, "Key", "Nordlund AB", "1002").expect(200);
    create(&partner, "another", "Nordlund AB", "1001").expect(409);
    assert_eq!(partner.total(), 2);
}

#[test]
fn without_a_key_a_repeated_post_is_a_409() {
    let partner = Partner::new();
    create(&partner, "key", "Nordlund AB", "1001").expect(200);
    let without = partner.post("/customers", &[("name", "Nordlund AB"), ("custnr", "1001")]);
    without.expect(409);
}

#[test]
fn a_failed_creation_does_not_use_up_its_key() {
    let partner = Partner::new();
    let id = partner.create_customer("In the way", "1001");
    create(&partner, "key", "Nordlund AB", "1001").expect(409);
    create(&partner, "key", "", "1001").expect(400);
    partner.delete(&format!("/customers/{id}")).expect(200);
    create(&partner, "key", "Nordlund AB", "1001").expect(200);
}

#[test]
fn two_partners_can_use_the_same_key() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let first = create(&partner, "key", "Nordlund AB", "1001").expect(200);
    let theirs = create(&other, "key", "Another", "2002").expect(200);
    assert_ne!(
        theirs.customer()["customer_id"],
        first.customer()["customer_id"]
    );
    assert_same(
        &partner,
        &create(&partner, "key", "Nordlund AB", "1001").expect(200),
        &first,
    );
}

#[test]
fn requests_that_race_with_one_key_create_one_customer() {
    let partner = Partner::new();
    for n in 1..=5 {
        let key = format!("key-{n}");
        let start = Barrier::new(4);
        let race = || {
            let request = create(&partner, &key, "Nordlund AB", &key);
            start.wait();
            request.expect(200).text
        };
        let answers = thread::scope(|scope| {
            let racers = [(); 4].map(|()| scope.spawn(race));
            racers.map(|racer| racer.join().unwrap())
        });
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:?}"
        );
        assert_eq!(partner.total(), n);
    }
}

#[test]
fn a_key_has_1_to_255_printable_characters() {
    let partner = Partner::new();
    let longest = "k".repeat(255);
    for (custnr, key) in [("1", "k"), ("2", longest.as_str()), ("3", "a b~!")] {
        create(&partner, key, "n", custnr).expect(200);
    }
    for key in ["", "k".repeat(256).as_str(), "ключ"] {
        let refused = create(&partner, key, "n", "4").expect(400);
        assert_eq!(refused.errors(), ["Idempotency-Key: idempotency_key"]);
        let message = refused.message();
        assert!(
            message.contains('1') && message.contains("255"),
            "{message}"
        );
    }
    assert_eq!(partner.total(), 3);
}

#[test]
fn a_late_repeated_post_does_not_bring_an_erased_customer_back() {
    let partner = Partner::new();
    let request = create(&partner, "key", "Nordlund AB", "1001");
    let created = request.clone().expect(200);
    partner
        .delete(created.header("Location").unwrap())
        .expect(200);
    let repeated = request.send();
    assert_eq!(repeated.status, 404, "{repeated:#?}");
    assert_eq!(partner.total(), 0);
}
