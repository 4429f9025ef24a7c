//! Runs the examples of README.md and of docs/operator.md, and compares the page's picture of an erasure with the database.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::types::Value;

use crate::client::Request;
use crate::clients::is_there;
use crate::db::db_query;
use crate::server::{OPERATOR_TOKEN, ROOT, Server};

/// The service's address in the examples.
const ORIGIN: &str = "http://127.0.0.1:8787";

/// A prefix for shell scripts. They stop at the first failure, and a status of 400 or above counts as one. `npm run`
/// runs the operator's command that was built with the tests, against the server under test. Other npm commands do
/// nothing, because the server and the tests are already running.
const STRICT: &str = r#"
set -euo pipefail
curl() { command curl --disable --silent --show-error --fail-with-body --max-time 60 "$@"; }
npm() { if [ "$1" = run ]; then shift 4; "$OPERATOR" --url "$ORIGIN" "$@"; fi; }
set -x
"#;

/// Reads a file of the repository.
fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// Runs a program in a separate folder. It must succeed.
fn run(server: &Server, what: &str, program: &str, arguments: &[&str]) {
    let directory = server.state.join("examples");
    fs::create_dir_all(&directory).unwrap();
    let output = Command::new(program)
        .args(arguments)
        .current_dir(&directory)
        .env("OPERATOR", env!("CARGO_BIN_EXE_operator"))
        .env("OPERATOR_TOKEN", OPERATOR_TOKEN)
        .env("ORIGIN", &server.origin)
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}:\n{printed}\n{told}");
}

#[test]
fn the_readme_and_the_operators_page_work_line_by_line() {
    if !is_there("curl", &["--version"]) {
        return;
    }
    let server = Server::with_demo();
    let documents = read("README.md") + &read("docs/operator.md");
    let blocks: Vec<&str> = documents
        .split("\n```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let script = blocks.concat().replace(ORIGIN, &server.origin);
    assert!(script.matches("curl ").count() > 2, "{script}");
    run(
        server,
        "README.md and docs/operator.md",
        "bash",
        &["-c", &format!("{STRICT}{script}")],
    );
}

/// A row of the picture: a database column and its value.
type Row = (String, String);

/// The columns of the picture with their values in the database, each from the first row of customer 1.
fn picture(server: &Server) -> Vec<Row> {
    let rows = shown().into_iter().map(|(column, _, _)| {
        let (table, name) = column.split_once('.').unwrap();
        let order = match table {
            "allowed_numbers" => "position",
            _ => "rowid",
        };
        let sql =
            format!("SELECT {name} FROM {table} WHERE customer_id = 1 ORDER BY {order} LIMIT 1");
        let value = match db_query(server, &sql, &[]).first().map(|row| &row[name]) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Integer(integer)) => integer.to_string(),
            None => String::new(),
            other => panic!("{column}: {other:?}"),
        };
        (column, value)
    });
    rows.collect()
}

/// The rows of the picture on the page: column, before, after.
fn shown() -> Vec<(String, String, String)> {
    let page = read("site/index.html");
    let rows = page.split("data-is=\"").skip(1).map(|rest| {
        let row = rest.lines().next().unwrap();
        let (column, _) = row.split_once('"').unwrap();
        let cells: Vec<String> = row.split("<td").skip(1).map(text).collect();
        let [before, after] = cells.as_slice() else {
            panic!("{row}");
        };
        (column.to_owned(), before.clone(), after.clone())
    });
    rows.collect()
}

/// The visible text of a cell. A removed value has none, only a text for screen readers.
fn text(cell: &str) -> String {
    if cell.contains("class=gone") {
        return String::new();
    }
    let parts = cell.split('>').skip(1);
    let text: String = parts.map(|part| part.split('<').next().unwrap()).collect();
    text.trim_end_matches(" s").to_owned()
}

#[test]
fn the_picture_shows_what_an_erasure_does() {
    let server = Server::with_demo();
    let rows = shown();
    assert!(rows.len() > 10, "{rows:?}");
    let told = |cell: fn(&(String, String, String)) -> &String| -> Vec<Row> {
        let rows = rows.iter();
        rows.map(|row| (row.0.clone(), cell(row).clone())).collect()
    };
    assert_eq!(picture(server), told(|row| &row.1));
    let erasure = Request::new(server, "DELETE", "/customers/1");
    erasure.basic("demo", "demo-password").expect(200);
    assert_eq!(picture(server), told(|row| &row.2));
}
