//! The client that calls the Worker.

use std::fs;

use customers_api::http::json::Json;
use customers_api::operator::input::PartnerInput;
use serde::Serialize;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::tables::cell;
use crate::{Failure, partner_path};

/// The port of `npm start`, unless the variable PORT names another.
const PORT: &str = "8787";

/// The file with the secrets of the local Worker.
const LOCAL_SECRETS: &str = ".dev.vars";

/// The number of records in a page.
const PAGE: usize = 1_000;

/// A Worker, and the token for it.
pub struct Worker {
    origin: String,
    authorization: String,
    agent: Agent,
}

impl Worker {
    /// The Worker at a URL, or the local one.
    pub fn new(url: Option<&str>) -> Result<Self, Failure> {
        let origin = url.map_or_else(local, |url| url.trim_end_matches('/').to_owned());
        let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
            .iter()
            .filter_map(|local| origin.strip_prefix(local))
            .any(|port| port.is_empty() || port.starts_with(':'));
        if !is_local && !origin.starts_with("https://") {
            return Err("--url must begin with https://, to protect the token".into());
        }
        let token = std::env::var("OPERATOR_TOKEN").ok();
        let token = token.or_else(|| is_local.then(local_token)?);
        let token = token.ok_or("OPERATOR_TOKEN must hold the operator's token")?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .new_agent();
        Ok(Self {
            origin,
            authorization: format!("Bearer {token}"),
            agent,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    pub fn get(&self, path: &str) -> Result<Json, Failure> {
        self.answer(self.asked(path))
    }

    fn asked(&self, path: &str) -> Result<Response<Body>, ureq::Error> {
        let request = self.agent.get(self.url(path));
        request.header("Authorization", &self.authorization).call()
    }

    pub fn put(&self, path: &str, body: &impl Serialize) -> Result<Json, Failure> {
        let body = serde_json::to_string(body).map_err(|error| error.to_string())?;
        let request = self.agent.put(self.url(path));
        let request = request.header("Authorization", &self.authorization);
        let request = request.header("Content-Type", "application/json");
        self.answer(request.send(body))
    }

    pub fn post(&self, path: &str, body: &impl Serialize) -> Result<Json, Failure> {
        let body = serde_json::to_string(body).map_err(|error| error.to_string())?;
        let request = self.agent.post(self.url(path));
        let request = request.header("Authorization", &self.authorization);
        let request = request.header("Content-Type", "application/json");
        self.answer(request.send(body))
    }

    pub fn delete(&self, path: &str) -> Result<Json, Failure> {
        let request = self.agent.delete(self.url(path));
        let request = request.header("Authorization", &self.authorization);
        self.answer(request.call())
    }

    /// Changes a partner that exists. The Worker's `PUT` would create a partner from a mistyped name.
    pub fn change(&self, username: &str, partner: &PartnerInput) -> Result<Json, Failure> {
        if self.has(username)? {
            return self.put(&partner_path(username), partner);
        }
        Err(format!("there is no partner {username}: use `add`"))
    }

    pub fn has(&self, username: &str) -> Result<bool, Failure> {
        let answer = self.asked(&partner_path(username));
        let answer = answer.map_err(|error| self.lost(&error))?;
        if answer.status() == 404 {
            return Ok(false);
        }
        self.answer(Ok(answer)).map(|_| true)
    }

    /// Reads a list page by page, and returns it as one list. `query` begins with `&`, or is empty.
    pub fn list(&self, path: &str, query: &str, after: i64) -> Result<Json, Failure> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut all = Vec::new();
        let mut next = Some(format!("{path}?pagesize={PAGE}&after={after}{query}"));
        while let Some(path) = next {
            let answer = self.asked(&path);
            // A page with a `Link` to the next may be short, and even empty.
            next = answer.as_ref().ok().and_then(linked);
            let page = self.answer(answer)?;
            let records = page.get(name).and_then(Json::as_list).unwrap_or_default();
            all.extend(records.iter().cloned());
        }
        Ok(Json::object([(name, Json::List(all))]))
    }

    /// The body of a 200, or the messages of an error.
    fn answer(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Json, Failure> {
        let mut answer = answer.map_err(|error| self.lost(&error))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string();
        let text = text.map_err(|error| self.lost(&error))?;
        let body = Json::parse(text.as_bytes());
        let body = body.map_err(|_| format!("{status}: the answer is not from the service"))?;
        if status == 200 {
            return Ok(body);
        }
        let errors = body
            .get("errors")
            .and_then(Json::as_list)
            .unwrap_or_default();
        let told = errors.iter();
        let told = told.map(|error| error.get("message").map(cell).unwrap_or_default());
        Err(told.collect::<Vec<_>>().join("\n"))
    }

    fn lost(&self, error: &ureq::Error) -> Failure {
        format!("{}: {error}", self.origin)
    }
}

/// The origin of the local Worker.
/// The path in the `Link` of a page.
fn linked(answer: &Response<Body>) -> Option<String> {
    let link = answer.headers().get("Link")?.to_str().ok()?;
    let (path, _) = link.strip_prefix('<')?.split_once('>')?;
    Some(path.to_owned())
}

fn local() -> String {
    let port = std::env::var("PORT").ok().filter(|port| !port.is_empty());
    format!("http://127.0.0.1:{}", port.as_deref().unwrap_or(PORT))
}

/// The token of the local Worker.
fn local_token() -> Option<String> {
    let secrets = fs::read_to_string(LOCAL_SECRETS).ok()?;
    let token = secrets
        .lines()
        .find_map(|line| line.strip_prefix("OPERATOR_TOKEN="))?;
    Some(token.trim().trim_matches('"').to_owned())
}
