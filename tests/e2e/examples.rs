//! Runs the examples of the page, of README.md and of docs/operator.md, and compares the page's picture of an erasure with the database.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

use rusqlite::types::Value;

use crate::clients::is_there;
use crate::db::db_query;
use crate::server::{OPERATOR_TOKEN, ROOT, Server, demo};

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

/// Runs a program in a separate folder, and returns its output. It must succeed.
fn run(server: &Server, what: &str, program: &str, arguments: &[&str]) -> String {
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
    printed
}

/// The tasks on the page, in order. Every example file must belong to one.
fn tasks() -> Vec<String> {
    let page = read("site/index.html");
    let marks = page.split("<!-- example: ").skip(1);
    let tasks: Vec<String> = marks
        .map(|rest| rest.split(' ').next().unwrap().to_owned())
        .collect();
    let shown: BTreeSet<&str> = tasks.iter().map(String::as_str).collect();
    let files = fs::read_dir(Path::new(ROOT).join("site/examples")).unwrap();
    for file in files {
        let name = file.unwrap().file_name().into_string().unwrap();
        let (task, _) = name.split_once('.').unwrap();
        assert!(shown.contains(task), "no task on the page shows {name}");
    }
    tasks
}

/// Runs the examples of a language in order. `arguments` makes the program's arguments for a file.
fn run_examples(end: &str, program: &str, arguments: impl Fn(&str) -> Vec<String>) {
    // The languages change the same customer, and a change fails if another one comes between. So run one at a time.
    static LANGUAGE: Mutex<()> = Mutex::new(());
    let _alone = LANGUAGE.lock().unwrap_or_else(PoisonError::into_inner);
    for task in tasks() {
        let name = format!("{task}.{end}");
        let example = read(&format!("site/examples/{name}"));
        assert!(example.contains(ORIGIN), "{name} does not name {ORIGIN}");
        let file = demo().state.join(&name);
        fs::write(&file, example.replace(ORIGIN, &demo().origin)).unwrap();
        let arguments = arguments(file.to_str().unwrap());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let printed = run(demo(), &name, program, &arguments);
        if task == "list" {
            // The last customer is on the third page.
            assert!(printed.contains("Potomac Flowers"), "{name}:\n{printed}");
        }
    }
}

#[test]
fn the_examples_of_the_page_work_in_curl() {
    if is_there("curl", &["--version"]) {
        run_examples("sh", "bash", |file| {
            vec!["-c".to_owned(), format!("{STRICT}. '{file}'")]
        });
    }
}

#[test]
fn the_examples_of_the_page_work_in_php() {
    if is_there(
        "php",
        &["-r", "exit(function_exists('curl_init') ? 0 : 1);"],
    ) {
        run_examples("php", "php", |file| vec![file.to_owned()]);
    }
}

#[test]
fn the_examples_of_the_page_work_in_python() {
    if is_there("python3", &["-c", "import requests"]) {
        run_examples("py", "python3", |file| vec![file.to_owned()]);
    }
}

/// Runs all shell blocks of README.md, then those of docs/operator.md. Holds the rows of the picture before and after.
static DOCUMENTS: LazyLock<[Vec<Row>; 2]> = LazyLock::new(|| {
    let server = Server::with_demo();
    let before = picture(server);
    let documents = read("README.md") + &read("docs/operator.md");
    let blocks: Vec<&str> = documents
        .split("\n```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let script = blocks.concat().replace(ORIGIN, &server.origin);
    assert!(script.matches("curl ").count() > 10, "{script}");
    run(
        server,
        "README.md and docs/operator.md",
        "bash",
        &["-c", &format!("{STRICT}{script}")],
    );
    [before, picture(server)]
});

#[test]
fn the_readme_and_the_operators_page_work_line_by_line() {
    if is_there("curl", &["--version"]) {
        LazyLock::force(&DOCUMENTS);
    }
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
        let row = rest.split("</tr>").next().unwrap();
        let (column, _) = row.split_once('"').unwrap();
        let cells: Vec<String> = row.split("<td ").skip(1).map(text).collect();
        let [before, after] = cells.as_slice() else {
            panic!("{row}");
        };
        (column.to_owned(), before.clone(), after.clone())
    });
    rows.collect()
}

/// The visible text of a cell. A removed value has none, only a text for screen readers.
fn text(cell: &str) -> String {
    if cell.contains("class=\"gone\"") {
        return String::new();
    }
    let parts = cell.split('>').skip(1);
    let text: String = parts.map(|part| part.split('<').next().unwrap()).collect();
    text.trim_end_matches(" s").to_owned()
}

#[test]
fn the_picture_shows_what_an_erasure_does() {
    if is_there("curl", &["--version"]) {
        let [before, after] = &*DOCUMENTS;
        let rows = shown();
        assert!(rows.len() > 10, "{rows:?}");
        let told = |cell: fn(&(String, String, String)) -> &String| -> Vec<Row> {
            let rows = rows.iter();
            rows.map(|row| (row.0.clone(), cell(row).clone())).collect()
        };
        assert_eq!(*before, told(|row| &row.1));
        assert_eq!(*after, told(|row| &row.2));
    }
}
