//! What an operator does by hand: `npm run operator -- help`.
//!
//! It speaks to the Worker's `/operator` paths and to nothing else, and sends the Worker's own input types.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use customers_api::operator::input::{CustomFieldSetUp, PartnerInput};
use tables::told;
use worker::Worker;

mod tables;
mod worker;

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
            worker.post(&format!("{}/password", partner_path(&username)))?
        }
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
        // Whoever reads it has read enough.
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
