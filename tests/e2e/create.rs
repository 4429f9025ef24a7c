//! Creating a customer.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::partner::{Partner, all_fields};

/// Every field of a customer in a response, if no custom field is set up.
const FIELDS: [&str; 13] = [
    "customer_id",
    "name",
    "custnr",
    "corporateid",
    "email",
    "uuid",
    "receive_monthly_report",
    "freespee_caller_id",
    "address_street",
    "address_zip",
    "address_city",
    "address_state",
    "address_country",
];

/// The names of an object's members.
fn names(object: &Value) -> BTreeSet<&str> {
    let members = object.as_object().unwrap().keys();
    members.map(String::as_str).collect()
}

#[test]
fn a_customer_with_all_fields_is_stored_as_given() {
    let partner = Partner::new();
    let given = all_fields();
    let request = partner.request("POST", "/customers").json(&given);
    let created = request.expect(200).customer();
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(created[name], *value, "{name}");
    }
    let id = created["customer_id"].as_i64().unwrap();
    assert_eq!(partner.customer(id), created);
    assert_eq!(names(&created), FIELDS.into());
}

#[test]
fn an_omitted_text_is_empty_and_an_omitted_integer_is_0() {
    let partner = Partner::new();
    let id = partner.create_customer("Nordlund AB", "1001");
    let customer = partner.customer(id);
    assert_eq!(names(&customer), FIELDS.into());
    for name in ["receive_monthly_report", "freespee_caller_id"] {
        assert_eq!(customer[name], json!(0), "{name}");
    }
    for name in ["corporateid", "email"] {
        assert_eq!(customer[name], "", "{name}");
    }
    for part in ["street", "zip", "city", "state", "country"] {
        assert_eq!(customer[format!("address_{part}")], "", "{part}");
    }
}

#[test]
fn creation_is_a_200_with_the_location_of_the_customer() {
    let partner = Partner::new();
    let form = [("name", "Nordlund AB"), ("custnr", "1001")];
    let created = partner.post("/customers", &form).expect(200);
    let id = created.customer()["customer_id"].as_i64().unwrap();
    assert_eq!(
        created.header("Location"),
        Some(format!("/customers/{id}").as_str())
    );
    assert_eq!(names(&created.json()), ["customers"].into());
    let read = partner.get(&format!("/customers/{id}")).expect(200);
    assert_eq!(read.text, created.text);
    assert_eq!(read.header("ETag"), created.header("ETag"));
    assert!(read.header("ETag").is_some());
}

#[test]
fn every_customer_has_a_unique_id_and_uuid() {
    let partner = Partner::new();
    let ids = ["1", "2", "3"].map(|custnr| partner.create_customer("Nordlund AB", custnr));
    assert_eq!(BTreeSet::from(ids).len(), 3);
    let uuids: BTreeSet<String> = ids
        .iter()
        .map(|id| partner.customer(*id)["uuid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(uuids.len(), 3);
    for uuid in uuids {
        let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{uuid}");
        let hex = uuid.replace('-', "");
        assert!(hex.bytes().all(|byte| byte.is_ascii_hexdigit()), "{uuid}");
        assert_eq!(&uuid[14..15], "4", "{uuid}: version");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}: variant");
    }
}

#[test]
fn name_and_custnr_are_required() {
    let partner = Partner::new();
    let nothing = partner.post("/customers", &[]).expect(400);
    assert_eq!(nothing.errors(), ["custnr: required", "name: required"]);
    let no_body = partner.request("POST", "/customers").expect(400);
    assert_eq!(no_body.errors(), ["custnr: required", "name: required"]);
    let no_custnr = partner.post("/customers", &[("name", "n")]).expect(400);
    assert_eq!(no_custnr.errors(), ["custnr: required"]);
    assert_eq!(partner.total(), 0);
}

#[test]
fn a_custnr_in_use_is_a_409() {
    let partner = Partner::new();
    let id = partner.create_customer("before", "1001");
    let again = partner.post("/customers", &[("name", "after"), ("custnr", "1001")]);
    assert_eq!(again.expect(409).errors(), ["custnr: custnr_taken"]);
    assert_eq!(partner.customer(id)["name"], "before");
    assert_eq!(partner.total(), 1);
}

#[test]
fn if_creations_race_for_one_custnr_only_one_succeeds() {
    let partner = Partner::new();
    for custnr in ["1", "2", "3", "4", "5"] {
        let start = Barrier::new(4);
        let race = || {
            let form = [("name", "Nordlund AB"), ("custnr", custnr)];
            let request = partner.post("/customers", &form);
            start.wait();
            request.send().status
        };
        let mut statuses = thread::scope(|scope| {
            let racers = [(); 4].map(|()| scope.spawn(race));
            racers.map(|racer| racer.join().unwrap())
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
    }
    assert_eq!(partner.total(), 5);
    let list = partner.get("/customers").expect(200).json();
    assert_eq!(list["customers"].as_array().unwrap().len(), 5);
}
