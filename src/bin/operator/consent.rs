//! Asks before something is destroyed.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use customers_api::http::json::Json;

use crate::failure::Failure;

/// The options of every command that destroys something.
#[derive(Args)]
pub struct Consent {
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    /// Say what would happen, and change nothing.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// What a command is about to do.
pub struct Plan {
    /// The command.
    pub command: &'static str,
    /// The partner that it concerns.
    pub partner: String,
    /// How many customers the partner has.
    pub customers: i64,
    /// What will happen, as sentences.
    pub will: String,
}

impl Consent {
    /// Refuses a command that nobody can be asked about, before it makes any request.
    ///
    /// # Errors
    /// There is no terminal, and no `--yes`.
    pub fn is_possible(&self, command: &str) -> Result<(), Failure> {
        if self.yes || self.dry_run || io::stdin().is_terminal() {
            return Ok(());
        }
        Err(Failure::unconfirmed(format!(
            "{command} asks first, and there is no terminal to ask in: give --yes, or --dry-run to see what it would do"
        )))
    }

    /// Whether nobody is asked.
    pub fn is_given(&self) -> bool {
        self.yes
    }

    /// Whether only what would happen is asked for.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Says what will happen and asks. Returns the plan if the command ends here, as a dry run.
    ///
    /// # Errors
    /// The answer is not yes.
    pub fn ask(&self, plan: Plan) -> Result<Option<Json>, Failure> {
        if self.dry_run {
            return Ok(Some(plan.json()));
        }
        self.confirm(&plan.will)?;
        Ok(None)
    }

    /// Says what will happen and asks, unless `--yes` was given.
    ///
    /// # Errors
    /// The answer is not yes.
    pub fn confirm(&self, will: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        eprint!("{will}\nType yes to go on: ");
        io::stderr().flush().map_err(|error| error.to_string())?;
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        read.map_err(|error| error.to_string())?;
        if line.trim() == "yes" {
            return Ok(());
        }
        Err(Failure::unconfirmed("nothing was changed"))
    }
}

impl Plan {
    fn json(self) -> Json {
        let plan = Json::object([
            ("command", self.command.into()),
            ("partner", self.partner.as_str().into()),
            ("customers", self.customers.into()),
            ("would", self.will.replace('\n', " ").as_str().into()),
        ]);
        Json::object([("dry_run", plan)])
    }
}

/// `1,204 customers`, `1 customer`.
pub fn counted(count: i64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count))
}

/// A count with a comma before each three digits.
pub fn grouped(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_and_have_a_plural() {
        for (count, expected) in [
            (0, "0 rows"),
            (1, "1 row"),
            (999, "999 rows"),
            (1_000, "1,000 rows"),
            (12_345_678, "12,345,678 rows"),
        ] {
            assert_eq!(counted(count, "row"), expected);
        }
    }
}
