//! Whether the service is up: told to anybody, with a word when the database lacks a migration.

use std::fs;

use customers::schema::MIGRATIONS;
use serde_json::json;

use crate::client::{Request, anonymous};
use crate::db::db_execute;
use crate::server::{Difference, Server, shared};

#[test]
fn anybody_is_told_that_all_is_well_and_nothing_is_written_for_it() {
    let health = anonymous("GET", "/health").expect(200);
    let migrations = MIGRATIONS.len();
    assert_eq!(
        health.json(),
        json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "migrations": migrations, "missing": []})
    );
    let log = shared().log(health.request_id());
    assert_eq!(log["d1_trips"], 1);
    assert_eq!(log["d1_rows_written"], 0);
    anonymous("HEAD", "/health").expect(200);
    anonymous("POST", "/health").expect(405);
}

#[test]
fn a_schema_that_is_older_than_the_code_is_a_503_that_says_so() {
    let server = Server::different(&Difference {
        config: &[],
        secrets: None,
    });
    let last = MIGRATIONS.last().unwrap();
    db_execute(server, "DELETE FROM d1_migrations WHERE name = ?1", &[last]);
    let health = Request::new(server, "GET", "/health").expect(503).json();
    assert_eq!(health["status"], "the schema is older than the code");
    assert_eq!(health["migrations"], MIGRATIONS.len() - 1);
    assert_eq!(health["missing"], json!([last]));
}

#[test]
fn the_code_knows_of_every_migration() {
    let directory = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    let mut files: Vec<String> = directory
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, MIGRATIONS);
}
