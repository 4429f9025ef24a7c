//! The subcommands of logins and passwords.

use clap::{Args, Subcommand};
use customers_api::http::json::Json;
use customers_api::operator::input::{LoginInput, OVERLAP_MAX, Overlap};
use customers_api::partners::profile::{READ, WRITE};

use crate::consent::{Consent, counted};
use crate::ending::{end_login, login_path, password};
use crate::failure::Failure;
use crate::names::username;
use crate::partner_path;
use crate::service::Worker;

/// The subcommands of `login`.
#[derive(Subcommand)]
pub enum Login {
    /// Add a login and print its password, which is shown only once; or change the access of a login.
    Add {
        #[arg(value_parser = username)]
        username: String,
        #[arg(value_parser = username)]
        login: String,
        #[command(flatten)]
        access: Access,
    },
    /// End a login at once. Asks first.
    End {
        #[arg(value_parser = username)]
        username: String,
        #[arg(value_parser = username)]
        login: String,
        #[command(flatten)]
        consent: Consent,
    },
    /// Show the logins of a partner; its own is among them.
    Show {
        #[arg(value_parser = username)]
        username: String,
    },
    /// Give a login a new password; the old one stops working at once, or after the overlap. Asks first.
    Password {
        #[arg(value_parser = username)]
        username: String,
        #[arg(value_parser = username)]
        login: String,
        #[command(flatten)]
        overlap: OverlapArgs,
        #[command(flatten)]
        consent: Consent,
    },
}

/// What a login may do.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Access {
    /// The login may only read.
    #[arg(long)]
    read: bool,
    /// The login may do everything.
    #[arg(long)]
    write: bool,
}

/// How long an old password stays good.
#[derive(Args)]
pub struct OverlapArgs {
    /// How long the old password stays good: seconds, or a number with s, m, h or d, such as 12h or 1d; at most 7d.
    #[arg(long, value_parser = seconds, default_value = "0")]
    overlap: i64,
}

impl From<OverlapArgs> for Overlap {
    fn from(args: OverlapArgs) -> Self {
        Self {
            overlap_seconds: args.overlap,
        }
    }
}

impl Login {
    /// The names of the partner and the login.
    pub fn names(&self) -> (&str, Option<&str>) {
        match self {
            Self::Add {
                username, login, ..
            }
            | Self::End {
                username, login, ..
            }
            | Self::Password {
                username, login, ..
            } => (username, Some(login)),
            Self::Show { username } => (username, None),
        }
    }

    pub fn run(self, worker: &Worker) -> Result<Json, Failure> {
        match self {
            Self::Add {
                username,
                login,
                access,
            } => {
                let access = if access.read { READ } else { WRITE };
                worker.put(&login_path(&username, &login), &LoginInput { access })
            }
            Self::End {
                username,
                login,
                consent,
            } => end_login(worker, username, &login, &consent),
            Self::Show { username } => worker.get(&format!("{}/logins", partner_path(&username))),
            Self::Password {
                username,
                login,
                overlap,
                consent,
            } => password(worker, username, Some(&login), &overlap.into(), &consent),
        }
    }
}

/// The seconds of `90`, `90s`, `15m`, `12h` or `1d`: an overlap.
fn seconds(text: &str) -> Result<i64, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(number) {
        Some("" | "s") => 1,
        Some("m") => 60,
        Some("h") => 60 * 60,
        Some("d") => 24 * 60 * 60,
        _ => 0,
    };
    let number = number.parse::<i64>().ok().filter(|_| unit > 0);
    let seconds = number.and_then(|number| number.checked_mul(unit));
    let seconds = seconds.ok_or("must be seconds, or a number with s, m, h or d, such as 1d")?;
    if (0..=OVERLAP_MAX).contains(&seconds) {
        return Ok(seconds);
    }
    Err(format!("must be at most {}", length(OVERLAP_MAX)))
}

/// A length of time in the largest unit that it is a number of: `1 day`, `90 minutes`.
pub fn length(seconds: i64) -> String {
    let units = [(24 * 60 * 60, "day"), (60 * 60, "hour"), (60, "minute")];
    let unit = units.into_iter().find(|(size, _)| seconds % size == 0);
    let (size, unit) = unit.unwrap_or((1, "second"));
    counted(seconds / size, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        for (text, expected) in [
            ("90", Some(90)),
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("12h", Some(43_200)),
            ("7d", Some(604_800)),
            ("604801", None),
            ("8d", None),
            ("-1", None),
            ("", None),
            ("d", None),
            ("1w", None),
            ("1 d", None),
            ("1dd", None),
            ("99999999999999999d", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_length_of_time_is_written_in_its_largest_unit() {
        for (seconds, expected) in [
            (1, "1 second"),
            (90, "90 seconds"),
            (5_400, "90 minutes"),
            (43_200, "12 hours"),
            (86_400, "1 day"),
            (604_800, "7 days"),
        ] {
            assert_eq!(length(seconds), expected);
        }
    }
}
