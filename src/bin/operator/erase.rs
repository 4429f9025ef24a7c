//! The subcommand that erases customers on a partner's behalf.

use std::collections::HashSet;

use clap::Args;
use customers_api::erasure::receipt::COUNTS;
use customers_api::http::json::Json;

use crate::consent::{Consent, counted};
use crate::erasures::without_signature;
use crate::failure::Failure;
use crate::names::username;
use crate::partner_path;
use crate::service::Worker;
use crate::tables::{cell, told};

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
    /// erased. Nobody is asked about a customer that is erased already; its receipt is in the answer all the same, so that
    /// a repeat of a command whose answer was lost has them all. `is_for_people` makes tables of what people read.
    pub fn run(mut self, worker: &Worker, is_for_people: bool) -> Result<Json, Failure> {
        self.consent.is_possible("erase")?;
        worker.partner(&self.username)?;
        let mut seen = HashSet::new();
        self.customer_ids.retain(|id| seen.insert(*id));
        let receipts = self.each(worker, "?dry_run=1")?;
        let (would_be, erased): (Vec<Json>, Vec<Json>) = receipts
            .into_iter()
            .partition(|receipt| member(receipt, "removed_at").is_empty());
        for receipt in erased {
            let [id, at] = ["customer_id", "removed_at"].map(|name| member(&receipt, name));
            eprintln!("customer {id} of {} was erased on {at} UTC", self.username);
        }
        let left = i64::try_from(would_be.len()).unwrap_or(i64::MAX);
        if left == 0 {
            eprintln!("there is nothing to erase");
        }
        if self.consent.is_dry_run() {
            if !is_for_people {
                return Ok(Json::object([("dry_run", erasures(would_be))]));
            }
            eprintln!("nothing was erased");
            return Ok(would_erase(would_be));
        }
        if left > 0 {
            let will = format!(
                "{}{} of {} will be erased for good.",
                told(&would_erase(would_be)),
                counted(left, "customer"),
                self.username
            );
            self.consent.confirm(&will)?;
        }
        let mut receipts = self.each(worker, "")?;
        if is_for_people {
            receipts.iter_mut().for_each(without_signature);
        }
        Ok(erasures(receipts))
    }

    fn each(&self, worker: &Worker, query: &str) -> Result<Vec<Json>, Failure> {
        let mut receipts = Vec::new();
        for id in &self.customer_ids {
            let path = format!("{}/customers/{id}{query}", partner_path(&self.username));
            let answer = worker.delete(&path);
            let answer = answer.map_err(|failure| {
                let done = i64::try_from(receipts.len()).unwrap_or(i64::MAX);
                let end = match query {
                    "" => format!("erased so far: {}", counted(done, "customer")),
                    _ => "nothing was erased".to_owned(),
                };
                failure.told(|why| format!("customer {id} of {}: {why}\n{end}", self.username))
            })?;
            receipts.extend(answer.get("erasure").cloned());
        }
        Ok(receipts)
    }
}

fn member(receipt: &Json, name: &str) -> String {
    receipt.get(name).map(cell).unwrap_or_default()
}

fn erasures(receipts: Vec<Json>) -> Json {
    Json::object([("erasures", Json::List(receipts))])
}

/// The counts of receipts of what was not carried out, for people. The rest of them would look as if it had been.
fn would_erase(mut receipts: Vec<Json>) -> Json {
    for receipt in &mut receipts {
        if let Json::Object(members) = receipt {
            members.retain(|(name, _)| name == "customer_id" || COUNTS.contains(&name.as_str()));
        }
    }
    Json::object([("would erase", Json::List(receipts))])
}
