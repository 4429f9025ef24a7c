//! §2: what stands between the world and the database: memory, then KV, then D1, each for at most a minute; limits on
//! failed logins; and a secret that is replaced while requests come in.

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::auth::assert_refused;
use crate::client::{Request, Response, anonymous, operator};
use crate::db::{db_execute, db_let_in};
use crate::digest::{answered, challenge_of_age, nonce_secret};
use crate::partner::{Partner, unused_username};
use crate::server::{Difference, Server, shared};

/// Trips to D1 that an answer took.
fn trips(server: &Server, response: &Response) -> Value {
    server.log(response.request_id())["d1_trips"].clone()
}

/// Where the caller's profile came from, and the trips to D1 that the answer took.
fn way(server: &Server, response: &Response) -> Value {
    let log = server.log(response.request_id());
    json!([log["profile"], log["d1_trips"]])
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
    assert_eq!(way(shared(), &first), json!(["none", 1]));
    for _ in 0..2 {
        let again = get("wrong");
        assert_refused(&again);
        assert_eq!(way(shared(), &again), json!(["none", 0]));
    }
    let created = operator("PUT", &format!("/operator/partners/{username}")).json(&json!({}));
    let created = created.expect(200).json();
    let password = created["partner"]["password"].as_str().unwrap();
    assert_eq!(get(password).status, 200);
}

#[test]
fn a_profile_comes_from_memory_else_from_kv_else_from_d1() {
    let server = Server::different(&Difference {
        config: &[],
        secrets: None,
    });
    let known = Partner::on(server, &json!({}));
    let ping = |server: &'static Server, partner: &Partner| {
        let request = Request::new(server, "GET", "/miscellaneous/ping");
        let request = request.basic(&partner.username, &partner.password);
        way(server, &request.expect(200))
    };
    assert_eq!(ping(server, &known), json!(["memory", 0]));
    let server = server.restarted();
    assert_eq!(ping(server, &known), json!(["kv", 0]));
    assert_eq!(ping(server, &known), json!(["memory", 0]));
    let unheard_of = db_let_in(&Partner::new(), server);
    assert_eq!(ping(server, &unheard_of), json!(["d1", 1]));
    assert_eq!(ping(server, &unheard_of), json!(["memory", 0]));
}

#[test]
fn who_was_let_in_elsewhere_is_let_in_here_within_60_seconds() {
    let partner = Partner::on(strict(), &json!({}));
    let get = || {
        let request = Request::new(shared(), "GET", "/miscellaneous/ping");
        request.basic(&partner.username, &partner.password).send()
    };
    assert_refused(&get());
    let began = Instant::now();
    db_let_in(&partner, shared());
    // Until then it is remembered that there is no such partner.
    let refused = get();
    assert_refused(&refused);
    assert_eq!(way(shared(), &refused), json!(["none", 0]));
    let let_in = loop {
        let answer = get();
        if answer.status == 200 {
            break answer;
        }
        assert!(
            began.elapsed() < Duration::from_secs(61),
            "60 seconds are over"
        );
        thread::sleep(Duration::from_millis(500));
    };
    assert_eq!(way(shared(), &let_in), json!(["d1", 1]));
}

/// Else it would do so only where the partner has called in the last minute.
#[test]
fn where_too_many_logins_fail_a_partner_that_called_long_ago_is_let_in() {
    let address = "192.0.2.6";
    let partner = Partner::on(strict(), &json!({}));
    let ping = || from(address, &partner.username, &partner.password).expect(200);
    ping();
    thread::sleep(Duration::from_secs(61));
    fail_too_often(address);
    let let_in = ping();
    // What memory has of it is too old, and so is what KV has.
    assert_eq!(way(strict(), &let_in), json!(["d1", 2]));
    assert_eq!(way(strict(), &ping()), json!(["memory", 1]));
}

/// A limit counts by the minute of the clock, and an address is remembered across its end.
#[test]
fn where_too_many_logins_have_failed_nobody_learns_who_is_known() {
    let address = "192.0.2.7";
    let partner = Partner::on(strict(), &json!({}));
    let second = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.unwrap().as_secs_f64() % 60.0
    };
    // Neither so early that clocks may differ, nor so late that the minute ends before the failures do.
    while second() < 3.0 || second() > 45.0 {
        thread::sleep(Duration::from_secs(1));
    }
    fail_too_often(address);
    let refused = |username: &str| from(address, username, "wrong").expect(429).text;
    assert_eq!(refused(&partner.username), refused("nobody"));
    thread::sleep(Duration::from_secs_f64(60.5 - second()));
    for _ in 0..3 {
        assert_eq!(refused(&partner.username), refused("nobody"));
        assert_eq!(refused(&partner.username), refused("no user name"));
    }
    from(address, &partner.username, &partner.password).expect(200);
}

#[test]
fn under_another_key_a_partner_is_nobody_until_it_gets_a_new_password() {
    let secrets = include_str!("../../.dev.vars.example");
    let key = format!("\nHA1_KEY={}\n#", "00".repeat(32));
    let secrets = secrets.replace("\nHA1_KEY=", &key);
    let server = Server::different(&Difference {
        config: &[],
        secrets: Some(&secrets),
    });
    let partner = db_let_in(&Partner::new(), server);
    for trips in [1, 0] {
        let refused = partner.get("/customers").send();
        assert_refused(&refused);
        let sealed = json!(["its HA1 does not open under HA1_KEY", trips]);
        assert_eq!(way(server, &refused), sealed);
    }
    // The operator's changes are made, and told.
    let path = format!("/operator/partners/{}", partner.username);
    let change = Request::operator(server, "PUT", &path).json(&json!({"name": "Renamed"}));
    assert_eq!(change.expect(200).json()["partner"]["name"], "Renamed");
    let field = format!("{path}/custom_fields/7");
    let field = Request::operator(server, "PUT", &field).json(&json!({}));
    field.expect(200);
    assert_refused(&partner.get("/customers").send());

    let given = Request::operator(server, "POST", &format!("{path}/password"));
    let given = given.expect(200).json();
    let password = given["password"].as_str().unwrap().to_owned();
    let partner = Partner {
        password,
        ..partner
    };
    partner.get("/customers").expect(200);
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
    let refused = partner.get("/customers").expect(403);
    assert_eq!(way(partner.server, &refused), json!(["memory", 0]));
}
