//! Tenancy: a partner sees only its own customers. It cannot tell another partner's customer from one that never
//! existed.

use crate::client::{Request, Response};
use crate::db::{
    db_insert_allowed_number, db_insert_call, db_insert_measure, db_insert_user,
    db_rows_of_customer,
};
use crate::partner::Partner;

/// An id that no customer has ever had.
const NEVER: i64 = 9_000_000_000_000_000;

/// A response without the headers that differ every time: status, headers and body.
fn says(response: &Response) -> (u16, Vec<String>, String) {
    let headers = response.headers.iter();
    let mut headers: Vec<String> = headers
        .filter(|(name, _)| *name != "x-request-id" && *name != "date")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    (response.status, headers, response.text.clone())
}

/// Every request that a partner can make about a customer by its id.
fn questions(partner: &Partner, id: i64) -> Vec<Request<'static>> {
    let path = format!("/customers/{id}");
    let id = id.to_string();
    vec![
        partner.get(&path),
        partner.request("HEAD", &path),
        partner.get(&format!("/2.4.9{path}")),
        partner.get(&format!("/customers?customer_id={id}")),
        partner.get(&format!("/customers?customer_id={id}&custnr=mine")),
        partner.get(&format!("/customers?customer_id={id}&custnr=theirs")),
        partner.put(&path, &[("name", "taken over")]),
        partner.put(&path, &[]),
        partner.put(&path, &[("custnr", "mine")]),
        partner.put(&path, &[("custnr", "theirs")]),
        partner.put(
            "/customers",
            &[("customer_id", &id), ("name", "taken over")],
        ),
        partner
            .put(&path, &[("name", "taken over")])
            .header("If-Match", "\"1\""),
        partner
            .put(&path, &[("name", "taken over")])
            .header("If-Match", "\"99\""),
        partner
            .put(&path, &[("name", "taken over")])
            .header("If-Match", "*"),
        partner.delete(&format!("{path}?dry_run=1")),
        partner.delete(&path).header("If-Match", "\"99\""),
        partner.delete(&path).header("If-Match", "\"1\""),
        partner.delete(&path),
        partner.delete("/customers").form(&[("customer_id", &id)]),
        partner.get(&format!("{path}/erasure")),
        partner.get(&format!("/customers/erasure?customer_id={id}")),
    ]
}

/// Asserts that all requests about this customer get the same answers as those about a customer that never existed.
#[track_caller]
fn assert_looks_like_one_that_never_existed(partner: &Partner, id: i64) {
    let never = questions(partner, NEVER);
    for (about_theirs, about_never) in questions(partner, id).into_iter().zip(never) {
        let what = format!("{} {}", about_theirs.method, about_theirs.target);
        let theirs = about_theirs.send();
        let never = about_never.send();
        assert_eq!(says(&theirs), says(&never), "{what}");
        let is_list = what.contains("GET /customers?");
        assert_eq!(theirs.status, if is_list { 200 } else { 404 }, "{what}");
    }
}

#[test]
fn another_partners_customer_looks_like_one_that_never_existed() {
    let [partner, other] = [Partner::new(), Partner::new()];
    partner.create_customer("Mine", "mine");
    let id = other.create_customer("Theirs", "theirs");
    let server = other.server;
    let measure = db_insert_measure(
        server,
        id,
        "Leaflet",
        ("+46890510", 3),
        ("+46890511", 3),
        "",
    );
    let numbers = [("+46701234567", 4), ("+46890511", 3), ("+46890510", 3)];
    db_insert_call(server, id, measure, "2026-01-02 00:00:00", numbers);
    db_insert_user(server, id, "user@example.com", "User");
    db_insert_allowed_number(server, id, 0, "+46890512");
    let before = db_rows_of_customer(server, id);

    assert_looks_like_one_that_never_existed(&partner, id);

    assert_eq!(db_rows_of_customer(server, id), before);
    for table in ["customers", "measures", "calls", "users", "allowed_numbers"] {
        assert_eq!(before[table].len(), 1, "{table}");
    }
    assert_eq!(other.customer(id)["name"], "Theirs");
    assert_eq!([partner.total(), other.total()], [1, 1]);
}

#[test]
fn another_partners_erased_customer_looks_like_one_that_never_existed() {
    let [partner, other] = [Partner::new(), Partner::new()];
    partner.create_customer("Mine", "mine");
    let id = other.create_customer("Theirs", "theirs");
    let receipt = other.delete(&format!("/customers/{id}")).expect(200).text;
    assert_looks_like_one_that_never_existed(&partner, id);
    let again = other.get(&format!("/customers/{id}/erasure")).expect(200);
    assert_eq!(again.text, receipt);
}

#[test]
fn an_impossible_id_is_a_404() {
    let partner = Partner::new();
    partner.create_customer("Mine", "mine");
    for id in [
        "0",
        "9007199254740992",
        "9223372036854775808",
        "99999999999999999999",
    ] {
        let absent = [
            partner.get(&format!("/customers/{id}")),
            partner.put(&format!("/customers/{id}"), &[("name", "n")]),
            partner.put("/customers", &[("customer_id", id), ("name", "n")]),
            partner.delete(&format!("/customers/{id}")),
            partner.get(&format!("/customers/{id}/erasure")),
        ];
        for request in absent {
            let what = format!("{} {}", request.method, request.target);
            assert_eq!(request.expect(404).errors(), ["not_found"], "{what}");
        }
        let list = partner.get(&format!("/customers?customer_id={id}"));
        assert_eq!(list.expect(200).json()["total"], 0, "{id}");
    }
    assert_eq!(partner.total(), 1);
}

#[test]
fn a_list_and_its_filters_return_only_the_partners_own_customers() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let theirs = [0, 1].map(|n| other.create_customer("Theirs", &format!("theirs-{n}")));
    let mine = partner.create_customer("Mine", "mine");
    let after = theirs[0] - 1;
    for target in [
        "/customers".to_owned(),
        "/customers?custnr=mine".to_owned(),
        format!("/customers?customer_id={mine}"),
        format!("/customers?after={after}"),
    ] {
        let list = partner.get(&target).expect(200).json();
        assert_eq!(list["total"], 1, "{target}");
        let ids = list["customers"].as_array().unwrap().iter();
        let ids: Vec<_> = ids
            .map(|customer| customer["customer_id"].clone())
            .collect();
        assert_eq!(ids, [mine], "{target}");
    }
    let list = partner.get("/customers?custnr=theirs-0").expect(200).json();
    assert_eq!(list["total"], 0);
}

#[test]
fn two_partners_can_use_the_same_custnr() {
    let partners = [Partner::new(), Partner::new()];
    for partner in &partners {
        partner.create_customer(&partner.username, "1001");
    }
    for partner in &partners {
        let found = partner.get("/customers?custnr=1001").expect(200).customer();
        assert_eq!(found["name"], partner.username.as_str());
    }
}

#[test]
fn a_partner_cannot_use_the_operators_paths() {
    let partner = Partner::new();
    for (method, path) in [
        ("GET", format!("/operator/partners/{}", partner.username)),
        ("PUT", format!("/operator/partners/{}", partner.username)),
        (
            "POST",
            format!("/operator/partners/{}/password", partner.username),
        ),
    ] {
        let request = partner.request(method, &path);
        request.json(&serde_json::json!({})).expect(401);
    }
    partner.get("/customers").expect(200);
}
