//! The operator's command: `npm run operator -- help`.
//!
//! It calls only the Worker's `/operator` paths, and sends the Worker's own input types.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ArgGroup, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use consent::Consent;
use customers_api::http::json::Json;
use customers_api::operator::input::CustomFieldSetUp;
use failure::{EXIT_CODES, Failure};
use names::{Names, username};
use partners::{Partner, add, enabled};
use serde::Serialize;
use service::Worker;
use tables::told;

mod close;
mod consent;
mod ending;
mod erase;
mod erasures;
mod failure;
mod logins;
mod moving;
mod names;
mod partners;
mod progress;
mod service;
mod tables;
mod trail;

/// Examples for `--help`.
const EXAMPLES: &str = "\
Run it as `npm run -s operator -- …`. Examples:
  operator add acme --name Acme --country SE      let a partner in; prints its password
  operator show                                   list all partners
  operator password acme --overlap 1d             the old password is good for another day
  operator erase acme 41 42 --dry-run             what would be erased
  operator audit --partner acme --limit 20        its newest 20 changes
  operator --url https://… show --json            another Worker, for a script";

/// Manages the partners of the local Worker (npm start), or of another Worker with --url.
#[derive(Parser)]
#[command(name = "operator", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
struct Cli {
    /// The Worker's https:// URL; default: the local Worker on PORT or 8787. OPERATOR_TOKEN holds the Worker's token.
    #[arg(long, global = true)]
    url: Option<String>,
    /// Print the Worker's JSON answer unchanged, for scripts.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// The subcommands.
#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Call(Call),
    /// Print a script that completes the words of this command in a shell: `source <(operator completions bash)`.
    Completions { shell: Shell },
}

/// The subcommands that call the Worker.
#[derive(Subcommand)]
enum Call {
    /// Create a partner and print its password, which is shown only once.
    Add {
        #[arg(value_parser = username)]
        username: String,
        #[command(flatten)]
        partner: Partner,
        /// The database to keep the partner in, such as DB_2; default: the service chooses.
        #[arg(long)]
        database: Option<String>,
    },
    /// Change the given fields of a partner.
    #[command(group = ArgGroup::new("fields").required(true).multiple(true)
        .args(["name", "country", "networks", "anywhere"]))]
    Change {
        #[arg(value_parser = username)]
        username: String,
        #[command(flatten)]
        partner: Partner,
    },
    /// Show one partner or all partners.
    Show {
        #[arg(value_parser = username)]
        username: Option<String>,
    },
    /// Give a partner a new password; the old one stops working at once, or after the overlap. Asks first.
    Password {
        #[arg(value_parser = username)]
        username: String,
        #[command(flatten)]
        overlap: logins::OverlapArgs,
        #[command(flatten)]
        consent: Consent,
    },
    /// Manage the logins of a partner besides its own.
    #[command(subcommand)]
    Login(logins::Login),
    /// Erase customers on a partner's behalf: shows what would be erased, asks, and prints the receipts; their signatures only
    /// with --json.
    Erase(erase::Erase),
    /// End a contract: erase every customer of a partner, and disable it. Says how many there are, asks, and sums up. If
    /// it is stopped, the same command goes on.
    Close(close::Close),
    /// Print the erasures of the ledger, oldest first; the signatures only with --json.
    Erasures(erasures::Erasures),
    /// Look whether the database was restored, and undo that. The service does so by itself; this watches it.
    Replay,
    /// Show the databases: how full they are, how many partners and customers they have, and the moves that are unfinished.
    Databases,
    /// Move a partner to another database. Asks first. If it is stopped, the same command goes on.
    Move(moving::Move),
    /// Set up custom_N for a partner, or change the given parts of its set-up.
    Field {
        #[arg(value_parser = username)]
        username: String,
        n: i64,
        /// What the partner keeps in the field.
        #[arg(long)]
        label: Option<String>,
        /// The most characters of a value, 1 to 255; default for a new field: 255.
        #[arg(long)]
        max_length: Option<i64>,
        /// Every customer must have a value.
        #[arg(long, conflicts_with = "optional")]
        required: bool,
        /// A customer may lack a value; the default for a new field.
        #[arg(long)]
        optional: bool,
    },
    /// End custom_N of a partner, and remove its values from all customers. Asks first.
    EndField {
        #[arg(value_parser = username)]
        username: String,
        n: i64,
        #[command(flatten)]
        consent: Consent,
    },
    /// Disable a partner: the service answers all its requests with a 403. Asks first.
    Disable {
        #[arg(value_parser = username)]
        username: String,
        #[command(flatten)]
        consent: Consent,
    },
    /// Enable a disabled partner again.
    Enable {
        #[arg(value_parser = username)]
        username: String,
    },
    /// Print the audit trail: who changed what, newest entry first.
    Audit(trail::Audit),
}

/// The body of a request that takes nothing.
#[derive(Serialize)]
struct Nothing {}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            eprintln!("{message}");
            code.into()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let call = match cli.command {
        Command::Completions { shell } => return print(&completions(shell)),
        Command::Call(call) => call,
    };
    let worker = Worker::new(cli.url.as_deref())?;
    let names = call.names();
    let answer = call.run(&worker, !cli.json);
    let answer = answer.map_err(|failure| names.put_into(failure, &worker))?;
    if cli.json {
        return print(format!("{answer}\n").as_bytes());
    }
    print(told(&answer).as_bytes())
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "operator", &mut script);
    script
}

fn print(text: &[u8]) -> Result<(), Failure> {
    match io::stdout().write_all(text) {
        // The reader, such as `head`, closed the pipe early.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.map_err(|error| format!("the answer cannot be written: {error}"))?),
    }
}

impl Call {
    /// The names in it.
    fn names(&self) -> Names {
        let (partner, login) = match self {
            Self::Login(login) => {
                let (username, login) = login.names();
                (Some(username), login)
            }
            Self::Show { username } => (username.as_deref(), None),
            Self::Audit(audit) => (audit.partner.as_deref(), None),
            Self::Erase(erase::Erase { username, .. })
            | Self::Close(close::Close { username, .. })
            | Self::Move(moving::Move { username, .. })
            | Self::Password { username, .. }
            | Self::Field { username, .. }
            | Self::EndField { username, .. }
            | Self::Disable { username, .. } => (Some(username.as_str()), None),
            _ => (None, None),
        };
        Names {
            partner: partner.map(str::to_owned),
            login: login.map(str::to_owned),
        }
    }

    fn run(self, worker: &Worker, is_for_people: bool) -> Result<Json, Failure> {
        match self {
            Self::Add {
                username,
                partner,
                database,
            } => add(worker, &username, partner, database),
            Self::Change { username, partner } => worker.change(&username, &partner.into()),
            Self::Disable { username, consent } => ending::disable(worker, username, &consent),
            Self::Enable { username } => worker.change(&username, &enabled(true)),
            Self::Show {
                username: Some(username),
            } => show(worker, &username),
            Self::Show { username: None } => worker.list("/operator/partners", "", 0, None),
            Self::Audit(audit) => audit.run(worker, is_for_people),
            Self::Password {
                username,
                overlap,
                consent,
            } => ending::password(worker, username, None, &overlap.into(), &consent),
            Self::Login(login) => login.run(worker),
            Self::Erase(erase) => erase.run(worker, is_for_people),
            Self::Close(close) => close.run(worker),
            Self::Erasures(erasures) => erasures.run(worker, is_for_people),
            Self::Replay => worker.post("/operator/replay", &Nothing {}),
            Self::Databases => worker.get(moving::DATABASES),
            Self::Move(moving) => moving.run(worker),
            Self::Field {
                username,
                n,
                label,
                max_length,
                required,
                optional,
            } => {
                let set_up = CustomFieldSetUp {
                    label,
                    max_length,
                    required: (required || optional).then_some(required),
                };
                worker.put(&field_path(&username, n), &set_up)
            }
            Self::EndField {
                username,
                n,
                consent,
            } => ending::end_field(worker, username, n, &consent),
        }
    }
}

/// A partner, and the database that it lives in.
fn show(worker: &Worker, username: &str) -> Result<Json, Failure> {
    let path = partner_path(username);
    let mut shown = worker.get(&path)?;
    let home = worker.get(&format!("{path}/home"))?;
    if let (Json::Object(shown), Json::Object(home)) = (&mut shown, home) {
        shown.extend(home);
    }
    Ok(shown)
}

/// The path of a partner. A valid user name has no character that a path must encode. This encodes every other name, so
/// that the Worker sees it and refuses it.
fn partner_path(username: &str) -> String {
    format!("/operator/partners/{}", encoded(username))
}

/// A text as a segment of a path or a value in a query.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn field_path(username: &str, n: i64) -> String {
    format!("{}/custom_fields/{n}", partner_path(username))
}
