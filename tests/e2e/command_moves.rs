//! The operator's command lists the databases, chooses one for a new partner, and moves a partner.

use serde_json::Value;

use crate::client::{Request, operator};
use crate::command::{failed, printed, run, value};
use crate::partner::unused_username;
use crate::server::shared;

#[test]
fn the_command_moves_a_partner_and_shows_how_far_it_is() {
    let username = unused_username();
    let added = printed(&["add", &username, "--database", "DB"]);
    let password = value(&added, "password");
    for custnr in ["1", "2"] {
        let form = [("name", "Customer"), ("custnr", custnr)];
        let create = Request::new(shared(), "POST", "/customers").form(&form);
        create.basic(&username, password).expect(200);
    }
    let home = || {
        let path = format!("/operator/partners/{username}/home");
        operator("GET", &path).expect(200).text
    };
    assert!(home().contains("\"DB\""), "{}", home());

    let output = run(&["move", &username, "--to", "DB_2", "--yes", "--json"]);
    assert!(output.status.success(), "{output:#?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["move"]["phase"], "complete");
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains("rows (complete)"), "{shown}");
    assert!(home().contains("\"DB_2\""), "{}", home());
    let list = Request::new(shared(), "GET", "/customers").basic(&username, password);
    assert_eq!(list.expect(200).json()["total"], 2);

    // A repeat does no harm, and the list has every database.
    printed(&["move", &username, "--to", "DB_2", "--yes"]);
    let databases = printed(&["databases"]);
    for part in ["name", "size", "DB_2", "DB_3", "was_restored"] {
        assert!(databases.contains(part), "{databases}");
    }
    let unknown = failed(&["move", &username, "--to", "DB_99", "--yes"]);
    assert!(
        unknown.contains("DB, DB_2, DB_3") && !unknown.contains("goes on"),
        "{unknown}"
    );
    assert!(failed(&["add", &unused_username(), "--database", "db"]).contains("database must be"));
}
