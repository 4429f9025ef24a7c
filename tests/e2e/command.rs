//! The operator's command: each test runs it as the operator would, and checks the effect from the partner's side.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::client::{Request, operator};
use crate::partner::unused_username;
use crate::server::{OPERATOR_TOKEN, shared};

/// The command with the shared server's URL and token.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_operator"));
    command
        .args(["--url", &shared().origin])
        .args(arguments)
        .env("OPERATOR_TOKEN", OPERATOR_TOKEN);
    command
}

pub fn run(arguments: &[&str]) -> Output {
    let _under_way = shared().request_under_way();
    command(arguments).output().unwrap()
}

/// Runs the command, which must succeed, and returns its output.
#[track_caller]
pub fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the command, which must fail, and returns its error message.
#[track_caller]
pub fn failed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{output:#?}");
    assert!(output.stdout.is_empty(), "{output:#?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The value after a name at the start of a line.
pub fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text
        .lines()
        .find(|line| line.split(' ').next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name}: {text}"))[name.len()..].trim()
}

#[test]
fn the_command_manages_a_partner_from_creation_to_disabling() {
    let username = unused_username();
    let added = printed(&["add", &username, "--name", "Acme", "--country", "SE"]);
    let first = value(&added, "password").to_owned();
    assert_eq!(value(&added, "name"), "Acme");
    let get =
        |password: &str| Request::new(shared(), "GET", "/customers").basic(&username, password);
    get(&first).expect(200);
    assert!(failed(&["add", &username]).contains("already exists"));

    printed(&[
        "change",
        &username,
        "--network",
        "192.0.2.0/24",
        "--network",
        "2001:db8::/32",
    ]);
    get(&first).expect(403);
    get(&first)
        .header("CF-Connecting-IP", "192.0.2.7")
        .expect(200);
    get(&first)
        .header("CF-Connecting-IP", "2001:db8::7")
        .expect(200);
    printed(&["change", &username, "--anywhere"]);
    get(&first).expect(200);

    let field = printed(&[
        "field",
        &username,
        "7",
        "--label",
        "Shop",
        "--max-length",
        "4",
        "--required",
    ]);
    assert!(field.contains("Shop"), "{field}");
    let create = |custom: &str| {
        let parameters = [("name", "N"), ("custnr", "1"), ("custom_7", custom)];
        let request = Request::new(shared(), "POST", "/customers").form(&parameters);
        request.basic(&username, &first)
    };
    create("12345").expect(400);
    assert_eq!(create("1234").expect(200).customer()["custom_7"], "1234");
    let ended = printed(&["end-field", &username, "7", "--yes"]);
    assert_eq!(value(&ended, "customers_changed"), "1");
    let found = get(&first).expect(200).customer();
    assert!(found.get("custom_7").is_none(), "{found}");

    let password = printed(&["password", &username, "--yes"]);
    let second = value(&password, "password");
    get(&first).expect(401);
    get(second).expect(200);

    printed(&["disable", &username, "--yes"]);
    get(second).expect(403);
    assert_eq!(value(&printed(&["show", &username]), "enabled"), "no");
    printed(&["enable", &username]);
    get(second).expect(200);

    let all = printed(&["show"]);
    let line = all
        .lines()
        .find(|line| line.contains(&username))
        .expect("its line");
    assert!(line.contains("Acme") && line.contains("SE"), "{line}");
    let trail = printed(&["audit"]);
    let of_ours = trail.lines().filter(|line| line.contains(&username));
    assert_eq!(of_ours.count(), 9);
}

#[test]
fn a_change_of_a_field_keeps_what_is_not_given() {
    let username = unused_username();
    printed(&["add", &username]);
    let field = |given: &[&str]| {
        let arguments = [&["--json", "field", &username, "7"], given].concat();
        let answer: Value = serde_json::from_str(&printed(&arguments)).unwrap();
        let field = answer["partner"]["custom_fields"][0].clone();
        ["label", "max_length", "required"].map(|name| field[name].clone())
    };
    assert_eq!(json!(field(&[])), json!(["", 255, false]));
    let given = ["--label", "Shop", "--max-length", "40", "--required"];
    assert_eq!(json!(field(&given)), json!(["Shop", 40, true]));
    assert_eq!(
        json!(field(&["--label", "Store"])),
        json!(["Store", 40, true])
    );
    assert_eq!(json!(field(&["--optional"])), json!(["Store", 40, false]));
    let both = ["field", &username, "7", "--required", "--optional"];
    assert!(failed(&both).contains("cannot be used with"));
}

#[test]
fn the_variable_port_sets_the_port_of_the_local_worker() {
    let port = shared().origin.rsplit(':').next().unwrap();
    let _under_way = shared().request_under_way();
    let list = Command::new(env!("CARGO_BIN_EXE_operator"))
        .args(["--json", "show"])
        .env("OPERATOR_TOKEN", OPERATOR_TOKEN)
        .env("PORT", port)
        .output()
        .unwrap();
    assert!(list.status.success(), "{list:#?}");
}

#[test]
fn json_prints_the_workers_answer() {
    let username = unused_username();
    let added: Value = serde_json::from_str(&printed(&["--json", "add", &username])).unwrap();
    assert!(added["partner"]["password"].is_string());
    let shown: Value = serde_json::from_str(&printed(&["show", &username, "--json"])).unwrap();
    let path = format!("/operator/partners/{username}");
    let read = operator("GET", &path).expect(200).json();
    let home = operator("GET", &format!("{path}/home")).expect(200).json();
    assert_eq!(
        shown,
        json!({"partner": read["partner"], "home": home["home"]})
    );
}

#[test]
fn a_reader_can_close_the_pipe_early() {
    let _under_way = shared().request_under_way();
    let mut show = command(&["show"]);
    let mut child = show
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:#?}"
    );
}

#[test]
fn a_mistake_is_reported_and_creates_no_partner() {
    let username = unused_username();
    for arguments in [
        &["change", &username, "--name", "A"][..],
        &["disable", &username, "--yes"],
    ] {
        assert!(failed(arguments).contains("there is no partner"));
    }
    let wrong = failed(&[
        "add",
        &username,
        "--country",
        "Sweden",
        "--network",
        "192.0.2.1",
    ]);
    assert!(
        wrong.contains("country must be") && wrong.contains("allowed_networks must be"),
        "{wrong}"
    );
    assert!(failed(&["add", "a/b"]).contains("username must be"));
    operator("GET", &format!("/operator/partners/{username}")).expect(404);
    // The command does not send the token without TLS.
    let clear = Command::new(env!("CARGO_BIN_EXE_operator"))
        .args(["--url", "http://customers.example", "show"])
        .env("OPERATOR_TOKEN", OPERATOR_TOKEN)
        .output()
        .unwrap();
    assert!(!clear.status.success());
    assert!(
        String::from_utf8_lossy(&clear.stderr).contains("https://"),
        "{clear:#?}"
    );
}

#[test]
fn the_command_manages_logins_and_passwords() {
    let username = unused_username();
    let login = unused_username();
    let added = printed(&["add", &username]);
    let first = value(&added, "password").to_owned();
    let request = |method: &str, username: &str, password: &str| {
        let request = Request::new(shared(), method, "/customers");
        request.basic(username, password)
    };
    let added = printed(&["login", "add", &username, &login, "--read"]);
    assert_eq!(value(&added, "access"), "read");
    let reading = value(&added, "password").to_owned();
    request("GET", &login, &reading).expect(200);
    request("POST", &login, &reading).expect(403);
    printed(&["login", "add", &username, &login, "--write"]);
    request("POST", &login, &reading).expect(400);
    assert!(failed(&["login", "add", &username, &login]).contains("--read"));
    let shown = printed(&["login", "show", &username]);
    assert!(shown.contains(&login), "{shown}");

    let second = printed(&["password", &username, "--overlap", "1d", "--yes"]);
    let second = value(&second, "password");
    for password in [first.as_str(), second] {
        request("GET", &username, password).expect(200);
    }
    let again = printed(&[
        "login",
        "password",
        &username,
        &login,
        "--overlap",
        "12h",
        "--yes",
    ]);
    for password in [reading.as_str(), value(&again, "password")] {
        request("GET", &login, password).expect(200);
    }
    assert!(failed(&["password", &username, "--overlap", "1w"]).contains("such as 1d"));
    assert!(
        failed(&["password", &username, "--overlap", "8d", "--yes"]).contains("at most 7 days")
    );
    printed(&["password", &username, "--yes"]);
    request("GET", &username, second).expect(401);
    printed(&["login", "end", &username, &login, "--yes"]);
    request("GET", &login, &reading).expect(401);
    assert!(failed(&["login", "end", &username, &login, "--yes"]).contains("has no login"));
}
