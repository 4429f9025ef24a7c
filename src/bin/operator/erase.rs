//! The subcommand that erases customers on a partner's behalf.

use clap::Args;
use customers_api::http::json::Json;

use crate::consent::{Consent, counted};
use crate::failure::Failure;
use crate::names::username;
use crate::partner_path;
use crate::service::Worker;
use crate::tables::told;

/// The arguments of `erase`.
#[derive(Args)]
pub struct Erase {
    #[arg(value_parser = username)]
    pub username: String,
    /// The ids of the customers.
    #[arg(required = true)]
    customer_ids: Vec<i64>,
    #[command(flatten)]
    consent: Consent,
}

impl Erase {
    /// Shows what the erasures would do, asks, and carries them out. An id that is unknown stops it before anything is
    /// erased.
    pub fn run(self, worker: &Worker) -> Result<Json, Failure> {
        self.consent.is_possible("erase")?;
        worker.partner(&self.username)?;
        let would_be = self.each(worker, "?dry_run=1")?;
        if self.consent.is_dry_run() {
            return Ok(Json::object([("dry_run", would_be)]));
        }
        let customers = i64::try_from(self.customer_ids.len()).unwrap_or(i64::MAX);
        let will = format!(
            "{}{} of {} will be erased for good.",
            told(&would_be),
            counted(customers, "customer"),
            self.username
        );
        self.consent.confirm(&will)?;
        self.each(worker, "")
    }

    fn each(&self, worker: &Worker, query: &str) -> Result<Json, Failure> {
        let mut receipts = Vec::new();
        for id in &self.customer_ids {
            let path = format!("{}/customers/{id}{query}", partner_path(&self.username));
            let answer = worker.delete(&path);
            let answer = answer.map_err(|failure| {
                let done = if query.is_empty() { receipts.len() } else { 0 };
                let done = counted(i64::try_from(done).unwrap_or(i64::MAX), "customer");
                let end = format!("erased by this command: {done}");
                failure.told(|why| format!("customer {id} of {}: {why}\n{end}", self.username))
            })?;
            receipts.extend(answer.get("erasure").cloned());
        }
        Ok(Json::object([("erasures", Json::List(receipts))]))
    }
}
