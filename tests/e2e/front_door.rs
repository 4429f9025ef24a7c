//! §2: what stands between the world and the database: memory, then KV, then D1, each for at most a minute; limits on
//! failed logins; and a secret that is replaced while requests come in.

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::auth::assert_refused;
use crate::client::{Request, Response, anonymous, operator};
use crate::db::db_execute;
use crate::digest::{answered, challenge_of_age, nonce_secret};
use crate::partner::{Partner, unused_username};
use crate::server::{Difference, Server, shared};

/// Trips to D1 that an answer took.
fn trips(server: &Server, response: &Response) -> Value {
    server.log(response.request_id())["d1_trips"].clone()
}

/// A server that lets three logins of an address fail, and whose secret for nonces is new.
fn strict() -> &'static Server {
    static STRICT: LazyLock<&Server> = LazyLock::new(|| {
        let secrets = include_str!("../../.dev.vars.example");
        let new = "00".repeat(32);
        let secrets = secrets.replace(
            "\nNONCE_SECRET=",
            &format!("\nNONCE_SECRET={new}\nNONCE_SECRET_PREVIOUS="),
        );
        Server::different(&Difference {
            config: &[
                ("limit = 300", "limit = 3"),
                // wrangler dev takes from .dev.vars only what stands here.
                (
                    "\"NONCE_SECRET\", ",
                    "\"NONCE_SECRET\", \"NONCE_SECRET_PREVIOUS\", ",
                ),
            ],
            secrets: Some(&secrets),
        })
    });
    &STRICT
}

/// A request to the strict server, from an address.
fn from(address: &str, username: &str, password: &str) -> Request<'static> {
    let request = Request::new(strict(), "GET", "/customers").basic(username, password);
    request.header("CF-Connecting-IP", address)
}

/// Fails to log in from an address until that is too often, and answers what is told then.
fn fail_too_often(address: &str) -> Response {
    // Two periods may meet in the middle of it.
    let answers = (0..8).map(|_| from(address, "nobody", "wrong").send());
    let refused: Vec<Response> = answers.filter(|answer| answer.status != 401).collect();
    refused
        .into_iter()
        .next()
        .expect("one of eight is too many")
}

#[test]
fn too_many_failed_logins_of_an_address_are_a_429_and_no_matter_to_another() {
    let refused = fail_too_often("192.0.2.1");
    assert_eq!(refused.status, 429, "{refused:#?}");
    assert_eq!(refused.errors(), ["too_many_requests"]);
    let seconds: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_refused(&from("192.0.2.2", "nobody", "wrong").send());
    // Whoever has an IPv6 network to itself is one caller.
    fail_too_often("2001:db8:1:2::1");
    from("2001:db8:1:2:ffff::9", "nobody", "wrong").expect(429);
    assert_refused(&from("2001:db8:1:3::1", "nobody", "wrong").send());
}

#[test]
fn an_address_that_has_failed_too_often_costs_no_more_trips_and_a_partner_there_is_let_in() {
    let partner = Partner::on(strict(), &json!({}));
    let let_in = |address| from(address, &partner.username, &partner.password).expect(200);
    let_in("192.0.2.3");
    fail_too_often("192.0.2.3");
    for n in 0..3 {
        let refused = from("192.0.2.3", &format!("guess-{n}"), "wrong").expect(429);
        assert_eq!(trips(strict(), &refused), 0);
    }
    from("192.0.2.3", &partner.username, "wrong").expect(429);
    let_in("192.0.2.3");
    // What has no credentials is no login: every digest begins so.
    let request = Request::new(strict(), "GET", "/customers");
    request.header("CF-Connecting-IP", "192.0.2.3").expect(401);
}

#[test]
fn too_many_wrong_tokens_of_the_operators_are_a_429() {
    let get = |token: &str| {
        let request = Request::new(strict(), "GET", "/operator/partners");
        let request = request.authorization(&format!("Bearer {token}"));
        request
            .header("CF-Connecting-IP", "192.0.2.4")
            .send()
            .status
    };
    let answers: Vec<u16> = (0..8).map(|_| get("wrong")).collect();
    assert!(answers.contains(&429), "{answers:?}");
    assert_eq!(answers[0], 401);
    assert_eq!(get("local-operator"), 200);
}

#[test]
fn while_the_secret_for_nonces_is_replaced_those_of_the_old_one_are_good() {
    let partner = Partner::on(strict(), &json!({}));
    let request = |challenge: &str, address: &str| {
        let request = Request::new(strict(), "GET", "/customers");
        let request = request.header("CF-Connecting-IP", address);
        answered(challenge, &partner, request)
    };
    let old: Vec<u8> = nonce_secret();
    request(&challenge_of_age(&old, 1), "192.0.2.5").expect(200);
    let stale = request(&challenge_of_age(&old, 301), "192.0.2.5").expect(401);
    assert!(
        stale
            .lines("WWW-Authenticate")
            .concat()
            .contains("stale=true"),
        "{stale:#?}"
    );
    request(&challenge_of_age(&[0; 32], 1), "192.0.2.5").expect(200);
    let forged = request(&challenge_of_age(&[1; 32], 1), "192.0.2.5").expect(401);
    assert!(
        !forged
            .lines("WWW-Authenticate")
            .concat()
            .contains("stale=true"),
        "{forged:#?}"
    );
}

#[test]
fn a_user_name_that_nobody_has_takes_one_trip_and_then_none_until_somebody_has_it() {
    let username = unused_username();
    let get = |password: &str| {
        let request = anonymous("GET", "/customers");
        request.basic(&username, password).send()
    };
    let first = get("wrong");
    assert_refused(&first);
    assert_eq!(trips(shared(), &first), 1);
    for _ in 0..2 {
        let again = get("wrong");
        assert_refused(&again);
        assert_eq!(trips(shared(), &again), 0);
    }
    let created = operator("PUT", &format!("/operator/partners/{username}")).json(&json!({}));
    let created = created.expect(200).json();
    let password = created["partner"]["password"].as_str().unwrap();
    assert_eq!(get(password).status, 200);
}

#[test]
fn a_new_isolate_finds_in_kv_who_called_before_and_needs_one_trip() {
    let server = Server::different(&Difference {
        config: &[],
        secrets: None,
    });
    let known = Partner::on(server, &json!({}));
    let list = |server: &'static Server| {
        let request = Request::new(server, "GET", "/customers");
        let answer = request.basic(&known.username, &known.password).expect(200);
        trips(server, &answer)
    };
    // By memory.
    assert_eq!(list(server), 1);
    let server = server.restarted();
    // By KV.
    assert_eq!(list(server), 1);
}

/// Past the operator's surface, so that no node knows of it but the database: as if another had made it.
#[test]
fn what_was_changed_elsewhere_is_in_force_within_60_seconds() {
    let partner = Partner::new();
    partner.get("/customers").expect(200);
    let began = Instant::now();
    let sql = "UPDATE partners SET enabled = 0 WHERE partner_id = ?1";
    db_execute(partner.server, sql, &[&partner.partner_id]);
    // Until then by memory: that is what it is for.
    partner.get("/customers").expect(200);
    while partner.get("/customers").send().status == 200 {
        assert!(
            began.elapsed() < Duration::from_secs(61),
            "60 seconds are over"
        );
        thread::sleep(Duration::from_millis(500));
    }
    partner.get("/customers").expect(403);
}
