//! Versions: every path works without a prefix and under the published version, which writes integers as strings.

use serde_json::{Value, json};

use crate::client::{Response, anonymous, operator};
use crate::partner::{Partner, unused_username};

/// The prefix of the published version.
const PUBLISHED: &str = "/2.4.9";

/// A document with every integer as a string.
fn with_integers_as_texts(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Array(values) => values.into_iter().map(with_integers_as_texts).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            let rendered = members.map(|(name, value)| (name, with_integers_as_texts(value)));
            Value::Object(rendered.collect())
        }
        other => other,
    }
}

/// The names with an underscore in a JSON text, in order.
fn names_in_order(text: &str) -> Vec<&str> {
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter(|word| word.contains('_')).collect()
}

/// The headers that must be equal for equal answers.
fn lasting_headers(response: &Response) -> Vec<(String, String)> {
    let passing = ["x-request-id", "date", "content-length"];
    let headers = response.headers.iter();
    let mut headers: Vec<(String, String)> = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .filter(|(name, _)| !passing.contains(&name.as_str()))
        .collect();
    headers.sort();
    headers
}

/// Asserts that the answers of the two versions differ only in how they write integers.
#[track_caller]
fn assert_differs_in_integers_only(bare: &Response, published: &Response) {
    assert_eq!(published.status, bare.status);
    assert_eq!(published.json(), with_integers_as_texts(bare.json()));
    assert_eq!(lasting_headers(published), lasting_headers(bare));
    assert_eq!(names_in_order(&published.text), names_in_order(&bare.text));
}

#[test]
fn a_customer_differs_between_the_versions_in_its_integers_only() {
    let partner = Partner::new();
    partner.set_up_custom(7, &json!({}));
    let id = partner.create_customer("Nordlund AB", "1001");
    let change = [("receive_monthly_report", "2"), ("custom_7", "7")];
    let path = format!("/customers/{id}");
    partner.put(&path, &change).expect(200);

    let bare = partner.get(&path).expect(200);
    let published = partner.get(&format!("{PUBLISHED}{path}")).expect(200);
    assert_differs_in_integers_only(&bare, &published);
    assert_eq!(bare.customer()["customer_id"], json!(id));
    assert_eq!(bare.customer()["receive_monthly_report"], json!(2));
    assert_eq!(bare.customer()["freespee_caller_id"], json!(0));
    assert_eq!(bare.customer()["custnr"], "1001");
    assert_eq!(published.customer()["customer_id"], id.to_string());
    assert_eq!(published.customer()["receive_monthly_report"], "2");
    assert_eq!(published.customer()["freespee_caller_id"], "0");
}

#[test]
fn a_list_differs_between_the_versions_in_its_integers_only() {
    let partner = Partner::new();
    for custnr in ["1", "2"] {
        partner.create_customer("Nordlund AB", custnr);
    }
    for target in [
        "/customers",
        "/customers?custnr=2",
        "/customers?custnr=3",
        "/customers?page=1&pagesize=1",
    ] {
        let bare = partner.get(target).expect(200);
        let published = partner.get(&format!("{PUBLISHED}{target}")).expect(200);
        assert_differs_in_integers_only(&bare, &published);
    }
    let published = partner.get("/2.4.9/customers").expect(200).json();
    let of_page = ["total", "page", "pagesize", "numpages"].map(|name| published[name].clone());
    assert_eq!(of_page, ["2", "0", "1000", "1"]);
}

#[test]
fn an_error_is_the_same_in_both_versions() {
    let partner = Partner::new();
    for (method, target) in [
        ("GET", "/customers/9007199254740991"),
        ("GET", "/customers?page=x&pagesize=0"),
        ("PATCH", "/customers"),
        ("DELETE", "/customers/9007199254740991"),
        ("GET", "/nothing"),
    ] {
        let bare = partner.request(method, target).send();
        let published = partner
            .request(method, &format!("{PUBLISHED}{target}"))
            .send();
        assert!(bare.status >= 400, "{bare:#?}");
        assert_eq!(published.text, bare.text);
        assert_differs_in_integers_only(&bare, &published);
    }
}

#[test]
fn creation_and_change_answer_in_the_requested_version() {
    let partner = Partner::new();
    let parameters = [("name", "Nordlund AB"), ("custnr", "1001")];
    let created = partner.post("/2.4.9/customers", &parameters).expect(200);
    let id = created.customer()["customer_id"].clone();
    let id = id.as_str().expect("a string").to_owned();
    let path = format!("/2.4.9/customers/{id}");
    assert_eq!(created.header("Location"), Some(path.as_str()));

    let changed = partner.put(&path, &[("name", "Nordlund")]).expect(200);
    assert_eq!(changed.customer()["customer_id"], id.as_str());
    let erased = partner.delete(&path).expect(200).json();
    assert_eq!(erased["erasure"]["customer_id"], id.as_str());
    assert_eq!(erased["erasure"]["measures_expired"], "0");
}

#[test]
fn location_and_link_keep_the_prefix() {
    let partner = Partner::new();
    for prefix in ["", PUBLISHED] {
        for n in 0..2 {
            let custnr = format!("{prefix}-{n}");
            let parameters = [("name", "Nordlund AB"), ("custnr", custnr.as_str())];
            let target = format!("{prefix}/customers");
            let created = partner.post(&target, &parameters).expect(200);
            let location = created.header("Location").unwrap();
            let location_of = format!("{prefix}/customers/");
            assert!(location.starts_with(&location_of), "{location}");
            let found = partner.get(location).expect(200);
            assert_eq!(found.customer()["custnr"], custnr.as_str());
        }
        let list = partner
            .get(&format!("{prefix}/customers?pagesize=1"))
            .expect(200);
        let link = list.header("Link").unwrap();
        assert!(link.starts_with(&format!("<{prefix}/customers?")), "{link}");
    }
}

#[test]
fn another_version_is_a_404_that_names_the_supported_one() {
    let partner = Partner::new();
    for prefix in ["2.4.8", "2.4.10", "2.4", "3", "v2", "2.4.9.1"] {
        let response = partner.get(&format!("/{prefix}/customers")).expect(404);
        assert!(response.message().contains("2.4.9"), "{response:#?}");
    }
    let response = partner.get("/customer").expect(404);
    assert!(!response.message().contains("2.4.9"), "{response:#?}");
}

#[test]
fn the_operators_paths_exist_in_both_versions() {
    let partner = Partner::new();
    partner.set_up_custom(3, &json!({"max_length": 9}));
    let path = format!("/operator/partners/{}", partner.username);
    let bare = operator("GET", &path).expect(200);
    let published = operator("GET", &format!("{PUBLISHED}{path}")).expect(200);
    assert_differs_in_integers_only(&bare, &published);
    let field = &published.json()["partner"]["custom_fields"][0];
    assert_eq!([&field["n"], &field["max_length"]], ["3", "9"]);
    assert_eq!(field["required"], json!(false));
}

#[test]
fn ping_needs_credentials_in_both_versions() {
    let partner = Partner::new();
    for target in ["/miscellaneous/ping", "/2.4.9/miscellaneous/ping"] {
        assert_eq!(
            partner.get(target).expect(200).json(),
            json!({"ping": "ok"})
        );
        anonymous("GET", target).expect(401);
        anonymous("GET", target)
            .basic(&unused_username(), "x")
            .expect(401);
    }
}
