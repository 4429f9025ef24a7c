//! The OpenAPI documents: schemathesis checks with thousands of requests that the service conforms to them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use customers_api::http::routes::{Route, routes};
use serde_json::{Value, json};

use crate::client::{Request, anonymous, operator};
use crate::clients::is_there;
use crate::partner::Partner;
use crate::server::{OPERATOR_TOKEN, Server, shared};

/// Runs schemathesis as a module, because its command may not be in PATH.
const SCHEMATHESIS: &str = "from schemathesis.cli import schemathesis; schemathesis()";

/// A partner with all custom fields, a customer with a measure, and a customer to be erased. It has its own server,
/// because the requests to the operator's paths change every partner that they find.
struct Fixture {
    partner: Partner,
    environment: [(&'static str, i64); 3],
}

impl Fixture {
    fn new() -> Self {
        let partner = Partner::on(Server::with_demo(), &json!({}));
        for n in 1..=20 {
            partner.set_up_custom(n, &json!({}));
        }
        let customer_id = partner.create_customer("Customer", "1");
        let environment = [
            ("CUSTOMER_ID", customer_id),
            ("MEASURE_ID", partner.create_measure(customer_id)),
            ("ERASED_ID", partner.create_customer("To be erased", "2")),
        ];
        Self {
            partner,
            environment,
        }
    }

    /// Runs schemathesis on a document. It must find no failure, nor a member of an answer that the document does not name.
    fn try_document(&self, path: &str, credentials: &[&str]) {
        if !is_there("python3", &["-c", "import schemathesis"]) {
            return;
        }
        let mut document = Request::new(self.partner.server, "GET", path)
            .authorization(&format!("Bearer {OPERATOR_TOKEN}"))
            .expect(200)
            .json();
        close(&mut document);
        let file = self.partner.server.state.join("document.json");
        std::fs::write(&file, document.to_string()).unwrap();
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis");
        let output = Command::new("python3")
            // schemathesis writes its files to the current directory.
            .current_dir(&self.partner.server.state)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(self.environment.map(|(name, id)| (name, id.to_string())))
            .env("PYTHONPATH", &directory)
            .args(["-c", SCHEMATHESIS, "--config-file"])
            .arg(directory.join("schemathesis.toml"))
            .arg("run")
            .arg(file)
            .arg("--url")
            .arg(document["servers"][0]["url"].as_str().unwrap())
            .arg("--no-color")
            .args(credentials)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{failed}");
    }
}

/// Lets no object have members that it does not name.
fn close(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        if object.contains_key("properties") && object.get("type") == Some(&json!("object")) {
            object.entry("additionalProperties").or_insert(json!(false));
        }
        object.values_mut().for_each(close);
    } else if let Some(list) = schema.as_array_mut() {
        list.iter_mut().for_each(close);
    }
}

#[test]
fn the_service_conforms_to_the_partners_document() {
    let fixture = Fixture::new();
    let login = format!("{}:{}", fixture.partner.username, fixture.partner.password);
    fixture.try_document("/openapi.json", &["--auth", &login]);
}

#[test]
fn the_service_conforms_to_the_partners_document_of_the_published_version() {
    let fixture = Fixture::new();
    let login = format!("{}:{}", fixture.partner.username, fixture.partner.password);
    fixture.try_document("/2.4.9/openapi.json", &["--auth", &login]);
}

#[test]
fn the_service_conforms_to_the_operators_document() {
    let token = format!("Authorization: Bearer {OPERATOR_TOKEN}");
    let credentials = ["--header", token.as_str()];
    Fixture::new().try_document("/operator/openapi.json", &credentials);
}

/// The operations of a document, as method and path.
fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let mut operations = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            operations.insert((method.to_uppercase(), path.clone()));
        }
    }
    operations
}

#[test]
fn every_route_is_in_a_document_and_no_other() {
    let expected = |is_in: fn(&Route, &str) -> bool| -> BTreeSet<(String, String)> {
        let routes = routes().into_iter();
        let routes = routes.filter(|(_, path, route)| is_in(route, path));
        routes
            .map(|(method, path, _)| (method.to_owned(), path.to_owned()))
            .collect()
    };
    for prefix in ["", "/2.4.9"] {
        let document = |name| {
            let answer = operator("GET", &format!("{prefix}/{name}")).expect(200);
            let document = answer.json();
            assert_eq!(document["openapi"], "3.1.0");
            let server = format!("{}{prefix}", shared().origin);
            assert_eq!(document["servers"], json!([{ "url": server }]));
            document
        };
        assert_eq!(
            operations(&document("openapi.json")),
            expected(|route, path| matches!(route, Route::Partner(_))
                || ["/health", "/.well-known/jwks.json"].contains(&path))
        );
        assert_eq!(
            operations(&document("operator/openapi.json")),
            expected(|route, _| matches!(route, Route::Operator(_)))
        );
    }
}

/// The names in braces of a path, in their order.
fn in_braces(path: &str) -> Vec<&str> {
    let parts = path.split('{').skip(1);
    parts.map(|part| part.split('}').next().unwrap()).collect()
}

#[test]
fn operations_have_summaries_of_their_own_parameters_in_the_order_of_the_path_and_basic_before_digest()
 {
    for (name, security) in [
        ("/openapi.json", json!([{ "basic": [] }, { "digest": [] }])),
        ("/operator/openapi.json", json!([{ "operator": [] }])),
    ] {
        let document = operator("GET", name).expect(200).json();
        assert_eq!(document["security"], security);
        let mut summaries = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for operation in methods.as_object().unwrap().values() {
                let summary = operation["summary"].as_str().unwrap();
                assert!(
                    summaries.insert(summary.to_owned()),
                    "{summary} is there twice"
                );
                let parameters = operation["parameters"].as_array().unwrap();
                let of_path = parameters.iter().filter(|one| one["in"] == "path");
                let names: Vec<&str> = of_path.map(|one| one["name"].as_str().unwrap()).collect();
                assert_eq!(names, in_braces(path), "{path}");
                let begin = parameters.iter().take(names.len());
                assert!(begin.into_iter().all(|one| one["in"] == "path"), "{path}");
            }
        }
    }
}

#[test]
fn only_the_operator_gets_the_operators_document_and_no_cache_keeps_it() {
    for prefix in ["", "/2.4.9"] {
        let path = format!("{prefix}/operator/openapi.json");
        let answer = operator("GET", &path).expect(200);
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        let partner = Partner::new();
        partner.get(&path).expect(401);
        let refused = anonymous("GET", &path).expect(401);
        assert!(!refused.text.contains("listPartners"), "{refused:#?}");
        anonymous("GET", &format!("{prefix}/openapi-operator.json")).expect(404);
        let tag = answer.header("ETag").unwrap();
        anonymous("GET", &path)
            .header("If-None-Match", tag)
            .expect(401);
    }
}

#[test]
fn a_document_states_the_rules_of_validation() {
    let document = anonymous("GET", "/openapi.json").expect(200).json();
    let body = &document["components"]["schemas"]["NewCustomer"];
    assert_eq!(body["required"], json!(["name", "custnr"]));
    let name = &body["properties"]["name"];
    assert_eq!([&name["minLength"], &name["maxLength"]], [1, 60]);
    let about = name["description"].as_str().unwrap();
    let partner = Partner::new();
    let wrong = [("name", &*"x".repeat(61)), ("custnr", "1")];
    let message = partner.post("/customers", &wrong).expect(400).message();
    let rule = message.strip_prefix("name ").unwrap();
    assert!(about.contains(rule), "{about}");
}
