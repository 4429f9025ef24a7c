//! The operator's command: `npm run operator -- help`.
//!
//! It calls only the Worker's `/operator` paths, and sends the Worker's own input types.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use customers_api::operator::input::{CustomFieldSetUp, Overlap, PartnerInput};
use service::Worker;
use tables::told;

mod close;
mod erase;
mod erasures;
mod logins;
mod service;
mod tables;
mod trail;

/// Manages the partners of the local Worker (npm start), or of another Worker with --url.
#[derive(Parser)]
#[command(name = "operator")]
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
    /// Create a partner and print its password, which is shown only once.
    Add {
        username: String,
        #[command(flatten)]
        partner: Partner,
    },
    /// Change the given fields of a partner.
    Change {
        username: String,
        #[command(flatten)]
        partner: Partner,
    },
    /// Show one partner or all partners.
    Show { username: Option<String> },
    /// Give a partner a new password; the old one stops working at once, or after the overlap.
    Password {
        username: String,
        #[command(flatten)]
        overlap: logins::OverlapArgs,
    },
    /// Manage the logins of a partner besides its own.
    #[command(subcommand)]
    Login(logins::Login),
    /// Erase customers on a partner's behalf: shows what would be erased, asks, and prints the receipts.
    Erase(erase::Erase),
    /// End a contract: erase every customer of a partner, and disable it. Says how many there are, asks, and sums up. If
    /// it is stopped, the same command goes on.
    Close(close::Close),
    /// Print the erasures of the ledger, oldest first; the signatures only with --json.
    Erasures(erasures::Erasures),
    /// Look whether the database was restored, and undo that. The service does so by itself; this watches it.
    Replay,
    /// Set up custom_N for a partner, or change the given parts of its set-up.
    Field {
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
    /// End custom_N of a partner, and remove its values from all customers.
    EndField { username: String, n: i64 },
    /// Disable a partner: the service answers all its requests with a 403.
    Disable { username: String },
    /// Enable a disabled partner again.
    Enable { username: String },
    /// Print the audit trail: who changed what, oldest entry first.
    Audit(trail::Audit),
}

/// The fields of a partner that `add` and `change` can set.
#[derive(Args)]
struct Partner {
    /// The partner's name, up to 60 characters.
    #[arg(long)]
    name: Option<String>,
    /// The ISO 3166-1 code of the partner's country, such as SE. DE puts the German rule in force.
    #[arg(long)]
    country: Option<String>,
    /// A network that the partner may call from, such as 192.0.2.0/24 or 2001:db8::/32. Repeat the option for more
    /// networks. They replace all earlier ones.
    #[arg(long = "network")]
    networks: Vec<String>,
    /// The partner may call from anywhere.
    #[arg(long, conflicts_with = "networks")]
    anywhere: bool,
    /// The database that a new partner lives in, such as DB_2. Without it, the one with most room.
    #[arg(long)]
    database: Option<String>,
}

impl From<Partner> for PartnerInput {
    fn from(partner: Partner) -> Self {
        let Partner {
            name,
            country,
            networks,
            anywhere,
            database,
        } = partner;
        Self {
            name,
            country,
            allowed_networks: (anywhere || !networks.is_empty()).then_some(networks),
            enabled: None,
            database,
        }
    }
}

/// The body of a request that takes nothing.
#[derive(serde::Serialize)]
struct Nothing {}

/// The reason why a command failed, as lines for a person.
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
                return Err(format!("{username} already exists: use `change`"));
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
        Command::Show { username: None } => worker.list("/operator/partners", "", 0)?,
        Command::Audit(audit) => audit.run(&worker)?,
        Command::Password { username, overlap } => {
            let path = format!("{}/password", partner_path(&username));
            worker.post(&path, &Overlap::from(overlap))?
        }
        Command::Login(login) => login.run(&worker)?,
        Command::Erase(erase) => erase.run(&worker)?,
        Command::Close(close) => close.run(&worker)?,
        Command::Erasures(erasures) => erasures.run(&worker, !cli.json)?,
        Command::Replay => worker.post("/operator/replay", &Nothing {})?,
        Command::Field {
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
            worker.put(&field_path(&username, n), &set_up)?
        }
        Command::EndField { username, n } => worker.delete(&field_path(&username, n))?,
    };
    let text = if cli.json {
        format!("{answer}\n")
    } else {
        told(&answer)
    };
    match io::stdout().write_all(text.as_bytes()) {
        // The reader, such as `head`, closed the pipe early.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| format!("the answer cannot be written: {error}")),
    }
}

fn enabled(enabled: bool) -> PartnerInput {
    PartnerInput {
        enabled: Some(enabled),
        ..PartnerInput::default()
    }
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
