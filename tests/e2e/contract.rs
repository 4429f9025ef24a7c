//! Prism stands between a client and the service, and refuses every request and every answer that the document does not
//! allow. The requests are those of the published clients: an erasure has its parameters in a form.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::client::anonymous;
use crate::clients::{Call, curl, is_there, run_a_customers_life};
use crate::generated::GENERATED;
use crate::partner::Partner;
use crate::server::{free_port, shared};

/// Prism in front of the shared server, with one of its documents.
struct Prism {
    process: Child,
    origin: String,
}

impl Prism {
    fn with(document: &str) -> Self {
        let port = free_port();
        let file = shared().state.join(format!("prism-{port}.json"));
        std::fs::write(&file, anonymous("GET", document).expect(200).text).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(root.join("node_modules/.bin/node"))
            .arg(GENERATED.join("tools/node_modules/.bin/prism"))
            .args(["proxy", "--errors", "--port", &port.to_string()])
            .args([&file, Path::new(&shared().origin)])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It says when it listens. What it says later must be read, or it would wait for a reader.
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let listens = lines.any(|line| line.unwrap().contains("is listening"));
        assert!(listens, "Prism did not start");
        std::thread::spawn(move || lines.for_each(drop));
        let origin = format!("http://127.0.0.1:{port}");
        Self { process, origin }
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn the_requests_of_the_published_clients_are_as_the_document_describes_them() {
    if is_there("curl", &["--version"]) {
        let prism = Prism::with("/openapi.json");
        let partner = Partner::new();
        run_a_customers_life(&partner, "", |password, calls| {
            curl(&partner, &prism.origin, password, "--basic", calls)
        });

        // One record of a list, with its ids in the query.
        let customer_id = partner.create_customer("Customer", "1").to_string();
        let parameters = [("customer_id", &*customer_id), ("name", "Leaflet")];
        let numbers = [("phonenr", "+46313900650"), ("destnr", "+46313900602")];
        let measure = [parameters, numbers].concat();
        let through = |method: &'static str, parameters: &[(&str, &str)]| {
            let calls = [(method, "/customers/measures".to_owned(), parameters)];
            let answers = curl(
                &partner,
                &prism.origin,
                &partner.password,
                "--basic",
                &calls,
            );
            let (status, body) = answers.first().unwrap();
            assert_eq!(*status, 200, "{body}");
            serde_json::from_str::<serde_json::Value>(body).unwrap()
        };
        let added = through("POST", &measure);
        let measure_id = added["measures"][0]["measure_id"].to_string();
        let ids = [("customer_id", &*customer_id), ("measure_id", &*measure_id)];
        assert_eq!(through("GET", &ids), added);
        let all = through("GET", ids.get(..1).unwrap());
        assert_eq!(all["total"], 1);
        let expired = through("DELETE", &ids);
        assert_eq!(expired["measures"][0]["status"], "expired");
    }
}

#[test]
fn what_the_document_does_not_describe_does_not_pass() {
    let prism = Prism::with("/openapi.json");
    let partner = Partner::new();
    let calls: [Call<'_>; 1] = [("PUT", "/customers".to_owned(), &[("name", "x")])];
    let answers = curl(
        &partner,
        &prism.origin,
        &partner.password,
        "--basic",
        &calls,
    );
    let (status, body) = answers.first().unwrap();
    assert_eq!(*status, 422, "{body}");
}
