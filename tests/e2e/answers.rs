//! The answers on the page are what the service answers, and every program on the page works.
//!
//! `site/requests.json` has the requests, in the order in which they are sent to a fresh demo. `site/answers.json` has the
//! answers; `UPDATE_ANSWERS=1 cargo test --test e2e the_answers_on_the_page` records them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::clients::{filled_in, interpreter, is_there};
use crate::server::{ROOT, Server};

const ANSWERS: &str = "site/answers.json";

/// The headers of an answer that the page shows.
const SHOWN: [&str; 3] = ["ETag", "Location", "Link"];

/// Members whose value is new each time, or with each migration. That a measure `expires` is new where it has just expired.
const NEW: [&str; 8] = [
    "uuid",
    "created",
    "at",
    "removed_at",
    "completed_at",
    "backups_until",
    "jws",
    "migrations",
];

fn read(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(Path::new(ROOT).join(path)).unwrap()).unwrap()
}

/// Sends a request of the page with the credentials of the demo.
fn ask(server: &Server, request: &Value) -> Response {
    let (method, _) = request["task"].as_str().unwrap().split_once(' ').unwrap();
    let mut asked = Request::new(server, method, request["path"].as_str().unwrap());
    if request["anonymous"] != true {
        asked = asked.basic("demo", "demo-password");
    }
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        asked = asked.header(name, value.as_str().unwrap());
    }
    if let Some(form) = request["form"].as_object() {
        let pairs = form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
        asked = asked.form(&pairs.collect::<Vec<_>>());
    }
    if request["json"].is_object() {
        asked = asked.json(&request["json"]);
    }
    asked.send()
}

/// An answer as the page has it. The body is a text, because its members have an order.
fn recorded(answer: &Response) -> Value {
    let header = |name: &&'static str| Some((*name, answer.header(name)?.to_owned()));
    let headers: BTreeMap<&str, String> = SHOWN.iter().filter_map(header).collect();
    json!({"status": answer.status, "headers": headers, "body": answer.text.trim_end()})
}

/// What has to be the same in two answers.
fn comparable(answer: &Value) -> Value {
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    json!({"status": answer["status"], "headers": answer["headers"], "body": without_new(body)})
}

fn without_new(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(without_new).collect(),
        Value::Object(members) => {
            let expired = members
                .get("status")
                .is_some_and(|status| status == "expired");
            let members = members.into_iter().map(|(name, value)| {
                let is_new = NEW.contains(&name.as_str()) || (expired && name == "expires");
                let is_new = is_new && value != "";
                let value = if is_new {
                    json!("new")
                } else {
                    without_new(value)
                };
                (name, value)
            });
            Value::Object(members.collect())
        }
        other => other,
    }
}

#[test]
fn the_answers_on_the_page_are_what_the_service_answers() {
    let server = Server::with_demo();
    let update = std::env::var_os("UPDATE_ANSWERS").is_some();
    let old = read(ANSWERS);
    let mut new = json!({});
    for request in read("site/requests.json").as_array().unwrap() {
        let task = request["task"].as_str().unwrap();
        let answer = recorded(&ask(server, request));
        assert_eq!(answer["status"], 200, "{task}: {answer}");
        let is_same = old[task].is_object() && comparable(&old[task]) == comparable(&answer);
        assert!(
            is_same || update,
            "{task}: record it anew, as the head of this file says: {answer}"
        );
        new[task] = if is_same { old[task].clone() } else { answer };
    }
    if update {
        let text = serde_json::to_string_pretty(&new).unwrap();
        fs::write(Path::new(ROOT).join(ANSWERS), text + "\n").unwrap();
    } else {
        assert_eq!(old, new, "there is an answer to no request");
    }
}

/// The programs of every task, as the page shows them: by task, and by the end of the language's files.
fn programs() -> Value {
    const WRITE: &str = "import { readFileSync } from 'node:fs';
        import { LANGUAGES, sample } from './scripts/page/samples.mjs';
        const requests = JSON.parse(readFileSync('site/requests.json', 'utf8'));
        const each = (make) => (request) => [request.task, Object.fromEntries(Object.keys(LANGUAGES).map(make(request)))];
        const written = requests.map(each((request) => (end) => [end, sample(end, request)]));
        console.log(JSON.stringify(Object.fromEntries(written)));";
    let mut node = Command::new("node");
    let output = node
        .current_dir(ROOT)
        .args(["--input-type=module", "--eval", WRITE]);
    let output = output.output().unwrap();
    assert!(output.status.success(), "{output:#?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a program against a server, in a folder of its own, and returns what it prints.
fn run(server: &Server, interpreter: &str, end: &str, program: &str) -> String {
    let folder = server.state.join("programs");
    fs::create_dir_all(&folder).unwrap();
    let customer = |n: u8| json!({"name": "Nordlund AB", "custnr": format!("{end}-{n}")});
    let customers = json!([customer(1), customer(2)]).to_string();
    fs::write(folder.join("customers.json"), customers).unwrap();
    let program = filled_in(program, &server.origin, "demo", "demo-password");
    let text = match end {
        "sh" => format!("curl() {{ command curl -q -s -S --max-time 60 \"$@\"; }}\n{program}"),
        _ => program,
    };
    let file = folder.join(format!("program.{}", if end == "js" { "mjs" } else { end }));
    fs::write(&file, &text).unwrap();
    let _under_way = server.request_under_way();
    let mut command = Command::new(interpreter);
    let command = command.arg(&file).current_dir(&folder);
    let command = command
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONIOENCODING", "utf-8");
    let output = command.env("LANG", "C.UTF-8").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{printed}\n{told}");
    printed
}

/// Runs the programs of a language: those of the tasks, in order, have the answers of the page; then the longer examples.
fn programs_work(end: &str) {
    let Some(interpreter) = interpreter(end) else {
        return;
    };
    let (answers, programs) = (read(ANSWERS), programs());
    let server = Server::with_demo();
    for request in read("site/requests.json").as_array().unwrap() {
        let task = request["task"].as_str().unwrap();
        let program = programs[task][end].as_str().unwrap();
        let printed = run(server, interpreter, end, program);
        let body = |text: &str| without_new(serde_json::from_str(text).unwrap());
        assert_eq!(
            body(&printed),
            body(answers[task]["body"].as_str().unwrap()),
            "{program}"
        );
    }
    for (name, expected) in [
        ("list", "Potomac Flowers"),
        ("changes", "customer"),
        ("errors", "SE-1002 is taken"),
        ("import", &format!("{end}-2")),
    ] {
        let example =
            fs::read_to_string(Path::new(ROOT).join(format!("site/examples/{name}.{end}")));
        let printed = run(server, interpreter, end, &example.unwrap());
        assert!(printed.contains(expected), "{name}.{end}: {printed}");
    }
}

#[test]
fn the_programs_of_the_page_work_in_curl() {
    if is_there("curl", &["--version"]) {
        programs_work("sh");
    }
}

#[test]
fn the_programs_of_the_page_work_in_php() {
    programs_work("php");
}

#[test]
fn the_programs_of_the_page_work_in_python() {
    programs_work("py");
}

#[test]
fn the_programs_of_the_page_work_in_javascript() {
    programs_work("js");
}

#[test]
fn the_programs_of_the_page_work_in_ruby() {
    programs_work("rb");
}
