//! /health: anybody can ask whether the service is up, and it reports missing migrations.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use customers_api::db::schema::{LEDGER_MIGRATIONS, MIGRATIONS};
use serde_json::{Value, json};

use crate::client::{Request, Response, anonymous};
use crate::db::db_execute;
use crate::faults::{during, faulty};
use crate::server::{ROOT, Server, shared};

/// The databases of the local configuration.
const DATABASES: usize = 3;

#[test]
fn health_needs_no_credentials_and_writes_nothing() {
    let health = anonymous("GET", "/health").expect(200);
    let migrations = DATABASES * MIGRATIONS.len() + LEDGER_MIGRATIONS.len();
    assert_eq!(
        health.json(),
        json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "migrations": migrations})
    );
    // The first answer may have come from the cache, so wait for one that asked D1.
    let asked = wait_for(shared(), |_, trips| trips == 4);
    assert_eq!(asked.json(), health.json());
    let log = shared().log(asked.request_id());
    assert_eq!(log["d1_rows_written"], 0);
    anonymous("HEAD", "/health").expect(200);
    anonymous("POST", "/health").expect(405);
}

#[test]
fn a_schema_that_is_older_than_the_code_is_a_503() {
    let server = Server::alone();
    let last = MIGRATIONS.last().unwrap();
    db_execute(server, "DELETE FROM d1_migrations WHERE name = ?1", &[last]);
    let health = Request::new(server, "GET", "/health").expect(503).json();
    assert_eq!(health["status"], "the schema is older than the code");
    let others = (DATABASES - 1) * MIGRATIONS.len() + LEDGER_MIGRATIONS.len();
    assert_eq!(health["migrations"], others + MIGRATIONS.len() - 1);
    assert_eq!(health["missing"], json!([format!("DB {last}")]));
    // It is remembered for a second.
    let after_a_second = || {
        thread::sleep(Duration::from_millis(1_100));
        Request::new(server, "GET", "/health")
    };
    let [away, back] = [
        "d1_migrations RENAME TO away",
        "away RENAME TO d1_migrations",
    ];
    db_execute(server, &format!("ALTER TABLE {away}"), &[]);
    let health = after_a_second().expect(503).json();
    assert_eq!(health["migrations"], others);
    let all = MIGRATIONS.iter().map(|name| format!("DB {name}"));
    assert_eq!(health["missing"], json!(all.collect::<Vec<_>>()));
    db_execute(server, &format!("ALTER TABLE {back}"), &[]);

    // A healthy result is remembered for longer.
    let sql = "INSERT INTO d1_migrations (name) VALUES (?1)";
    db_execute(server, sql, &[last]);
    let get = || Request::new(server, "GET", "/health");
    let since = Instant::now();
    after_a_second().expect(200);
    db_execute(server, "DELETE FROM d1_migrations WHERE name = ?1", &[last]);
    for _ in 0..3 {
        let again = get().expect(200);
        assert_eq!(trips(&again, server), 0);
    }
    wait_for(server, |health, _| health.status == 503);
    assert!(since.elapsed() > Duration::from_secs(5));
}

#[test]
fn a_failure_is_remembered_for_a_second_and_the_log_says_how_long_the_probe_took() {
    let get = || Request::new(faulty(), "GET", "/health");
    let probe = |health: &Response| faulty().log(health.request_id())["probe_ms"].clone();
    let full = json!({"d1": {"throw": "D1_ERROR: Exceeded maximum DB size."}});
    let failed = during(get(), &full).expect(507);
    assert!(probe(&failed).is_i64());
    let again = get().expect(507);
    assert_eq!((trips(&again, faulty()), probe(&again)), (0, Value::Null));
    thread::sleep(Duration::from_millis(1_100));
    let well = get().expect(200);
    assert!(probe(&well).is_i64());
    assert!(probe(&get().expect(200)).is_null());
}

fn trips(health: &Response, server: &Server) -> i64 {
    let log = server.log(health.request_id());
    log["d1_trips"].as_i64().unwrap()
}

/// Asks until the response and its trips to D1 meet a condition. It waits longer than the ten seconds for which a
/// result is cached.
fn wait_for(server: &Server, is_so: impl Fn(&Response, i64) -> bool) -> Response {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let health = Request::new(server, "GET", "/health").send();
        if is_so(&health, trips(&health, server)) {
            return health;
        }
        assert!(Instant::now() < deadline, "{health:#?}");
        thread::sleep(Duration::from_millis(250));
    }
}

#[test]
fn the_code_knows_of_every_migration() {
    for (directory, known) in [
        ("migrations", MIGRATIONS),
        ("migrations/ledger", LEDGER_MIGRATIONS),
    ] {
        let entries = fs::read_dir(Path::new(ROOT).join(directory)).unwrap();
        let mut files: Vec<String> = entries
            .map(Result::unwrap)
            .filter(|entry| entry.path().is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, known);
    }
}
