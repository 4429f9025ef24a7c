//! Builds requests, sends them and reads the responses.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{self, HeaderMap, HeaderName, HeaderValue};

use crate::server::{OPERATOR_TOKEN, Server, shared};

// The benchmarks have this file too, in another folder.
#[path = "codes.rs"]
mod codes;

use codes::expect_listed;

const TIMEOUT: Duration = Duration::from_secs(60);

/// It returns every status as a value, follows no redirect, and opens a new connection for each request.
static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .timeout_global(Some(TIMEOUT))
        .build()
        .new_agent()
});

/// A request that has not been sent yet.
#[must_use = "a request is sent by expect()"]
#[derive(Clone)]
pub struct Request<'a> {
    pub server: &'a Server,
    pub method: String,
    /// Path and query, sent unchanged.
    pub target: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

/// The largest body that a test reads.
const BODY_MAX: u64 = 32_000_000;

impl<'a> Request<'a> {
    /// A request without credentials.
    pub fn new(server: &'a Server, method: &str, target: &str) -> Self {
        Self {
            server,
            method: method.to_owned(),
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// A request with the operator's token.
    pub fn operator(server: &'a Server, method: &str, target: &str) -> Self {
        Self::new(server, method, target).authorization(&format!("Bearer {OPERATOR_TOKEN}"))
    }

    /// Adds a header line. It keeps earlier lines of the same name.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::try_from(name).unwrap();
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.append(name, value);
        self
    }

    /// Replaces the credentials.
    pub fn authorization(mut self, value: &str) -> Self {
        self.headers.remove("Authorization");
        self.header("Authorization", value)
    }

    /// Sets the credentials by HTTP Basic.
    pub fn basic(self, username: &str, password: &str) -> Self {
        let pair = format!("{username}:{password}");
        let pair = Base64::encode_string(pair.as_bytes());
        self.authorization(&format!("Basic {pair}"))
    }

    pub fn credentials(&self) -> Option<&str> {
        self.headers.get("Authorization")?.to_str().ok()
    }

    /// Removes the credentials.
    pub fn anonymous(mut self) -> Self {
        self.headers.remove("Authorization");
        self
    }

    /// Sets the body and its media type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.remove("Content-Type");
        self.body = Some(body.into());
        self.header("Content-Type", content_type)
    }

    pub fn form(self, parameters: &[(&str, &str)]) -> Self {
        self.body("application/x-www-form-urlencoded", urlencoded(parameters))
    }

    pub fn json(self, document: &Value) -> Self {
        self.body("application/json", document.to_string())
    }

    /// Sends the body in chunks, without a Content-Length.
    pub fn chunked(self) -> Self {
        self.header("Transfer-Encoding", "chunked")
    }

    /// Sends the request. The response must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Response {
        let response = self.send();
        assert_eq!(response.status, status, "{response:#?}");
        response
    }

    /// Sends the request. Any status is fine.
    #[track_caller]
    pub fn send(self) -> Response {
        let what = format!("{} {}", self.method, self.target);
        match self.try_send() {
            Ok(response) => {
                expect_listed(&response);
                response
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }

    /// Sends the request. Returns an `Err` if no response comes.
    pub fn try_send(self) -> Result<Response, ureq::Error> {
        let _under_way = self.server.request_under_way();
        self.exchange()
    }

    /// Sends the request, waits until `is_done`, and closes the connection without reading an answer.
    pub fn cut_when(self, is_done: impl Fn() -> bool) {
        let _under_way = self.server.request_under_way();
        let address = self.server.origin.strip_prefix("http://").unwrap();
        let body = self.body.unwrap_or_default();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\n",
            self.method, self.target
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut connection = TcpStream::connect(address).unwrap();
        connection
            .write_all(&[head.as_bytes(), &body].concat())
            .unwrap();
        let deadline = Instant::now() + TIMEOUT;
        while !is_done() {
            assert!(Instant::now() < deadline, "{} {}", self.method, self.target);
        }
    }

    /// Sends the request even while a test writes to the database file.
    pub fn exchange(self) -> Result<Response, ureq::Error> {
        let uri = format!("{}{}", self.server.origin, self.target);
        let what = format!("{} {}", self.method, self.target);
        let mut request = http::Request::builder()
            .method(self.method.as_str())
            .uri(uri.as_str());
        *request.headers_mut().unwrap() = self.headers.clone();
        let answer = match self.body {
            None => AGENT.run(request.body(()).unwrap()),
            // ureq sends a body with DELETE and GET only through these methods.
            Some(body) if self.method == "DELETE" || self.method == "GET" => {
                let request = match self.method.as_str() {
                    "DELETE" => AGENT.delete(uri.as_str()),
                    _ => AGENT.get(uri.as_str()),
                };
                let mut request = request.force_send_body();
                *request.headers_mut().unwrap() = self.headers;
                request.send(body)
            }
            Some(body) => AGENT.run(request.body(body).unwrap()),
        };
        let mut answer = answer?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.body_mut().with_config();
        Ok(Response {
            what,
            status,
            headers,
            text: body.limit(BODY_MAX).read_to_string()?,
        })
    }
}

#[derive(Clone, Debug)]
pub struct Response {
    /// Method and target of the request, for assertion messages.
    pub what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Response {
    /// The body, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.text) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {self:#?}"),
        }
    }

    /// All lines of a header, in order.
    pub fn lines(&self, name: &str) -> Vec<&str> {
        let lines = self.headers.get_all(name).iter();
        lines.map(|value| value.to_str().unwrap()).collect()
    }

    /// A header that may occur at most once.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.lines(name);
        assert!(lines.len() <= 1, "{name} occurs twice: {self:#?}");
        lines.first().copied()
    }

    /// The id under which the request was logged.
    #[track_caller]
    pub fn request_id(&self) -> &str {
        self.header("X-Request-Id").expect("X-Request-Id")
    }

    /// The only customer in the response.
    #[track_caller]
    pub fn customer(&self) -> Value {
        let json = self.json();
        let customers = json["customers"].as_array().expect("customers");
        assert_eq!(customers.len(), 1, "{self:#?}");
        customers[0].clone()
    }

    /// The records in the response. `kind` is the member that holds them.
    #[track_caller]
    pub fn records(&self, kind: &str) -> Vec<Value> {
        let json = self.json();
        json[kind].as_array().expect(kind).clone()
    }

    /// The only record of this kind in the response.
    #[track_caller]
    pub fn record(&self, kind: &str) -> Value {
        let records = self.records(kind);
        assert_eq!(records.len(), 1, "{self:#?}");
        records[0].clone()
    }

    /// The sorted errors of the response, each as `parameter: code`, or as `code` if it names no parameter.
    #[track_caller]
    pub fn errors(&self) -> Vec<String> {
        let json = self.json();
        let mut errors: Vec<String> = json["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| {
                let code = error["code"].as_str().expect("code");
                assert!(error["message"].is_string(), "{self:#?}");
                match error.get("parameter") {
                    Some(parameter) => format!("{}: {code}", parameter.as_str().unwrap()),
                    None => code.to_owned(),
                }
            })
            .collect();
        errors.sort();
        errors
    }

    /// The message of the only error.
    #[track_caller]
    pub fn message(&self) -> String {
        let json = self.json();
        let errors = json["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "{self:#?}");
        errors[0]["message"].as_str().expect("message").to_owned()
    }
}

/// Sends these exact bytes as the head of a request, for input that no client library would send. The head must not
/// include the empty line at its end.
pub fn send_raw(server: &Server, head: &[u8]) -> String {
    let _under_way = server.request_under_way();
    let address = server.origin.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(TIMEOUT)).unwrap();
    let rest = format!("Host: {address}\r\nConnection: close\r\n\r\n");
    connection
        .write_all(&[head, rest.as_bytes()].concat())
        .unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub fn urlencoded(parameters: &[(&str, &str)]) -> String {
    let pairs = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encodes everything but letters, digits and `-._~` (RFC 3986 §2.3).
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// A request to the shared server without credentials.
pub fn anonymous(method: &str, target: &str) -> Request<'static> {
    Request::new(shared(), method, target)
}

/// A request to the shared server with the operator's token.
pub fn operator(method: &str, target: &str) -> Request<'static> {
    Request::operator(shared(), method, target)
}
