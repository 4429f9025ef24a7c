//! A database that lacks migrations: the command that applies them is named where somebody looks.

use serde_json::{Value, json};

use crate::bundle::wrangler;
use crate::client::Request;
use crate::db::db_execute;
use crate::faults::{during, faulty};
use crate::partner::Partner;
use crate::server::Server;

const APPLY: &str = "npx wrangler d1 migrations apply DB --local";

#[test]
fn a_request_to_a_database_without_its_tables_is_a_503_that_names_the_command() {
    let partner = Partner::on(faulty(), &json!({}));
    partner.create_customer("Nordlund AB", "1001");
    for text in [
        "D1_ERROR: no such table: customers: SQLITE_ERROR",
        "D1_ERROR: no such column: version at offset 7: SQLITE_ERROR",
    ] {
        let throws = json!({"d1": {"throw": text}});
        let failed = during(partner.get("/customers"), &throws).expect(503);
        assert_eq!(failed.errors(), ["unavailable"]);
        assert!(failed.message().contains(APPLY), "{failed:#?}");
        assert_eq!(faulty().log(failed.request_id())["error"], text);
    }
}

#[test]
fn health_names_the_command_for_each_database() {
    let server = Server::alone();
    db_execute(server, "ALTER TABLE d1_migrations RENAME TO away", &[]);
    let health = Request::new(server, "GET", "/health").expect(503).json();
    let commands: Vec<&str> = health["apply_with"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(commands, [APPLY], "{health}");
}

#[test]
fn the_preview_has_a_local_database_of_its_own() {
    let state = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("preview-state");
    let state = state.to_str().unwrap();
    let execute = |environment: &str, sql: &str| {
        let place = [
            "--local",
            "--json",
            "--persist-to",
            state,
            "--env",
            environment,
        ];
        wrangler(&[&["d1", "execute", "DB", "--command", sql][..], &place].concat())
    };
    execute("", "CREATE TABLE IF NOT EXISTS of_production (a)");
    let find = "SELECT name FROM sqlite_schema WHERE name = 'of_production'";
    assert!(execute("", find).contains("of_production\""));
    assert!(!execute("preview", find).contains("of_production\""));
}
