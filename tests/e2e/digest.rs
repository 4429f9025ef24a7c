//! HTTP Digest, tested with an independent client library.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use customers_api::auth::digest::{NONCE_LIFETIME, REALM, nonce};
use digest_auth::{AuthContext, HttpMethod};

use crate::auth::{assert_refused, digest_challenge};
use crate::client::{Request, Response, anonymous, operator};
use crate::partner::Partner;

/// The Authorization header that answers a challenge, for this password, method and resource.
fn answer(challenge: &str, partner: &Partner, password: &str, method: &str, uri: &str) -> String {
    let mut challenge = digest_auth::parse(challenge).unwrap();
    let method = match method {
        "GET" => HttpMethod::GET,
        "HEAD" => HttpMethod::HEAD,
        "POST" => HttpMethod::POST,
        "PUT" => HttpMethod::PUT,
        "DELETE" => HttpMethod::DELETE,
        other => panic!("{other}"),
    };
    let username = partner.username.as_str();
    let context = AuthContext::new_with_method(username, password, uri, None::<&[u8]>, method);
    challenge.respond(&context).unwrap().to_string()
}

/// The request with the correct answer to a challenge.
pub fn answered<'a>(challenge: &str, partner: &Partner, request: Request<'a>) -> Request<'a> {
    let (method, uri) = (&request.method, &request.target);
    let answer = answer(challenge, partner, &partner.password, method, uri);
    request.authorization(&answer)
}

/// A new challenge from the server.
pub fn challenge() -> String {
    digest_challenge(&anonymous("GET", "/customers").expect(401))
}

/// Sends a request as Digest clients do: first without credentials, then with the answer to the challenge.
#[track_caller]
fn expect_by_digest(partner: &Partner, request: Request<'_>, status: u16) -> Response {
    let request = request.anonymous();
    let challenge = digest_challenge(&request.clone().expect(401));
    answered(&challenge, partner, request).expect(status)
}

#[test]
fn a_partner_can_do_everything_with_digest() {
    let partner = Partner::new();
    let form = [("name", "Nordlund AB"), ("custnr", "1001")];
    let created = expect_by_digest(&partner, partner.post("/customers", &form), 200);
    let location = created.header("Location").unwrap();
    expect_by_digest(&partner, partner.put(location, &[("name", "N")]), 200);
    let found = expect_by_digest(&partner, partner.get(location), 200);
    assert_eq!(found.customer()["name"], "N");
    expect_by_digest(&partner, partner.delete(location), 200);
    expect_by_digest(&partner, partner.get(location), 404);
    expect_by_digest(&partner, partner.get("/2.4.9/customers?page=0"), 200);
    expect_by_digest(&partner, partner.request("HEAD", "/customers"), 200);
}

#[test]
fn the_first_request_of_a_post_by_digest_may_have_no_body() {
    let partner = Partner::new();
    let first = anonymous("POST", "/customers").body("application/x-www-form-urlencoded", "");
    let challenge = digest_challenge(&first.expect(401));
    let second = partner.post("/customers", &[("name", "n"), ("custnr", "1")]);
    answered(&challenge, &partner, second).expect(200);
}

#[test]
fn a_nonce_is_valid_for_many_requests() {
    let partner = Partner::new();
    let mut challenge = digest_auth::parse(&challenge()).unwrap();
    let Partner {
        username, password, ..
    } = &partner;
    for _ in 0..3 {
        let context = AuthContext::new(username, password, "/customers");
        let answer = challenge.respond(&context).unwrap().to_string();
        partner.get("/customers").authorization(&answer).expect(200);
    }
}

#[test]
fn a_digest_that_was_used_is_stale_and_its_next_count_is_not() {
    let partner = Partner::new();
    let mut prompt = digest_auth::parse(&challenge()).unwrap();
    let uri = "/customers";
    let mut count = |cnonce: &str| {
        let mut context = AuthContext::new(&partner.username, &partner.password, uri);
        context.set_custom_cnonce(cnonce.to_owned());
        prompt.respond(&context).unwrap().to_string()
    };
    let answers = [count("one"), count("one"), count("one"), count("two")];
    let get = |answer: &str| partner.get(uri).authorization(answer).send();
    // In any order: a client may have sent them at once.
    for n in [1, 0, 2, 3] {
        assert_eq!(get(&answers[n]).status, 200);
    }
    for answer in &answers {
        let refused = get(answer);
        assert_eq!(refused.status, 401, "{refused:#?}");
        let fresh = digest_challenge(&refused);
        assert!(fresh.contains("stale=true"), "{fresh}");
        answered(&fresh, &partner, partner.get(uri)).expect(200);
    }
}

#[test]
fn the_wrong_password_is_a_401() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let challenge = challenge();
    for password in ["", "wrong", &other.password] {
        let answer = answer(&challenge, &partner, password, "GET", "/customers");
        let request = anonymous("GET", "/customers").authorization(&answer);
        assert_refused(&request.send());
    }
}

#[test]
fn an_answer_is_valid_for_its_method_and_resource_only() {
    let partner = Partner::new();
    let challenge = challenge();
    let answer = answer(
        &challenge,
        &partner,
        &partner.password,
        "GET",
        "/customers?page=0",
    );
    let with = |method: &str, target: &str| anonymous(method, target).authorization(&answer);
    with("GET", "/customers?page=0").expect(200);
    for (method, target) in [
        ("DELETE", "/customers?page=0"),
        ("GET", "/customers"),
        ("GET", "/customers?page=1"),
        ("GET", "/customers?page=0&pagesize=1"),
        ("GET", "/2.4.9/customers?page=0"),
        ("GET", "/miscellaneous/ping"),
    ] {
        assert_refused(&with(method, target).send());
    }
}

#[test]
fn the_spelling_of_the_resource_makes_no_difference() {
    let partner = Partner::new();
    let challenge = challenge();
    for (sent, hashed) in [
        ("/customers?custnr=a%7eb", "/customers?custnr=a~b"),
        ("/customers?custnr=%C3%B6", "/customers?custnr=%c3%b6"),
        ("/customers?custnr=a+b", "/customers?custnr=a+b"),
        ("/customers?custnr=O'Brien", "/customers?custnr=O'Brien"),
        (
            "/customers?custnr=a;b@c!$()*",
            "/customers?custnr=a;b@c!$()*",
        ),
        ("/customers", "http://api.example.com/customers"),
    ] {
        let answer = answer(&challenge, &partner, &partner.password, "GET", hashed);
        anonymous("GET", sent).authorization(&answer).expect(200);
    }
}

/// A secret from `.dev.vars.example`.
pub fn secret(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.dev.vars.example");
    let text = fs::read_to_string(path).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix("=\""));
    let hex = line.unwrap().trim_end_matches('"').as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.chunks(2).map(byte).collect()
}

/// The secret that signs nonces.
pub fn nonce_secret() -> Vec<u8> {
    secret("NONCE_SECRET")
}

/// A challenge whose nonce was signed with `secret` `age` seconds ago.
pub fn challenge_of_age(secret: &[u8], age: u64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let nonce = nonce(secret, now - age);
    format!("Digest realm=\"{REALM}\", qop=\"auth\", algorithm=SHA-256, nonce=\"{nonce}\"")
}

#[test]
fn a_nonce_is_valid_for_five_minutes() {
    assert_eq!(NONCE_LIFETIME, 300);
    let partner = Partner::new();
    // Leave some seconds before the server checks the nonce.
    let young = challenge_of_age(&nonce_secret(), 280);
    answered(&young, &partner, partner.get("/customers")).expect(200);
    let old = challenge_of_age(&nonce_secret(), 302);
    answered(&old, &partner, partner.get("/customers")).expect(401);
}

#[test]
fn an_expired_nonce_in_a_correct_answer_is_stale_and_the_next_nonce_works() {
    let partner = Partner::new();
    let old = challenge_of_age(&nonce_secret(), 3600);
    let refused = answered(&old, &partner, partner.get("/customers")).expect(401);
    let fresh = digest_challenge(&refused);
    assert!(fresh.contains("stale=true"), "{fresh}");
    answered(&fresh, &partner, partner.get("/customers")).expect(200);
}

#[test]
fn an_expired_nonce_in_a_wrong_answer_is_not_stale() {
    let partner = Partner::new();
    let old = challenge_of_age(&nonce_secret(), 3600);
    let wrong = answer(&old, &partner, "wrong", "GET", "/customers");
    assert_refused(&anonymous("GET", "/customers").authorization(&wrong).send());
}

#[test]
fn a_forged_nonce_is_a_401_and_not_stale() {
    let partner = Partner::new();
    let own = challenge();
    let nonce = own
        .split("nonce=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let later = format!("{:016x}{}", u64::MAX >> 8, &nonce[16..]);
    for forged in [
        challenge_of_age(b"another secret", 0),
        challenge_of_age(&[0; 32], 0),
        own.replace(nonce, &later),
        own.replace(nonce, &nonce[2..]),
        own.replace(nonce, "x"),
        own.replace(nonce, ""),
    ] {
        assert_refused(&answered(&forged, &partner, partner.get("/customers")).send());
    }
}

#[test]
fn a_correct_answer_that_was_altered_is_a_401() {
    let partner = Partner::new();
    let good = answer(
        &challenge(),
        &partner,
        &partner.password,
        "GET",
        "/customers",
    );
    let with = |header: &str| anonymous("GET", "/customers").authorization(header);
    with(&good).expect(200);
    for (part, instead) in [
        ("qop=auth", "qop=auth-int"),
        ("algorithm=SHA-256", "algorithm=MD5"),
        ("algorithm=SHA-256", "algorithm=SHA-256-sess"),
        ("nc=00000001", "nc=00000002"),
        ("nc=00000001, ", ""),
        ("cnonce=\"", "cnonce=\"x"),
        ("realm=\"customers\"", "realm=\"operators\""),
        ("uri=\"/customers\"", "uri=\"/customers/1\""),
        ("response=\"", "response=\"0"),
        ("username=\"", "username=\"x"),
        ("username=", "nc=00000001, username="),
    ] {
        assert!(good.contains(part), "{good} lacks {part}");
        assert_refused(&with(&good.replacen(part, instead, 1)).send());
    }
}

#[test]
fn a_new_password_ends_the_old_one_for_digest_too() {
    let partner = Partner::new();
    let challenge = challenge();
    answered(&challenge, &partner, partner.get("/customers")).expect(200);
    let path = format!("/operator/partners/{}/password", partner.username);
    let given = operator("POST", &path).expect(200).json();
    assert_refused(&answered(&challenge, &partner, partner.get("/customers")).send());
    let password = given["password"].as_str().unwrap().to_owned();
    let partner = Partner {
        password,
        ..partner
    };
    answered(&challenge, &partner, partner.get("/customers")).expect(200);
}
