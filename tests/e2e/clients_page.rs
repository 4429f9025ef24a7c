//! The clients of site/guide/authentication.md: each program there works, with each client that this machine has.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::partner::Partner;
use crate::server::{ROOT, Server};

/// Where Debian installs Guzzle.
const GUZZLE: &str = "/usr/share/php/GuzzleHttp/autoload.php";

/// The programs of the page: the language and the text of each.
fn programs() -> Vec<(String, String)> {
    let page = fs::read_to_string(Path::new(ROOT).join("site/guide/authentication.md")).unwrap();
    let blocks = page.split("\n```").skip(1).step_by(2);
    let programs = blocks.map(|block| {
        let (language, program) = block.split_once('\n').unwrap();
        (
            language.to_owned(),
            program.replace("'vendor/autoload.php'", &format!("'{GUZZLE}'")),
        )
    });
    programs.collect()
}

/// The lines of a program that load its client.
fn loading(program: &str) -> String {
    let words = ["import ", "from ", "require ", "use ", "const axios"];
    let lines = program
        .lines()
        .filter(|line| words.iter().any(|word| line.starts_with(word)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A command that fails without the client of a program.
fn probe(language: &str, program: &str) -> Command {
    let first = program.split_whitespace().next().unwrap();
    let (command, arguments) = match language {
        "sh" => (first, vec!["--version".to_owned()]),
        "java" => ("java", vec!["--version".to_owned()]),
        "js" if first.starts_with("import(") => (
            "node",
            vec!["-e".to_owned(), "import('digest-fetch')".to_owned()],
        ),
        _ => (
            interpreter(language),
            vec![inline(language).to_owned(), loading(program)],
        ),
    };
    let mut probe = Command::new(command);
    probe.args(arguments);
    probe
}

fn interpreter(language: &str) -> &'static str {
    match language {
        "sh" => "bash",
        "python" => "python3",
        "js" => "node",
        "php" => "php",
        "perl" => "perl",
        other => panic!("no interpreter is known for {other}"),
    }
}

/// The option that takes a program as text.
fn inline(language: &str) -> &'static str {
    match language {
        "sh" | "python" => "-c",
        "php" => "-r",
        _ => "-e",
    }
}

/// Runs a program against a server with these credentials.
fn run(server: &Server, language: &str, program: &str, username: &str, password: &str) -> Output {
    let program = program
        .replace("https://customers.example", &server.origin)
        .replace("acme", username)
        .replace("secret", password);
    let mut command = if language == "java" {
        let file = server.state.join("Main.java");
        fs::write(&file, program).unwrap();
        let mut command = Command::new("java");
        command.arg(file);
        command
    } else {
        let mut command = Command::new(interpreter(language));
        command.args([inline(language), &program]);
        command
    };
    let _under_way = server.request_under_way();
    let command = command
        .current_dir(ROOT)
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    command.output().unwrap()
}

#[test]
fn the_programs_for_each_client_work_as_they_stand_on_the_page() {
    let programs = programs();
    assert_eq!(programs.len(), 11);
    let mut ran = 0;
    for (language, program) in &programs {
        if !probe(language, program)
            .output()
            .is_ok_and(|output| output.status.success())
        {
            eprintln!("skipped, for want of the client: {program}");
            continue;
        }
        let partner = Partner::new();
        run(
            partner.server,
            language,
            program,
            &partner.username,
            "wrong",
        );
        assert_eq!(partner.total(), 0, "{program}");
        let output = run(
            partner.server,
            language,
            program,
            &partner.username,
            &partner.password,
        );
        assert_eq!(partner.total(), 1, "{program}\n{output:#?}");
        let customer = partner.get("/customers").expect(200).customer();
        assert_eq!(
            [&customer["name"], &customer["custnr"]],
            ["Nordlund", "SE-1020"]
        );
        ran += 1;
    }
    println!("{ran} of {} programs were run", programs.len());
    assert!(ran > 0);
}
