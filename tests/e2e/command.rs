//! The operator's command: each test runs it as the operator would, and checks the effect from the partner's side.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::client::{Request, operator};
use crate::clients::is_there;
use crate::partner::{Partner, unused_username};
use crate::server::{OPERATOR_TOKEN, shared};

/// The command with the shared server's URL and token.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_operator"));
    command
        .args(["--url", &shared().origin])
        .args(arguments)
        .env("OPERATOR_TOKEN", OPERATOR_TOKEN);
    command
}

fn run(arguments: &[&str]) -> Output {
    let _under_way = shared().request_under_way();
    command(arguments).output().unwrap()
}

/// Runs the command, which must succeed, and returns its output.
#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{output:#?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the command, which must fail, and returns its error message.
#[track_caller]
fn failed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{output:#?}");
    assert!(output.stdout.is_empty(), "{output:#?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The value after a name at the start of a line.
fn value<'a>(text: &'a str, name: &str) -> &'a str {
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
    let ended = printed(&["end-field", &username, "7"]);
    assert_eq!(value(&ended, "customers_changed"), "1");
    let found = get(&first).expect(200).customer();
    assert!(found.get("custom_7").is_none(), "{found}");

    let password = printed(&["password", &username]);
    let second = value(&password, "password");
    get(&first).expect(401);
    get(second).expect(200);

    printed(&["disable", &username]);
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
    let read = operator("GET", &format!("/operator/partners/{username}"))
        .expect(200)
        .json();
    assert_eq!(shown, read);
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
        &["disable", &username],
    ] {
        assert!(failed(arguments).contains("there is no partner"));
    }
    assert!(failed(&["show", &username]).contains("there is no such partner"));
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

    let second = printed(&["password", &username, "--overlap", "1d"]);
    let second = value(&second, "password");
    for password in [first.as_str(), second] {
        request("GET", &username, password).expect(200);
    }
    let again = printed(&["login", "password", &username, &login, "--overlap", "12h"]);
    for password in [reading.as_str(), value(&again, "password")] {
        request("GET", &login, password).expect(200);
    }
    assert!(failed(&["password", &username, "--overlap", "1w"]).contains("such as 1d"));
    assert!(failed(&["password", &username, "--overlap", "8d"]).contains("604800"));
    printed(&["password", &username]);
    request("GET", &username, second).expect(401);
    printed(&["login", "end", &username, &login]);
    request("GET", &login, &reading).expect(401);
    assert!(failed(&["login", "end", &username, &login]).contains("no such login"));
}

#[test]
fn the_command_erases_after_a_yes_only() {
    let partner = Partner::new();
    let ids = ["1", "2", "3"].map(|custnr| partner.create_customer("Customer", custnr));
    let [one, two, three] = ids.map(|id| id.to_string());
    let (one, two, three) = (one.as_str(), two.as_str(), three.as_str());
    let name = partner.username.as_str();
    // Without a terminal nobody can say yes.
    let refused = failed(&["erase", name, one, two]);
    assert!(refused.contains("--yes"), "{refused}");
    assert_eq!(partner.total(), 3);
    // An unknown customer stops it before anything is erased.
    let unknown = failed(&["erase", name, one, "1000000000", "--yes"]);
    assert!(
        unknown.contains("customer 1000000000: there is no such customer"),
        "{unknown}"
    );
    assert_eq!(partner.total(), 3);
    let erased = printed(&["erase", name, one, two, "--yes"]);
    assert!(erased.contains("removed_at"), "{erased}");
    assert_eq!(partner.total(), 1);
    let audit = printed(&["--json", "audit", "--partner", name, "--action", "erase"]);
    let audit: Value = serde_json::from_str(&audit).unwrap();
    let of = audit["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["customer_id"].as_i64());
    assert_eq!(of.collect::<Vec<_>>(), [Some(ids[0]), Some(ids[1])]);

    // `script` gives the command a terminal.
    if !is_there("script", &["--version"]) {
        return;
    }
    let in_a_terminal = |says: &str| {
        let origin = &shared().origin;
        let program = env!("CARGO_BIN_EXE_operator");
        let command = format!("'{program}' --url {origin} erase {name} {three}");
        let mut script = Command::new("script");
        script
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("OPERATOR_TOKEN", OPERATOR_TOKEN)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let _under_way = shared().request_under_way();
        let mut child = script.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(says.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let asked = in_a_terminal("no\n");
    assert!(
        asked.contains("users_removed") && asked.contains("Type yes"),
        "{asked}"
    );
    assert!(asked.contains("nothing was erased"), "{asked}");
    assert_eq!(partner.total(), 1);
    in_a_terminal("yes\n");
    assert_eq!(partner.total(), 0);
}

#[test]
fn a_contract_ends_with_every_customer_erased_and_the_partner_disabled() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let names: Vec<String> = (0..7).map(|n| format!("Customer {n}")).collect();
    let customers = names.iter().zip(1..);
    let ids: Vec<i64> = customers
        .map(|(name, n)| partner.create_customer(name, &n.to_string()))
        .collect();
    partner.create_user(ids[0], "user@example.com");
    partner.create_measure(ids[1]);
    let kept = other.create_customer("Other", "1");
    let name = partner.username.as_str();
    let refused = failed(&["close", name]);
    assert!(refused.contains("close asks"), "{refused}");
    assert!(failed(&["close", &unused_username(), "--yes"]).contains("no such partner"));
    assert_eq!(partner.total(), 7);

    // One was erased before, as by a run that was stopped: the command goes on with the rest.
    printed(&["erase", name, &ids[3].to_string(), "--yes"]);
    let output = run(&["close", name, "--yes", "--json"]);
    assert!(output.status.success(), "{output:#?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("6 of 6 customers erased"), "{told}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        summary["closed"],
        json!({"username": name, "enabled": false, "customers_erased": 6, "still_masking": 0,
            "measures_expired": 1, "users_removed": 1, "allowed_numbers_removed": 0, "phone_numbers_masked": 2})
    );
    partner.get("/customers").expect(403);
    printed(&["enable", name]);
    assert_eq!(partner.total(), 0);
    for id in ids {
        let receipt = partner.get(&format!("/customers/{id}/erasure")).expect(200);
        assert_ne!(receipt.json()["erasure"]["removed_at"], "");
    }
    assert_eq!(other.customer(kept)["name"], "Other");
    // Once more does nothing more.
    let again = printed(&["close", name, "--yes"]);
    assert_eq!(value(&again, "customers_erased"), "0");
}

#[test]
fn the_command_lists_the_ledger_and_replays_it() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1").to_string();
    printed(&["erase", &partner.username, &id, "--yes"]);
    let of_ours = |arguments: &[&str]| {
        let text = printed(&[arguments, &["--json"]].concat());
        let list: Value = serde_json::from_str(&text).unwrap();
        let all = list["erasures"].as_array().unwrap().clone();
        let ours = all
            .into_iter()
            .filter(|one| one["partner"] == partner.username.as_str());
        ours.collect::<Vec<_>>()
    };
    let ours = of_ours(&["erasures", "--since", "2026-01-01"]);
    assert_eq!(ours.len(), 1);
    assert_eq!(ours[0]["customer_id"].to_string(), id);
    assert!(ours[0]["jws"].as_str().unwrap().len() > 100);
    assert_eq!(of_ours(&["erasures", "--since", "2100-01-01"]).len(), 0);
    // Nobody reads a signature.
    let table = printed(&["erasures", "--since", "2026-01-01"]);
    assert!(
        table.contains(&partner.username) && !table.contains("jws"),
        "{table}"
    );
    assert!(failed(&["erasures", "--since", "yesterday"]).contains("since must be a time"));
    assert_eq!(value(&printed(&["replay"]), "was_restored"), "no");
}

#[test]
fn the_command_filters_the_audit_trail() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let id = partner.create_customer("Customer", "1");
    partner.create_customer("Customer", "2");
    other.create_customer("Customer", "1");
    let audit = |filters: &[&str]| {
        let text = printed(&[&["--json", "audit"], filters].concat());
        let audit: Value = serde_json::from_str(&text).unwrap();
        audit["audit"].as_array().unwrap().len()
    };
    let (name, id) = (partner.username.as_str(), id.to_string());
    assert_eq!(audit(&["--partner", name]), 3);
    assert_eq!(audit(&["--partner", name, "--customer", &id]), 1);
    assert_eq!(audit(&["--customer", &id, "--action", "erase"]), 0);
    assert_eq!(audit(&["--partner", name, "--since", "2026-01-01"]), 3);
    assert_eq!(
        audit(&["--partner", name, "--since", "2100-01-01 12:00:00"]),
        0
    );
    assert!(failed(&["audit", "--action", "erased"]).contains("action must be one of"));
    assert!(failed(&["audit", "--partner", &unused_username()]).contains("no such partner"));
}
