//! Measures: how they are created, read, changed and validated. A DELETE expires them.

use serde_json::json;

use crate::partner::Partner;
use crate::subject::{FUTURE, PAST};

const NUMBERS: [(&str, &str); 2] = [("phonenr", "+46846500440"), ("destnr", "+46846500401")];

#[test]
fn a_measure_is_created_and_read_with_every_field() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/measures");
    let all = json!({"name": "Vans", "media": "Lettering", "phonenr": "+46701740605",
        "destnr": "+46846500402", "expires": FUTURE});
    let created = partner.request("POST", &path).json(&all).expect(200);
    let measure = created.record("measures");
    let measure_id = measure["measure_id"].as_i64().unwrap();
    let location = format!("{path}/{measure_id}");
    assert_eq!(created.header("Location"), Some(location.as_str()));

    let names: Vec<&String> = measure.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "measure_id",
            "name",
            "media",
            "phonenr",
            "destnr",
            "created",
            "expires",
            "status"
        ]
    );
    for (name, value) in all.as_object().unwrap() {
        assert_eq!(&measure[name], value, "{name}");
    }
    assert_eq!(measure["status"], "active");
    assert!(
        measure["created"].as_str().unwrap().len() == 19,
        "{measure}"
    );
    assert_eq!(
        partner.get(&location).expect(200).record("measures"),
        measure
    );
}

#[test]
fn an_omitted_field_is_empty_and_a_measure_does_not_expire_by_default() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let measure_id = partner.create_measure(id);
    let path = format!("/customers/{id}/measures/{measure_id}");
    let measure = partner.get(&path).expect(200).record("measures");
    assert_eq!(measure["media"], "");
    assert_eq!(measure["expires"], "");
    assert_eq!(measure["status"], "active");
}

#[test]
fn a_put_changes_only_the_given_fields() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let measure_id = partner.create_measure(id);
    let other = partner.create_measure(id);
    let path = format!("/customers/{id}/measures/{measure_id}");
    let read = |path: &str| partner.get(path).expect(200).record("measures");
    let other = format!("/customers/{id}/measures/{other}");
    let (mut expected, untouched) = (read(&path), read(&other));
    for (name, value) in [
        ("name", "New name"),
        ("media", "Radio"),
        ("media", ""),
        ("phonenr", "+12025550150"),
        ("destnr", "+442079460101"),
        ("expires", FUTURE),
        ("expires", ""),
    ] {
        let changed = partner.put(&path, &[(name, value)]).expect(200);
        expected[name] = json!(value);
        assert_eq!(changed.record("measures"), expected, "{name}");
    }
    assert_eq!(
        partner.put(&path, &[]).expect(200).record("measures"),
        expected
    );
    assert_eq!(read(&path), expected);
    assert_eq!(read(&other), untouched);
}

#[test]
fn a_delete_expires_a_measure_now_and_once() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/measures/{}", partner.create_measure(id));
    let active = partner.get(&path).expect(200).record("measures");

    let expired = partner.delete(&path).expect(200).record("measures");
    let expires = expired["expires"].as_str().unwrap();
    assert!(
        active["created"].as_str().unwrap() <= expires && expires < FUTURE,
        "{expired}"
    );
    assert_eq!(expired["status"], "expired");
    let kept = [
        "measure_id",
        "name",
        "media",
        "phonenr",
        "destnr",
        "created",
    ];
    assert!(
        kept.iter().all(|name| expired[name] == active[name]),
        "{expired}"
    );
    assert_eq!(partner.get(&path).expect(200).record("measures"), expired);
    assert_eq!(
        partner.delete(&path).expect(200).record("measures"),
        expired
    );
    let list = partner
        .get(&format!("/customers/{id}/measures"))
        .expect(200)
        .json();
    assert_eq!(list["total"], 1, "an expired measure still exists");

    // A measure that has already expired keeps its time. One that would expire later expires now.
    for (expires, kept) in [(PAST, true), (FUTURE, false)] {
        let path = format!("/customers/{id}/measures/{}", partner.create_measure(id));
        partner.put(&path, &[("expires", expires)]).expect(200);
        let expired = partner.delete(&path).expect(200).record("measures");
        assert_eq!(expired["expires"] == expires, kept, "{expired}");
        assert_eq!(expired["status"], "expired");
    }
}

#[test]
fn all_errors_are_returned_at_once() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/measures");
    let nothing = partner.post(&path, &[]).expect(400);
    assert_eq!(
        nothing.errors(),
        ["destnr: required", "name: required", "phonenr: required"]
    );

    let (long, longer) = ("ö".repeat(60), "ö".repeat(61));
    let post = |more: &[(&str, &str)]| partner.post(&path, &[&NUMBERS[..], more].concat());
    let longest = post(&[("name", &long), ("media", &long)]).expect(200);
    assert_eq!(longest.record("measures")["media"], long.as_str());
    let faults = [
        ("name", longer.as_str()),
        ("media", longer.as_str()),
        ("expires", "never"),
    ];
    let faults = post(&faults).expect(400);
    assert_eq!(
        faults.errors(),
        ["expires: time", "media: length", "name: length"]
    );
    assert!(faults.text.contains("at most 60 characters"), "{faults:#?}");

    for (name, value, error) in [
        ("name", "", "name: length"),
        ("name", " ", "name: blank"),
        ("name", "a\nb", "name: control_character"),
        ("media", "a\tb", "media: control_character"),
        ("phonenr", "", "phonenr: phone_number"),
        ("phonenr", "08-90510", "phonenr: phone_number"),
        ("phonenr", "+46 8 90510", "phonenr: phone_number"),
        ("destnr", "+21", "destnr: phone_number"),
        ("expires", "2026-02-30 00:00:00", "expires: time"),
        ("status", "active", "status: assigned"),
        ("created", PAST, "created: assigned"),
        ("phonenr_ccndc", "3", "phonenr_ccndc: unknown_parameter"),
    ] {
        let measure = partner.create_measure(id);
        let put = partner.put(&format!("{path}/{measure}"), &[(name, value)]);
        assert_eq!(put.expect(400).errors(), [error], "{name}={value}");
    }
}

#[test]
fn a_changed_number_is_stored_with_the_length_of_its_new_codes() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    for (phonenr, destnr) in [
        ("+46890510", "+12025550101"),
        ("+4930231255", "+390612345678"),
        ("+9991234567", "+4920000"),
        ("+866001234567", "+4930231255"),
    ] {
        let path = format!("/customers/{id}/measures/{}", partner.create_measure(id));
        let numbers = [("phonenr", phonenr), ("destnr", destnr)];
        partner.put(&path, &numbers).expect(200);
    }
    partner.delete(&format!("/customers/{id}")).expect(200);
    let sql = "SELECT phonenr, destnr FROM measures WHERE customer_id = ?1 ORDER BY measure_id";
    let rows = crate::db::db_query(partner.server, sql, &[&id]);
    let masked: Vec<_> = rows.iter().flat_map(|row| row.values()).collect();
    let expected = [
        ["+1202*******", "+468*****"],
        ["+3906********", "+4930******"],
        ["+49*****", "+**********"],
        ["+4930******", "+86600*******"],
    ];
    let expected = expected.as_flattened().iter();
    let expected = expected.map(|text| rusqlite::types::Value::Text((*text).to_owned()));
    assert_eq!(
        masked,
        expected.collect::<Vec<_>>().iter().collect::<Vec<_>>()
    );
}
