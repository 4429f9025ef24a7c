//! Further logins of a partner, and passwords that are replaced without an outage.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::auth::assert_refused;
use crate::client::{Request, Response, operator};
use crate::digest::{answered, challenge};
use crate::operator::path_of;
use crate::partner::{Partner, unused_username};

/// The operator's request that adds a login or changes its access.
fn put(partner: &Partner, login: &str, access: &str) -> Request<'static> {
    let path = format!("{}/logins/{login}", path_of(&partner.partner));
    operator("PUT", &path).json(&json!({"access": access}))
}

/// The operator's request that ends a login.
fn end(partner: &Partner, login: &str) -> Request<'static> {
    operator(
        "DELETE",
        &format!("{}/logins/{login}", path_of(&partner.partner)),
    )
}

/// The logins of a partner, as the operator sees them.
fn logins(partner: &Partner) -> Vec<Value> {
    let path = format!("{}/logins", path_of(&partner.partner));
    operator("GET", &path).expect(200).records("logins")
}

/// The partner with another password.
fn with_password(partner: &Partner, password: String) -> Partner {
    Partner {
        password,
        ..partner.clone()
    }
}

#[test]
fn a_login_is_added_with_a_password_that_is_shown_once() {
    let partner = Partner::new();
    let login = unused_username();
    let added = put(&partner, &login, "read").expect(200);
    let location = format!("{}/logins/{login}", path_of(&partner.partner));
    assert_eq!(added.header("Location"), Some(&*location));
    let mut added = added.json()["login"].clone();
    let password = added.as_object_mut().unwrap().remove("password").unwrap();
    assert!(password.as_str().unwrap().len() >= 20, "{password}");
    let created = added["created"].clone();
    assert_eq!(created.as_str().unwrap().len(), 19);
    let expected =
        json!({"login": login, "access": "read", "created": created, "previous_until": ""});
    assert_eq!(added, expected);
    let again = put(&partner, &login, "read").expect(200);
    assert_eq!(again.header("Location"), None);
    assert_eq!(again.json(), json!({"login": expected}));
    let all = logins(&partner);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.contains(&expected), "{all:?}");
    let own = all
        .iter()
        .find(|login| login["login"] == partner.username.as_str());
    assert_eq!(own.unwrap()["access"], "write");
    let reader = Partner {
        username: login,
        password: password.as_str().unwrap().to_owned(),
        ..partner
    };
    reader.get("/miscellaneous/ping").expect(200);
}

#[test]
fn every_login_sees_the_partners_customers_and_a_read_login_changes_nothing() {
    let partner = Partner::new();
    let (reader, writer) = (partner.with_login("read"), partner.with_login("write"));
    let id = writer.create_customer("Customer", "1");
    let path = format!("/customers/{id}");
    for login in [&partner, &reader, &writer] {
        assert_eq!(login.customer(id)["custnr"], "1");
    }
    let customer = partner.customer(id);
    for request in [
        reader.post("/customers", &[("name", "N"), ("custnr", "2")]),
        reader.put(&path, &[("name", "Changed")]),
        reader.delete(&path),
        reader.delete(&format!("{path}?dry_run=1")),
    ] {
        let refused = request.expect(403);
        assert_eq!(refused.errors(), ["forbidden"]);
        assert!(refused.message().contains("only read"), "{refused:#?}");
    }
    reader.request("HEAD", &path).expect(200);
    reader.request("OPTIONS", &path).expect(204);
    assert_eq!(partner.customer(id), customer);
    assert_eq!(partner.total(), 1);
    // Digest works for a further login too.
    answered(&challenge(), &reader, reader.get(&path)).expect(200);
    answered(&challenge(), &reader, reader.delete(&path)).expect(403);
}

#[test]
fn a_change_of_a_login_or_its_partner_reaches_every_login_at_once() {
    let partner = Partner::new();
    let login = partner.with_login("read");
    let other = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}");
    // Now this isolate remembers all of them.
    for partner in [&partner, &login, &other] {
        partner.get("/customers").expect(200);
    }
    let change = |what: Value| {
        operator("PUT", &path_of(&partner.partner))
            .json(&what)
            .expect(200)
    };
    partner.set_up_custom(7, &json!({}));
    assert_eq!(login.customer(id)["custom_7"], "");
    change(json!({"enabled": false}));
    login.get(&path).expect(403);
    partner.get(&path).expect(403);
    change(json!({"enabled": true, "allowed_networks": ["192.0.2.0/24"]}));
    login.get(&path).expect(403);
    change(json!({"allowed_networks": []}));

    let write = || login.put(&path, &[("name", "Changed")]);
    write().expect(403);
    let changed = put(&partner, &login.username, "write").expect(200).json();
    assert_eq!(changed["login"]["access"], "write");
    assert!(changed["login"].get("password").is_none(), "{changed}");
    write().expect(200);
    put(&partner, &login.username, "read").expect(200);
    write().expect(403);

    let left = end(&partner, &login.username).expect(200).records("logins");
    assert_eq!(left, logins(&partner));
    assert_eq!(left.len(), 1);
    assert_refused(&login.get(&path).send());
    end(&partner, &login.username).expect(404);
    // An ended name is free again, also for another partner.
    let again = put(&other, &login.username, "read").expect(200).json();
    let password = again["login"]["password"].as_str().unwrap().to_owned();
    assert_refused(&login.get(&path).send());
    let again = with_password(&login, password);
    again.get("/customers").expect(200);
    again.get(&path).expect(404);
    partner.get(&path).expect(200);
}

#[test]
fn a_user_name_belongs_to_one_partner_or_login_only() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let login = partner.with_login("read");
    for taken in [&other.username, &login.username, &partner.username] {
        let by = if *taken == partner.username {
            &partner
        } else {
            &other
        };
        let refused = put(by, taken, "write").expect(409);
        assert_eq!(refused.errors(), ["login: username_taken"]);
    }
    let refused = operator("PUT", &path_of(&login.username)).json(&json!({}));
    assert_eq!(refused.expect(409).errors(), ["username: username_taken"]);
    // Nobody's access has changed, and no partner was added.
    operator("GET", &path_of(&login.username)).expect(404);
    login
        .post("/customers", &[("name", "N"), ("custnr", "1")])
        .expect(403);
    for partner in [&partner, &other] {
        let found = partner.post("/customers", &[("name", "N"), ("custnr", "1")]);
        found.expect(200);
    }
    // Another partner's login, and a partner's own, cannot be ended.
    assert_eq!(
        end(&other, &login.username).expect(404).message(),
        "there is no such login"
    );
    end(&partner, &partner.username).expect(404);
    login.get("/customers").expect(200);
    partner.get("/customers").expect(200);
}

#[test]
fn the_faults_of_a_login_are_told() {
    let partner = Partner::new();
    let login = unused_username();
    let path = format!("{}/logins/{login}", path_of(&partner.username));
    for (body, errors) in [
        (json!({}), ["access: required"]),
        (json!({"access": "all"}), ["access: access"]),
        (json!({"access": 1}), ["access: not_a_string"]),
    ] {
        let refused = operator("PUT", &path).json(&body).expect(400);
        assert_eq!(refused.errors(), errors, "{body}");
    }
    let bad = put(&partner, "a%20b", "read").expect(400);
    assert_eq!(bad.errors(), ["login: username"]);
    let nobody = Partner {
        partner: unused_username(),
        ..partner.clone()
    };
    for response in [
        put(&nobody, &login, "read").expect(404),
        end(&nobody, &login).expect(404),
        operator("GET", &format!("{}/logins", path_of(&nobody.partner))).expect(404),
        operator(
            "POST",
            &format!("{}/logins/{login}/password", path_of(&nobody.partner)),
        )
        .expect(404),
    ] {
        assert_eq!(
            response.message(),
            "there is no such partner",
            "{response:#?}"
        );
    }
    let unknown = operator("POST", &format!("{path}/password")).expect(404);
    assert_eq!(unknown.message(), "there is no such login");
    for seconds in [json!(-1), json!(604_801), json!("1d")] {
        let body = json!({"overlap_seconds": seconds});
        let password = format!("{}/password", path_of(&partner.username));
        operator("POST", &password).json(&body).expect(400);
    }
    partner.get("/customers").expect(200);
}

#[test]
fn a_partner_has_at_most_20_further_logins() {
    let partner = Partner::new();
    for _ in 0..20 {
        partner.with_login("read");
    }
    let refused = put(&partner, &unused_username(), "read").expect(400);
    assert_eq!(refused.errors(), ["login: too_many_logins"]);
    let all = logins(&partner);
    assert_eq!(all.len(), 21);
    let one = all.iter().find(|login| login["access"] == "read").unwrap();
    let one = one["login"].as_str().unwrap();
    put(&partner, one, "write").expect(200);
    end(&partner, one).expect(200);
    partner.with_login("read");
}

/// Tries a password with Basic and with Digest.
fn tried(partner: &Partner) -> [Response; 2] {
    let request = || partner.get("/miscellaneous/ping");
    [
        request().send(),
        answered(&challenge(), partner, request()).send(),
    ]
}

#[test]
fn an_old_password_is_good_within_its_overlap_and_not_after() {
    let partner = Partner::new();
    for login in [partner.clone(), partner.with_login("read")] {
        let new = with_password(&login, login.new_password(3));
        for _ in 0..2 {
            for good in [&login, &new] {
                assert_eq!(tried(good).map(|answer| answer.status), [200, 200]);
            }
        }
        let until = logins(&partner);
        let until = until
            .iter()
            .find(|one| one["login"] == login.username.as_str());
        assert_eq!(until.unwrap()["previous_until"].as_str().unwrap().len(), 19);
        thread::sleep(Duration::from_secs(4));
        tried(&login).iter().for_each(assert_refused);
        assert_eq!(tried(&new).map(|answer| answer.status), [200, 200]);
        // Of several old passwords, only the last one stays good, and none without an overlap.
        let newer = with_password(&login, new.new_password(3_600));
        let newest = with_password(&login, newer.new_password(3_600));
        tried(&new).iter().for_each(assert_refused);
        for good in [&newer, &newest] {
            assert_eq!(tried(good).map(|answer| answer.status), [200, 200]);
        }
        let last = with_password(&login, newest.new_password(0));
        for old in [&login, &new, &newer, &newest] {
            tried(old).iter().for_each(assert_refused);
        }
        assert_eq!(tried(&last).map(|answer| answer.status), [200, 200]);
    }
}

#[test]
fn a_password_is_replaced_without_one_failed_request() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}");
    let request = |partner: &Partner, n: usize| {
        let name = n.to_string();
        partner.put(&path, &[("name", &name)]).expect(200);
        partner.get(&path).expect(200);
    };
    (0..20).for_each(|n| request(&partner, n));
    let new = with_password(&partner, partner.new_password(60));
    // The partner's machines learn of the new password one after the other.
    for n in 0..20 {
        request(&partner, n);
        request(&new, n);
    }
    (0..20).for_each(|n| request(&new, n));
}

#[test]
fn the_audit_trail_names_the_login() {
    let partner = Partner::new();
    let login = partner.with_login("write");
    let id = login.create_customer("Customer", "1");
    let path = format!("/customers/{id}");
    partner.put(&path, &[("name", "Changed")]).expect(200);
    login.delete(&path).expect(200);
    login.new_password(0);
    partner.new_password(0);
    put(&partner, &login.username, "read").expect(200);
    end(&partner, &login.username).expect(200);
    let path = format!("/operator/audit?partner={}", partner.username);
    let trail = operator("GET", &path).expect(200).records("audit");
    let told: Vec<_> = trail
        .iter()
        .map(|entry| ["actor", "action", "kind", "login"].map(|name| entry[name].as_str().unwrap()))
        .collect();
    let (own, further) = (partner.username.as_str(), login.username.as_str());
    let expected = [
        ["operator", "create", "partners", ""],
        ["operator", "create", "logins", further],
        ["partner", "create", "customers", further],
        ["partner", "change", "customers", own],
        ["partner", "erase", "customers", further],
        ["operator", "new password", "logins", further],
        ["operator", "new password", "partners", ""],
        ["operator", "change", "logins", further],
        ["operator", "end", "logins", further],
    ];
    assert_eq!(told, expected);
    let of_the_login = trail.iter().filter(|entry| entry["kind"] == "logins");
    for entry in of_the_login {
        assert_eq!(entry["record_id"], partner.partner_id, "{entry}");
        assert_eq!(entry["customer_id"], 0);
    }
}
