//! The subcommand that prints the audit trail.

use clap::Args;
use customers_api::http::json::Json;

use crate::encoded;
use crate::failure::Failure;
use crate::names::username;
use crate::service::Worker;

/// The beginning of a day, or a time as it is.
pub fn moment(given: String) -> String {
    match given.len() {
        10 => format!("{given} 00:00:00"),
        _ => given,
    }
}

/// How many of the newest entries are shown if nobody says how many, and how many the service finds at most.
const SHOWN: usize = 100;
const NEWEST_MAX: i64 = 1_000;

/// The arguments of `audit`.
#[derive(Args)]
pub struct Audit {
    /// Print only the entries of this partner.
    #[arg(long, value_parser = username)]
    pub partner: Option<String>,
    /// Print only the entries of this customer_id.
    #[arg(long)]
    customer: Option<i64>,
    /// Print only the entries since this time, UTC: "2026-01-31 13:45:00", or only the day.
    #[arg(long)]
    since: Option<String>,
    /// Print only the entries of this action, such as erase.
    #[arg(long)]
    action: Option<String>,
    /// Print so many of the newest entries, at most 1000; default: 100, and with --json or --after all, oldest first.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=NEWEST_MAX), conflicts_with = "after")]
    limit: Option<i64>,
    /// Print all entries after this audit_id, oldest first. A program that follows the trail wants that.
    #[arg(long)]
    after: Option<i64>,
}

impl Audit {
    /// `is_for_people` shows a screenful of the newest entries, and says so, unless a number was given.
    pub fn run(self, worker: &Worker, is_for_people: bool) -> Result<Json, Failure> {
        let is_cut = self.limit.is_none() && is_for_people && self.after.is_none();
        let limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.or(is_cut.then_some(SHOWN));
        let filters = [
            ("partner", self.partner),
            ("customer_id", self.customer.map(|id| id.to_string())),
            ("since", self.since.map(moment)),
            ("action", self.action),
            ("order", limit.map(|_| "newest".to_owned())),
        ];
        let mut query = String::new();
        for (name, value) in filters {
            if let Some(value) = value {
                query.push_str(&format!("&{name}={}", encoded(&value)));
            }
        }
        let after = self.after.unwrap_or(0);
        let audit = worker.list("/operator/audit", &query, after, limit)?;
        let shown = audit.get("audit").and_then(Json::as_list);
        if is_cut && shown.is_some_and(|shown| shown.len() == SHOWN) {
            eprintln!("the newest {SHOWN} entries; --limit shows more");
        }
        Ok(audit)
    }
}
