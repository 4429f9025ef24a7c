//! The client that calls the Worker.

use std::fs;

use customers_api::http::json::Json;
use customers_api::operator::input::PartnerInput;
use serde::Serialize;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::failure::Failure;
use crate::names::no_partner;
use crate::partner_path;
use crate::tables::cell;

/// The port of `npm start`, unless the variable PORT names another.
const PORT: &str = "8787";

/// The file with the secrets of the local Worker.
const LOCAL_SECRETS: &str = ".dev.vars";

/// The number of records in a page.
const PAGE: usize = 1_000;

/// What the service says of a path that it does not have.
const NO_PATH: &str = "there is no such path";

/// A Worker, and the token for it.
pub struct Worker {
    origin: String,
    is_local: bool,
    authorization: String,
    agent: Agent,
}

impl Worker {
    /// The Worker at a URL, or the local one.
    pub fn new(url: Option<&str>) -> Result<Self, Failure> {
        let origin = url.map(|url| Ok(url.trim_end_matches('/').to_owned()));
        let origin = origin.unwrap_or_else(local)?;
        let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
            .iter()
            .filter_map(|local| origin.strip_prefix(local))
            .any(|port| port.is_empty() || port.starts_with(':'));
        if !is_local && !origin.starts_with("https://") {
            let why = "--url must begin with https://, to protect the token (or with http:// on this machine)";
            return Err(Failure::usage(why));
        }
        let token = std::env::var("OPERATOR_TOKEN").ok();
        let token = token.or_else(|| is_local.then(local_token)?);
        let token = token.ok_or_else(|| {
            let why = format!("OPERATOR_TOKEN must hold the operator's token for {origin}");
            Failure::usage(if is_local {
                format!("{why}; `npm start` writes that of the local Worker into {LOCAL_SECRETS}")
            } else {
                why
            })
        })?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .new_agent();
        Ok(Self {
            origin,
            is_local,
            authorization: format!("Bearer {token}"),
            agent,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A partner as the operator sees it.
    pub fn partner(&self, username: &str) -> Result<Json, Failure> {
        let answer = self.get(&partner_path(username))?;
        Ok(answer.get("partner").cloned().unwrap_or(Json::Null))
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
        let missing = no_partner(self, username);
        Err(missing.told(|message| format!("{message} (`add` creates a partner)")))
    }

    pub fn has(&self, username: &str) -> Result<bool, Failure> {
        let answer = self.asked(&partner_path(username));
        let answer = answer.map_err(|error| self.lost(&error))?;
        if answer.status() == 404 {
            return Ok(false);
        }
        self.answer(Ok(answer)).map(|_| true)
    }

    /// Reads a list page by page, and returns it as one list: at most `limit` of it, if there is a limit. `query` begins
    /// with `&`, or is empty.
    pub fn list(
        &self,
        path: &str,
        query: &str,
        after: i64,
        limit: Option<usize>,
    ) -> Result<Json, Failure> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let limit = limit.unwrap_or(usize::MAX);
        let size = limit.clamp(1, PAGE);
        let mut all = Vec::new();
        let mut next = Some(format!("{path}?pagesize={size}&after={after}{query}"));
        while let Some(path) = next.filter(|_| all.len() < limit) {
            let answer = self.asked(&path);
            // A page with a `Link` to the next may be short, and even empty.
            next = answer.as_ref().ok().and_then(linked);
            let page = self.answer(answer)?;
            let records = page.get(name).and_then(Json::as_list).unwrap_or_default();
            all.extend(records.iter().cloned());
        }
        all.truncate(limit);
        Ok(Json::object([(name, Json::List(all))]))
    }

    /// The body of a 200, or the messages of an error.
    fn answer(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Json, Failure> {
        let mut answer = answer.map_err(|error| self.lost(&error))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string();
        let text = text.map_err(|error| self.lost(&error))?;
        let body = Json::parse(text.as_bytes());
        let body = body.map_err(|_| {
            let origin = &self.origin;
            format!("{origin} answers {status}, and not as the service does: is it the right URL?")
        })?;
        if status == 200 {
            return Ok(body);
        }
        let errors = body
            .get("errors")
            .and_then(Json::as_list)
            .unwrap_or_default();
        let told = errors.iter();
        let told = told.map(|error| error.get("message").map(cell).unwrap_or_default());
        Err(self.refused(status, told.collect::<Vec<_>>().join("\n")))
    }

    /// What a status means to whoever runs the command.
    fn refused(&self, status: u16, message: String) -> Failure {
        let origin = &self.origin;
        match (status, message.as_str()) {
            (401, _) => {
                let place = if self.is_local {
                    format!(" (or, where it is not set, in {LOCAL_SECRETS})")
                } else {
                    String::new()
                };
                format!("{origin} refuses the token in OPERATOR_TOKEN{place}: the Worker there has another")
            }
            (404, NO_PATH) => format!(
                "{origin} has no such operator's path: its secret OPERATOR_TOKEN is not set, or it is older than this \
                 command"
            ),
            _ => message,
        }
        .into()
    }

    fn lost(&self, error: &ureq::Error) -> Failure {
        let Self { origin, .. } = self;
        if self.is_local {
            return format!("{origin} does not answer: is `npm start` running? ({error})").into();
        }
        format!("{origin} does not answer: {error}").into()
    }
}

/// The path in the `Link` of a page.
fn linked(answer: &Response<Body>) -> Option<String> {
    let link = answer.headers().get("Link")?.to_str().ok()?;
    let (path, _) = link.strip_prefix('<')?.split_once('>')?;
    Some(path.to_owned())
}

/// The origin of the local Worker.
fn local() -> Result<String, Failure> {
    let port = std::env::var("PORT").ok().filter(|port| !port.is_empty());
    let port = port.as_deref().unwrap_or(PORT);
    match port.parse::<u16>() {
        Ok(1..) => Ok(format!("http://127.0.0.1:{port}")),
        _ => Err(Failure::usage(format!(
            "PORT must be a number from 1 to 65535, not {port}"
        ))),
    }
}

/// The token of the local Worker.
fn local_token() -> Option<String> {
    let secrets = fs::read_to_string(LOCAL_SECRETS).ok()?;
    let token = secrets
        .lines()
        .find_map(|line| line.strip_prefix("OPERATOR_TOKEN="))?;
    Some(token.trim().trim_matches('"').to_owned())
}
