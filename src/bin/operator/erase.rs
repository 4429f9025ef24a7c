//! The subcommand that erases customers on a partner's behalf.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use customers_api::http::json::Json;

use crate::service::Worker;
use crate::tables::told;
use crate::{Failure, partner_path};

/// Asks before an erasure. `is_sure` is `--yes`: then it does not.
///
/// # Errors
/// Nobody can answer, or the answer is not yes.
pub fn asked(command: &str, question: &str, is_sure: bool) -> Result<(), Failure> {
    if is_sure {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(format!(
            "{command} asks before it erases: run it in a terminal, or give --yes"
        ));
    }
    eprint!("{question} Type yes: ");
    io::stderr().flush().map_err(|error| error.to_string())?;
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    read.map_err(|error| error.to_string())?;
    if line.trim() == "yes" {
        return Ok(());
    }
    Err("nothing was erased".into())
}

/// The arguments of `erase`.
#[derive(Args)]
pub struct Erase {
    username: String,
    /// The ids of the customers.
    #[arg(required = true)]
    customer_ids: Vec<i64>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Erase {
    /// Shows what the erasures would do, asks, and carries them out. An id that is unknown stops it before anything is
    /// erased.
    pub fn run(self, worker: &Worker) -> Result<Json, Failure> {
        let would_be = self.each(worker, "?dry_run=1")?;
        let question = format!(
            "{}Erase these customers of {} for good?",
            told(&would_be),
            self.username
        );
        asked("erase", &question, self.yes)?;
        self.each(worker, "")
    }

    fn each(&self, worker: &Worker, query: &str) -> Result<Json, Failure> {
        let mut receipts = Vec::new();
        for id in &self.customer_ids {
            let path = format!("{}/customers/{id}{query}", partner_path(&self.username));
            let answer = worker.delete(&path);
            let answer = answer.map_err(|why| {
                let done = if query.is_empty() { receipts.len() } else { 0 };
                format!("customer {id}: {why}\n{done} customers were erased by this command")
            })?;
            receipts.extend(answer.get("erasure").cloned());
        }
        Ok(Json::object([("erasures", Json::List(receipts))]))
    }
}
