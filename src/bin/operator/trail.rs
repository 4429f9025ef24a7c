//! The subcommand that prints the audit trail.

use clap::Args;
use customers_api::http::json::Json;

use crate::service::Worker;
use crate::{Failure, encoded};

/// The beginning of a day, or a time as it is.
pub fn moment(given: String) -> String {
    match given.len() {
        10 => format!("{given} 00:00:00"),
        _ => given,
    }
}

/// The arguments of `audit`.
#[derive(Args)]
pub struct Audit {
    /// Print only the entries after this audit_id.
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// Print only the entries of this partner.
    #[arg(long)]
    partner: Option<String>,
    /// Print only the entries of this customer_id.
    #[arg(long)]
    customer: Option<i64>,
    /// Print only the entries since this time, UTC: "2026-01-31 13:45:00", or only the day.
    #[arg(long)]
    since: Option<String>,
    /// Print only the entries of this action, such as erase.
    #[arg(long)]
    action: Option<String>,
}

impl Audit {
    pub fn run(self, worker: &Worker) -> Result<Json, Failure> {
        let filters = [
            ("partner", self.partner),
            ("customer_id", self.customer.map(|id| id.to_string())),
            ("since", self.since.map(moment)),
            ("action", self.action),
        ];
        let mut query = String::new();
        for (name, value) in filters {
            if let Some(value) = value {
                query.push_str(&format!("&{name}={}", encoded(&value)));
            }
        }
        worker.list("/operator/audit", &query, self.after)
    }
}
