//! The subcommand that ends a contract: it erases every customer of a partner, and disables it.

use clap::Args;
use customers_api::erasure::receipt::COUNTS;
use customers_api::http::json::Json;

use crate::consent::{Consent, Plan, counted};
use crate::ending::{customers_of, is_disabled};
use crate::failure::Failure;
use crate::names::username;
use crate::partner_path;
use crate::partners::enabled;
use crate::progress::Progress;
use crate::service::Worker;
use crate::tables::cell;

/// The arguments of `close`.
#[derive(Args)]
pub struct Close {
    #[arg(value_parser = username)]
    pub username: String,
    #[command(flatten)]
    consent: Consent,
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
        self.consent.is_possible("close")?;
        let partner = worker.partner(&self.username)?;
        let customers = customers_of(&partner);
        let name = partner.get("name").map(cell).unwrap_or_default();
        let username = &self.username;
        let access = match is_disabled(&partner) {
            true => "is disabled already",
            false => "will be disabled",
        };
        let will = format!(
            "{} of {username} ({name}) will be erased for good, and {username} {access}.",
            counted(customers, "customer"),
        );
        let plan = Plan {
            command: "close",
            partner: self.username.clone(),
            customers,
            will,
        };
        if let Some(told) = self.consent.ask(plan)? {
            return Ok(told);
        }
        let mut done = Done::default();
        let mut progress = Progress::new();
        let mut erase = |done: &mut Done| self.erase_all(worker, customers, done, &mut progress);
        let closed = erase(&mut done)
            .and_then(|()| worker.change(&self.username, &enabled(false)))
            .and_then(|_| erase(&mut done));
        closed.map_err(|failure| {
            let erased = counted(done.customers, "customer");
            failure.told(|why| {
                format!("{why}\nerased so far: {erased}; the same command goes on with the rest")
            })
        })?;
        Ok(Json::object([("closed", done.summary(&self.username))]))
    }

    fn erase_all(
        &self,
        worker: &Worker,
        of: i64,
        done: &mut Done,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
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
                let answer = answer
                    .map_err(|failure| failure.told(|why| format!("customer {id}: {why}")))?;
                done.add(answer.get("erasure"));
                progress.show("customers erased", done.customers, of);
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
