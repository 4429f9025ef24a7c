//! The log: one structured line for each request, without personal data or credentials.

use serde_json::json;

use crate::client::{anonymous, operator};
use crate::db::db_send_while_locked;
use crate::partner::Partner;

/// Words that occur only in requests. A log line that contains one has leaked it.
const CANARIES: [&str; 8] = [
    "canary-query",
    "canary-form",
    "canary-json",
    "canary-key",
    "canary-user",
    "canary-token",
    "canary-path",
    "Y2FuYXJ5", // base64 of "canary"
];

#[test]
fn a_request_is_logged_in_one_line_that_says_what_it_cost() {
    let partner = Partner::new();
    let id = partner.create_customer("Nordlund AB", "1001");
    let response = partner.get(&format!("/2.4.9/customers/{id}")).expect(200);
    let log = partner.server.log(response.request_id());
    assert_eq!(log["method"], "GET");
    assert_eq!(log["route"], "/customers/{customer_id}");
    assert_eq!(log["status"], 200);
    assert_eq!(log["partner_id"], partner.partner_id);
    assert_eq!(log["d1_trips"], 1);
    assert!(log["d1_rows_read"].as_i64().unwrap() >= 1);
    assert_eq!(log["d1_rows_written"], 0);
    assert!(log["ms"].is_i64());
    assert_eq!(log["level"], "info");
    assert!(log["error"].is_null());
    let printed = partner.server.printed();
    assert_eq!(printed.matches(response.request_id()).count(), 1);
}

#[test]
fn the_log_has_no_query_credential_body_or_path() {
    let partner = Partner::new();
    let server = partner.server;
    let json = json!({"name": "canary-json", "custnr": "canary-json", "canary-json": 1});
    let form = [
        ("name", "canary-form"),
        ("custnr", "canary-form"),
        ("email", "canary-form"),
    ];
    let create = partner.post("/customers", &form[..2]);
    let digest = "Digest username=\"canary-user\", nonce=\"canary-token\"";
    let sent = [
        partner.get("/customers?custnr=canary-query").expect(200),
        partner
            .get("/customers?canary-query=1&page=canary-query")
            .expect(400),
        partner.get("/customers?x=canary-query%zz").expect(400),
        partner.post("/customers", &form).expect(400),
        create
            .clone()
            .header("Idempotency-Key", "canary-key")
            .expect(200),
        create
            .clone()
            .header("Idempotency-Key", "canary-key")
            .expect(200),
        create.expect(409),
        partner
            .request("POST", "/customers")
            .json(&json)
            .expect(400),
        partner
            .post("/customers", &[])
            .body("application/json", "canary-json")
            .expect(400),
        partner
            .post("/customers", &[])
            .body("canary-json/x", "canary-json")
            .expect(415),
        partner
            .put("/customers/1", &form)
            .header("If-Match", "\"canary-key\"")
            .expect(400),
        anonymous("GET", "/customers")
            .basic("canary-user", "canary-token")
            .expect(401),
        anonymous("GET", "/customers")
            .authorization(digest)
            .expect(401),
        anonymous("GET", "/canary-path").expect(404),
        anonymous("GET", "/customers/canary-path").expect(404),
        anonymous("GET", "/operator/partners/x")
            .authorization("Bearer canary-token")
            .expect(401),
        operator("GET", "/operator/partners/canary-path").expect(404),
        operator("PUT", "/operator/partners/x")
            .body("application/json", "canary")
            .expect(400),
        db_send_while_locked(
            partner.post("/customers", &[("name", "canary-form"), ("custnr", "2")]),
        ),
    ];
    for response in &sent {
        let log = server.log(response.request_id());
        assert_eq!(log["status"], response.status, "{}", response.what);
    }
    let secrets = [
        partner.username.as_str(),
        &partner.password,
        "local-operator",
    ];
    let printed = server.printed();
    // wrangler's own lines contain the path. Only the development server prints them.
    for line in printed
        .lines()
        .filter(|line| !line.starts_with("[wrangler:"))
    {
        for word in CANARIES.iter().chain(&secrets) {
            assert!(!line.contains(word), "{line} contains {word}");
        }
    }
}

#[test]
fn an_internal_error_is_logged_and_not_returned() {
    let partner = Partner::new();
    let request = partner.post("/customers", &[("name", "n"), ("custnr", "1")]);
    let response = db_send_while_locked(request.clone());
    assert_eq!(response.status, 503, "{response:#?}");
    let seconds = response.header("Retry-After").unwrap();
    assert!(
        seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0),
        "{seconds}"
    );
    assert_eq!(response.errors(), ["unavailable"]);
    for internal in ["SQLITE", "D1", "locked", "INSERT"] {
        assert!(!response.text.contains(internal), "{response:#?}");
    }
    let log = partner.server.log(response.request_id());
    assert!(log["error"].as_str().unwrap().contains("locked"), "{log}");
    // Nothing has changed, and the next request works.
    assert_eq!(partner.total(), 0);
    request.expect(200);
}
