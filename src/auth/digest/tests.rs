//! Tests of `src/auth/digest.rs`.

#![expect(clippy::string_slice, reason = "hex is ASCII")]

use super::*;

#[test]
fn the_example_of_rfc_7616_section_3_9_1_is_right() {
    let ha1: [u8; 32] = Sha256::digest("Mufasa:http-auth@example.org:Circle of Life").into();
    let ha2 = hex_hash(&["GET:/dir/index.html"]);
    let response = hex_hash(&[
        &hex::encode_string(&ha1),
        ":7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v:00000001",
        ":f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ:auth:",
        &ha2,
    ]);
    assert_eq!(
        response,
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    );
}

fn answered(ha1: &Ha1, method: &str, uri: &str) -> Response {
    let ha2 = hex_hash(&[method, ":", uri]);
    let hash = hex_hash(&[&hex::encode_string(&ha1.0), ":n:00000001:c:auth:", &ha2]);
    Response::parse(&format!(
        "username=\"u\", realm=\"{REALM}\", nonce=\"n\", uri=\"{uri}\", qop=auth, nc=00000001, \
         cnonce=\"c\", algorithm=SHA-256, response=\"{hash}\""
    ))
    .unwrap()
}

#[test]
fn an_answer_holds_for_its_password_method_and_resource_only() {
    let ha1 = Ha1::of("u", "p");
    let answer = answered(&ha1, "PUT", "/customers/7?a=1");
    assert!(answer.is_right(&ha1, "PUT", "/customers/7?a=1"));
    assert!(!answer.is_right(&Ha1::of("u", "q"), "PUT", "/customers/7?a=1"));
    assert!(!answer.is_right(&ha1, "DELETE", "/customers/7?a=1"));
    assert!(!answer.is_right(&ha1, "PUT", "/customers/8?a=1"));
    assert!(!answer.is_right(&ha1, "PUT", "/customers/7"));
    assert!(!answer.is_right(&ha1, "PUT", "/customers/7?a=1%26b=2"));
}

#[test]
fn the_spelling_of_a_resource_makes_no_difference() {
    let ha1 = Ha1::of("u", "p");
    for (uri, target) in [
        ("/customers?custnr=a%7eb", "/customers?custnr=a~b"),
        ("/customers?custnr=%c3%b6", "/customers?custnr=%C3%B6"),
        ("/customers?custnr=ö", "/customers?custnr=%C3%B6"),
        ("/customers?custnr=O'B", "/customers?custnr=O%27B"),
        ("http://127.0.0.1:8787/customers", "/customers"),
        ("https://api.example.com", "/"),
    ] {
        assert!(
            answered(&ha1, "GET", uri).is_right(&ha1, "GET", target),
            "{uri}"
        );
    }
}

#[test]
fn what_is_no_complete_response_is_none() {
    let whole = "username=\"u\",realm=\"r\",nonce=\"n\",uri=\"/\",qop=\"auth\",nc=00000001,\
                 cnonce=\"c\",algorithm=\"SHA-256\",response=\"x\"";
    assert!(Response::parse(whole).is_some());
    for part in whole.split(',') {
        let without: Vec<&str> = whole.split(',').filter(|other| *other != part).collect();
        assert!(
            Response::parse(&without.join(",")).is_none(),
            "without {part}"
        );
        assert!(
            Response::parse(&format!("{whole},{part}")).is_none(),
            "twice {part}"
        );
    }
    for (good, bad) in [
        ("SHA-256", "MD5"),
        ("SHA-256", "SHA-256-sess"),
        ("\"auth\"", "auth-int"),
        ("\"u\"", "\"u"),
        ("\"u\"", "\"u\"x"),
        ("response=", "response"),
    ] {
        assert!(
            Response::parse(&whole.replace(good, bad)).is_none(),
            "{bad}"
        );
    }
    assert!(Response::parse("").is_none());
}

#[test]
fn quoted_strings_may_quote() {
    assert_eq!(
        quoted_string(r#"a\"b\\c" , next"#),
        Some((r#"a"b\c"#.to_owned(), " next"))
    );
}

#[test]
fn a_nonce_is_fresh_for_five_minutes_and_expired_ever_after() {
    let nonce = nonce(b"secret", 1_000_000);
    for (age, state) in [
        (0, NonceState::Fresh),
        (NONCE_LIFETIME, NonceState::Fresh),
        (NONCE_LIFETIME + 1, NonceState::Expired),
        (1_000_000, NonceState::Expired),
    ] {
        assert_eq!(
            nonce_state(b"secret", &nonce, 1_000_000 + age),
            state,
            "{age}"
        );
    }
}

#[test]
fn a_nonce_that_was_not_made_here_is_forged() {
    let nonce = nonce(b"secret", 1_000_000);
    let later = format!("{:016x}{}", 1_000_100, &nonce[16..]);
    for forged in [
        "",
        "n",
        &nonce[2..],
        &nonce[..78],
        &later,
        &nonce.to_uppercase(),
    ] {
        assert_eq!(
            nonce_state(b"secret", forged, 1_000_000),
            NonceState::Forged,
            "{forged}"
        );
    }
    assert_eq!(nonce_state(b"other", &nonce, 1_000_000), NonceState::Forged);
}
