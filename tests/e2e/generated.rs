//! The clients that others generate from the partners' document work against the service: each creates, lists, changes and
//! erases a customer, and reads errors by their codes. `tests/generated/` has what each does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::clients::is_there;
use crate::partner::Partner;

/// Where `scripts/generated.mjs` puts the clients.
pub static GENERATED: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    succeed(Command::new("node").arg(root.join("scripts/generated.mjs")));
    root.join("target/generated")
});

/// The Python that has the clients' packages.
const PYTHON: &str = "tools/venv/bin/python3";

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        said[0],
        said[1]
    );
    output
}

/// A customer's life with a client: the command gets the origin and the credentials of a new partner.
fn live(command: impl FnOnce(&Path) -> Command) {
    let mut command = command(&GENERATED);
    let partner = Partner::new();
    let output = {
        let _under_way = partner.server.request_under_way();
        command.args([&partner.server.origin, &partner.username, &partner.password]);
        succeed(&mut command)
    };
    let lived: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        lived,
        json!({
            "created": "A+1/2",
            "taken": "custnr_taken",
            "listed": 1,
            "changed": "post@example.com",
            "measures": 1,
            "previewed": "",
            "masked": 2,
            "status": "complete",
            "gone": "not_found",
            "refused": 401,
            "left": 0,
        })
    );
    assert_eq!(partner.total(), 0);
}

fn program(name: impl AsRef<std::ffi::OsStr>, argument: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.arg(argument);
    command
}

fn source(file: &str) -> String {
    format!("{}/tests/generated/{file}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn openapi_typescript_with_openapi_fetch_lives_a_customers_life() {
    live(|clients| program("node", clients.join("openapi-fetch/life.mjs")));
}

#[test]
fn hey_api_lives_a_customers_life() {
    live(|clients| program("node", clients.join("hey-api/life.mjs")));
}

#[test]
fn openapi_python_client_lives_a_customers_life() {
    live(|clients| {
        let mut command = program(
            clients.join(PYTHON),
            source("openapi-python-client/life.py"),
        );
        command.env("PYTHONPATH", clients.join("openapi-python-client"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    });
}

#[test]
fn python_of_openapi_generator_lives_a_customers_life() {
    live(|clients| {
        let mut command = program(clients.join(PYTHON), source("python/life.py"));
        command.env("PYTHONPATH", clients.join("python"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    });
}

#[test]
fn php_of_openapi_generator_lives_a_customers_life() {
    let probe = "exit((@include '/usr/share/php/GuzzleHttp/autoload.php') && extension_loaded('mbstring') ? 0 : 1);";
    if is_there("php", &["-r", probe]) {
        live(|clients| {
            let mut command = program("php", source("php/life.php"));
            command.arg(clients.join("php/lib"));
            command
        });
    }
}

#[test]
fn rust_of_openapi_generator_lives_a_customers_life() {
    live(|clients| Command::new(clients.join("rust/life")));
}
