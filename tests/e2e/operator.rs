//! The operator's paths: partners, passwords and custom fields.

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use customers_api::auth::digest::Ha1;
use serde_json::{Value, json};

use crate::client::{Request, anonymous, operator};
use crate::partner::{Partner, unused_username};

/// The operator's path of a partner, which may not exist.
pub fn path_of(username: &str) -> String {
    format!("/operator/partners/{username}")
}

/// The operator's request that creates or changes a partner.
fn put(username: &str, what: &Value) -> Request<'static> {
    operator("PUT", &path_of(username)).json(what)
}

#[test]
fn a_wrong_token_is_a_401_in_json() {
    let partner = Partner::new();
    let good = operator("GET", &path_of(&partner.username));
    good.clone().expect(200);
    for authorization in [
        "Bearer wrong",
        "Bearer",
        "Bearer ",
        "Bearer local-operato",
        "Bearer local-operatorr",
        "Bearer LOCAL-OPERATOR",
        "Basic local-operator",
        "local-operator",
        "",
    ] {
        let refused = good.clone().authorization(authorization).expect(401);
        assert_eq!(refused.errors(), ["unauthorized"], "{authorization}");
    }
    good.anonymous().expect(401);
    let username = unused_username();
    anonymous("PUT", &path_of(&username))
        .json(&json!({}))
        .expect(401);
    operator("GET", &path_of(&username)).expect(404);
}

#[test]
fn a_partner_is_created_with_a_password_that_is_shown_once() {
    let username = unused_username();
    operator("GET", &path_of(&username)).expect(404);
    let what = json!({
        "name": "Müller & Söhne",
        "country": "AT",
        "allowed_networks": ["127.0.0.0/8", "2001:db8::/32"],
        "enabled": true,
    });
    let created = put(&username, &what).expect(200);
    assert_eq!(created.header("Location"), Some(&*path_of(&username)));
    let mut created = created.json();
    let created = created["partner"].as_object_mut().unwrap();
    let password = created.remove("password").unwrap();
    let password = password.as_str().unwrap();
    assert!(password.len() >= 20, "{password}");
    assert!(created["partner_id"].is_i64());
    let partner_id = created["partner_id"].clone();
    let expected = json!({
        "partner_id": partner_id,
        "username": username,
        "name": "Müller & Söhne",
        "country": "AT",
        "allowed_networks": ["127.0.0.0/8", "2001:db8::/32"],
        "enabled": true,
        "custom_fields": [],
        "customers": 0,
    });
    assert_eq!(Value::Object(created.clone()), expected);

    let read = operator("GET", &path_of(&username)).expect(200).json();
    assert_eq!(read, json!({"partner": expected}));
    let again = put(&username, &json!({})).expect(200);
    assert_eq!(again.header("Location"), None);
    assert_eq!(again.json(), json!({"partner": expected}));
    let ping = anonymous("GET", "/miscellaneous/ping");
    ping.basic(&username, password).expect(200);
}

#[test]
fn if_creations_race_only_one_shows_the_password() {
    let username = unused_username();
    let start = Barrier::new(4);
    let race = || {
        let request = put(&username, &json!({}));
        start.wait();
        request.expect(200).json()["partner"]["password"].clone()
    };
    let shown = thread::scope(|scope| {
        let racers = [(); 4].map(|()| scope.spawn(race));
        racers.map(|racer| racer.join().unwrap())
    });
    let shown: Vec<&str> = shown.iter().filter_map(Value::as_str).collect();
    assert_eq!(shown.len(), 1);
    let ping = anonymous("GET", "/miscellaneous/ping");
    ping.basic(&username, shown[0]).expect(200);
}

#[test]
fn passwords_differ() {
    let [one, other] = [Partner::new(), Partner::new()];
    assert_ne!(one.password, other.password);
}

#[test]
fn everything_about_a_new_partner_is_optional() {
    let username = unused_username();
    let created = put(&username, &json!({})).expect(200).json()["partner"].clone();
    let parts = [
        "name",
        "country",
        "allowed_networks",
        "enabled",
        "custom_fields",
    ];
    let expected = [json!(""), json!(""), json!([]), json!(true), json!([])];
    assert_eq!(parts.map(|part| created[part].clone()), expected);
    let no_body = operator("PUT", &path_of(&unused_username()))
        .expect(200)
        .json();
    assert!(no_body["partner"]["password"].is_string());
}

#[test]
fn a_change_keeps_what_is_not_given() {
    let username = unused_username();
    let what = json!({"name": "before", "country": "SE", "allowed_networks": ["192.0.2.0/24"]});
    let mut partner = put(&username, &what).expect(200).json()["partner"].clone();
    partner.as_object_mut().unwrap().remove("password");
    for (part, value) in [
        ("name", json!("after")),
        ("name", json!("")),
        ("country", json!("NO")),
        ("allowed_networks", json!(["::/0", "10.0.0.0/8"])),
        ("allowed_networks", json!([])),
        ("enabled", json!(false)),
        ("enabled", json!(true)),
        ("country", json!("")),
    ] {
        let changed = put(&username, &json!({part: value.clone()}))
            .expect(200)
            .json();
        partner[part] = value;
        assert_eq!(changed["partner"], partner);
        let read = operator("GET", &path_of(&username)).expect(200).json();
        assert_eq!(read["partner"], partner);
    }
}

#[test]
fn a_partner_shows_how_many_customers_it_has() {
    let partner = Partner::new();
    let path = path_of(&partner.username);
    let customers = || operator("GET", &path).expect(200).json()["partner"]["customers"].clone();
    assert_eq!(customers(), 0);
    let id = partner.create_customer("n", "1");
    partner.create_customer("n", "2");
    assert_eq!(customers(), 2);
    partner.delete(&format!("/customers/{id}")).expect(200);
    assert_eq!(customers(), 1);
}

#[test]
fn a_user_name_has_1_to_45_plain_characters() {
    let unique = unused_username();
    for good in [format!("{unique:x<45}"), format!("A.b_c-9.{unique}")] {
        put(&good, &json!({})).expect(200);
    }
    for bad in [
        format!("{unique:x<46}"),
        format!("{unique}%20"),
        format!("{unique}%C3%B6"),
    ] {
        let refused = put(&bad, &json!({})).expect(400);
        assert_eq!(refused.errors(), ["username: username"]);
        assert!(refused.message().contains("45"), "{refused:#?}");
    }
    put("", &json!({})).expect(405);
}

#[test]
fn all_errors_of_a_partner_are_returned_at_once_and_nothing_changes() {
    let username = unused_username();
    let wrong = json!({
        "name": "a\nb",
        "country": "Germany",
        "allowed_networks": ["192.0.2.0/33"],
        "enabled": "yes",
        "password": "secret",
    });
    let refused = put(&username, &wrong).expect(400);
    let parameters: Vec<String> = refused
        .errors()
        .iter()
        .map(|error| error.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        parameters,
        ["allowed_networks", "country", "enabled", "name", "password"]
    );
    for wrong in [
        json!({"country": "de"}),
        json!({"allowed_networks": ["example.com"]}),
        json!({"allowed_networks": "192.0.2.0/24"}),
        json!({"allowed_networks": ["192.0.2.0/24", 1]}),
        json!({"enabled": 1}),
        json!({"enabled": null}),
        json!({"name": 1}),
    ] {
        put(&username, &wrong).expect(400);
    }
    operator("GET", &path_of(&username)).expect(404);
}

#[test]
fn the_operators_paths_take_json_only() {
    let username = unused_username();
    let request = || operator("PUT", &path_of(&username));
    let form = request().form(&[("name", "n")]).expect(415);
    assert_eq!(form.errors(), ["unsupported_media_type"]);
    request().body("application/json", "{").expect(400);
    request().body("application/json", "[]").expect(400);
    operator("GET", &path_of(&username)).expect(404);
}

#[test]
fn a_new_password_ends_the_old_one_at_once() {
    let partner = Partner::new();
    partner.get("/customers").expect(200);
    let path = format!("{}/password", path_of(&partner.username));
    let given = operator("POST", &path).expect(200).json();
    assert_eq!(given.as_object().unwrap().len(), 1);
    let new = given["password"].as_str().unwrap();
    assert_ne!(new, partner.password);
    partner.get("/customers").expect(401);
    anonymous("GET", "/customers")
        .basic(&partner.username, new)
        .expect(200);

    let unknown = format!("{}/password", path_of(&unused_username()));
    operator("POST", &unknown).expect(404);
}

/// Whether any file below a directory contains a text.
fn holds(directory: &Path, text: &str) -> bool {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return holds(&path, text);
        }
        // SQLite may have deleted a temporary file in the meantime.
        let bytes = fs::read(&path).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

#[test]
fn a_password_is_stored_nowhere() {
    let partner = Partner::new();
    let sql =
        "SELECT * FROM directory JOIN logins USING (username) WHERE directory.partner_id = ?1";
    let rows = crate::db::db_query(partner.server, sql, &[&partner.partner_id]);
    assert_eq!(rows.len(), 1);
    let row = format!("{rows:?}");
    assert!(row.contains(&partner.username));
    assert!(!row.contains(&partner.password));

    // HA1 would serve in place of the password, so D1 and KV may hold it only encrypted.
    let ha1 = base16ct::lower::encode_string(&Ha1::of(&partner.username, &partner.password).0);
    for store in ["d1", "kv"] {
        let directory = partner.server.state.join("v3").join(store);
        let written = format!("\"username\":\"{}\"", partner.username);
        let written = if store == "kv" {
            &written
        } else {
            &partner.username
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while !holds(&directory, written) {
            assert!(Instant::now() < deadline, "the partner is not in {store}");
            thread::sleep(Duration::from_millis(50));
        }
        for secret in [&ha1, &ha1.to_uppercase(), &partner.password] {
            assert!(!holds(&directory, secret), "{store} contains a secret");
        }
    }
}

#[test]
fn partners_are_listed_page_by_page() {
    let usernames = [unused_username(), unused_username()];
    let partners = usernames.each_ref().map(|username| {
        let path = format!("/operator/partners/{username}");
        let what = json!({"name": "Listed", "country": "DE", "allowed_networks": ["192.0.2.0/24"]});
        operator("PUT", &path).json(&what).expect(200);
        operator("GET", &path).expect(200).json()["partner"].clone()
    });
    let first = partners[0]["partner_id"].as_i64().unwrap();
    let target = format!("/operator/partners?pagesize=1&after={}", first - 1);
    let page = operator("GET", &target).expect(200);
    assert_eq!(page.record("partners"), partners[0]);
    assert!(page.json()["total"].as_i64().unwrap() >= 2);
    let next = format!("</operator/partners?pagesize=1&after={first}>; rel=\"next\"");
    assert_eq!(page.header("Link"), Some(next.as_str()));
    let all = operator("GET", &format!("/operator/partners?after={}", first - 1)).expect(200);
    for partner in &partners {
        assert!(all.records("partners").contains(partner), "{partner}");
    }
    assert!(!all.text.contains("ha1"), "{all:#?}");
    let published = operator("GET", &format!("/2.4.9{target}"))
        .expect(200)
        .record("partners");
    assert_eq!(published["partner_id"], first.to_string());
    assert_eq!(published["custom_fields"][0]["max_length"], "40");
}

#[test]
fn ending_a_custom_field_removes_its_values_of_all_customers_and_reports_the_cost() {
    let (partner, other) = (Partner::new(), Partner::new());
    for partner in [&partner, &other] {
        partner.set_up_custom(7, &json!({}));
        partner.set_up_custom(8, &json!({}));
    }
    let create = |partner: &Partner, custnr: &str, custom: &str| {
        let parameters = [
            ("name", "N"),
            ("custnr", custnr),
            ("custom_7", custom),
            ("custom_8", "kept"),
        ];
        let created = partner.post("/customers", &parameters).expect(200);
        created.customer()["customer_id"].as_i64().unwrap()
    };
    let ids = [
        create(&partner, "1", "gone"),
        create(&partner, "2", "gone"),
        create(&partner, "3", ""),
    ];
    let others = create(&other, "1", "gone");
    let etag = |id: i64| {
        let read = partner.get(&format!("/customers/{id}")).expect(200);
        read.header("ETag").unwrap().to_owned()
    };
    let etags = ids.map(etag);

    let path = format!("/operator/partners/{}/custom_fields/7", partner.username);
    let ended = operator("DELETE", &path).expect(200).json();
    assert_eq!(ended["cost"]["customers_changed"], 2);
    let cost = |name: &str| ended["cost"][name].as_i64().unwrap();
    assert!((3..60).contains(&cost("rows_read")), "{ended}");
    // Two customers, the field, one entry in the audit trail with its two index entries, the work that is done at once,
    // and the last id of the trail and of the work.
    assert_eq!(cost("rows_written"), 10);
    let fields = ended["partner"]["custom_fields"].as_array().unwrap();
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0]["n"], 8);

    for (id, (etag_before, changed)) in ids
        .into_iter()
        .zip(etags.into_iter().zip([true, true, false]))
    {
        let customer = partner.customer(id);
        assert!(customer.get("custom_7").is_none(), "{customer}");
        assert_eq!(customer["custom_8"], "kept");
        assert_eq!(etag(id) != etag_before, changed);
    }
    let refused = partner.put(&format!("/customers/{}", ids[0]), &[("custom_7", "x")]);
    assert_eq!(
        refused.expect(400).errors(),
        ["custom_7: custom_field_not_set_up"]
    );
    partner.set_up_custom(7, &json!({}));
    for id in ids {
        assert_eq!(partner.customer(id)["custom_7"], "");
    }
    assert_eq!(other.customer(others)["custom_7"], "gone");
}

#[test]
fn a_custom_field_that_is_missing_or_needed_by_the_german_rule_cannot_be_ended() {
    let partner = Partner::with(&json!({"country": "DE"}));
    let path = format!("/operator/partners/{}/custom_fields", partner.username);
    let end = |n: &str| operator("DELETE", &format!("{path}/{n}"));
    let fields = json!({"name": "Laden", "custnr": "1", "custom_1": "Lindenstraße", "custom_2": "9a",
        "custom_3": "10969", "custom_4": "Berlin", "custom_5": "Firma", "custom_6": "Anke Vogt"});
    let created = partner.request("POST", "/customers").json(&fields);
    let customer = created.expect(200).customer();
    let customer_id = customer["customer_id"].as_i64().unwrap();
    assert_eq!(end("7").expect(404).errors(), ["not_found"]);
    for n in 1..=6 {
        assert_eq!(end(&n.to_string()).expect(400).errors(), ["n: german_rule"]);
    }
    for n in ["0", "21"] {
        assert_eq!(end(n).expect(400).errors(), ["n: range"]);
    }
    operator(
        "DELETE",
        &format!("/operator/partners/{}/custom_fields/7", unused_username()),
    )
    .expect(404);
    let custom_fields = operator("GET", &path.replace("/custom_fields", "")).expect(200);
    let custom_fields = custom_fields.json()["partner"]["custom_fields"].clone();
    assert_eq!(custom_fields.as_array().unwrap().len(), 6);
    assert_eq!(partner.customer(customer_id), customer);
    // Once the partner is no longer German, they are ordinary custom fields.
    operator("PUT", &path.replace("/custom_fields", ""))
        .json(&json!({"country": "SE"}))
        .expect(200);
    end("1").expect(200);
}
