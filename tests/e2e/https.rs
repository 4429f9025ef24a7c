//! Plain HTTP is for loopback only; over TLS, browsers are told to stay with TLS.

use serde_json::json;

use crate::client::{Request, anonymous};
use crate::faults::{during, faulty};
use crate::partner::Partner;

/// Where a request seems to come in over TLS.
fn over_tls(request: Request<'_>) -> Request<'_> {
    during(request, &json!({"url": "https://api.example.com"}))
}

#[test]
fn plain_http_from_elsewhere_is_a_403_whatever_the_path_and_the_credentials() {
    let partner = Partner::new();
    for (method, target) in [
        ("GET", "/customers"),
        ("POST", "/customers"),
        ("DELETE", "/customers/1"),
        ("PATCH", "/customers"),
        ("OPTIONS", "/customers"),
        ("GET", "/2.4.9/customers"),
        ("GET", "/nothing"),
        ("GET", "/%zz"),
        ("GET", "/operator/partners"),
        ("GET", "/"),
        ("GET", "/openapi.json"),
    ] {
        let request = anonymous(method, target).header("Host", "api.example.com");
        let refused = request.clone().expect(403);
        assert_eq!(refused.errors(), ["https_required"]);
        assert!(!refused.message().contains("credentials"), "{refused:#?}");
        assert!(refused.header("WWW-Authenticate").is_none());
        assert!(refused.header("Strict-Transport-Security").is_none());
        for request in [
            request.clone().basic(&partner.username, &partner.password),
            request.clone().basic(&partner.username, "wrong"),
            request.clone().authorization("Bearer local-operator"),
        ] {
            let refused = request.expect(403);
            assert_eq!(refused.errors(), ["https_required"]);
            assert!(refused.message().contains("new ones"), "{refused:#?}");
        }
    }
    let health = anonymous("GET", "/health").header("Host", "api.example.com");
    health.expect(200);
    for host in ["localhost", "127.0.0.1:1", "[::1]"] {
        partner.get("/customers").header("Host", host).expect(200);
    }
    for host in ["localhost.example.com", "127.0.0.1.example.com", "10.0.0.1"] {
        partner.get("/customers").header("Host", host).expect(403);
    }
}

#[test]
fn over_tls_every_answer_tells_browsers_to_stay_with_it() {
    let partner = Partner::on(faulty(), &json!({}));
    let get = |target| Request::new(faulty(), "GET", target);
    let lost = json!({
        "url": "https://api.example.com",
        "d1": {"throw": "D1_ERROR: Exceeded maximum DB size."},
    });
    for (request, status) in [
        (over_tls(partner.get("/customers")), 200),
        (over_tls(partner.get("/customers/999999999")), 404),
        (over_tls(partner.post("/customers", &[])), 400),
        (over_tls(get("/customers")), 401),
        (over_tls(get("/nothing")), 404),
        (
            over_tls(Request::new(faulty(), "OPTIONS", "/customers")),
            204,
        ),
        (over_tls(Request::new(faulty(), "PATCH", "/customers")), 405),
        (over_tls(get("/")), 200),
        (over_tls(get("/openapi.json")), 200),
        (over_tls(get("/docs/nothing.js")), 404),
        (over_tls(get("/operator/partners")), 401),
        (during(partner.get("/customers"), &lost), 507),
    ] {
        let answer = request.expect(status);
        let header = answer.header("Strict-Transport-Security");
        assert_eq!(header, Some("max-age=31536000"), "{answer:#?}");
    }
    let answer = partner.get("/customers").expect(200);
    assert!(answer.header("Strict-Transport-Security").is_none());
}
