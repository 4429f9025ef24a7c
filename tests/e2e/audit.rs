//! The audit trail: it records who changed what and when, in the transaction of the change, but never a value.

use serde_json::{Value, json};

use crate::client::{Request, Response, operator};
use crate::cost::assert_costs_trips;
use crate::db::db_open;
use crate::partner::{Partner, unused_username};
use crate::server::shared;

/// The id of the last entry of `DB`.
fn last() -> i64 {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'";
    let last = db_open(shared()).query_row(sql, [], |row| row.get(0));
    last.unwrap_or(0)
}

/// The entries after `after` that belong to these responses.
fn entries(after: i64, answers: &[&Response]) -> Vec<Value> {
    let trail = operator("GET", &format!("/operator/audit?after={after}"));
    let trail = trail.expect(200).records("audit");
    let ids: Vec<&str> = answers.iter().map(|answer| answer.request_id()).collect();
    let is_ours = |entry: &Value| ids.contains(&entry["request_id"].as_str().unwrap());
    trail.into_iter().filter(is_ours).collect()
}

/// The only entry that belongs to this response.
#[track_caller]
fn entry(after: i64, answer: &Response) -> Value {
    let entries = entries(after, &[answer]);
    assert_eq!(entries.len(), 1, "{answer:#?}: {entries:#?}");
    entries[0].clone()
}

#[test]
fn an_entry_says_who_changed_which_fields_and_when() {
    let after = last();
    let partner = Partner::new();
    let parameters = [("name", "Nordlund AB"), ("custnr", "1001")];
    let created = partner.post("/customers", &parameters).expect(200);
    let id = created.customer()["customer_id"].as_i64().unwrap();
    let mut entry = entry(after, &created);
    let members = entry.as_object_mut().unwrap();
    assert!(members.remove("audit_id").unwrap().as_i64().unwrap() > after);
    assert_eq!(members.remove("at").unwrap().as_str().unwrap().len(), 19);
    assert_eq!(
        entry,
        json!({"actor": "partner", "partner": partner.username, "login": partner.username, "action": "create",
            "kind": "customers", "record_id": id, "customer_id": id, "fields": ["name", "custnr"],
            "request_id": created.request_id()})
    );
}

#[test]
fn every_change_by_a_partner_makes_one_entry_and_other_requests_make_none() {
    let after = last();
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}");
    let [measures, users] = ["measures", "users"].map(|kind| format!("{path}/{kind}"));
    let numbers = [
        ("name", "M"),
        ("phonenr", "+46846500440"),
        ("destnr", "+46846500401"),
    ];
    let changed = partner
        .put(&path, &[("email", "a@example.com")])
        .expect(200);
    let measure = partner.post(&measures, &numbers).expect(200);
    let measure_id = measure.record("measures")["measure_id"].as_i64().unwrap();
    let user = partner
        .post(&users, &[("email", "a@example.com")])
        .expect(200);
    let user_id = user.record("users")["user_id"].as_i64().unwrap();
    let call =
        json!({"measure_id": measure_id, "start": "2026-09-01 07:12:09", "bnum": "+46846500401"});
    let calls = partner.post_calls(id, &[call.clone(), call]).expect(200);
    let list = partner.request("PUT", &format!("{path}/allowed_numbers"));
    let list = list.json(&json!({"phonenrs": []})).expect(200);
    let measure_path = format!("{measures}/{measure_id}");
    let user_path = format!("{users}/{user_id}");
    let renamed = partner.put(&measure_path, &[("name", "N")]).expect(200);
    let expired = partner.delete(&measure_path).expect(200);
    let removed = partner.delete(&user_path).expect(200);
    let erased = partner.delete(&path).expect(200);

    for (answer, action, kind, record_id, fields) in [
        (&changed, "change", "customers", id, json!(["email"])),
        (
            &measure,
            "create",
            "measures",
            measure_id,
            json!(["name", "phonenr", "destnr"]),
        ),
        (&user, "create", "users", user_id, json!(["email"])),
        (
            &calls,
            "create",
            "calls",
            id,
            json!(["measure_id", "start", "bnum"]),
        ),
        (&list, "replace", "allowed_numbers", id, json!(["phonenrs"])),
        (&renamed, "change", "measures", measure_id, json!(["name"])),
        (&expired, "expire", "measures", measure_id, json!([])),
        (&removed, "remove", "users", user_id, json!([])),
        (&erased, "erase", "customers", id, json!([])),
    ] {
        let entry = entry(after, answer);
        assert_eq!(entry["action"], action, "{entry}");
        assert_eq!(entry["kind"], kind, "{entry}");
        assert_eq!(entry["record_id"], record_id, "{entry}");
        assert_eq!(entry["customer_id"], id, "{entry}");
        assert_eq!(entry["fields"], fields, "{entry}");
    }

    let other = partner.create_customer("Other", "2");
    let other = format!("/customers/{other}");
    let keyed = || {
        let request = partner.post("/customers", &[("name", "Keyed"), ("custnr", "3")]);
        request.header("Idempotency-Key", "key").expect(200)
    };
    keyed();
    let nothing = [
        partner.get(&other).expect(200),
        partner.put(&other, &[]).expect(200),
        partner.put(&other, &[("custnr", "3")]).expect(409),
        partner
            .post("/customers", &[("name", "N"), ("custnr", "2")])
            .expect(409),
        partner.delete(&format!("{other}?dry_run=1")).expect(200),
        partner
            .delete(&other)
            .header("If-Match", "\"9\"")
            .expect(412),
        partner.delete(&path).expect(200),
        partner.put(&user_path, &[("name", "N")]).expect(404),
        partner.delete(&user_path).expect(404),
        Partner::new().delete(&other).expect(404),
        keyed(),
    ];
    let nothing: Vec<&Response> = nothing.iter().collect();
    assert_eq!(entries(after, &nothing), [] as [Value; 0]);
}

#[test]
fn every_change_by_the_operator_makes_one_entry() {
    let after = last();
    let username = unused_username();
    let path = format!("/operator/partners/{username}");
    let put = |path: &str, what: &Value| operator("PUT", path).json(what).expect(200);
    let created = put(&path, &json!({"name": "Acme", "database": "DB"}));
    let partner_id = created.json()["partner"]["partner_id"].clone();
    let changed = put(&path, &json!({"enabled": false, "country": "SE"}));
    let password = operator("POST", &format!("{path}/password")).expect(200);
    let field = format!("{path}/custom_fields/7");
    let set_up = put(&field, &json!({"label": "Shop", "required": false}));
    let shortened = put(&field, &json!({"max_length": 40}));
    let ended = operator("DELETE", &field).expect(200);
    for (answer, action, kind, record_id, fields) in [
        (&created, "create", "partners", &partner_id, json!(["name"])),
        (
            &changed,
            "change",
            "partners",
            &partner_id,
            json!(["country", "enabled"]),
        ),
        (
            &password,
            "new password",
            "partners",
            &partner_id,
            json!([]),
        ),
        (
            &set_up,
            "set up",
            "custom_fields",
            &json!(7),
            json!(["custom_7", "label", "required"]),
        ),
        (
            &shortened,
            "set up",
            "custom_fields",
            &json!(7),
            json!(["custom_7", "max_length"]),
        ),
        (
            &ended,
            "end",
            "custom_fields",
            &json!(7),
            json!(["custom_7"]),
        ),
    ] {
        let entry = entry(after, answer);
        assert_eq!(entry["actor"], "operator");
        assert_eq!(entry["partner"], username.as_str());
        assert_eq!(entry["action"], action, "{entry}");
        assert_eq!(entry["kind"], kind, "{entry}");
        assert_eq!(&entry["record_id"], record_id, "{entry}");
        assert_eq!(entry["customer_id"], 0);
        assert_eq!(entry["fields"], fields, "{entry}");
    }
    let nothing = operator("DELETE", &field).expect(404);
    assert_eq!(entries(after, &[&nothing]), [] as [Value; 0]);
}

#[test]
fn a_request_that_changes_no_value_makes_no_entry() {
    let partner = Partner::with(&json!({"name": "Acme"}));
    let german = Partner::with(&json!({"country": "DE"}));
    let id = partner.create_customer("Customer", "1");
    let measure = partner.create_measure(id);
    let measure = format!("/customers/{id}/measures/{measure}");
    let user = partner.create_user(id, "user@example.com");
    let user = format!("/customers/{id}/users/{user}");
    let expired = partner.delete(&measure).expect(200);
    partner.set_up_custom(7, &json!({"label": "Shop"}));
    let after = last();

    let again = partner.delete(&measure).expect(200);
    assert_eq!(again.text, expired.text);
    assert_eq!(again.record("measures")["status"], "expired");
    let put = |partner: &Partner, path: &str, what: Value| {
        let path = format!("/operator/partners/{}{path}", partner.username);
        operator("PUT", &path).json(&what).expect(200)
    };
    let nothing = [
        again,
        partner.put(&measure, &[]).expect(200),
        partner.put(&user, &[]).expect(200),
        put(&partner, "", json!({})),
        put(
            &partner,
            "",
            json!({"name": "Acme", "enabled": true, "allowed_networks": []}),
        ),
        put(&partner, "/custom_fields/7", json!({})),
        put(&partner, "/custom_fields/7", json!({"label": "Shop"})),
        put(&german, "", json!({"country": "DE"})),
    ];
    assert_eq!(nothing[1].record("measures"), nothing[0].record("measures"));
    assert_eq!(nothing[2].record("users")["email"], "user@example.com");
    let nothing: Vec<&Response> = nothing.iter().collect();
    assert_eq!(entries(after, &nothing), [] as [Value; 0]);
}

#[test]
fn the_german_rule_makes_an_entry_when_it_sets_up_fields() {
    let after = last();
    let username = unused_username();
    let path = format!("/operator/partners/{username}");
    let put = |what: Value| operator("PUT", &path).json(&what).expect(200);
    let created = put(json!({"country": "DE", "database": "DB"}));
    let partner_id = created.json()["partner"]["partner_id"].clone();
    let abroad = put(json!({"country": "AT"}));
    let back = put(json!({"country": "DE"}));
    put(json!({"country": "AT"}));
    let field = format!("{path}/custom_fields/6");
    operator("DELETE", &field).expect(200);
    let anew = put(json!({"country": "DE"}));

    let all: Vec<String> = (1..=6).map(|n| format!("custom_{n}")).collect();
    for (answer, action, fields) in [
        (&created, "create", Some(&all)),
        (&abroad, "change", None),
        (&back, "change", None),
        (&anew, "change", Some(&all)),
    ] {
        let entries = entries(after, &[answer]);
        assert_eq!(entries[0]["action"], action, "{entries:#?}");
        assert_eq!(entries[0]["fields"], json!(["country"]));
        assert_eq!(entries.len(), 1 + usize::from(fields.is_some()));
        if let Some(fields) = fields {
            assert_eq!(entries[1]["action"], "set up");
            assert_eq!(entries[1]["kind"], "custom_fields");
            assert_eq!(entries[1]["record_id"], partner_id);
            assert_eq!(entries[1]["fields"], json!(fields));
        }
    }
}

#[test]
fn a_page_of_the_trail_costs_its_own_rows() {
    let after = last();
    let partner = Partner::new();
    let created: Vec<Response> = (0..3)
        .map(|n| {
            let custnr = n.to_string();
            partner
                .post("/customers", &[("name", "N"), ("custnr", &custnr)])
                .expect(200)
        })
        .collect();
    let expected: Vec<Value> = created.iter().map(|answer| entry(after, answer)).collect();
    let ids: Vec<i64> = expected
        .iter()
        .map(|entry| entry["audit_id"].as_i64().unwrap())
        .collect();
    let target = format!("/operator/audit?pagesize=1&after={}", ids[0] - 1);
    // A trip to each of the three databases, what tells how many entries each has, and a trip for the names.
    let page = assert_costs_trips(4, operator("GET", &target), 200, 3 * 10, 0);
    assert_eq!(page.record("audit"), expected[0]);
    let next = format!(
        "</operator/audit?pagesize=1&after={}>; rel=\"next\"",
        ids[0]
    );
    assert_eq!(page.header("Link"), Some(next.as_str()));
    operator("GET", "/operator/audit?pagesize=0").expect(400);
    Request::new(shared(), "GET", "/operator/audit").expect(401);
}
