//! The program of the page that creates many customers at once loses none and creates none twice.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::clients::{filled_in, interpreter};
use crate::moves::moved;
use crate::partner::Partner;
use crate::server::{ROOT, Server};

const CUSTOMERS: usize = 2_500;
const DEADLINE: Duration = Duration::from_secs(90);

/// Writes the program in a language and so many customers into a folder of its own. The program calls this origin.
fn folder(partner: &Partner, end: &str, origin: &str, customers: usize) -> PathBuf {
    let folder = partner
        .server
        .state
        .join(format!("import-{end}-{}", partner.username));
    fs::create_dir_all(&folder).unwrap();
    let program = Path::new(ROOT).join(format!("site/examples/import.{end}"));
    let Partner {
        username, password, ..
    } = partner;
    let program = fs::read_to_string(program).unwrap();
    let program = filled_in(&program, origin, username, password);
    assert!(program.contains(password));
    fs::write(folder.join(program_of(end)), program).unwrap();
    let customer = |n: usize| json!({"name": format!("Customer {n}"), "custnr": n.to_string()});
    let customers: Vec<Value> = (0..customers).map(customer).collect();
    let customers = Value::from(customers).to_string();
    fs::write(folder.join("customers.json"), customers).unwrap();
    folder
}

fn program_of(end: &str) -> String {
    format!("import.{}", if end == "js" { "mjs" } else { end })
}

fn start(folder: &Path, interpreter: &str, end: &str) -> Child {
    let mut command = Command::new(interpreter);
    command.arg(program_of(end)).current_dir(folder);
    command
        .env("NO_PROXY", "127.0.0.1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn an_import_that_is_killed_and_run_again_while_the_partner_moves_creates_each_customer_once() {
    if interpreter("py").is_none() {
        return;
    }
    let partner = Partner::on(Server::alone(), &json!({}));
    let folder = folder(&partner, "py", &partner.server.origin, CUSTOMERS);

    let mut first = start(&folder, "python3", "py");
    let begin = Instant::now();
    while partner.total() == 0 {
        assert!(begin.elapsed() < DEADLINE);
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(partner.total() < 2_500, "it was too fast to be killed");

    let again = start(&folder, "python3", "py");
    moved(&partner, "DB_2");
    expect_each_once(&partner, &again.wait_with_output().unwrap(), CUSTOMERS);
}

/// The import has printed each customer once, and created no other.
fn expect_each_once(partner: &Partner, output: &Output, customers: usize) {
    assert!(output.status.success(), "{output:#?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines = printed.lines().map(|line| line.split_once(' ').unwrap());
    let (ids, numbers): (BTreeSet<&str>, BTreeSet<&str>) = lines.unzip();
    assert_eq!((ids.len(), numbers.len()), (customers, customers));
    assert_eq!(partner.total(), i64::try_from(customers).unwrap());
}

/// How many answers are lost.
const LOST: usize = 2;

/// Passes each request on to a server, on a connection of its own. The first answers to requests with credentials are lost: the
/// server has done what was asked, and the connection ends. Returns the origin. It serves until the tests end.
fn lossy(server: &'static Server) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let mut lost = 0;
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            // A client may open a connection and ask nothing.
            let Some((head, body)) = read_request(&client) else {
                continue;
            };
            let mut upstream =
                TcpStream::connect(server.origin.strip_prefix("http://").unwrap()).unwrap();
            write!(upstream, "{head}Connection: close\r\n\r\n").unwrap();
            upstream.write_all(&body).unwrap();
            let mut answer = Vec::new();
            upstream.read_to_end(&mut answer).unwrap();
            if lost < LOST && head.to_lowercase().contains("\r\nauthorization:") {
                lost += 1;
            } else {
                client.write_all(&answer).unwrap();
            }
        }
    });
    origin
}

/// The head of a request, without what it says of its connection, and its body. `None` if nothing is asked.
fn read_request(client: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let name = line.split(':').next().unwrap().to_lowercase();
        match name.trim() {
            "" => break,
            "connection" => continue,
            "content-length" => length = line.split(':').nth(1).unwrap().trim().parse().unwrap(),
            _ => {}
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// An import asks for a lost answer again, and creates each customer once.
fn survives_lost_answers(end: &str) {
    let Some(interpreter) = interpreter(end) else {
        return;
    };
    let partner = Partner::new();
    let origin = lossy(partner.server);
    let folder = folder(&partner, end, &origin, 600);
    let output = {
        let _under_way = partner.server.request_under_way();
        start(&folder, interpreter, end).wait_with_output().unwrap()
    };
    expect_each_once(&partner, &output, 600);
}

#[test]
fn an_import_in_php_asks_again_for_an_answer_that_was_lost() {
    survives_lost_answers("php");
}

#[test]
fn an_import_in_python_asks_again_for_an_answer_that_was_lost() {
    survives_lost_answers("py");
}

#[test]
fn an_import_in_javascript_asks_again_for_an_answer_that_was_lost() {
    survives_lost_answers("js");
}

#[test]
fn an_import_in_ruby_asks_again_for_an_answer_that_was_lost() {
    survives_lost_answers("rb");
}
