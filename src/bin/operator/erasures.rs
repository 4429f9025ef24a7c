//! The subcommand that prints the ledger's erasures.

use clap::Args;
use customers_api::http::json::Json;

use crate::encoded;
use crate::failure::Failure;
use crate::service::Worker;
use crate::trail::moment;

/// The arguments of `erasures`.
#[derive(Args)]
pub struct Erasures {
    /// Print only the erasures since this time, UTC: "2026-01-31 13:45:00", or only the day.
    #[arg(long)]
    since: Option<String>,
}

impl Erasures {
    /// `is_for_people` leaves out the signatures, which nobody reads.
    pub fn run(self, worker: &Worker, is_for_people: bool) -> Result<Json, Failure> {
        let since = self.since.map(moment);
        let query = since.map(|since| format!("&since={}", encoded(&since)));
        let mut list = worker.list("/operator/erasures", &query.unwrap_or_default(), 0, None)?;
        if is_for_people
            && let Json::Object(members) = &mut list
            && let Some((_, Json::List(erasures))) = members.first_mut()
        {
            erasures.iter_mut().for_each(without_signature);
        }
        Ok(list)
    }
}

/// Takes the signature out of an erasure: a thousand characters, for programs alone.
pub fn without_signature(erasure: &mut Json) {
    if let Json::Object(members) = erasure {
        members.retain(|(name, _)| name != "jws");
    }
}
