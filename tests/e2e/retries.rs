//! Requests that are repeated because their answer was lost.

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::cost::assert_costs;
use crate::db::{db_execute, db_query};
use crate::partner::Partner;
use crate::server::Server;

fn keyed(request: Request<'static>, key: &str) -> Request<'static> {
    request.header("Idempotency-Key", key)
}

fn call(measure_id: i64, external_id: &str) -> Value {
    json!({"measure_id": measure_id, "start": "2026-09-01 07:12:09", "duration": 5, "bnum": "+46846500401",
        "external_id": external_id})
}

/// A partner with a customer that has a measure.
fn customer(server: &'static Server) -> (Partner, i64, i64) {
    let partner = Partner::on(server, &json!({}));
    let id = partner.create_customer("Customer", "1");
    let measure_id = partner.create_measure(id);
    (partner, id, measure_id)
}

fn measure_of(partner: &Partner, id: i64) -> Request<'static> {
    let form = [
        ("name", "Web"),
        ("phonenr", "+46846500440"),
        ("destnr", "+46846500401"),
    ];
    partner.post(&format!("/customers/{id}/measures"), &form)
}

fn user_of(partner: &Partner, id: i64) -> Request<'static> {
    partner.post(
        &format!("/customers/{id}/users"),
        &[("email", "a@b.example")],
    )
}

#[track_caller]
fn total(partner: &Partner, path: &str) -> i64 {
    let list = partner.get(path).expect(200).json();
    list["total"].as_i64().unwrap()
}

#[track_caller]
fn assert_reused(response: &Response) {
    assert_eq!(response.status, 400, "{response:#?}");
    assert_eq!(
        response.errors(),
        ["Idempotency-Key: idempotency_key_reused"]
    );
}

#[test]
fn every_post_repeated_with_its_key_has_the_first_result_and_creates_nothing() {
    let (partner, id, measure) = customer(crate::server::shared());
    let list = json!({"customers": [{"name": "a", "custnr": "2"}, {"name": "b", "custnr": "3"}]});
    let calls = [
        call(measure, ""),
        call(measure, "x"),
        call(measure, ""),
        call(measure, "x"),
    ];
    for (kind, path, request) in [
        (
            "measures",
            format!("/customers/{id}/measures"),
            measure_of(&partner, id),
        ),
        (
            "users",
            format!("/customers/{id}/users"),
            user_of(&partner, id),
        ),
        (
            "calls",
            format!("/customers/{id}/calls"),
            partner.post_calls(id, &calls),
        ),
        (
            "customers",
            "/customers".to_owned(),
            partner.request("POST", "/customers").json(&list),
        ),
    ] {
        let request = keyed(request, kind);
        let first = request.clone().expect(200);
        let count = total(&partner, &path);
        for _ in 0..2 {
            let repeated = request.clone().expect(200);
            assert_eq!(repeated.text, first.text);
            assert_eq!(repeated.header("Location"), first.header("Location"));
            assert!(first.header("Location").is_some());
        }
        assert_eq!(total(&partner, &path), count, "{kind}");
    }
    assert_eq!(total(&partner, &format!("/customers/{id}/calls")), 3);
}

/// An insert of no rows writes `sqlite_sequence` all the same.
#[test]
fn a_repeat_costs_one_trip_and_stores_nothing() {
    let (partner, id, measure) = customer(crate::server::shared());
    for (request, written) in [
        (measure_of(&partner, id), 12),
        (user_of(&partner, id), 12),
        (partner.post_calls(id, &[call(measure, "")]), 12),
        (partner.post_calls(id, &[call(measure, "x")]), 14),
    ] {
        let key = format!("{} {written}", request.target);
        let request = keyed(request, &key);
        assert_costs(request.clone(), 200, 80, written);
        assert_costs(request, 200, 60, 1);
    }
}

#[test]
fn the_same_key_with_other_parameters_or_another_path_is_a_400() {
    let (partner, id, measure) = customer(crate::server::shared());
    let other = partner.create_customer("Other", "2");
    keyed(user_of(&partner, id), "key").expect(200);
    for request in [
        user_of(&partner, other),
        measure_of(&partner, id),
        partner.post(
            &format!("/customers/{id}/users"),
            &[("email", "c@b.example")],
        ),
        partner.post_calls(id, &[call(measure, "")]),
        partner.post("/customers", &[("name", "n"), ("custnr", "3")]),
        // Not valid, whatever the key.
        partner.post(&format!("/customers/{id}/users"), &[("email", "")]),
    ] {
        assert_reused(&keyed(request, "key").send());
    }
    for path in ["users", "measures", "calls"] {
        let expected = i64::from(path != "calls");
        assert_eq!(
            total(&partner, &format!("/customers/{id}/{path}")),
            expected
        );
    }
    // The same path, written in another way.
    let parameters = [
        ("customer_id", id.to_string()),
        ("email", "a@b.example".to_owned()),
    ];
    let parameters = parameters
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let same = partner.post("/2.4.9/customers/users", &parameters);
    keyed(same, "key").expect(200);
    assert_eq!(total(&partner, &format!("/customers/{id}/users")), 1);
}

#[test]
fn a_repeat_is_not_judged_by_rules_that_came_later() {
    let partner = Partner::new();
    let request = partner.post("/customers", &[("name", "n"), ("custnr", "1")]);
    let first = keyed(request.clone(), "key").expect(200);
    let list = json!({"customers": [{"name": "n", "custnr": "2"}]});
    let list = keyed(partner.request("POST", "/customers").json(&list), "list");
    let listed = list.clone().expect(200);
    partner.set_up_custom(7, &json!({"required": true}));
    assert_eq!(request.clone().expect(400).errors(), ["custom_7: required"]);
    keyed(request.clone(), "another").expect(400);
    // The answer has the field that was set up since.
    let repeated = assert_costs(keyed(request, "key"), 200, 10, 0).customer();
    assert_eq!(repeated["custom_7"], "");
    assert_eq!(repeated["customer_id"], first.customer()["customer_id"]);
    let relisted = list.expect(200).customer();
    assert_eq!(relisted["customer_id"], listed.customer()["customer_id"]);
    let other = partner.post("/customers", &[("name", "other"), ("custnr", "1")]);
    assert_reused(&keyed(other, "key").send());
    assert_eq!(partner.total(), 2);
}

#[test]
fn a_request_that_is_malformed_is_no_repeat() {
    let partner = Partner::new();
    let request = partner.post("/customers", &[("name", "n"), ("custnr", "1")]);
    keyed(request, "key").expect(200);
    let twice = partner.post(
        "/customers",
        &[("name", "n"), ("custnr", "1"), ("custnr", "1")],
    );
    assert_eq!(
        keyed(twice, "key").expect(400).errors(),
        ["custnr: duplicate_parameter"]
    );
}

#[test]
fn a_failed_request_does_not_use_up_its_key() {
    let (partner, id, measure) = customer(crate::server::shared());
    let calls = |measure| keyed(partner.post_calls(id, &[call(measure, "x")]), "key");
    calls(0).expect(400);
    let stranger = Partner::new();
    keyed(stranger.post_calls(id, &[call(measure, "x")]), "key").expect(404);
    keyed(user_of(&stranger, id), "key").expect(404);
    calls(measure).expect(200);
    let clash = json!({"measure_id": measure, "start": "2026-09-02 07:12:09", "bnum": "+46846500401",
        "external_id": "x"});
    keyed(partner.post_calls(id, &[clash]), "other").expect(409);
    keyed(partner.post_calls(id, &[call(measure, "y")]), "other").expect(200);
    let sql = "SELECT 1 FROM idempotency_keys WHERE partner_id = ?1";
    assert_eq!(
        db_query(partner.server, sql, &[&partner.partner_id]).len(),
        2
    );
    assert_eq!(
        db_query(partner.server, sql, &[&stranger.partner_id]).len(),
        0
    );
}

#[test]
fn a_repeat_does_not_bring_back_what_was_removed_or_erased() {
    let (partner, id, measure) = customer(crate::server::shared());
    let user = keyed(user_of(&partner, id), "user");
    let created = user.clone().expect(200);
    partner
        .delete(created.header("Location").unwrap())
        .expect(200);
    user.expect(404);
    assert_eq!(total(&partner, &format!("/customers/{id}/users")), 0);

    let calls = keyed(partner.post_calls(id, &[call(measure, "x")]), "calls");
    calls.clone().expect(200);
    let list = json!({"customers": [{"name": "a", "custnr": "2"}, {"name": "b", "custnr": "3"}, {"name": "c", "custnr": "4"}]});
    let list = keyed(partner.request("POST", "/customers").json(&list), "list");
    let created = list.clone().expect(200).records("customers");
    let params = || {
        let sql = "SELECT params_hmac <> '' AS has_params FROM idempotency_keys WHERE partner_id = ?1 ORDER BY kind";
        let rows = db_query(partner.server, sql, &[&partner.partner_id]);
        let has = |row: &crate::db::Row| row["has_params"] == rusqlite::types::Value::Integer(1);
        rows.iter().map(has).collect::<Vec<_>>()
    };
    // The keys of calls, customers and users.
    assert_eq!(params(), [true, true, true]);
    partner.delete(&format!("/customers/{id}")).expect(200);
    assert_eq!(params(), [false, true, false]);
    calls.expect(404);
    list.clone().expect(200);
    partner
        .delete(&format!("/customers/{}", created[1]["customer_id"]))
        .expect(200);
    assert_eq!(params(), [false, false, false]);
    list.expect(404);
    assert_eq!(partner.total(), 2);
}

#[test]
fn a_key_is_forgotten_30_days_after_its_use() {
    let (partner, id, _) = customer(crate::server::shared());
    let request = keyed(user_of(&partner, id), "key");
    let first = request.clone().expect(200).record("users");
    let used = |age: &str| {
        let sql = "UPDATE idempotency_keys SET used_at = datetime('now', ?2) WHERE partner_id = ?1";
        assert_eq!(
            db_execute(partner.server, sql, &[&partner.partner_id, &age]),
            1
        );
    };
    used("-719 hours");
    assert_eq!(request.clone().expect(200).record("users"), first);
    used("-721 hours");
    let second = request.clone().expect(200).record("users");
    assert_ne!(second["user_id"], first["user_id"]);
    assert_eq!(request.expect(200).record("users"), second);
    assert_eq!(total(&partner, &format!("/customers/{id}/users")), 2);
}

#[test]
fn a_key_is_kept_as_hmacs_alone() {
    let (partner, id, _) = customer(crate::server::shared());
    keyed(user_of(&partner, id), "a very telling key").expect(200);
    let sql = "SELECT * FROM idempotency_keys WHERE partner_id = ?1";
    let row = format!(
        "{:?}",
        db_query(partner.server, sql, &[&partner.partner_id])[0]
    );
    assert!(
        !row.contains("telling") && !row.contains("a@b.example"),
        "{row}"
    );
    let sql = "SELECT 1 FROM idempotency_keys WHERE partner_id = ?1 AND length(key_hmac) = 64 AND length(params_hmac) = 64";
    assert_eq!(
        db_query(partner.server, sql, &[&partner.partner_id]).len(),
        1
    );
}

/// Calls that a customer has, as the database has them.
fn db_calls(server: &Server, id: i64) -> usize {
    db_query(server, "SELECT 1 FROM calls WHERE customer_id = ?1", &[&id]).len()
}

/// A thousand calls, whose answer is lost: with a key, with external ids, or both.
fn lost_batches(partner: &Partner, id: i64, measure: i64) -> [Request<'static>; 3] {
    let calls = |external: &str| {
        let external_id = |n| {
            if external.is_empty() {
                String::new()
            } else {
                format!("{external}-{n}")
            }
        };
        let calls: Vec<Value> = (0..1_000).map(|n| call(measure, &external_id(n))).collect();
        partner.post_calls(id, &calls)
    };
    [
        keyed(calls(""), "lost-1"),
        calls("a"),
        keyed(calls("b"), "lost-2"),
    ]
}

#[test]
fn a_thousand_calls_sent_again_after_the_connection_was_cut_count_once() {
    let (partner, id, measure) = customer(crate::server::shared());
    let requests = lost_batches(&partner, id, measure);
    for (request, expected) in requests.into_iter().zip([1_000, 2_000, 3_000]) {
        request
            .clone()
            .cut_when(|| db_calls(partner.server, id) == expected);
        assert_eq!(request.expect(200).records("calls").len(), 1_000);
        assert_eq!(db_calls(partner.server, id), expected);
        let counted = total(&partner, &format!("/customers/{id}/calls?pagesize=1"));
        assert_eq!(usize::try_from(counted).unwrap(), expected);
    }
}

#[test]
fn a_thousand_calls_sent_again_after_workerd_was_killed_count_once() {
    let mut server = Server::alone();
    let (mut partner, id, measure) = customer(server);
    for at in 0..3 {
        let expected = (at + 1) * 1_000;
        let request = lost_batches(&partner, id, measure)[at].clone();
        request.cut_when(|| {
            let is_done = db_calls(server, id) == expected;
            if is_done {
                server.kill();
            }
            is_done
        });
        server = server.restarted();
        partner = Partner { server, ..partner };
        let request = lost_batches(&partner, id, measure)[at].clone();
        assert_eq!(request.expect(200).records("calls").len(), 1_000);
        assert_eq!(db_calls(server, id), expected);
        let counted = total(&partner, &format!("/customers/{id}/calls?pagesize=1"));
        assert_eq!(usize::try_from(counted).unwrap(), expected);
    }
}
