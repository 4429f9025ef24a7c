//! The HTTP clients that partners use work with HTTP Digest: `curl`, PHP's curl and python-requests.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::partner::Partner;

/// A request: method, path and parameters.
pub type Call<'a> = (&'a str, String, &'a [(&'a str, &'a str)]);

/// A response: status and body.
pub type Answer = (u16, String);

/// Whether this program works here. A test that needs it is skipped without it, but fails if CI is set.
pub fn is_there(program: &str, probe: &[&str]) -> bool {
    let output = Command::new(program).args(probe).output();
    let there = output.is_ok_and(|output| output.status.success());
    if !there {
        let missing = format!("{program} {}", probe.join(" "));
        assert!(std::env::var_os("CI").is_none(), "missing: {missing}");
        eprintln!("skipped: {missing} does not work here");
    }
    there
}

/// What runs the page's programs of a language, named by the end of their files, if it works here.
pub fn interpreter(end: &str) -> Option<&'static str> {
    let (program, probe): (_, &[&str]) = match end {
        "php" => {
            let has_curl = "exit(function_exists('curl_init') ? 0 : 1);";
            ("php", &["-r", has_curl])
        }
        "py" => ("python3", &["-c", "import requests"]),
        "js" => ("node", &["--version"]),
        "rb" => ("ruby", &["--version"]),
        _ => ("bash", &["--version"]),
    };
    is_there(program, probe).then_some(program)
}

/// A program of the page with the address and the credentials of somebody in it.
pub fn filled_in(program: &str, origin: &str, username: &str, password: &str) -> String {
    program
        .replace("https://customers.example", origin)
        .replace("acme:secret", &format!("{username}:{password}"))
        .replace(
            r#""acme", "secret""#,
            &format!("{username:?}, {password:?}"),
        )
        .replace("'acme', 'secret'", &format!("'{username}', '{password}'"))
}

/// Runs a client while no test writes to the database directly.
fn run(partner: &Partner, command: &mut Command) -> Output {
    let _under_way = partner.server.request_under_way();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:#?}");
    output
}

/// Sends each call with a `curl` process of its own to an origin.
pub fn curl(
    partner: &Partner,
    origin: &str,
    password: &str,
    authentication: &str,
    calls: &[Call<'_>],
) -> Vec<Answer> {
    let call = |(method, path, parameters): &Call<'_>| {
        let mut command = Command::new("curl");
        command
            .args(["--disable", "--silent", "--show-error", "--max-time", "30"])
            .args([authentication, "--request", method])
            .args(["--write-out", "\n%{http_code}"])
            .arg("--user")
            .arg(format!("{}:{password}", partner.username));
        if *method == "GET" {
            command.arg("--get");
        }
        for (name, value) in *parameters {
            command
                .arg("--data-urlencode")
                .arg(format!("{name}={value}"));
        }
        command.arg(format!("{origin}{path}"));
        let output = String::from_utf8(run(partner, &mut command).stdout).unwrap();
        let (body, status) = output.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    };
    calls.iter().map(call).collect()
}

/// Sends all calls with one process of a script in `tests/clients`.
fn script(
    program: &str,
    file: &str,
    partner: &Partner,
    password: &str,
    calls: &[Call<'_>],
) -> Vec<Answer> {
    let calls: Vec<Value> = calls
        .iter()
        .map(|(method, path, parameters)| {
            let parameters = parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)));
            json!([method, path, parameters.collect::<serde_json::Map<_, _>>()])
        })
        .collect();
    let mut command = Command::new(program);
    command
        .arg(format!(
            "{}/tests/clients/{file}",
            env!("CARGO_MANIFEST_DIR")
        ))
        .args([&partner.server.origin, &partner.username, password])
        .arg(Value::from(calls).to_string());
    serde_json::from_slice(&run(partner, &mut command).stdout).unwrap()
}

/// Makes a client do everything with a customer, from creation to erasure. `send` takes a password and the calls.
pub fn run_a_customers_life(
    partner: &Partner,
    prefix: &str,
    send: impl Fn(&str, &[Call<'_>]) -> Vec<Answer>,
) {
    let customers = format!("{prefix}/customers");
    let refused = send("wrong", &[("GET", customers.clone(), &[])]);
    assert_eq!(refused[0].0, 401);
    assert!(
        serde_json::from_str::<Value>(&refused[0].1).is_err(),
        "{refused:?}"
    );

    let all = [("name", "Åkeri & Söner 100 %"), ("custnr", "A+1/2")];
    let created = send(&partner.password, &[("POST", customers.clone(), &all)]);
    let created = single(&created[0]);
    assert_eq!(created["name"], all[0].1);
    assert_eq!(created["custnr"], all[1].1);
    let id = as_text(&created["customer_id"]);

    let path = format!("{customers}/{id}");
    let answers = send(
        &partner.password,
        &[
            (
                "GET",
                customers.clone(),
                &[("custnr", "A+1/2"), ("pagesize", "10")],
            ),
            ("PUT", path.clone(), &[("email", "post@example.com")]),
            (
                "PUT",
                customers.clone(),
                &[("customer_id", &id), ("corporateid", "556000-0001")],
            ),
            ("GET", path.clone(), &[]),
            (
                "DELETE",
                customers.clone(),
                &[("customer_id", &id), ("dry_run", "1")],
            ),
            ("DELETE", path.clone(), &[]),
            ("GET", path.clone(), &[]),
            ("GET", format!("{path}/erasure"), &[]),
        ],
    );
    let [
        found,
        changed,
        changed_again,
        read,
        previewed,
        erased,
        gone,
        receipt,
    ] = answers.as_slice()
    else {
        panic!("{answers:?}");
    };
    assert_eq!(single(found), created);
    assert_eq!(single(changed)["email"], "post@example.com");
    assert_eq!(single(changed_again)["corporateid"], "556000-0001");
    assert_eq!(single(read), single(changed_again));
    assert_eq!(ok(previewed)["erasure"]["removed_at"], "");
    assert_ne!(ok(erased)["erasure"]["removed_at"], "");
    assert_eq!(gone.0, 404);
    assert_eq!(ok(receipt), ok(erased));
    assert_eq!(as_text(&ok(receipt)["erasure"]["customer_id"]), id);
    assert_eq!(partner.total(), 0);
}

fn ok((status, body): &Answer) -> Value {
    assert_eq!(*status, 200, "{body}");
    serde_json::from_str(body).unwrap()
}

fn single(answer: &Answer) -> Value {
    let json = ok(answer);
    assert_eq!(json["customers"].as_array().unwrap().len(), 1, "{json}");
    json["customers"][0].clone()
}

/// An integer as text, in either version of the API.
fn as_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn curl_works_with_digest() {
    if is_there("curl", &["--version"]) {
        let partner = Partner::new();
        run_a_customers_life(&partner, "", |password, calls| {
            curl(
                &partner,
                &partner.server.origin,
                password,
                "--digest",
                calls,
            )
        });
    }
}

#[test]
fn curl_works_with_anyauth() {
    if is_there("curl", &["--version"]) {
        let partner = Partner::new();
        run_a_customers_life(&partner, "", |password, calls| {
            curl(
                &partner,
                &partner.server.origin,
                password,
                "--anyauth",
                calls,
            )
        });
    }
}

#[test]
fn php_works_as_the_published_client_uses_it() {
    if is_there(
        "php",
        &["-r", "exit(function_exists('curl_init') ? 0 : 1);"],
    ) {
        let partner = Partner::new();
        run_a_customers_life(&partner, "/2.4.9", |password, calls| {
            script("php", "digest.php", &partner, password, calls)
        });
    }
}

#[test]
fn python_requests_works() {
    if is_there("python3", &["-c", "import requests"]) {
        let partner = Partner::new();
        run_a_customers_life(&partner, "", |password, calls| {
            script("python3", "digest.py", &partner, password, calls)
        });
    }
}
