//! Changing a customer, and the `If-Match` that guards a change.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::partner::{Partner, all_fields};

/// Sends requests at the same moment, and returns their statuses.
fn race<const N: usize>(requests: [Request<'static>; N]) -> [u16; N] {
    let start = Barrier::new(N);
    thread::scope(|scope| {
        let racers = requests.map(|request| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                request.send().status
            })
        });
        racers.map(|racer| racer.join().unwrap())
    })
}

/// A partner with a customer that has all fields, the customer's path, and the customer.
fn with_customer() -> (Partner, String, Value) {
    let partner = Partner::new();
    let given = all_fields();
    let request = partner.request("POST", "/customers").json(&given);
    let created = request.expect(200);
    let path = created.header("Location").unwrap().to_owned();
    (partner, path, created.customer())
}

#[test]
fn a_put_changes_only_the_given_fields() {
    let (partner, path, mut customer) = with_customer();
    for (name, value) in [
        ("name", json!("Nordlund")),
        ("custnr", json!("1002")),
        ("corporateid", json!("")),
        ("email", json!("new@nordlund.example")),
        ("receive_monthly_report", json!(2)),
        ("freespee_caller_id", json!(0)),
        ("address_street", json!("")),
        ("address_zip", json!("222 33")),
        ("address_city", json!("Malmö")),
        ("address_state", json!("Skåne")),
        ("address_country", json!("SE")),
    ] {
        let change = json!({name: value.clone()});
        let changed = partner.request("PUT", &path).json(&change).expect(200);
        assert_ne!(customer[name], value, "{name} must change");
        customer[name] = value;
        assert_eq!(changed.customer(), customer);
        assert_eq!(partner.get(&path).expect(200).customer(), customer);
    }
    let several = [("name", "Nordlund AB"), ("email", "")];
    let changed = partner.put(&path, &several).expect(200).customer();
    customer["name"] = json!("Nordlund AB");
    customer["email"] = json!("");
    assert_eq!(changed, customer);
}

#[test]
fn a_put_of_nothing_changes_nothing() {
    let (partner, path, customer) = with_customer();
    let before = partner.get(&path).expect(200);
    for request in [partner.put(&path, &[]), partner.request("PUT", &path)] {
        let after = request.expect(200);
        assert_eq!(after.customer(), customer);
        assert_eq!(after.header("ETag"), before.header("ETag"));
    }
}

#[test]
fn a_put_needs_the_id_of_an_existing_customer() {
    let (partner, path, customer) = with_customer();
    let nobody = partner.put("/customers", &[("name", "n")]).expect(400);
    assert_eq!(nobody.errors(), ["customer_id: required"]);
    let unknown = partner.put("/customers/9007199254740991", &[("name", "n")]);
    assert_eq!(unknown.expect(404).errors(), ["not_found"]);
    assert_eq!(partner.get(&path).expect(200).customer(), customer);
}

#[test]
fn a_put_cannot_empty_a_required_field() {
    let (partner, path, customer) = with_customer();
    for name in ["name", "custnr"] {
        let refused = partner.put(&path, &[(name, ""), ("email", "")]).expect(400);
        assert_eq!(refused.errors(), [format!("{name}: length")]);
    }
    assert_eq!(partner.get(&path).expect(200).customer(), customer);
}

#[test]
fn an_erased_customer_cannot_be_changed() {
    let (partner, path, _) = with_customer();
    partner.delete(&path).expect(200);
    partner.put(&path, &[("name", "n")]).expect(404);
    partner.put(&path, &[]).expect(404);
}

#[test]
fn a_custnr_of_another_customer_is_a_409_and_the_customers_own_is_a_200() {
    let (partner, path, customer) = with_customer();
    let other = partner.create_customer("Another", "1002");
    let etag = partner.get(&path).expect(200);
    let taken = partner
        .put(&path, &[("custnr", "1002"), ("name", "n")])
        .expect(409);
    assert_eq!(taken.errors(), ["custnr: custnr_taken"]);
    let after = partner.get(&path).expect(200);
    assert_eq!(after.customer(), customer);
    assert_eq!(after.header("ETag"), etag.header("ETag"));

    let own = partner
        .put(&path, &[("custnr", "1001"), ("name", "n")])
        .expect(200);
    assert_eq!(own.customer()["name"], "n");
    partner.put(&path, &[("custnr", "1003")]).expect(200);
    let freed = partner.put(&format!("/customers/{other}"), &[("custnr", "1001")]);
    freed.expect(200);
}

#[test]
fn if_changes_race_for_one_custnr_only_one_succeeds() {
    let partner = Partner::new();
    let ids = ["1", "2", "3"].map(|custnr| partner.create_customer("n", custnr));
    let mut statuses =
        race(ids.map(|id| partner.put(&format!("/customers/{id}"), &[("custnr", "wanted")])));
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
}

#[track_caller]
fn etag(response: &Response) -> String {
    let etag = response.header("ETag").expect("ETag").to_owned();
    assert!(
        etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2,
        "{etag}"
    );
    etag
}

#[test]
fn an_etag_stays_until_the_customer_changes() {
    let (partner, path, _) = with_customer();
    let read = || etag(&partner.get(&path).expect(200));
    let before = read();
    assert_eq!(read(), before);
    let changed = etag(&partner.put(&path, &[("name", "n")]).expect(200));
    assert_ne!(changed, before);
    assert_eq!(read(), changed);
    let published = partner.get(&format!("/2.4.9{path}")).expect(200);
    assert_eq!(etag(&published), changed);
}

#[test]
fn a_stale_if_match_is_a_412_and_nothing_is_changed() {
    let (partner, path, _) = with_customer();
    let stale = etag(&partner.get(&path).expect(200));
    partner.put(&path, &[("name", "in between")]).expect(200);
    let before = partner.get(&path).expect(200);
    for if_match in [
        stale.as_str(),
        "\"no such tag\"",
        "\"\"",
        "\"02\"",
        "\"+2\"",
    ] {
        for request in [
            partner.put(&path, &[("name", "too late"), ("email", "")]),
            partner.put(&path, &[]),
            partner.delete(&path),
        ] {
            let refused = request.header("If-Match", if_match).expect(412);
            assert_eq!(refused.errors(), ["precondition_failed"]);
        }
    }
    let after = partner.get(&path).expect(200);
    assert_eq!(after.text, before.text);
    assert_eq!(etag(&after), etag(&before));
    assert_eq!(partner.total(), 1);
}

#[test]
fn a_current_if_match_allows_the_change() {
    let (partner, path, _) = with_customer();
    for name in ["one", "two", "weak", "any"] {
        let current = etag(&partner.get(&path).expect(200));
        let if_match = match name {
            "one" => current,
            "two" => format!("\"x\", {current} ,\"99\""),
            // A proxy that compresses the answer makes the ETag weak.
            "weak" => format!("W/{current}"),
            _ => "*".to_owned(),
        };
        let request = partner.put(&path, &[("name", name)]);
        let changed = request.header("If-Match", &if_match).expect(200);
        assert_eq!(changed.customer()["name"], name);
    }
    let current = etag(&partner.get(&path).expect(200));
    let erased = partner.delete(&path).header("If-Match", current);
    erased.expect(200);
    partner.get(&path).expect(404);
}

#[test]
fn if_changes_with_one_if_match_race_only_one_succeeds() {
    let (partner, path, _) = with_customer();
    let current = etag(&partner.get(&path).expect(200));
    let names = ["one", "two", "three", "four"];
    let mut statuses = race(names.map(|name| {
        let request = partner.put(&path, &[("name", name)]);
        request.header("If-Match", &current)
    }));
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
}

#[test]
fn an_if_match_on_a_customer_that_does_not_exist_is_a_404() {
    let partner = Partner::new();
    let request = partner.put("/customers/9007199254740991", &[("name", "n")]);
    request.header("If-Match", "\"1\"").expect(404);
}
