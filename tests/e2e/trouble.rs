//! Failures: of the database, of the Worker itself and of its configuration.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Request, Response};
use crate::db::{db_columns, db_execute, db_query};
use crate::partner::Partner;
use crate::server::{Difference, Server, shared};
use crate::subject::{db_partner, erasing, removed_at, unsigned};

/// The database's error message in these tests. It must be in the log and never in an answer.
const SECRET: &str = "secret text";

/// A trigger that makes the database fail in the middle of a transaction. It is removed on drop.
struct Sabotage {
    server: &'static Server,
    trigger: String,
}

impl Sabotage {
    /// Creates a trigger for an event, such as `UPDATE ON calls`, on the rows that meet a condition.
    fn db_on(server: &'static Server, event: &str, condition: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let trigger = format!("sabotage_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let sql = format!(
            "CREATE TRIGGER {trigger} BEFORE {event} WHEN {condition} \
             BEGIN SELECT RAISE(ABORT, '{SECRET}'); END"
        );
        db_execute(server, &sql, &[]);
        Self { server, trigger }
    }
}

impl Drop for Sabotage {
    fn drop(&mut self) {
        let sql = format!("DROP TRIGGER {}", self.trigger);
        db_execute(self.server, &sql, &[]);
    }
}

/// Asserts that the answer is a 500 without any internal detail, and that the log has the error as an alarm.
#[track_caller]
fn assert_failed(server: &Server, response: &Response) {
    assert_eq!(response.status, 500, "{response:#?}");
    assert_eq!(response.errors(), ["internal_error"]);
    assert!(response.header("Retry-After").is_none(), "{response:#?}");
    let internal = [
        SECRET, "SQL", "D1_", "INSERT", "UPDATE", "DELETE", "TRIGGER",
    ];
    let tables = db_columns(server).into_keys();
    for word in tables.chain(internal.map(str::to_owned)) {
        assert!(!response.text.contains(&word), "{word}: {response:#?}");
    }
    let log = server.log(response.request_id());
    let error = log["error"].as_str().expect("an error in the log");
    assert!(error.contains(SECRET), "{log}");
    assert_eq!(log["level"], "alarm");
}

#[test]
fn an_erasure_that_fails_at_any_step_changes_nothing() {
    erasing(|subject| {
        let partner = subject.partner;
        let server = partner.server;
        let customer = format!("customer_id = {}", subject.customer_id);
        let rows = subject.db_rows();
        let count = db_partner(partner);
        for (event, condition) in [
            ("INSERT ON erasures", format!("new.{customer}")),
            ("UPDATE ON measures", format!("old.{customer}")),
            ("DELETE ON users", format!("old.{customer}")),
            ("DELETE ON allowed_numbers", format!("old.{customer}")),
            ("UPDATE ON calls", format!("old.{customer}")),
            ("UPDATE ON customers", format!("old.{customer}")),
            (
                "UPDATE ON partners",
                format!("old.partner_id = {}", partner.partner_id),
            ),
            ("INSERT ON audit", format!("new.{customer}")),
        ] {
            let sabotage = Sabotage::db_on(server, event, &condition);
            assert_failed(server, &subject.erasure().send());
            assert_eq!(subject.db_rows(), rows, "{event}");
            assert_eq!(db_partner(partner), count, "{event}");
            // Only the failed request is affected.
            partner.get(&subject.path()).expect(200);
            partner.get(&subject.receipt_path()).expect(404);
            drop(sabotage);
        }
        let receipt = subject.erasure().expect(200).json();
        assert_eq!(
            unsigned(receipt.clone()),
            subject.receipt(&removed_at(&receipt))
        );
    });
}

#[test]
fn a_creation_that_fails_creates_nothing_and_can_be_repeated() {
    let partner = Partner::new();
    let server = partner.server;
    let kept = partner.create_customer("Kept", "kept");
    let create = partner
        .post("/customers", &[("name", "New"), ("custnr", "new")])
        .header("Idempotency-Key", "key");
    let rows = || {
        let sql = "SELECT * FROM customers WHERE partner_id = ?1";
        db_query(server, sql, &[&partner.partner_id])
    };
    let (before, count) = (rows(), db_partner(&partner));

    // The update of the counter comes after the insert, so it fails with the customer already inserted.
    let condition = format!("old.partner_id = {}", partner.partner_id);
    let sabotage = Sabotage::db_on(server, "UPDATE ON partners", &condition);
    assert_failed(server, &create.clone().send());
    assert_eq!(rows(), before);
    assert_eq!(db_partner(&partner), count);
    partner.get(&format!("/customers/{kept}")).expect(200);
    drop(sabotage);

    let created = create.clone().expect(200).customer();
    assert_eq!(create.expect(200).customer(), created);
    assert_eq!(partner.total(), 2);
}

/// A server whose Worker panics at `GET /panic`. It has the secrets of the shared one.
pub fn drill() -> &'static Server {
    static DRILL: LazyLock<&Server> = LazyLock::new(|| {
        // The shared server may build the Worker too. Two builds at once would conflict.
        shared();
        let built = Command::new("node")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .arg("scripts/build.mjs")
            .args(["--out", "target/panic", "--features", "panic-route"])
            .output()
            .expect("node is needed to build the Worker");
        assert!(built.status.success(), "{built:#?}");
        Server::different(&Difference {
            config: &[("/build/entry.mjs", "/target/panic/entry.mjs")],
            secrets: None,
        })
    });
    &DRILL
}

/// Gives a test the drill server for itself, because a panic aborts the requests of other tests.
pub fn alone_at_the_drill() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the Worker panic. The caller must get an answer soon.
#[track_caller]
fn panic_once() {
    let start = Instant::now();
    let response = Request::new(drill(), "GET", "/panic").expect(500);
    assert_eq!(response.errors(), ["internal_error"], "{response:#?}");
    assert!(
        response.text.contains(response.request_id()),
        "{response:#?}"
    );
    assert!(start.elapsed() < Duration::from_secs(10), "it hung");
    assert!(!response.text.contains("asked for"), "{response:#?}");
}

#[test]
fn after_a_panic_the_next_request_is_served() {
    let _alone = alone_at_the_drill();
    let partner = Partner::on(drill(), &json!({}));
    for round in 0..5 {
        panic_once();
        partner.get("/miscellaneous/ping").expect(200);
        partner.create_customer("Next", &format!("next-{round}"));
    }
    assert_eq!(partner.total(), 5);
}

#[test]
fn every_request_is_answered_while_others_panic() {
    let _alone = alone_at_the_drill();
    let partner = Partner::on(drill(), &json!({}));
    let ping = || partner.get("/miscellaneous/ping");
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..5 {
                panic_once();
            }
        });
        for _ in 0..20 {
            let start = Instant::now();
            let response = ping().send();
            assert!(!response.request_id().is_empty(), "{response:#?}");
            assert!(start.elapsed() < Duration::from_secs(10), "it hung");
        }
    });
    ping().expect(200);
}

#[test]
fn a_request_under_way_in_a_panicking_isolate_is_answered_and_the_next_is_served() {
    let _alone = alone_at_the_drill();
    let partner = Partner::on(drill(), &json!({}));
    let create = partner.post("/customers", &[("name", "Slow"), ("custnr", "slow")]);
    let body = "name=Slow&custnr=slow";
    let (begun, rest) = body.split_at(7);
    let mut stream = TcpStream::connect(drill().origin.replace("http://", "")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let head = format!(
        "POST /customers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{begun}",
        create.credentials().unwrap(),
        body.len(),
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Once later requests are answered, the Worker has started on this one and waits for its body.
    for _ in 0..5 {
        partner.get("/miscellaneous/ping").expect(200);
    }
    panic_once();

    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    // The Worker instance that started on the request is gone, and the request had no effect.
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(answer.contains("internal_error"), "{answer}");
    assert_eq!(partner.total(), 0);
    create.expect(200);
}

/// A server whose only secret is NONCE_SECRET.
fn bare() -> &'static Server {
    static BARE: LazyLock<&Server> = LazyLock::new(|| {
        let secrets = include_str!("../../.dev.vars.example");
        let nonces = secrets
            .lines()
            .find(|line| line.starts_with("NONCE_SECRET="));
        Server::different(&Difference {
            config: &[],
            secrets: Some(nonces.unwrap()),
        })
    });
    &BARE
}

#[test]
fn a_missing_secret_is_named_in_the_log_and_nowhere_else() {
    for (method, target) in [
        ("GET", "/miscellaneous/ping"),
        ("GET", "/customers/1"),
        ("POST", "/customers"),
        ("PUT", "/2.4.9/customers"),
        ("DELETE", "/customers/1"),
    ] {
        let request = Request::new(bare(), method, target).basic("partner", "password");
        let response = request.expect(500);
        assert_eq!(response.errors(), ["internal_error"]);
        assert!(response.message().contains(response.request_id()));
        for internal in ["HA1", "KEY", "secret", "SECRET"] {
            assert!(!response.text.contains(internal), "{response:#?}");
        }
        let log = bare().log(response.request_id());
        assert_eq!(log["error"], "secret HA1_KEY is missing");
    }
    // Who watches the service must see it.
    let health = Request::new(bare(), "GET", "/health").expect(500);
    assert_eq!(health.errors(), ["internal_error"]);
    assert_eq!(bare().log(health.request_id())["level"], "alarm");
    // Requests that need no secret still work.
    Request::new(bare(), "OPTIONS", "/customers").expect(204);
    Request::new(bare(), "GET", "/nothing").expect(404);
}

#[test]
fn without_an_operator_token_every_spelling_of_an_operator_path_is_a_404() {
    let nothing = Request::new(bare(), "GET", "/nothing").expect(404).text;
    for path in [
        "/operator",
        "/operator/",
        "/operator/nothing",
        "/operator/partners/x",
        "/operator/partners/x/",
        "/operator/partners/x/password",
        "/operator/partners/x/custom_fields/1?label=x",
        "/2.4.9/operator/partners/x",
        "/%6Fperator/partners/x",
        "/2.4.9/%6Fperator/partners/x",
        "/2%2E4.9/operator/partners/x",
    ] {
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"] {
            for authorization in ["Bearer local-operator", "Bearer "] {
                let request = Request::new(bare(), method, path).authorization(authorization);
                let response = request.expect(404);
                assert!(response.header("Allow").is_none(), "{response:#?}");
                if method != "HEAD" {
                    assert_eq!(response.text, nothing, "{method} {path}");
                }
            }
        }
    }
}
