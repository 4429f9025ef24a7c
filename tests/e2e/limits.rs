//! The limits of every field: the last valid value and the first invalid one.

use serde_json::{Value, json};

use crate::client::Response;
use crate::partner::Partner;

/// One character, but four bytes in UTF-8 and two units in UTF-16: counting anything but characters fails.
const CHARACTER: &str = "😀";

/// Creates a customer with the required fields and these.
fn create_with(partner: &Partner, fields: &Value) -> Response {
    let mut document = json!({"name": "n", "custnr": "c"});
    for (name, value) in fields.as_object().unwrap() {
        document[name] = value.clone();
    }
    let request = partner.request("POST", "/customers").json(&document);
    request.send()
}

/// Asserts that POST and PUT accept `value` for the field `name` and return it unchanged.
#[track_caller]
fn assert_takes(name: &str, value: Value) {
    let partner = Partner::new();
    if name == "custom_1" {
        partner.set_up_custom(1, &json!({}));
    }
    let created = create_with(&partner, &json!({name: value.clone()}));
    assert_eq!(created.status, 200, "{created:#?}");
    assert_eq!(created.customer()[name], value);
    let id = created.customer()["customer_id"].as_i64().unwrap();
    assert_eq!(partner.customer(id)[name], value);
    let change = partner.request("PUT", &format!("/customers/{id}"));
    let changed = change.json(&json!({name: value.clone()})).expect(200);
    assert_eq!(changed.customer()[name], value);
}

/// Asserts that POST and PUT refuse `value` for the field `name`, with only this code and a message that names all of
/// `limits`.
#[track_caller]
fn assert_refuses(name: &str, value: Value, code: &str, limits: &[&str]) {
    let partner = Partner::new();
    if name == "custom_1" {
        partner.set_up_custom(1, &json!({}));
    }
    let id = partner.create_customer("before", "before");
    let before = partner.customer(id);
    let change = partner.request("PUT", &format!("/customers/{id}"));
    let document = json!({name: value});
    for refused in [
        create_with(&partner, &document),
        change.json(&document).send(),
    ] {
        assert_eq!(refused.status, 400, "{refused:#?}");
        assert_eq!(refused.errors(), [format!("{name}: {code}")]);
        let message = refused.message();
        let names_limits = limits.iter().all(|limit| message.contains(limit));
        assert!(names_limits, "{message}");
    }
    assert_eq!(partner.customer(id), before);
    assert_eq!(partner.total(), 1);
}

#[test]
fn a_name_has_1_to_60_characters() {
    assert_takes("name", json!(CHARACTER));
    assert_takes("name", json!(CHARACTER.repeat(60)));
    assert_refuses("name", json!(CHARACTER.repeat(61)), "length", &["1", "60"]);
    assert_refuses("name", json!(""), "length", &["1", "60"]);
}

#[test]
fn a_custnr_has_1_to_45_characters() {
    assert_takes("custnr", json!(CHARACTER));
    assert_takes("custnr", json!(CHARACTER.repeat(45)));
    assert_refuses(
        "custnr",
        json!(CHARACTER.repeat(46)),
        "length",
        &["1", "45"],
    );
    assert_refuses("custnr", json!(""), "length", &["1", "45"]);
}

#[test]
fn a_corporateid_has_up_to_40_characters() {
    assert_takes("corporateid", json!(""));
    assert_takes("corporateid", json!(CHARACTER.repeat(40)));
    assert_refuses(
        "corporateid",
        json!(CHARACTER.repeat(41)),
        "length",
        &["40"],
    );
}

#[test]
fn an_email_has_up_to_150_characters() {
    let address = |characters: usize| {
        let domain = format!("{}.{}.example", "d".repeat(50), "d".repeat(30));
        let local = "l".repeat(characters - domain.len() - 1);
        json!(format!("{local}@{domain}"))
    };
    assert_takes("email", json!(""));
    assert_takes("email", address(150));
    assert_refuses("email", address(151), "length", &["150"]);
}

#[test]
fn an_email_is_an_address_or_empty() {
    assert_takes("email", json!("first.last+tag@sub.example.com"));
    for text in [
        "name",
        "@example.com",
        "name@",
        "a b@example.com",
        "a@b@example.com",
    ] {
        assert_refuses("email", json!(text), "email", &["name@example.com"]);
    }
}

#[test]
fn every_part_of_the_address_has_up_to_255_characters() {
    for part in ["street", "zip", "city", "state", "country"] {
        let name = format!("address_{part}");
        assert_takes(&name, json!(CHARACTER.repeat(255)));
        assert_refuses(&name, json!(CHARACTER.repeat(256)), "length", &["255"]);
    }
    assert_takes("address_street", json!(""));
}

#[test]
fn a_custom_field_has_up_to_255_characters() {
    assert_takes("custom_1", json!(""));
    assert_takes("custom_1", json!(CHARACTER.repeat(255)));
    assert_refuses("custom_1", json!(CHARACTER.repeat(256)), "length", &["255"]);
}

#[test]
fn receive_monthly_report_is_0_1_or_2() {
    for value in [0, 1, 2] {
        assert_takes("receive_monthly_report", json!(value));
    }
    for value in [-1, 3] {
        assert_refuses("receive_monthly_report", json!(value), "range", &["0", "2"]);
    }
}

#[test]
fn freespee_caller_id_is_0_or_1() {
    for value in [0, 1] {
        assert_takes("freespee_caller_id", json!(value));
    }
    for value in [-1, 2] {
        assert_refuses("freespee_caller_id", json!(value), "range", &["0", "1"]);
    }
}

#[test]
fn an_integer_may_come_as_its_decimal_string() {
    let partner = Partner::new();
    let created = create_with(&partner, &json!({"receive_monthly_report": "2"}));
    assert_eq!(created.customer()["receive_monthly_report"], json!(2));
}

#[test]
fn text_holds_no_control_characters() {
    for character in ["\0", "\t", "\n", "\r", "\u{1b}", "\u{7f}", "\u{85}"] {
        let value = json!(format!("a{character}b"));
        assert_refuses("name", value, "control_character", &["control"]);
    }
    for name in [
        "custnr",
        "corporateid",
        "custom_1",
        "address_street",
        "address_zip",
    ] {
        assert_refuses(name, json!("a\nb"), "control_character", &["control"]);
    }
    for name in ["address_city", "address_state", "address_country"] {
        assert_refuses(name, json!("a\nb"), "control_character", &["control"]);
    }
}

#[test]
fn a_required_text_is_not_blank() {
    for name in ["name", "custnr"] {
        for blank in [" ", "   ", "\u{3000}", "\u{a0}\u{2003}"] {
            assert_refuses(name, json!(blank), "blank", &["blank"]);
        }
    }
    assert_takes("corporateid", json!(" "));
}

#[test]
fn text_is_returned_as_given() {
    for text in [
        " padded ",
        "O'Brien \"quoted\" \\ back",
        "'; DROP TABLE customers; --",
        "<script>alert(1)</script>",
        "مرحبا \u{e9} 👩‍👩‍👧",
        "%41+&=?#/",
        "null",
        "{}}{",
    ] {
        assert_takes("name", json!(text));
    }
}

#[test]
fn paging_parameters_have_a_range() {
    let partner = Partner::new();
    for (query, good) in [
        ("pagesize=1", true),
        ("pagesize=1000", true),
        ("pagesize=0", false),
        ("pagesize=1001", false),
        ("pagesize=-1", false),
        ("page=0", true),
        ("page=1", true),
        ("page=-1", false),
        ("after=0", true),
        ("after=-1", false),
    ] {
        let response = partner.get(&format!("/customers?{query}")).send();
        assert_eq!(response.status, if good { 200 } else { 400 }, "{query}");
        if !good {
            let (name, _) = query.split_once('=').unwrap();
            assert_eq!(response.errors(), [format!("{name}: range")]);
        }
    }
    for query in ["pagesize=x", "page=1.5", "page=", "after=x", "page=0x1"] {
        let response = partner.get(&format!("/customers?{query}")).expect(400);
        let (name, _) = query.split_once('=').unwrap();
        assert_eq!(response.errors(), [format!("{name}: not_an_integer")]);
    }
    let message = partner
        .get("/customers?pagesize=1001")
        .expect(400)
        .message();
    assert!(
        message.contains('1') && message.contains("1000"),
        "{message}"
    );
}

#[test]
fn all_errors_of_a_request_are_returned_at_once() {
    let partner = Partner::new();
    let response = partner.post(
        "/customers",
        &[
            ("name", &"n".repeat(61)),
            ("corporateid", &"c".repeat(41)),
            ("email", "nobody"),
            ("receive_monthly_report", "3"),
            ("freespee_caller_id", "yes"),
            ("address_city", "a\u{7}b"),
            ("custom_9", "x"),
            ("nmae", "n"),
        ],
    );
    let response = response.header("Idempotency-Key", "").expect(400);
    assert_eq!(
        response.errors(),
        [
            "Idempotency-Key: idempotency_key",
            "address_city: control_character",
            "corporateid: length",
            "custnr: required",
            "custom_9: custom_field_not_set_up",
            "email: email",
            "freespee_caller_id: not_an_integer",
            "name: length",
            "nmae: unknown_parameter",
            "receive_monthly_report: range",
        ]
    );
    let response = partner.get("/customers?page=-1&pagesize=1001&after=x&q=1");
    assert_eq!(
        response.expect(400).errors(),
        [
            "after: not_an_integer",
            "page: range",
            "pagesize: range",
            "q: unknown_parameter"
        ]
    );
}
