//! Credentials that cost little to refuse: those that are none, those of nobody, and profiles that we did not write.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use customers_api::auth::vouch::vouch;
use rusqlite::types::Value::Text;
use serde_json::{Value, json};

use crate::auth::{assert_refused, digest_challenge};
use crate::client::{Request, Response, anonymous};
use crate::db::{db_let_in, db_query};
use crate::digest::{answered, challenge_of_age, secret};
use crate::faults::{during, faulty};
use crate::partner::{Partner, unused_username};
use crate::server::{Difference, Server};

/// Where the caller's profile came from.
fn profile(response: &Response, server: &Server) -> Value {
    server.log(response.request_id())["profile"].clone()
}

#[test]
fn the_line_of_a_401_says_what_is_accepted_and_what_the_credentials_were() {
    let accepted = "Authentication required: Digest with SHA-256, or Basic over TLS.";
    let long = format!("Bearer {}", "x".repeat(5_000));
    for (authorization, other) in [
        (None, ""),
        (Some(long.as_str()), " The credentials were a Bearer token."),
        (Some("Basic dTpw"), ""),
        (Some("Basic x"), ""),
        (Some("Digest x"), ""),
        (
            Some("Bearer local-operator"),
            " The credentials were a Bearer token.",
        ),
        (
            Some("Digest username=\"u\", algorithm=MD5, nonce=\"n\""),
            " The credentials were a Digest with MD5 or another algorithm.",
        ),
        (
            Some("Digest username=\"u\", nonce=\"n\""),
            " The credentials were a Digest with MD5 or another algorithm.",
        ),
        (
            Some("Negotiate abc"),
            " The credentials were of another scheme.",
        ),
    ] {
        let request = anonymous("GET", "/customers");
        let refused = match authorization {
            Some(text) => request.authorization(text).send(),
            None => request.send(),
        };
        assert_refused(&refused);
        assert_eq!(refused.text, format!("{accepted}{other}"));
    }
}

#[test]
fn credentials_that_are_long_or_have_many_parameters_are_none() {
    let partner = Partner::new();
    let challenge = digest_challenge(&anonymous("GET", "/customers").expect(401));
    let good = answered(&challenge, &partner, partner.get("/customers"));
    let good = good.credentials().unwrap();
    let with =
        |more: String| anonymous("GET", "/customers").authorization(&format!("{good}{more}"));
    let given = good.matches('=').count() - good.matches("==").count();
    let many = |count: usize| (0..count).map(|n| format!(", x{n}=1")).collect::<String>();
    assert!((8..16).contains(&given), "{good}");
    assert_refused(&with(many(17)).send());
    assert_refused(&with(format!(", x=\"{}\"", "x".repeat(4_096))).send());
    let began = Instant::now();
    let refused = with(many(9_000)).send();
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    assert_refused(&refused);
    assert!(profile(&refused, partner.server).is_null());
    with(many(1)).expect(200);
}

#[test]
fn a_nonce_that_we_did_not_make_is_refused_before_a_profile_is_looked_for() {
    let partner = Partner::new();
    let nobody = Partner {
        username: unused_username(),
        password: "wrong".to_owned(),
        ..partner
    };
    let forged = challenge_of_age(b"another secret", 0);
    let refused = answered(&forged, &nobody, nobody.get("/customers")).send();
    assert_refused(&refused);
    let log = partner.server.log(refused.request_id());
    assert_eq!(
        (&log["profile"], &log["d1_trips"]),
        (&Value::Null, &json!(0)),
        "{log}"
    );
    let ours = challenge_of_age(&secret("NONCE_SECRET"), 0);
    let refused = answered(&ours, &nobody, nobody.get("/customers")).send();
    assert_eq!(profile(&refused, partner.server), "none");
}

#[test]
fn after_too_many_failed_logins_in_all_a_name_that_nobody_has_costs_no_trip() {
    // A server of its own, because its isolate remembers for a minute.
    let server = Server::different(&Difference {
        config: &[
            ("/build/entry.mjs", "/tests/e2e/faults/entry.mjs"),
            // That module imports from elsewhere.
            ("no_bundle = true", "no_bundle = false"),
            ("\"index_bg.wasm\"", "\"**/*.wasm\""),
        ],
        secrets: None,
    });
    let known = Partner::on(server, &json!({}));
    let cold = db_let_in(&Partner::new(), server);
    let login = |username: &str, password: &str, address: &str| {
        let request = Request::new(server, "GET", "/miscellaneous/ping");
        let request = request.basic(username, password);
        request.header("CF-Connecting-IP", address)
    };
    let over = json!({"limit": {"key": "all"}});
    let first = login(&unused_username(), "wrong", "2001:db8::1");
    assert_eq!(first.clone().send().status, 401);
    during(first, &over).expect(429);
    // From now on, from whatever address.
    for n in 2..6 {
        let address = format!("2001:db8:{n}::1");
        let refused = login(&unused_username(), "wrong", &address).expect(429);
        assert_eq!(profile(&refused, server), "not looked for in D1");
        assert_eq!(server.log(refused.request_id())["d1_trips"], 0);
        // A partner that is known is told the same, and let in with its password.
        let wrong = login(&known.username, "wrong", &address).expect(429);
        assert_eq!(wrong.text, refused.text);
        login(&known.username, &known.password, &address).expect(200);
    }
    // One that this isolate has never seen is let in if KV has it.
    let ping = login(&cold.username, &cold.password, "2001:db8:7::1");
    ping.clone().expect(429);
    let kv = json!({"kv": {"text": profile_text(&cold, 0, &cold.username)}});
    during(ping, &kv).expect(200);
}

/// What KV has of a partner that was read from D1 `age` milliseconds ago, vouched for under a user name.
fn profile_text(partner: &Partner, age: i64, username: &str) -> String {
    let sql = "SELECT ha1_sealed FROM logins WHERE partner_id = ?1";
    let row = &db_query(partner.server, sql, &[&partner.partner_id])[0];
    let Text(ha1_sealed) = &row["ha1_sealed"] else {
        panic!("{row:?}");
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let login = json!({
        "partner_id": partner.partner_id,
        "username": partner.username,
        "database": "DB",
        "allowed_networks": [],
        "enabled": true,
        "login": partner.username,
        "access": "write",
        "ha1_sealed": ha1_sealed,
        "ha1_previous_sealed": "",
        "previous_until": "",
        "read_at": i64::try_from(since.as_millis()).unwrap() - age,
    });
    let tenant = json!({"country": "", "custom_fields": []});
    vouch(&secret("HA1_KEY"), username, &format!("{login}\n{tenant}"))
}

#[test]
fn a_profile_in_kv_is_believed_only_if_we_vouch_for_it_and_within_its_minute() {
    let from = |change: &dyn Fn(&Partner) -> String| {
        let partner = db_let_in(&Partner::new(), faulty());
        let ping = partner.get("/miscellaneous/ping");
        let kv = json!({"kv": {"text": change(&partner)}});
        profile(&during(ping, &kv).expect(200), faulty())
    };
    assert_eq!(
        from(&|partner| profile_text(partner, 0, &partner.username)),
        "kv"
    );
    assert_eq!(
        from(&|partner| profile_text(partner, 50_000, &partner.username)),
        "kv"
    );
    for change in [
        &(|partner: &Partner| profile_text(partner, 0, "somebody-else"))
            as &dyn Fn(&Partner) -> String,
        &|partner| profile_text(partner, 0, &partner.username)[64..].to_owned(),
        &|partner| profile_text(partner, 0, &partner.username).replace("true", "false"),
        &|partner| profile_text(partner, 61_000, &partner.username),
        &|partner| profile_text(partner, -3_600_000, &partner.username),
        &|partner| profile_text(partner, -10_000, &partner.username),
    ] {
        assert_eq!(from(change), "d1");
    }
}
