//! The subcommand that erases customers on a partner's behalf.

use std::io::{self, IsTerminal, Write};

use clap::Args;
use customers_api::http::json::Json;

use crate::service::Worker;
use crate::tables::told;
use crate::{Failure, partner_path};

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
        if !self.yes && !io::stdin().is_terminal() {
            return Err("erase asks before it erases: run it in a terminal, or give --yes".into());
        }
        let would_be = self.each(worker, "?dry_run=1")?;
        if !self.yes {
            eprint!("{}", told(&would_be));
            eprint!(
                "Erase these customers of {} for good? Type yes: ",
                self.username
            );
            io::stderr().flush().map_err(|error| error.to_string())?;
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            read.map_err(|error| error.to_string())?;
            if line.trim() != "yes" {
                return Err("nothing was erased".into());
            }
        }
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
