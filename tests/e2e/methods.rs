//! HEAD, OPTIONS, methods that a path does not support, and the headers of every answer.

use std::collections::HashSet;

use crate::client::{Response, anonymous, operator};
use crate::partner::Partner;

/// Asserts that HEAD answers as GET does, but without the body.
#[track_caller]
fn assert_is_the_head_of(head: &Response, get: &Response) {
    assert_eq!(head.text, "");
    assert_eq!(head.status, get.status);
    for name in [
        "ETag",
        "Link",
        "Content-Type",
        "Cache-Control",
        "Allow",
        "WWW-Authenticate",
    ] {
        let [head, get] = [head, get].map(|response| {
            let lines = response.lines(name).join(", ");
            // The nonce contains the time, so ignore it.
            let nonce = lines
                .split("nonce=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            lines.replace(nonce.unwrap_or("no nonce"), "")
        });
        assert_eq!(head, get, "{name}");
    }
}

#[test]
fn head_answers_as_get_without_the_body() {
    let partner = Partner::new();
    let id = partner.create_customer("Nordlund AB", "1001");
    partner.create_customer("Nordlund AB", "1002");
    for (target, status) in [
        (format!("/customers/{id}"), 200),
        ("/customers?pagesize=1".to_owned(), 200),
        ("/customers/9007199254740991".to_owned(), 404),
        ("/customers?pagesize=0".to_owned(), 400),
        ("/nothing".to_owned(), 404),
    ] {
        let head = partner.request("HEAD", &target).expect(status);
        assert_is_the_head_of(&head, &partner.get(&target).expect(status));
    }
    let head = partner.request("HEAD", &format!("/customers/{id}"));
    assert!(head.expect(200).header("ETag").is_some());
    assert_is_the_head_of(
        &anonymous("HEAD", "/customers").expect(401),
        &anonymous("GET", "/customers").expect(401),
    );
}

/// The methods in an Allow header.
fn methods(allow: &str) -> HashSet<&str> {
    allow.split(',').map(str::trim).collect()
}

#[test]
fn options_is_a_204_that_names_the_methods_of_the_path() {
    for (target, allowed) in [
        ("/customers", "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
        ("/customers/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("/2.4.9/customers/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("/miscellaneous/ping", "GET, HEAD, OPTIONS"),
    ] {
        let response = anonymous("OPTIONS", target).expect(204);
        assert_eq!(response.text, "");
        let allow = response.header("Allow").unwrap();
        assert_eq!(methods(allow), methods(allowed), "{target}");
    }
    anonymous("OPTIONS", "/nothing").expect(404);
}

#[test]
fn an_unsupported_method_is_a_405_that_names_the_supported_ones() {
    let partner = Partner::new();
    for (method, target, allowed) in [
        (
            "PATCH",
            "/customers",
            "GET, HEAD, POST, PUT, DELETE, OPTIONS",
        ),
        ("POST", "/customers/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("PATCH", "/customers/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("DELETE", "/miscellaneous/ping", "GET, HEAD, OPTIONS"),
        ("POST", "/2.4.9/miscellaneous/ping", "GET, HEAD, OPTIONS"),
        ("PUT", "/customers/1/erasure", "GET, HEAD, OPTIONS"),
    ] {
        let response = partner.request(method, target).expect(405);
        let allow = response.header("Allow").unwrap();
        assert_eq!(methods(allow), methods(allowed), "{method} {target}");
        assert_eq!(response.errors(), ["method_not_allowed"]);
    }
    operator("DELETE", "/operator/partners/somebody").expect(405);
}

#[test]
fn an_unknown_path_is_a_404() {
    let partner = Partner::new();
    for target in [
        "//",
        "/customer",
        "/customers/x",
        "/customers/-1",
        "/customers/1/x",
        "/customers//1",
        "/Customers",
        "/2.4.9/2.4.9",
        "/miscellaneous",
        "/customers/1%2F2",
    ] {
        let response = partner.get(target).expect(404);
        assert_eq!(response.errors(), ["not_found"], "{target}");
    }
}

#[test]
fn a_slash_at_the_end_makes_no_difference() {
    let partner = Partner::new();
    let id = partner.create_customer("Nordlund AB", "1001");
    for target in ["/customers".to_owned(), format!("/customers/{id}")] {
        let without = partner.get(&target).expect(200);
        let with = partner.get(&format!("{target}/")).expect(200);
        assert_eq!(with.text, without.text);
    }
    let parameters = [("name", "Nordlund AB"), ("custnr", "1002")];
    partner.post("/customers/", &parameters).expect(200);
}

#[test]
fn every_answer_has_a_unique_request_id() {
    let partner = Partner::new();
    let answers = [
        partner.get("/customers").expect(200),
        partner.get("/customers").expect(200),
        partner.post("/customers", &[]).expect(400),
        anonymous("GET", "/customers").expect(401),
        operator("GET", "/operator/partners/nobody").expect(404),
        anonymous("GET", "/operator/partners/nobody").expect(401),
        partner.get("/nothing").expect(404),
        partner.get("/2/nothing").expect(404),
        partner.request("PATCH", "/customers").expect(405),
        partner
            .post("/customers", &[])
            .body("text/plain", "x")
            .expect(415),
        anonymous("OPTIONS", "/customers").expect(204),
        partner.request("HEAD", "/customers").expect(200),
    ];
    let ids: HashSet<&str> = answers.iter().map(Response::request_id).collect();
    assert_eq!(ids.len(), answers.len());
    assert!(ids.iter().all(|id| id.len() >= 16), "{ids:?}");
}

#[test]
fn every_answer_is_json_in_utf_8_and_must_not_be_cached() {
    let partner = Partner::new();
    partner.create_customer("Björn & Söner 株式会社", "1001");
    for response in [
        partner.get("/customers").expect(200),
        partner.get("/customers/9007199254740991").expect(404),
        partner.post("/customers", &[]).expect(400),
    ] {
        let content_type = response.header("Content-Type").unwrap();
        assert!(
            content_type.starts_with("application/json"),
            "{response:#?}"
        );
        assert_eq!(response.header("Cache-Control"), Some("no-store"));
        response.json();
    }
}
