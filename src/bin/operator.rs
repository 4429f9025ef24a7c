//! What an operator does by hand: `npm run operator -- help`.
//!
//! It speaks to the Worker's `/operator` paths and to nothing else, and sends the Worker's own input types.

use std::fs;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use customers::json::Json;
use customers::operator::input::{CustomFieldInput, PartnerInput};
use serde::Serialize;
use ureq::http::Response;
use ureq::{Agent, Body};

/// Where `npm start` serves, unless the variable PORT says otherwise.
const PORT: &str = "8787";

/// Where its secrets are.
const LOCAL_SECRETS: &str = ".dev.vars";

/// Records of a page.
const PAGE: usize = 1_000;

/// Lets partners in, and keeps them apart: against the Worker of npm start, or another with --url.
#[derive(Parser)]
#[command(name = "operator")]
struct Cli {
    /// The Worker, https://… (else the local one, at PORT or 8787); its token is read from OPERATOR_TOKEN.
    #[arg(long, global = true)]
    url: Option<String>,
    /// Print the Worker's answer as it is, for scripts.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// What can be done.
#[derive(Subcommand)]
enum Command {
    /// Let a new partner in; prints its password, this once.
    Add {
        username: String,
        #[command(flatten)]
        partner: Partner,
    },
    /// Change what is given of a partner.
    Change {
        username: String,
        #[command(flatten)]
        partner: Partner,
    },
    /// Show a partner, or all of them.
    Show { username: Option<String> },
    /// Give a partner a new password; the old one ends at once.
    Password { username: String },
    /// Set up custom_N for a partner, or change what is given of its set-up.
    Field {
        username: String,
        n: i64,
        /// What the partner keeps in it.
        #[arg(long)]
        label: Option<String>,
        /// The most characters, 1 to 255; 255 unless it was set up with less.
        #[arg(long)]
        max_length: Option<i64>,
        /// A customer must have it.
        #[arg(long, conflicts_with = "optional")]
        required: bool,
        /// A customer may do without it, as with one that is new.
        #[arg(long)]
        optional: bool,
    },
    /// End custom_N of a partner, and remove what was stored in it, of all customers.
    EndField { username: String, n: i64 },
    /// Shut a partner out: every request of its is a 403.
    Disable { username: String },
    /// Let a disabled partner in again.
    Enable { username: String },
    /// Print who has changed what, oldest first.
    Audit {
        /// The entry to begin behind.
        #[arg(long, default_value_t = 0)]
        after: i64,
    },
}

/// What can be given of a partner.
#[derive(Args)]
struct Partner {
    /// Its name, up to 60 characters.
    #[arg(long)]
    name: Option<String>,
    /// ISO 3166-1: SE. DE puts the German rule in force.
    #[arg(long)]
    country: Option<String>,
    /// A network that it may call from, 192.0.2.0/24 or 2001:db8::/32; may be given often. Those that are given
    /// replace all that it had.
    #[arg(long = "network")]
    networks: Vec<String>,
    /// It may call from anywhere.
    #[arg(long, conflicts_with = "networks")]
    anywhere: bool,
}

impl From<Partner> for PartnerInput {
    fn from(partner: Partner) -> Self {
        let Partner {
            name,
            country,
            networks,
            anywhere,
        } = partner;
        Self {
            name,
            country,
            allowed_networks: (anywhere || !networks.is_empty()).then_some(networks),
            enabled: None,
        }
    }
}

/// Why it did not work: lines for a person.
type Failure = String;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let worker = Worker::new(cli.url.as_deref())?;
    let answer = match cli.command {
        Command::Add { username, partner } => {
            if worker.has(&username)? {
                return Err(format!("{username} is there already: see `change`"));
            }
            worker.put(&partner_path(&username), &PartnerInput::from(partner))?
        }
        Command::Change { username, partner } => {
            worker.change(&username, &PartnerInput::from(partner))?
        }
        Command::Disable { username } => worker.change(&username, &enabled(false))?,
        Command::Enable { username } => worker.change(&username, &enabled(true))?,
        Command::Show {
            username: Some(username),
        } => worker.get(&partner_path(&username))?,
        Command::Show { username: None } => worker.list("/operator/partners", 0, "partner_id")?,
        Command::Audit { after } => worker.list("/operator/audit", after, "audit_id")?,
        Command::Password { username } => {
            let path = format!("{}/password", partner_path(&username));
            let request = worker.agent.post(worker.url(&path));
            let request = request.header("Authorization", &worker.authorization);
            worker.answer(request.send_empty())?
        }
        Command::Field {
            username,
            n,
            label,
            max_length,
            required,
            optional,
        } => {
            let field = CustomFieldInput {
                n,
                label,
                max_length,
                required: (required || optional).then_some(required),
            };
            worker.put(&field_path(&username, n), &field)?
        }
        Command::EndField { username, n } => {
            let request = worker.agent.delete(worker.url(&field_path(&username, n)));
            let request = request.header("Authorization", &worker.authorization);
            worker.answer(request.call())?
        }
    };
    if cli.json {
        println!("{answer}");
    } else {
        print!("{}", told(&answer));
    }
    Ok(())
}

fn enabled(enabled: bool) -> PartnerInput {
    PartnerInput {
        enabled: Some(enabled),
        ..PartnerInput::default()
    }
}

/// The Worker takes no user name that would have to be encoded; what is not one it shall see.
fn partner_path(username: &str) -> String {
    let encode = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let username: String = username.bytes().map(encode).collect();
    format!("/operator/partners/{username}")
}

fn field_path(username: &str, n: i64) -> String {
    format!("{}/custom_fields/{n}", partner_path(username))
}

/// A Worker, and the right to ask it.
struct Worker {
    origin: String,
    authorization: String,
    agent: Agent,
}

impl Worker {
    /// The Worker at a URL, or the local one.
    fn new(url: Option<&str>) -> Result<Self, Failure> {
        let origin = url.map_or_else(local, |url| url.trim_end_matches('/').to_owned());
        let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
            .iter()
            .filter_map(|local| origin.strip_prefix(local))
            .any(|port| port.is_empty() || port.starts_with(':'));
        if !is_local && !origin.starts_with("https://") {
            return Err("--url must begin with https://, or the token could be read along".into());
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

    fn get(&self, path: &str) -> Result<Json, Failure> {
        self.answer(self.asked(path))
    }

    fn asked(&self, path: &str) -> Result<Response<Body>, ureq::Error> {
        let request = self.agent.get(self.url(path));
        request.header("Authorization", &self.authorization).call()
    }

    fn put(&self, path: &str, body: &impl Serialize) -> Result<Json, Failure> {
        let body = serde_json::to_string(body).map_err(|error| error.to_string())?;
        let request = self.agent.put(self.url(path));
        let request = request.header("Authorization", &self.authorization);
        let request = request.header("Content-Type", "application/json");
        self.answer(request.send(body))
    }

    /// Changes a partner that is there: the Worker would let in one that is mistyped.
    fn change(&self, username: &str, partner: &PartnerInput) -> Result<Json, Failure> {
        if self.has(username)? {
            return self.put(&partner_path(username), partner);
        }
        Err(format!("there is no partner {username}: see `add`"))
    }

    fn has(&self, username: &str) -> Result<bool, Failure> {
        let answer = self.asked(&partner_path(username));
        let answer = answer.map_err(|error| self.lost(&error))?;
        if answer.status() == 404 {
            return Ok(false);
        }
        self.answer(Ok(answer)).map(|_| true)
    }

    /// A list, page by page, as one.
    fn list(&self, path: &str, after: i64, id: &str) -> Result<Json, Failure> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut all = Vec::new();
        let mut after = after;
        loop {
            let page = self.get(&format!("{path}?pagesize={PAGE}&after={after}"))?;
            let records = page.get(name).and_then(Json::as_list).unwrap_or_default();
            all.extend(records.iter().cloned());
            let last = records.last().and_then(|record| record.get(id));
            match last.and_then(Json::as_integer) {
                Some(last) if records.len() == PAGE => after = last,
                _ => return Ok(Json::object([(name, Json::List(all))])),
            }
        }
    }

    /// The body of a 200; else what was wrong.
    fn answer(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Json, Failure> {
        let mut answer = answer.map_err(|error| self.lost(&error))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string();
        let text = text.map_err(|error| self.lost(&error))?;
        let body = Json::parse(text.as_bytes());
        let body = body.map_err(|_| format!("{status}: this is no answer of the service"))?;
        if status == 200 {
            return Ok(body);
        }
        let errors = body
            .get("errors")
            .and_then(Json::as_list)
            .unwrap_or_default();
        let told = errors.iter().map(|error| {
            let parameter = error.get("parameter").and_then(Json::as_text);
            let message = error.get("message").map(cell).unwrap_or_default();
            match parameter {
                Some(parameter) => format!("{parameter} {message}"),
                None => message,
            }
        });
        Err(told.collect::<Vec<_>>().join("\n"))
    }

    fn lost(&self, error: &ureq::Error) -> Failure {
        format!("{}: {error}", self.origin)
    }
}

/// The local Worker.
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

/// An answer for a person: an object as lines, a list of objects as a table.
fn told(answer: &Json) -> String {
    let Json::Object(members) = answer else {
        return cell(answer);
    };
    let mut text = String::new();
    let mut lines = Vec::new();
    for (name, value) in members {
        match value {
            Json::Object(_) => text.push_str(&told(value)),
            Json::List(rows) if rows.iter().any(|row| matches!(row, Json::Object(_))) => {
                text.push_str(&format!("{name}:\n{}", table(rows)));
            }
            value => lines.push(vec![name.clone(), cell(value)]),
        }
    }
    // What is said of the whole comes before its parts.
    format!("{}{text}", aligned(&lines))
}

/// A table of objects that have the same members.
fn table(rows: &[Json]) -> String {
    let mut lines = Vec::new();
    for row in rows {
        let Json::Object(members) = row else { continue };
        if lines.is_empty() {
            lines.push(members.iter().map(|(name, _)| name.clone()).collect());
        }
        lines.push(members.iter().map(|(_, value)| cell(value)).collect());
    }
    aligned(&lines)
}

/// A value in one line.
fn cell(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::List(values) if values.is_empty() => "-".to_owned(),
        Json::List(values) => {
            let values = values.iter().map(|value| match value {
                Json::Object(_) => value
                    .get("n")
                    .map_or_else(String::new, |n| format!("custom_{n}")),
                value => cell(value),
            });
            values.collect::<Vec<_>>().join(" ")
        }
        value => value.to_string(),
    }
}

/// Lines whose columns stand below each other.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    lines.iter().map(line).collect()
}
