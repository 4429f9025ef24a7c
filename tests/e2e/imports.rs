//! The program of the page that creates many customers at once loses none and creates none twice.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::clients::is_there;
use crate::moves::moved;
use crate::partner::Partner;
use crate::server::{ROOT, Server};

const CUSTOMERS: usize = 2_500;
const DEADLINE: Duration = Duration::from_secs(90);

/// Writes the program and its customers into a folder of its own.
fn folder(partner: &Partner) -> PathBuf {
    let folder = partner.server.state.join("import");
    fs::create_dir_all(&folder).unwrap();
    let program = fs::read_to_string(Path::new(ROOT).join("site/examples/import.py")).unwrap();
    let credentials = format!("{:?}, {:?}", partner.username, partner.password);
    let program = program
        .replace("https://customers.example", &partner.server.origin)
        .replace("\"acme\", \"secret\"", &credentials);
    assert!(program.contains(&credentials));
    fs::write(folder.join("import.py"), program).unwrap();
    let customer = |n: usize| json!({"name": format!("Customer {n}"), "custnr": n.to_string()});
    let customers: Vec<Value> = (0..CUSTOMERS).map(customer).collect();
    let customers = Value::from(customers).to_string();
    fs::write(folder.join("customers.json"), customers).unwrap();
    folder
}

fn start(folder: &Path) -> Child {
    let mut command = Command::new("python3");
    command.arg("import.py").current_dir(folder);
    command
        .env("NO_PROXY", "127.0.0.1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn an_import_that_is_killed_and_run_again_while_the_partner_moves_creates_each_customer_once() {
    if !is_there("python3", &["-c", "import requests"]) {
        return;
    }
    let partner = Partner::on(Server::alone(), &json!({}));
    let folder = folder(&partner);

    let mut first = start(&folder);
    let begin = Instant::now();
    while partner.total() == 0 {
        assert!(begin.elapsed() < DEADLINE);
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(partner.total() < 2_500, "it was too fast to be killed");

    let again = start(&folder);
    moved(&partner, "DB_2");
    let output = again.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:#?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let ids: BTreeSet<&str> = printed
        .lines()
        .map(|line| line.split_once(' ').unwrap().0)
        .collect();
    let numbers: BTreeSet<&str> = printed
        .lines()
        .map(|line| line.split_once(' ').unwrap().1)
        .collect();
    assert_eq!((ids.len(), numbers.len()), (CUSTOMERS, CUSTOMERS));
    assert_eq!(partner.total(), 2_500);
}
