//! Failures that a local database does not have by itself. The Worker under test sees its bindings through
//! `faults/entry.mjs`, which throws what Cloudflare's D1, KV and rate limits throw, or does not answer.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::db::db_let_in;
use crate::partner::Partner;
use crate::server::{Difference, Server};

/// A server whose bindings fail as a request asks them to.
pub fn faulty() -> &'static Server {
    static FAULTY: LazyLock<&Server> = LazyLock::new(|| {
        Server::different(&Difference {
            config: &[
                ("/build/entry.mjs", "/tests/e2e/faults/entry.mjs"),
                // That module imports from elsewhere.
                ("no_bundle = true", "no_bundle = false"),
                ("\"index_bg.wasm\"", "\"**/*.wasm\""),
            ],
            secrets: None,
        })
    });
    &FAULTY
}

/// The request, while these bindings fail.
pub fn during<'a>(request: Request<'a>, faults: &Value) -> Request<'a> {
    request.header("X-Faults", faults.to_string())
}

fn log(response: &Response) -> Value {
    faulty().log(response.request_id())
}

/// A partner that the server's isolate remembers, with one customer. So its requests take one trip each.
fn partner() -> (Partner, i64) {
    let partner = Partner::on(faulty(), &json!({}));
    let id = partner.create_customer("Nordlund AB", "1001");
    (partner, id)
}

#[test]
fn what_passes_is_a_503_and_what_does_not_is_a_500_with_an_alarm() {
    let (partner, id) = partner();
    let path = format!("/customers/{id}");
    for (text, status, code, level) in [
        (
            "D1_ERROR: Network connection lost.",
            503,
            "unavailable",
            "warning",
        ),
        (
            "D1_ERROR: D1 DB reset because its code was updated.",
            503,
            "unavailable",
            "warning",
        ),
        (
            "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
            503,
            "unavailable",
            "warning",
        ),
        (
            "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
            503,
            "unavailable",
            "warning",
        ),
        (
            "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
            500,
            "internal_error",
            "alarm",
        ),
        (
            "D1_ERROR: string or blob too big: SQLITE_TOOBIG",
            500,
            "internal_error",
            "alarm",
        ),
        (
            "D1_ERROR: D1 DB exceeded its CPU time limit and was reset.",
            500,
            "internal_error",
            "alarm",
        ),
        (
            "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.",
            500,
            "internal_error",
            "alarm",
        ),
        (
            "D1_ERROR: Exceeded maximum DB size.",
            507,
            "storage_full",
            "alarm",
        ),
        (
            "D1_ERROR: database or disk is full: SQLITE_FULL",
            507,
            "storage_full",
            "alarm",
        ),
    ] {
        for request in [partner.get(&path), partner.put(&path, &[("name", "New")])] {
            let failed = during(request, &json!({"d1": {"throw": text}})).expect(status);
            assert_eq!(failed.errors(), [code]);
            assert!(!failed.text.contains("D1"), "{failed:#?}");
            let is_told = failed.header("Retry-After").is_some();
            assert_eq!(is_told, status == 503, "{failed:#?}");
            let log = log(&failed);
            assert_eq!(log["level"], level, "{log}");
            assert_eq!(log["status"], status, "{log}");
            if status != 507 {
                assert_eq!(log["error"], text);
            }
        }
    }
    assert_eq!(partner.customer(id)["name"], "Nordlund AB");
}

#[test]
fn retry_after_grows_while_the_trouble_lasts() {
    let server = Server::different(&Difference {
        config: &[
            ("/build/entry.mjs", "/tests/e2e/faults/entry.mjs"),
            // That module imports from elsewhere.
            ("no_bundle = true", "no_bundle = false"),
            ("\"index_bg.wasm\"", "\"**/*.wasm\""),
        ],
        secrets: None,
    });
    let partner = Partner::on(server, &json!({}));
    let lost =
        json!({"d1": {"throw": "D1_ERROR: D1 DB is overloaded. Requests queued for too long."}});
    let wait = || {
        let failed = during(partner.get("/customers"), &lost).expect(503);
        failed
            .header("Retry-After")
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    for range in [2..=3, 4..=7, 8..=15, 16..=31, 30..=59, 30..=59] {
        let wait = wait();
        assert!(range.contains(&wait), "{wait} is not in {range:?}");
    }
    let waits: Vec<u32> = (0..12).map(|_| wait()).collect();
    assert!(
        waits.iter().any(|wait| *wait != waits[0]),
        "no jitter: {waits:?}"
    );
    partner.get("/customers").expect(200);
    assert!((2..=3).contains(&wait()));
    partner.get("/customers").expect(200);

    // A database that answers does not hide that another is in trouble.
    let ledger = json!({"ledger": {"throw": "D1_ERROR: Network connection lost."}});
    let path = format!("/customers/{}", partner.create_customer("Nordlund AB", "1"));
    for range in [2..=3, 4..=7, 8..=15] {
        let failed = during(partner.delete(&path), &ledger).expect(503);
        let wait: u32 = failed.header("Retry-After").unwrap().parse().unwrap();
        assert!(range.contains(&wait), "{wait} is not in {range:?}");
    }
}

#[test]
fn a_read_is_repeated_once_where_that_is_safe() {
    let (partner, id) = partner();
    let path = format!("/customers/{id}");
    let once = |text: &str| json!({"d1": {"throw": text, "trips": [0]}});
    let lost = once("D1_ERROR: Network connection lost.");
    let read = during(partner.get(&path), &lost).expect(200);
    assert_eq!(log(&read)["d1_trips"], 2);
    assert_eq!(read.customer()["name"], "Nordlund AB");
    // Twice is too often.
    let twice = json!({"d1": {"throw": "D1_ERROR: Network connection lost.", "trips": [0, 1]}});
    let failed = during(partner.get(&path), &twice).expect(503);
    assert_eq!(log(&failed)["d1_trips"], 2);
    // A write may have been done, and an overloaded database must not get more to do.
    for (request, faults) in [
        (partner.put(&path, &[("name", "New")]), lost),
        (
            partner.get(&path),
            once("D1_ERROR: D1 DB is overloaded. Too many requests queued."),
        ),
    ] {
        let failed = during(request, &faults).expect(503);
        assert_eq!(log(&failed)["d1_trips"], 1);
    }
}

#[test]
fn an_answer_that_is_none_is_a_500_with_an_alarm_and_tells_nothing() {
    let (partner, id) = partner();
    let path = format!("/customers/{id}");
    let odd = [
        json!({"answer": null}),
        json!({"answer": []}),
        json!({"answer": [null]}),
        json!({"answer": "rows"}),
        json!({"answer": {"results": []}}),
        json!({"answer": [[]]}),
        json!({"edit": "no-results"}),
        json!({"edit": "null-results"}),
        json!({"edit": "text-results"}),
        json!({"edit": "null-rows"}),
        json!({"edit": "no-meta"}),
        json!({"edit": "text-meta"}),
        json!({"edit": "no-success"}),
        json!({"edit": "fewer"}),
        json!({"edit": "more"}),
    ];
    for d1 in odd {
        for request in [
            partner.get(&path),
            partner.get("/customers"),
            partner.get(&format!("{path}/calls")),
            partner.get(&format!("{path}/export")),
            partner.get(&format!("{path}/erasure")),
            partner.put(&path, &[("corporateid", "1")]),
        ] {
            let failed = during(request, &json!({"d1": d1})).expect(500);
            assert_eq!(failed.errors(), ["internal_error"], "{d1}");
            let log = log(&failed);
            assert_eq!(log["level"], "alarm", "{d1}: {log}");
            assert_ne!(log["error"], "a panic", "{d1}: {log}");
        }
    }
    partner.get(&path).expect(200);
}

#[test]
fn a_binding_that_does_not_answer_is_waited_for_until_our_deadline() {
    let soon = |request: Request<'_>, faults: Value, status: u16, most: u64| {
        let began = Instant::now();
        let response = during(request, &faults).expect(status);
        let took = began.elapsed();
        assert!(took < Duration::from_secs(most), "{faults}: {took:?}");
        response
    };
    let (partner, id) = partner();
    let path = format!("/customers/{id}");
    // The limits and KV are passed over.
    for how in ["stall", "throw"] {
        soon(partner.get(&path), json!({"limit": how}), 200, 5);
        let unheard_of = db_let_in(&Partner::new(), faulty());
        let ping = unheard_of.get("/miscellaneous/ping");
        let found = soon(ping, json!({"kv": how}), 200, 5);
        assert_eq!(log(&found)["profile"], "d1");
    }
    for binding in ["PARTNER_LIMIT", "PROFILES"] {
        let line = json!({"level": "warning", "passed_over": binding}).to_string();
        assert!(faulty().printed().contains(&line), "{line}");
    }
    for request in [partner.get(&path), partner.put(&path, &[("name", "New")])] {
        let failed = soon(request, json!({"d1": {"stall": true}}), 503, 15);
        assert_eq!(failed.errors(), ["unavailable"]);
        let log = log(&failed);
        assert_eq!(log["error"], "no answer by our deadline");
        assert_eq!(log["d1_trips"], 1);
        assert!(log["ms"].as_i64().unwrap() >= 9_000, "{log}");
    }
}

#[test]
fn a_partner_that_has_spent_its_rows_waits_for_the_next_minute_and_no_other_does() {
    let (partner, id) = partner();
    let path = format!("/customers/{id}");
    let many = json!({"d1": {"edit": "many-rows"}});
    // Three of them are over the budget. A new minute may begin in between.
    let answers: Vec<Response> = (0..5)
        .map(|_| during(partner.get(&path), &many).send())
        .collect();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses[..2], [200, 200], "{statuses:?}");
    let refused = answers.iter().find(|answer| answer.status == 429);
    let refused = refused.unwrap_or_else(|| panic!("{statuses:?}"));
    assert_eq!(refused.errors(), ["too_many_rows"]);
    let seconds: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(refused.message().contains("rows"), "{refused:#?}");
    assert_eq!(log(refused)["d1_trips"], 0);
    let (other, id) = self::partner();
    other.get(&format!("/customers/{id}")).expect(200);
}
