//! Login: profiles come from memory, then KV, then D1, and caches last at most a minute. Failed logins are limited, and
//! secrets can be replaced while requests come in.

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

/// The trips to D1 that a request took.
fn trips(server: &Server, response: &Response) -> Value {
    server.log(response.request_id())["d1_trips"].clone()
}

/// Where the caller's profile came from, and the trips to D1 that the request took.
fn way(server: &Server, response: &Response) -> Value {
    let log = server.log(response.request_id());
    json!([log["profile"], log["d1_trips"]])
}

/// A server that allows three failed logins for each address, and whose nonce secret was just replaced.
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
                // wrangler dev loads only these names from .dev.vars.
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

/// A request to the strict server from this address.
fn from(address: &str, username: &str, password: &str) -> Request<'static> {
    let request = Request::new(strict(), "GET", "/customers").basic(username, password);
    request.header("CF-Connecting-IP", address)
}

/// Fails to log in until the address is blocked, and returns the response to the first blocked request.
fn fail_too_often(address: &str) -> Response {
    // Send enough for two periods of the limit, because a new one may begin in between.
    let answers = (0..8).map(|_| from(address, "nobody", "wrong").send());
    let refused: Vec<Response> = answers.filter(|answer| answer.status != 401).collect();
    refused
        .into_iter()
        .next()
        .expect("one of eight failures is too many")
}

#[test]
fn too_many_failed_logins_from_an_address_are_a_429_and_do_not_affect_another() {
    let refused = fail_too_often("192.0.2.1");
    assert_eq!(refused.status, 429, "{refused:#?}");
    assert_eq!(refused.errors(), ["too_many_requests"]);
    let seconds: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_refused(&from("192.0.2.2", "nobody", "wrong").send());
    // All addresses of an IPv6 /64 network count as one caller.
    fail_too_often("2001:db8:1:2::1");
    from("2001:db8:1:2:ffff::9", "nobody", "wrong").expect(429);
    assert_refused(&from("2001:db8:1:3::1", "nobody", "wrong").send());
}

#[test]
fn a_blocked_address_costs_no_trips_and_a_partner_can_still_log_in_there() {
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
    // A request without credentials is no failed login, because every Digest exchange begins with one.
    let request = Request::new(strict(), "GET", "/customers");
    request.header("CF-Connecting-IP", "192.0.2.3").expect(401);
}

#[test]
fn too_many_wrong_operator_tokens_are_a_429() {
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
fn nonces_of_the_previous_secret_are_valid_while_it_is_replaced() {
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
fn an_unknown_user_name_takes_one_trip_and_then_none_until_it_is_created() {
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
    let server = Server::alone();
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
fn a_partner_created_elsewhere_can_log_in_here_within_60_seconds() {
    let partner = Partner::on(strict(), &json!({}));
    let get = || {
        let request = Request::new(shared(), "GET", "/miscellaneous/ping");
        request.basic(&partner.username, &partner.password).send()
    };
    assert_refused(&get());
    let began = Instant::now();
    db_let_in(&partner, shared());
    // Until the cache expires, the node remembers that there is no such partner.
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
            "not within 60 seconds"
        );
        thread::sleep(Duration::from_millis(500));
    };
    assert_eq!(way(shared(), &let_in), json!(["d1", 1]));
}

/// Without this, only a partner whose profile is still cached could log in.
#[test]
fn a_partner_that_called_long_ago_can_log_in_from_a_blocked_address() {
    let address = "192.0.2.6";
    let partner = Partner::on(strict(), &json!({}));
    let ping = || from(address, &partner.username, &partner.password).expect(200);
    ping();
    thread::sleep(Duration::from_secs(61));
    fail_too_often(address);
    let let_in = ping();
    // The profiles in memory and KV have expired.
    assert_eq!(way(strict(), &let_in), json!(["d1", 2]));
    assert_eq!(way(strict(), &ping()), json!(["memory", 1]));
}

/// The rate limit starts anew at every full minute, but the block of an address continues beyond that.
#[test]
fn a_blocked_address_does_not_learn_which_user_names_exist() {
    let address = "192.0.2.7";
    let partner = Partner::on(strict(), &json!({}));
    let second = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.unwrap().as_secs_f64() % 60.0
    };
    // Start not too early, because clocks may differ, and not so late that the minute ends during the failures.
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
fn under_another_ha1_key_a_partner_cannot_log_in_until_it_gets_a_new_password() {
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
    // The operator can still change the partner.
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

/// The test changes the row directly in the database, so that the Worker does not know, as if another node had done it.
#[test]
fn a_change_made_elsewhere_takes_effect_within_60_seconds() {
    let partner = Partner::new();
    partner.get("/customers").expect(200);
    let began = Instant::now();
    let sql = "UPDATE directory SET enabled = 0 WHERE partner_id = ?1";
    db_execute(partner.server, sql, &[&partner.partner_id]);
    // The profile in memory is used until it expires.
    partner.get("/customers").expect(200);
    while partner.get("/customers").send().status == 200 {
        assert!(
            began.elapsed() < Duration::from_secs(61),
            "not within 60 seconds"
        );
        thread::sleep(Duration::from_millis(500));
    }
    let refused = partner.get("/customers").expect(403);
    assert_eq!(way(partner.server, &refused), json!(["memory", 0]));
}
