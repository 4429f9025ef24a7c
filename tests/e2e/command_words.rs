//! What the operator's command says when something is wrong, and of itself.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use crate::command::{failed, printed, run};
use crate::partner::Partner;
use crate::server::{OPERATOR_TOKEN, ROOT, shared};

/// Runs the command with an environment of its own.
fn with(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_operator"));
    command
        .args(arguments)
        .env("OPERATOR_TOKEN", OPERATOR_TOKEN)
        .env_remove("PORT")
        .envs(variables.iter().copied());
    let _under_way = shared().request_under_way();
    command.output().unwrap()
}

/// Stands in for cargo: it builds as the real one says it, and runs the command as that prints.
const CARGO: &str = r#"#!/bin/sh
case "$1" in
  build) printf "%s    Finished \`dev\` profile in 0.02s\n" "$BUILD_SAYS" >&2 ;;
  run) shift; echo "$@" ;;
esac
"#;

#[test]
fn npm_says_what_is_compiled_or_waited_for_and_otherwise_nothing() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cargo");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("cargo"), CARGO).unwrap();
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.join("cargo"), executable).unwrap();
    let path = format!("{}:{}", folder.display(), env::var("PATH").unwrap());
    for says in [
        "",
        "    Blocking waiting for file lock\n   Compiling ring\n",
    ] {
        let output = Command::new("npm")
            .args(["run", "-s", "operator", "--", "show", "--json"])
            .current_dir(ROOT)
            .env("PATH", &path)
            .env("BUILD_SAYS", says)
            .output()
            .unwrap();
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert_eq!(out, "--quiet --locked --bin operator -- show --json\n");
        assert_eq!(err, says);
    }
}

/// The exit code and the error message.
fn end(output: &Output) -> (Option<i32>, String) {
    assert!(output.stdout.is_empty(), "{output:#?}");
    (
        output.status.code(),
        String::from_utf8(output.stderr.clone()).unwrap(),
    )
}

#[test]
fn a_wrong_token_names_the_variable_and_the_url() {
    let origin = shared().origin.as_str();
    let output = with(&[("OPERATOR_TOKEN", "wrong")], &["--url", origin, "show"]);
    let (code, told) = end(&output);
    assert_eq!(code, Some(1));
    assert!(
        told.contains("OPERATOR_TOKEN") && told.contains(origin),
        "{told}"
    );
}

#[test]
fn without_a_server_the_command_asks_whether_npm_start_is_running() {
    // Nothing listens on port 1.
    for output in [
        with(&[("PORT", "1")], &["show"]),
        with(&[], &["--url", "http://localhost:1", "show"]),
    ] {
        let (code, told) = end(&output);
        assert_eq!(code, Some(1));
        assert!(
            told.contains("is `npm start` running?") && told.contains(":1 "),
            "{told}"
        );
    }
    // Another Worker is not started with npm.
    let (_, told) = end(&with(&[], &["--url", "https://127.0.0.1:1", "show"]));
    assert!(
        told.contains("https://127.0.0.1:1") && !told.contains("npm"),
        "{told}"
    );
}

#[test]
fn a_port_that_is_none_is_told_as_that() {
    for port in ["abc", "0", "70000", "80 80"] {
        let (code, told) = end(&with(&[("PORT", port)], &["show"]));
        assert_eq!(code, Some(2));
        assert!(
            told.contains("PORT must be a number") && told.contains(port),
            "{told}"
        );
    }
    let without = with(
        &[("OPERATOR_TOKEN", "x")],
        &["--url", "http://x.example", "show"],
    );
    let (code, told) = end(&without);
    assert_eq!(code, Some(2));
    assert!(told.contains("or with http:// on this machine"), "{told}");
}

#[test]
fn what_answers_and_is_not_the_service_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", other.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        let mut request = BufReader::new(&stream).lines();
        request.find(|line| line.as_ref().unwrap().is_empty());
        let page = "HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>";
        stream.write_all(page.as_bytes()).unwrap();
    });
    let (code, told) = end(&with(&[], &["--url", &origin, "show"]));
    assert_eq!(code, Some(1));
    let says = format!("{origin} answers 404, and not as the service does: is it the right URL?\n");
    assert_eq!(told, says);
}

#[test]
fn a_change_wants_something_to_change() {
    let partner = Partner::new();
    let (code, told) = end(&run(&["change", &partner.username]));
    assert!(code == Some(2) && told.contains("--country"), "{told}");
    for given in [&["--name", ""][..], &["--anywhere", "--country", "SE"]] {
        printed(&[&["change", &partner.username], given].concat());
    }
    // The service checks values: they are read before they are refused.
    let (code, told) = end(&run(&["change", &partner.username, "--country", "XX"]));
    assert!(
        code == Some(1) && told.contains("country must be"),
        "{told}"
    );
}

#[test]
fn near_names_are_suggested_and_a_name_that_is_not_there_is_told() {
    let output = run(&["aduit"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("'audit'"),
        "{output:#?}"
    );

    let partner = Partner::new();
    let name = partner.username.as_str();
    // Two letters are swapped in the middle, which no other partner's name is nearer to.
    let mut letters: Vec<char> = name.chars().collect();
    letters.swap(2, 3);
    let near: String = letters.into_iter().collect();
    assert_ne!(near, name);
    for command in [
        vec!["show"],
        vec!["change", "--anywhere"],
        vec!["enable"],
        vec!["password", "--yes"],
        vec!["disable", "--yes"],
        vec!["close", "--yes"],
        vec!["login", "show"],
        vec!["audit", "--partner"],
    ] {
        let told = failed(&[&command[..], &[&near]].concat());
        assert!(
            told.contains(&format!("there is no partner {near}: did you mean")),
            "{told}"
        );
    }
    let told = failed(&["show", "nobody-at-all"]);
    assert!(told.contains("there is no partner nobody-at-all"), "{told}");

    let login = format!("{name}.reader");
    printed(&["login", "add", name, &login, "--read"]);
    let told = failed(&["login", "end", name, &format!("{name}.raeder"), "--yes"]);
    assert!(told.contains(&format!("did you mean {login}?")), "{told}");
    let told = failed(&["login", "end", name, name, "--yes"]);
    assert!(told.contains("own login"), "{told}");
    let told = failed(&["end-field", name, "7", "--yes"]);
    assert!(told.contains(&format!("{name} has no custom_7")), "{told}");
}

#[test]
fn a_user_name_that_no_path_can_hold_is_refused_by_every_command() {
    for command in [
        &["add", ""][..],
        &["change", "", "--name", "A"],
        &["show", ""],
        &["password", "", "--yes"],
        &["login", "add", "", "login", "--read"],
        &["login", "add", "acme", "", "--read"],
        &["login", "end", "acme", "", "--yes"],
        &["login", "show", ""],
        &["login", "password", "acme", "", "--yes"],
        &["erase", "", "1", "--yes"],
        &["close", "", "--dry-run"],
        &["move", "", "--to", "DB_2", "--yes"],
        &["field", "", "7"],
        &["end-field", "", "7", "--yes"],
        &["disable", "", "--dry-run"],
        &["enable", ""],
        &["audit", "--partner", ""],
    ] {
        let (code, told) = end(&run(command));
        assert!(
            code == Some(2) && told.contains("username must not be empty"),
            "{command:?}: {told}"
        );
    }
    for name in [".", ".."] {
        let (code, told) = end(&run(&["close", name, "--dry-run"]));
        assert!(
            code == Some(2) && told.contains("no path can hold it"),
            "{name}: {told}"
        );
    }
}

#[test]
fn the_help_has_examples_and_exit_codes() {
    let help = printed(&["--help"]);
    for part in [
        "Examples:",
        "operator audit --partner",
        "Exit codes:",
        "1  the service refused (a value, too)",
        "2  the command line cannot be read",
        "3  nobody said yes",
    ] {
        assert!(help.contains(part), "{help}");
    }
    let version = printed(&["--version"]);
    assert_eq!(version, format!("operator {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_words_of_the_command_are_completed_in_a_shell() {
    // It needs neither a server nor a token.
    for shell in ["bash", "zsh", "fish"] {
        let output = Command::new(env!("CARGO_BIN_EXE_operator"))
            .args(["completions", shell])
            .env_remove("OPERATOR_TOKEN")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:#?}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(
            script.contains("end-field") && script.contains("dry-run"),
            "{shell}"
        );
    }
    // bash completes `operator aud`.
    let script = printed(&["completions", "bash"]);
    let complete = format!(
        "{script}\nCOMP_WORDS=(operator aud)\nCOMP_CWORD=1\n_operator operator aud operator\necho \"${{COMPREPLY[@]}}\""
    );
    let output = Command::new("bash")
        .args(["-c", &complete])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "audit",
        "{output:#?}"
    );
}
