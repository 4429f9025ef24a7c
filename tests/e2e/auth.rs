//! Authentication: which credentials are accepted, and what the answer to all others is.

use std::thread;

use serde_json::json;

use crate::client::{Request, Response, anonymous, operator, send_raw};
use crate::partner::{Partner, unused_username};
use crate::server::shared;

/// The Digest challenge of a 401. There must be two challenges, Digest first and Basic second. They may be in one line,
/// because a proxy may join them (RFC 9110 §5.3).
#[track_caller]
pub fn digest_challenge(refused: &Response) -> String {
    let challenges = refused.lines("WWW-Authenticate").join(", ");
    let (digest, basic) = challenges
        .split_once(", Basic ")
        .unwrap_or_else(|| panic!("no Basic after the first: {challenges}"));
    assert!(digest.starts_with("Digest "), "{challenges}");
    assert!(basic.contains("realm="), "{challenges}");
    assert!(!basic.contains("Digest "), "{challenges}");
    digest.to_owned()
}

/// Asserts that this is the usual 401 of the partners' API.
#[track_caller]
pub fn assert_refused(refused: &Response) {
    assert_eq!(refused.status, 401, "{refused:#?}");
    let challenge = digest_challenge(refused);
    for part in ["realm=", "qop=\"auth\"", "algorithm=SHA-256", "nonce=\""] {
        assert!(challenge.contains(part), "{challenge}");
    }
    assert!(!challenge.contains("stale=true"), "{challenge}");
    let content_type = refused.header("Content-Type").unwrap();
    assert!(content_type.starts_with("text/plain"), "{content_type}");
    assert_eq!(refused.text.trim_end().lines().count(), 1, "{refused:#?}");
    let as_json = serde_json::from_str::<serde_json::Value>(&refused.text);
    assert!(as_json.is_err(), "{refused:#?}");
}

#[test]
fn a_request_without_credentials_is_a_401() {
    for (method, target) in [
        ("GET", "/customers"),
        ("GET", "/customers/1"),
        ("POST", "/customers"),
        ("PUT", "/customers/1"),
        ("DELETE", "/customers/1"),
        ("GET", "/customers/1/erasure"),
        ("GET", "/miscellaneous/ping"),
        ("GET", "/2.4.9/customers"),
    ] {
        assert_refused(&anonymous(method, target).send());
    }
}

#[test]
fn basic_accepts_the_partners_own_password_only() {
    let partner = Partner::new();
    let Partner {
        username, password, ..
    } = &partner;
    let ping = || anonymous("GET", "/miscellaneous/ping");
    ping().basic(username, password).expect(200);
    let other = Partner::new();
    for (username, password) in [
        (username.as_str(), ""),
        (username, "wrong"),
        (username, &password.to_lowercase()),
        (username, &format!("{password} ")),
        (username, &format!("{password}:")),
        (username, &other.password),
        (&username.to_uppercase(), password),
        (&unused_username(), password),
        ("", password),
        ("ö", password),
    ] {
        assert_refused(&ping().basic(username, password).send());
    }
}

#[test]
fn an_unknown_user_is_answered_like_a_wrong_password() {
    let partner = Partner::new();
    let ping = |username: &str| {
        let request = anonymous("GET", "/miscellaneous/ping").basic(username, "wrong");
        let refused = request.expect(401);
        let nonce = digest_challenge(&refused);
        let nonce = nonce.split("nonce=").nth(1).unwrap();
        let headers = refused.headers.iter();
        let mut headers: Vec<String> = headers
            .filter(|(name, _)| *name != "x-request-id" && *name != "date")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .map(|line| line.replace(nonce, "…"))
            .collect();
        headers.sort();
        (headers, refused.text)
    };
    assert_eq!(ping(&unused_username()), ping(&partner.username));
}

#[test]
fn malformed_credentials_are_a_401() {
    let partner = Partner::new();
    let good = partner.get("/customers");
    good.clone().expect(200);
    for authorization in [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic dXA=",
        "Basic /////w==",
        "basic:",
        "Bearer local-operator",
        "Negotiate abc",
        "Digest",
        "Digest ",
        "Digest x",
        "Digest username=\"x\"",
        "Digest username=\"x",
        "Digest ,,,",
        "Digest =\"\"",
    ] {
        assert_refused(&good.clone().authorization(authorization).send());
    }
    // Two Authorization headers count as one malformed header.
    let twice = good.clone().header("Authorization", "Basic dTpw");
    assert_refused(&twice.send());
}

#[test]
fn a_header_that_is_not_ascii_is_a_401_and_not_a_failure() {
    for authorization in [
        b"Basic \xff\xfe".as_slice(),
        b"Digest username=\"\xf6\"",
        "Digest username=\"ö\", realm=\"ö\"".as_bytes(),
    ] {
        let head = [
            b"GET /customers HTTP/1.1\r\nAuthorization: ",
            authorization,
            b"\r\n",
        ];
        let answer = send_raw(shared(), &head.concat());
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("Digest realm="), "{answer}");
    }
    let head = b"GET /customers HTTP/1.1\r\nX-Name: \xff\xf6\r\n";
    let answer = send_raw(shared(), head);
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[test]
fn the_scheme_is_case_insensitive() {
    let partner = Partner::new();
    for scheme in ["basic", "BASIC"] {
        let request = partner.get("/customers");
        let credentials = request.credentials().unwrap().replace("Basic", scheme);
        request.authorization(&credentials).expect(200);
    }
}

#[test]
fn authentication_comes_before_validation() {
    let garbage = "\u{0}{%".repeat(34_000);
    assert!(garbage.len() > 100_000);
    let bodies: [(&str, &str); 5] = [
        ("application/json", &garbage),
        ("application/x-www-form-urlencoded", &garbage),
        ("text/plain", "x"),
        ("application/json", "{"),
        ("application/x-www-form-urlencoded", "name="),
    ];
    for (content_type, body) in bodies {
        for (method, target) in [("POST", "/customers"), ("PUT", "/customers/1")] {
            let request = anonymous(method, target).body(content_type, body);
            assert_refused(&request.clone().send());
            assert_refused(&request.chunked().send());
        }
    }
    assert_refused(&anonymous("GET", "/customers?page=x&nonsense=%zz").send());
    let operator = anonymous("PUT", "/operator/partners/x").body("text/plain", garbage);
    operator.expect(401);
}

/// Asserts that the request is refused with a 403 in JSON.
#[track_caller]
fn assert_forbidden(request: Request<'_>) {
    let response = request.expect(403);
    assert_eq!(response.errors(), ["forbidden"]);
    assert!(response.header("WWW-Authenticate").is_none());
}

#[test]
fn a_disabled_partner_gets_a_403_at_once_and_can_call_again_once_enabled() {
    let partner = Partner::new();
    partner.get("/customers").expect(200);
    let path = format!("/operator/partners/{}", partner.username);
    let set = |enabled: bool| operator("PUT", &path).json(&json!({"enabled": enabled}));
    set(false).expect(200);
    assert_forbidden(partner.get("/customers"));
    assert_forbidden(partner.post("/customers", &[]));
    // Only a caller with the right password learns that the partner is disabled.
    let wrong = anonymous("GET", "/customers").basic(&partner.username, "wrong");
    assert_refused(&wrong.send());
    set(true).expect(200);
    partner.get("/customers").expect(200);
}

#[test]
fn a_partner_can_call_from_its_networks_only() {
    let networks = ["192.0.2.0/24", "2001:db8::/32"];
    let partner = Partner::with(&json!({"allowed_networks": networks}));
    let from = |address: &str| {
        let request = partner.get("/customers");
        request.header("CF-Connecting-IP", address)
    };
    for address in ["192.0.2.0", "192.0.2.255", "2001:db8::1", "2001:db8:ffff::"] {
        from(address).expect(200);
    }
    for address in [
        "192.0.1.255",
        "192.0.3.0",
        "2001:db7::1",
        "2001:db9::",
        "127.0.0.1",
    ] {
        assert_forbidden(from(address));
    }
    assert_forbidden(from("x"));
    // An IPv4 address may be written as an IPv6 address.
    from("::ffff:192.0.2.7").expect(200);
    assert_forbidden(from("::ffff:192.0.3.7"));
    let path = format!("/operator/partners/{}", partner.username);
    let anywhere = operator("PUT", &path).json(&json!({"allowed_networks": []}));
    anywhere.expect(200);
    from("192.0.3.0").expect(200);
}

#[test]
fn concurrent_partners_are_not_mixed_up() {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let partner = Partner::new();
                for n in 0..5 {
                    let id = partner.create_customer(&partner.username, &n.to_string());
                    let name = partner.customer(id)["name"].clone();
                    assert_eq!(name, partner.username.as_str());
                }
                assert_eq!(partner.total(), 5);
            });
        }
    });
}
