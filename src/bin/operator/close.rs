//! The subcommand that ends a contract: it erases every customer of a partner, and disables it.

use std::io::{self, IsTerminal};

use clap::Args;
use customers_api::erasure::receipt::COUNTS;
use customers_api::http::json::Json;

use crate::erase::asked;
use crate::service::Worker;
use crate::tables::cell;
use crate::{Failure, enabled, partner_path};

/// The arguments of `close`.
#[derive(Args)]
pub struct Close {
    username: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// What was done so far.
#[derive(Default)]
struct Done {
    customers: i64,
    masking: i64,
    counts: [i64; COUNTS.len()],
}

impl Close {
    /// Says how many customers there are, asks, erases them all, disables the partner, and sums up. After the partner is
    /// disabled it looks once more, for customers that were created meanwhile. If it fails or is stopped, the same command
    /// goes on: what is erased is in the list no more.
    pub fn run(self, worker: &Worker) -> Result<Json, Failure> {
        let path = partner_path(&self.username);
        let answer = worker.get(&path)?;
        let partner = answer.get("partner");
        let member = |name| partner.and_then(|partner| partner.get(name));
        let customers = member("customers").and_then(Json::as_integer).unwrap_or(0);
        let name = member("name").map(cell).unwrap_or_default();
        let question = format!(
            "{} ({name}) has {customers} customers.\n\
             Erase all of them for good, and disable {}?",
            self.username, self.username
        );
        asked("close", &question, self.yes)?;
        let mut done = Done::default();
        let erased = self.erase_all(worker, customers, &mut done);
        let disabled = erased
            .and_then(|()| worker.change(&self.username, &enabled(false)))
            .and_then(|_| self.erase_all(worker, customers, &mut done));
        disabled.map_err(|why| {
            format!(
                "{why}\n{} customers were erased; the same command goes on with the rest",
                done.customers
            )
        })?;
        Ok(Json::object([("closed", done.summary(&self.username))]))
    }

    fn erase_all(&self, worker: &Worker, of: i64, done: &mut Done) -> Result<(), Failure> {
        let path = format!("{}/customers", partner_path(&self.username));
        loop {
            // What is erased has left the list, so the rest of it begins anew each time.
            let page = worker.get(&path)?;
            let customers = page.get("customers").and_then(Json::as_list);
            let customers = customers.unwrap_or_default();
            if customers.is_empty() {
                return Ok(());
            }
            for customer in customers {
                let id = customer.get("customer_id").map(cell).unwrap_or_default();
                let answer = worker.delete(&format!("{path}/{id}"));
                let answer = answer.map_err(|why| format!("customer {id}: {why}"))?;
                done.add(answer.get("erasure"));
                done.tell(of);
            }
        }
    }
}

impl Done {
    fn add(&mut self, receipt: Option<&Json>) {
        let member = |name| receipt.and_then(|receipt| receipt.get(name));
        self.customers += 1;
        self.masking += i64::from(member("status").and_then(Json::as_text) == Some("masking"));
        for (sum, name) in self.counts.iter_mut().zip(COUNTS) {
            *sum += member(name).and_then(Json::as_integer).unwrap_or(0);
        }
    }

    /// Tells the progress: in a terminal in one line that changes, elsewhere in a line for each thousand.
    fn tell(&self, of: i64) {
        let of = of.max(self.customers);
        let is_last = self.customers == of;
        if io::stderr().is_terminal() {
            let end = if is_last { "\n" } else { "" };
            eprint!("\r{} of {of} customers erased{end}", self.customers);
        } else if is_last || self.customers % 1_000 == 0 {
            eprintln!("{} of {of} customers erased", self.customers);
        }
    }

    fn summary(&self, username: &str) -> Json {
        let mut members = vec![
            ("username".to_owned(), username.into()),
            ("enabled".to_owned(), Json::Bool(false)),
            ("customers_erased".to_owned(), self.customers.into()),
            ("still_masking".to_owned(), self.masking.into()),
        ];
        let counts = COUNTS.into_iter().zip(self.counts);
        members.extend(counts.map(|(name, sum)| (name.to_owned(), sum.into())));
        Json::Object(members)
    }
}
