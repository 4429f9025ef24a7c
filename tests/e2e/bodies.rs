//! Request bodies: their media types, encoding and size.

use serde_json::json;

use crate::client::urlencoded;
use crate::partner::Partner;

/// The maximum size of a body in bytes.
const BODY_LIMIT: usize = 64 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[test]
fn a_form_and_a_json_object_with_the_same_parameters_create_the_same_customer() {
    let partner = Partner::new();
    let form = [
        ("name", "Björn & Söner 株式会社 👋🏽 + 100 %"),
        ("custnr", "a=1&b=2"),
        ("email", "bjorn@example.com"),
        ("receive_monthly_report", "2"),
        ("freespee_caller_id", "1"),
        ("address_street", "\"Storgatan\" \\ 'x' 1"),
    ];
    let mut as_form = partner.post("/customers", &form).expect(200).customer();
    let mut json = json!({});
    for (name, value) in form {
        json[name] = json!(value);
    }
    json["receive_monthly_report"] = json!(2);
    json["custnr"] = json!("another");
    let request = partner.request("POST", "/customers").json(&json);
    let mut as_json = request.expect(200).customer();

    assert_eq!(as_form["name"], form[0].1);
    assert_eq!(as_form["custnr"], form[1].1);
    assert_eq!(as_form["address_street"], form[5].1);
    for name in ["customer_id", "uuid", "custnr"] {
        assert_ne!(as_form[name], as_json[name]);
        as_form[name] = json!(null);
        as_json[name] = json!(null);
    }
    assert_eq!(as_form, as_json);
}

#[test]
fn an_unsupported_charset_or_media_type_is_a_415() {
    let partner = Partner::new();
    let form = urlencoded(&[("name", "n"), ("custnr", "1")]);
    let json = json!({"name": "n", "custnr": "2"}).to_string();
    for (content_type, body, status) in [
        (
            "application/x-www-form-urlencoded; charset=UTF-8",
            &form,
            200,
        ),
        ("Application/JSON;charset=utf-8", &json, 200),
        (
            "application/x-www-form-urlencoded; charset=iso-8859-1",
            &form,
            415,
        ),
        ("application/json; charset=utf-16", &json, 415),
        ("text/plain", &form, 415),
        ("text/json", &json, 415),
        ("application/xml", &json, 415),
        ("multipart/form-data; boundary=x", &form, 415),
        ("", &form, 415),
    ] {
        let request = partner.request("POST", "/customers");
        let response = request.body(content_type, body.as_str()).expect(status);
        if status == 415 {
            assert_eq!(response.errors(), ["unsupported_media_type"]);
            let message = response.message();
            assert!(
                message.contains(FORM) && message.contains(JSON),
                "{message}"
            );
        }
    }
    assert_eq!(partner.total(), 2);
}

#[test]
fn a_malformed_body_is_a_400() {
    let partner = Partner::new();
    let bodies: [(&str, &[u8]); 14] = [
        (JSON, b"{"),
        (JSON, b"[]"),
        (JSON, b"1"),
        (JSON, b"null"),
        (JSON, b"\"name\""),
        (JSON, b"{\"name\":\"n\",\"custnr\":\"1\"} x"),
        (JSON, b"{\"name\":\"n\",\"custnr\":\"1\",}"),
        (JSON, b"{\"name\":\"\xff\",\"custnr\":\"1\"}"),
        (JSON, b"{\"name\":\"\\ud800\",\"custnr\":\"1\"}"),
        (FORM, b"name=n&custnr=%"),
        (FORM, b"name=n&custnr=%4"),
        (FORM, b"name=n&custnr=%4g"),
        (FORM, b"name=n&custnr=%ff"),
        (FORM, b"name=n&custnr=\xff"),
    ];
    for (content_type, body) in bodies {
        let request = partner.request("POST", "/customers");
        let response = request.body(content_type, body).expect(400);
        let errors = response.errors();
        assert!(
            errors.len() == 1 && errors[0].starts_with("malformed_"),
            "{}: {response:#?}",
            String::from_utf8_lossy(body)
        );
    }
    assert_eq!(partner.total(), 0);
}

#[test]
fn a_deeply_nested_body_is_a_400() {
    let partner = Partner::new();
    for body in ["[".repeat(60_000), "{\"name\":".repeat(5_000)] {
        let request = partner.request("POST", "/customers");
        let errors = request.body(JSON, body).expect(400).errors();
        assert_eq!(errors, ["malformed_json"]);
    }
    partner.get("/customers").expect(200);
}

#[test]
fn a_malformed_path_or_query_is_a_400() {
    let partner = Partner::new();
    for target in [
        "/customers?custnr=%",
        "/customers?custnr=%4",
        "/customers?custnr=%4g",
        "/customers?custnr=%ff",
        "/customers?%C3=1",
        "/customers/%",
        "/customers/%zz",
        "/customers/%ff",
    ] {
        partner.get(target).expect(400).errors();
    }
}

#[test]
fn a_value_of_the_wrong_json_type_is_a_400_that_names_it() {
    let partner = Partner::new();
    for (name, value) in [
        ("name", json!(1)),
        ("name", json!(null)),
        ("name", json!(["n"])),
        ("name", json!({"n": "n"})),
        ("name", json!(true)),
        ("receive_monthly_report", json!(1.5)),
        ("receive_monthly_report", json!("one")),
        ("receive_monthly_report", json!("")),
        ("receive_monthly_report", json!(true)),
        ("receive_monthly_report", json!(null)),
        ("freespee_caller_id", json!("1e0")),
        ("freespee_caller_id", json!(18446744073709551616.0)),
    ] {
        let mut document = json!({"name": "n", "custnr": "1"});
        document[name] = value;
        let request = partner.request("POST", "/customers").json(&document);
        let errors = request.expect(400).errors();
        let named = format!("{name}: ");
        assert!(
            errors.len() == 1 && errors[0].starts_with(&named),
            "{document}: {errors:?}"
        );
    }
}

/// Pads a text at its end to this many bytes.
fn padded(text: &str, padding: &str, bytes: usize) -> String {
    format!("{text}{}", padding.repeat(bytes - text.len()))
}

/// A customer as a JSON object, padded with spaces to this many bytes.
fn json_of_bytes(custnr: &str, bytes: usize) -> String {
    let object = json!({"name": "n", "custnr": custnr}).to_string();
    padded(&object, " ", bytes)
}

#[test]
fn a_body_has_at_most_64_kib() {
    let partner = Partner::new();
    let post = || partner.request("POST", "/customers");
    post()
        .body(JSON, json_of_bytes("1", BODY_LIMIT))
        .expect(200);
    let too_large = post()
        .body(JSON, json_of_bytes("2", BODY_LIMIT + 1))
        .expect(413);
    assert_eq!(too_large.errors(), ["body_too_large"]);
    assert!(too_large.message().contains("65536"), "{too_large:#?}");
    post()
        .body(JSON, json_of_bytes("2", 100 * BODY_LIMIT))
        .expect(413);
    assert_eq!(partner.total(), 1);
}

#[test]
fn a_body_without_a_content_length_has_the_same_limit() {
    let partner = Partner::new();
    let chunked = |body: String| {
        let request = partner.request("POST", "/customers");
        request.body(JSON, body).chunked()
    };
    chunked(json_of_bytes("1", BODY_LIMIT)).expect(200);
    chunked(json_of_bytes("2", BODY_LIMIT + 1)).expect(413);
    chunked(json_of_bytes("2", 10 * BODY_LIMIT)).expect(413);
    assert_eq!(partner.total(), 1);
}

#[test]
fn the_body_of_a_delete_has_the_same_limit() {
    let partner = Partner::new();
    let id = partner.create_customer("Nordlund AB", "1");
    let form = |bytes| padded(&format!("customer_id={id}"), "&", bytes);
    let delete = |body: String| partner.delete("/customers").body(FORM, body);
    delete(form(BODY_LIMIT + 1)).expect(413);
    assert_eq!(partner.total(), 1);
    delete(form(BODY_LIMIT)).expect(200);
}
