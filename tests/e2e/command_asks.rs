//! What the operator's command asks before it destroys something.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::clients::is_there;
use crate::command::{failed, printed, run, value};
use crate::partner::{Partner, unused_username};
use crate::server::{OPERATOR_TOKEN, shared};

/// Runs the command in a terminal, which `script` gives it, and types an answer. Returns what the terminal has shown.
fn in_a_terminal(arguments: &[&str], types: &str) -> String {
    let program = env!("CARGO_BIN_EXE_operator");
    let command = format!(
        "'{program}' --url {} {}",
        shared().origin,
        arguments.join(" ")
    );
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("OPERATOR_TOKEN", OPERATOR_TOKEN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let _under_way = shared().request_under_way();
    let mut child = script.spawn().unwrap();
    let mut terminal = child.stdin.take().unwrap();
    terminal.write_all(types.as_bytes()).unwrap();
    drop(terminal);
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A partner with two customers and a custom field, and each command that destroys something of it.
fn with_commands() -> (Partner, Vec<Vec<String>>) {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1").to_string();
    partner.create_customer("Customer", "2");
    let name = partner.username.as_str();
    printed(&["field", name, "7", "--label", "Shop"]);
    let login = unused_username();
    printed(&["login", "add", name, &login, "--read"]);
    let commands = [
        vec!["end-field", name, "7"],
        vec!["password", name],
        vec!["login", "password", name, &login],
        vec!["login", "end", name, &login],
        vec!["disable", name],
        vec!["erase", name, &id],
        vec!["close", name],
        vec!["move", name, "--to", "DB_2"],
    ];
    let owned = commands.map(|words| words.into_iter().map(str::to_owned).collect());
    let owned = owned.to_vec();
    (partner, owned)
}

fn words<'a>(command: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    command
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect()
}

/// What an observer sees of a partner: the operator's view, its logins, and how many customers it has.
fn state(partner: &Partner) -> [String; 3] {
    let name = partner.username.as_str();
    [
        printed(&["--json", "show", name]),
        printed(&["--json", "login", "show", name]),
        partner.total().to_string(),
    ]
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_destroyed() {
    let (partner, commands) = with_commands();
    let before = state(&partner);
    for command in &commands {
        let output = run(&words(command, &[]));
        assert_eq!(output.status.code(), Some(3), "{command:?}: {output:#?}");
        assert!(output.stdout.is_empty(), "{output:#?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            told.contains("asks first") && told.contains("--yes") && told.contains("--dry-run"),
            "{command:?}: {told}"
        );
    }
    assert_eq!(state(&partner), before);
}

#[test]
fn a_dry_run_says_what_would_happen_and_to_how_many_and_changes_nothing() {
    let (partner, commands) = with_commands();
    let before = state(&partner);
    for command in &commands {
        let told = printed(&words(command, &["--dry-run"]));
        let json: Value =
            serde_json::from_str(&printed(&words(command, &["--dry-run", "--json"]))).unwrap();
        if command[0] == "erase" {
            assert_eq!(json["dry_run"]["erasures"][0]["removed_at"], "", "{told}");
            continue;
        }
        let plan = &json["dry_run"];
        assert_eq!(plan["partner"], partner.username.as_str());
        assert_eq!(plan["customers"], 2);
        let name = match command[0].as_str() {
            "login" => command[..2].join(" "),
            name => name.to_owned(),
        };
        assert_eq!(plan["command"], name);
        let would = plan["would"].as_str().unwrap();
        assert!(told.contains(would), "{told}");
        let says = match command[0].as_str() {
            "end-field" => "which has 2 customers, will end, and every value in it will be removed",
            "password" => "The old one will stop working at once.",
            "login" => "1 login",
            "disable" => "every request of its 2 logins will be refused",
            "close" => "will be disabled.",
            "move" => "with its 2 customers will move from DB to DB_2",
            other => panic!("{other}"),
        };
        assert!(would.contains(says), "{would}");
    }
    assert_eq!(state(&partner), before);
    let both = failed(&["disable", &partner.username, "--yes", "--dry-run"]);
    assert!(both.contains("cannot be used with"), "{both}");
}

#[test]
fn what_the_service_would_refuse_is_refused_before_anything_is_asked() {
    let partner = Partner::new();
    let name = partner.username.as_str();
    let home = printed(&["--json", "show", name]);
    let home: Value = serde_json::from_str(&home).unwrap();
    let home = home["home"]["database"].as_str().unwrap();
    let nobody = unused_username();
    for (command, says) in [
        (
            vec!["move", name, "--to", "DB_99"],
            "no database DB_99, only DB, DB_2, DB_3",
        ),
        (vec!["move", name, "--to", home], "already"),
        (vec!["login", "password", name, &nobody], "has no login"),
        (vec!["login", "end", name, &nobody], "has no login"),
        (vec!["login", "end", name, name], "cannot be ended"),
        (vec!["password", name, "--overlap", "30d"], "at most 7 days"),
        (vec!["password", &nobody], "there is no partner"),
        (vec!["end-field", name, "7"], "has no custom_7"),
    ] {
        let told = failed(&[&command[..], &["--dry-run"]].concat());
        assert!(told.contains(says), "{command:?}: {told}");
        assert!(!told.contains("Type yes"), "{told}");
        if is_there("script", &["--version"]) {
            let told = in_a_terminal(&command, "no\n");
            assert!(
                told.contains(says) && !told.contains("Type yes"),
                "{command:?}: {told}"
            );
        }
    }
    printed(&["change", name, "--country", "DE"]);
    printed(&["field", name, "7"]);
    let fixed = failed(&["end-field", name, "6", "--dry-run"]);
    let says = format!(
        "custom_6 (Full name) of {name}: the German rule makes it mandatory, so it cannot be ended\n"
    );
    assert_eq!(fixed, says);
    printed(&["end-field", name, "7", "--dry-run"]);
}

#[test]
fn a_password_tells_until_when_those_before_it_are_good() {
    let partner = Partner::new();
    let name = partner.username.as_str();
    let would = |more: &[&str]| {
        let dry = ["password", name, "--dry-run", "--json"];
        let plan: Value = serde_json::from_str(&printed(&[&dry[..], more].concat())).unwrap();
        plan["dry_run"]["would"].as_str().unwrap().to_owned()
    };
    let first = would(&["--overlap", "1d"]);
    assert!(
        first.ends_with("The old one will work 1 day longer."),
        "{first}"
    );
    let output = run(&["password", name, "--overlap", "1d", "--yes"]);
    let told = String::from_utf8(output.stderr).unwrap();
    let logins = printed(&["login", "show", name, "--json"]);
    let logins: Value = serde_json::from_str(&logins).unwrap();
    let until = logins["logins"][0]["previous_until"].as_str().unwrap();
    assert_eq!(
        told,
        format!("the old password is good until {until} UTC\n")
    );
    let second = would(&[]);
    let says = format!(
        "The old one will stop working at once. The one before it, whose time ends or has ended at {until} UTC, will be refused too."
    );
    assert!(second.ends_with(&says), "{second}");
    let output = run(&["password", name, "--yes"]);
    assert!(output.stderr.is_empty(), "{output:#?}");
}

#[test]
fn who_is_disabled_already_is_not_asked_about_again() {
    let partner = Partner::new();
    let name = partner.username.as_str();
    printed(&["disable", name, "--yes"]);
    let output = run(&["disable", name, "--yes"]);
    assert!(output.status.success(), "{output:#?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, format!("{name} is disabled already\n"));
    let printed_then = String::from_utf8(output.stdout).unwrap();
    assert_eq!(value(&printed_then, "enabled"), "no");
    // A dry run has the same members as of one who is not disabled.
    let plan = printed(&["disable", name, "--dry-run", "--json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let would = format!("{name} is disabled already.");
    assert_eq!(plan["dry_run"]["would"], json!(would), "{plan}");
    let close = printed(&["close", name, "--dry-run"]);
    assert!(
        close.contains(&format!("and {name} is disabled already.")),
        "{close}"
    );
}

#[test]
fn in_a_terminal_only_a_yes_goes_on() {
    if !is_there("script", &["--version"]) {
        return;
    }
    let partner = Partner::new();
    let name = partner.username.as_str();
    partner.create_customer("Customer", "1");
    for types in ["no\n", "y\n", "\n"] {
        let told = in_a_terminal(&["disable", name], types);
        assert!(
            told.contains("Its 1 customer will stay.") && told.contains("Type yes"),
            "{told}"
        );
        assert!(told.contains("nothing was changed"), "{told}");
    }
    partner.get("/customers").expect(200);
    in_a_terminal(&["disable", name], "yes\n");
    partner.get("/customers").expect(403);
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
        unknown.contains(&format!(
            "customer 1000000000 of {name}: there is no such customer"
        )),
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

    if !is_there("script", &["--version"]) {
        return;
    }
    let asked = in_a_terminal(&["erase", name, three], "no\n");
    assert!(
        asked.contains("users_removed") && asked.contains("1 customer of"),
        "{asked}"
    );
    assert!(asked.contains("nothing was changed"), "{asked}");
    assert_eq!(partner.total(), 1);
    in_a_terminal(&["erase", name, three], "yes\n");
    assert_eq!(partner.total(), 0);
}

#[test]
fn who_is_erased_already_is_not_asked_about_again() {
    let partner = Partner::new();
    let name = partner.username.as_str();
    let ids = ["1", "2"].map(|custnr| partner.create_customer("Customer", custnr));
    let [one, two] = ids.map(|id| id.to_string());
    let first = printed(&["erase", name, &one, "--yes", "--json"]);
    let first: Value = serde_json::from_str(&first).unwrap();
    let first = &first["erasures"][0];
    let removed_at = first["removed_at"].as_str().unwrap();
    let erased_on = format!("customer {one} of {name} was erased on {removed_at} UTC\n");

    // What is named twice counts once.
    let dry = ["erase", name, &two, &one, &two, "--dry-run"];
    let output = run(&dry);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, format!("{erased_on}nothing was erased\n"));
    let table = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert_eq!(lines[0], "would erase:");
    assert!(lines[1].starts_with("customer_id  measures_expired"));
    assert!(lines[2].starts_with(&format!("{two} ")), "{table}");
    assert!(!table.contains("complete"), "{table}");
    let json = printed(&[&dry[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    let would_be = json["dry_run"]["erasures"].as_array().unwrap();
    assert_eq!(would_be.len(), 1);
    assert_eq!(would_be[0]["customer_id"], ids[1]);

    if is_there("script", &["--version"]) {
        let asked = in_a_terminal(&["erase", name, &one, &two, &two], "no\n");
        assert!(
            asked.contains(&format!("1 customer of {name} will be erased for good.")),
            "{asked}"
        );
        // Nobody is asked for nothing.
        let asked = in_a_terminal(&["erase", name, &one], "");
        assert!(
            asked.contains("there is nothing to erase") && !asked.contains("Type yes"),
            "{asked}"
        );
    }
    // A repeat has the receipts of all, each once and as it was.
    let output = run(&["erase", name, &one, &two, &one, "--yes", "--json"]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), erased_on);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = all["erasures"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]), (2, first));
    // A signature is for programs.
    let table = printed(&["erase", name, &one, &two, "--yes"]);
    assert!(
        table.contains(removed_at) && !table.contains("jws"),
        "{table}"
    );
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
    assert!(failed(&["close", &unused_username(), "--yes"]).contains("there is no partner"));
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
