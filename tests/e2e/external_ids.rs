//! `external_id`: a call that a partner sends twice is one call.

use serde_json::{Value, json};

use crate::cost::assert_costs;
use crate::db::db_query;
use crate::partner::Partner;

/// A call with the partner's own id.
fn call(measure_id: i64, external_id: &str, duration: i64) -> Value {
    json!({"measure_id": measure_id, "start": "2026-09-01 07:12:09", "duration": duration, "bnum": "+46846500401",
        "external_id": external_id})
}

/// A partner with a customer that has a measure.
fn customer() -> (Partner, i64, i64) {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let measure_id = partner.create_measure(id);
    (partner, id, measure_id)
}

/// The number of calls as the list tells it, which must be how many there are.
#[track_caller]
fn total(partner: &Partner, id: i64) -> i64 {
    let list = partner
        .get(&format!("/customers/{id}/calls"))
        .expect(200)
        .json();
    let count = list["calls"].as_array().unwrap().len();
    assert_eq!(list["total"], count);
    i64::try_from(count).unwrap()
}

/// The number of entries in the audit trail that tell of stored calls.
fn entries(partner: &Partner, id: i64) -> usize {
    let sql = "SELECT 1 FROM audit WHERE customer_id = ?1 AND kind = 'calls'";
    db_query(partner.server, sql, &[&id]).len()
}

#[test]
fn a_call_with_the_external_id_of_one_that_the_customer_has_is_that_call() {
    let (partner, id, measure) = customer();
    let first = partner
        .post_calls(id, &[call(measure, "x-10", 5)])
        .expect(200);
    assert_eq!(first.record("calls")["external_id"], "x-10");
    let again = partner
        .post_calls(id, &[call(measure, "x-10", 5)])
        .expect(200);
    assert_eq!(again.text, first.text);
    assert_eq!((total(&partner, id), entries(&partner, id)), (1, 1));

    let list = [
        call(measure, "x-11", 1),
        call(measure, "", 2),
        call(measure, "x-10", 5),
        call(measure, "x-11", 1),
        call(measure, "", 2),
    ];
    let created = partner.post_calls(id, &list).expect(200);
    let records = created.records("calls");
    let sent: Vec<_> = records.iter().map(|call| &call["external_id"]).collect();
    assert_eq!(sent, ["x-11", "", "x-10", "x-11", ""]);
    assert_eq!(records[2], first.record("calls"));
    assert_eq!(records[0], records[3]);
    assert_ne!(records[1]["call_id"], records[4]["call_id"]);
    assert_eq!((total(&partner, id), entries(&partner, id)), (4, 2));
    for record in &records {
        let path = format!("/customers/{id}/calls/{}", record["call_id"]);
        assert_eq!(partner.get(&path).expect(200).record("calls"), *record);
    }
}

#[test]
fn a_call_without_an_external_id_is_always_a_new_one() {
    let (partner, id, measure) = customer();
    for _ in 0..2 {
        let created = partner.post_calls(id, &[call(measure, "", 5)]).expect(200);
        assert_eq!(created.record("calls")["external_id"], "");
    }
    assert_eq!(total(&partner, id), 2);
}

#[test]
fn an_omitted_field_is_the_same_as_its_value_when_nothing_is_given() {
    let (partner, id, measure) = customer();
    partner.post_calls(id, &[call(measure, "x", 0)]).expect(200);
    let mut bare = call(measure, "x", 0);
    bare.as_object_mut().unwrap().remove("duration");
    bare["anum"] = json!("");
    partner.post_calls(id, &[bare]).expect(200);
    assert_eq!(total(&partner, id), 1);
}

#[test]
fn an_external_id_with_other_values_is_a_409_that_names_every_place_and_stores_nothing() {
    let (partner, id, measure) = customer();
    let stored = call(measure, "x-10", 5);
    partner
        .post_calls(id, std::slice::from_ref(&stored))
        .expect(200);
    let place = |place: i64| format!("calls[{place}]: external_id_taken");
    for (name, value) in [
        ("duration", json!(6)),
        ("answered", json!(1)),
        ("start", json!("2026-09-01 07:12:10")),
        ("anum", json!("+46701740611")),
        ("bnum", json!("+46846500402")),
        ("cnum", json!("+46846500440")),
        ("measure_id", json!(partner.create_measure(id))),
    ] {
        let mut other = stored.clone();
        other[name] = value;
        let refused = partner.post_calls(id, &[other]).expect(409);
        assert_eq!(refused.errors(), [place(0)], "{name}");
    }
    let list = [
        call(measure, "new", 1),
        call(measure, "x-10", 6),
        call(measure, "twin", 1),
        call(measure, "twin", 2),
        call(measure, "", 1),
        call(measure, "x-10", 6),
    ];
    let refused = partner.post_calls(id, &list).expect(409);
    assert_eq!(refused.errors(), [1, 2, 3, 5].map(place));
    let message = |at: usize| refused.json()["errors"][at]["message"].to_string();
    assert!(message(0).contains("a call of this customer"));
    assert!(message(1).contains("another call of this request"));
    let refused = assert_costs(partner.post_calls(id, &list[..2]), 409, 80, 0);
    assert_eq!(refused.errors(), [place(1)]);
    assert_eq!((total(&partner, id), entries(&partner, id)), (1, 1));
    // A measure that the customer lacks is told first, at every place.
    let foreign = [call(0, "y", 1), call(measure, "x-10", 6), call(0, "y", 1)];
    let refused = partner.post_calls(id, &foreign).expect(400);
    let unknown = |place: i64| format!("calls[{place}].measure_id: unknown_measure");
    assert_eq!(refused.errors(), [unknown(0), unknown(2)]);
}

#[test]
fn an_external_id_is_one_customers_and_has_at_most_64_characters() {
    let (partner, id, measure) = customer();
    let other = partner.create_customer("Other", "2");
    let others = partner.create_measure(other);
    let first = partner.post_calls(id, &[call(measure, "x", 5)]).expect(200);
    let second = partner
        .post_calls(other, &[call(others, "x", 6)])
        .expect(200);
    assert_ne!(
        first.record("calls")["call_id"],
        second.record("calls")["call_id"]
    );
    partner
        .post_calls(id, &[call(measure, &"ö".repeat(64), 5)])
        .expect(200);
    for (external_id, code) in [
        ("x".repeat(65), "length"),
        ("a\u{7}".into(), "control_character"),
    ] {
        let refused = partner
            .post_calls(id, &[call(measure, &external_id, 5)])
            .expect(400);
        assert_eq!(refused.errors(), [format!("calls[0].external_id: {code}")]);
    }
    let (stranger, theirs) = (Partner::new(), [call(measure, "x", 5)]);
    stranger.post_calls(id, &theirs).expect(404);
}

#[test]
fn a_thousand_known_calls_take_one_trip_and_store_nothing() {
    let (partner, id, measure) = customer();
    let calls: Vec<Value> = (0..1_000)
        .map(|n| call(measure, &format!("x-{n}"), n))
        .collect();
    // The row of each call, its index entry and its external_id, the counter, and one entry in the audit trail.
    let created = assert_costs(partner.post_calls(id, &calls), 200, 22_000, 3_010);
    // `sqlite_sequence`, which every insert writes, also one of no rows.
    let again = assert_costs(partner.post_calls(id, &calls), 200, 23_000, 2);
    assert_eq!(again.text, created.text);
    let request = partner
        .post_calls(id, &calls)
        .header("Idempotency-Key", "key");
    let keyed = assert_costs(request.clone(), 200, 40_000, 6);
    assert_eq!(keyed.text, created.text);
    let repeated = assert_costs(request, 200, 40_000, 1);
    assert_eq!(repeated.text, created.text);
    assert_eq!((total(&partner, id), entries(&partner, id)), (1_000, 1));
}

#[test]
fn an_erasure_takes_the_external_ids_away() {
    let (partner, id, measure) = customer();
    partner
        .post_calls(id, &[call(measure, "anna@example.com", 5)])
        .expect(200);
    let export = partner
        .get(&format!("/customers/{id}/export"))
        .expect(200)
        .json();
    assert_eq!(export["calls"][0]["external_id"], "anna@example.com");
    partner.delete(&format!("/customers/{id}")).expect(200);
    let rows = db_query(
        partner.server,
        "SELECT external_id FROM calls WHERE customer_id = ?1",
        &[&id],
    );
    assert_eq!(
        rows[0]["external_id"],
        rusqlite::types::Value::Text(String::new())
    );
    let known = "SELECT * FROM external_ids WHERE customer_id = ?1";
    assert_eq!(db_query(partner.server, known, &[&id]), []);
}
