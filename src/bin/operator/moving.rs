//! The subcommands of the databases: which there are, and the move of a partner to another one.

use std::thread;
use std::time::Duration;

use clap::Args;
use customers_api::http::json::Json;
use serde::Serialize;

use crate::consent::{Consent, Plan, counted};
use crate::ending::customers_of;
use crate::failure::Failure;
use crate::names::username;
use crate::partner_path;
use crate::progress::Progress;
use crate::service::Worker;
use crate::tables::cell;

/// The path of the list of databases.
pub const DATABASES: &str = "/operator/databases";

/// The last phase of a move.
const COMPLETE: &str = "complete";

/// The last phase of a move that was turned back, or that a restore has made void.
const ABANDONED: &str = "abandoned";

/// How long to wait after a step that has not come further.
const PAUSE: Duration = Duration::from_secs(1);

/// The arguments of `move`.
#[derive(Args)]
pub struct Move {
    #[arg(value_parser = username)]
    pub username: String,
    /// The database to move the partner to, such as DB_2. `databases` lists them.
    #[arg(long, value_name = "DATABASE")]
    to: String,
    #[command(flatten)]
    consent: Consent,
}

/// The body of a step.
#[derive(Serialize)]
struct Step<'a> {
    to: &'a str,
}

impl Move {
    /// Says what will be moved, asks, and takes steps until the partner has moved. If it fails or is stopped, the same
    /// command goes on.
    pub fn run(self, worker: &Worker) -> Result<Json, Failure> {
        self.consent.is_possible("move")?;
        let partner = worker.partner(&self.username)?;
        let customers = customers_of(&partner);
        let what = format!(
            "{} with its {}",
            self.username,
            counted(customers, "customer")
        );
        let will = match self.consent.is_given() {
            true => String::new(),
            false => self.plan(worker, &what)?,
        };
        let plan = Plan {
            command: "move",
            partner: self.username.clone(),
            customers,
            will,
        };
        if let Some(told) = self.consent.ask(plan)? {
            return Ok(told);
        }
        self.steps(worker)
    }

    /// What will happen to the partner.
    ///
    /// # Errors
    /// What the service would refuse, and a partner that lives there already.
    fn plan(&self, worker: &Worker, what: &str) -> Result<String, Failure> {
        let Self { username, to, .. } = self;
        let answer = worker.get(DATABASES)?;
        let names: Vec<String> = members(&answer, "databases", "name").collect();
        if !names.contains(to) {
            let all = names.join(", ");
            return Err(format!("there is no database {to}, only {all}").into());
        }
        let home = worker.get(&format!("{}/home", partner_path(username)))?;
        let home = home.get("home").and_then(|home| home.get("database"));
        let home = home.map(cell).unwrap_or_default();
        let meanwhile =
            "While it moves, its reads will go on, and its writes will be refused with a 503.";
        match move_of(&answer, username) {
            Some((_, target)) if target == *to => Ok(format!(
                "{what} moves to {to} already: that will go on. {meanwhile}"
            )),
            Some((source, target)) if source == *to => Ok(format!(
                "{what} moves to {target}: it will be turned back to {to}. {meanwhile}"
            )),
            Some((_, target)) => {
                Err(format!("{username} moves to {target}: finish that first").into())
            }
            None if home == *to => Err(format!("{username} lives in {to} already").into()),
            None => Ok(format!("{what} will move from {home} to {to}. {meanwhile}")),
        }
    }

    fn steps(&self, worker: &Worker) -> Result<Json, Failure> {
        let path = format!("{}/move", partner_path(&self.username));
        let step = Step { to: &self.to };
        let mut progress = Progress::new();
        let mut last = None;
        loop {
            let answer = worker.post(&path, &step).map_err(|failure| match last {
                None => failure,
                Some(_) => {
                    failure.told(|why| format!("{why}\nthe same command goes on with the move"))
                }
            })?;
            let moved = answer.get("move");
            let member = |name| moved.and_then(|moved| moved.get(name));
            let phase = member("phase").map(cell).unwrap_or_default();
            let count = |name| member(name).and_then(Json::as_integer).unwrap_or(0);
            let (done, total) = (count("done"), count("total"));
            progress.show(&format!("rows ({phase})"), done, total);
            // One that was turned back goes elsewhere.
            let is_turned_back = member("to").map(cell) != Some(self.to.clone());
            if phase == COMPLETE || (phase == ABANDONED && is_turned_back) {
                return Ok(answer);
            }
            if phase == ABANDONED {
                let why = "the move was given up: a restore has taken the partner from its home";
                return Err(why.into());
            }
            let now = Some((phase, done));
            if last == now {
                thread::sleep(PAUSE);
            }
            last = now;
        }
    }
}

/// A member of each record of a list.
fn members<'a>(answer: &'a Json, list: &str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let records = answer.get(list).and_then(Json::as_list).unwrap_or_default();
    let values = records.iter().filter_map(move |record| record.get(name));
    values.map(cell)
}

/// Where the unfinished move of a partner comes from, and where it goes to.
fn move_of(answer: &Json, username: &str) -> Option<(String, String)> {
    let ends = members(answer, "moves", "from").zip(members(answer, "moves", "to"));
    let mut moves = members(answer, "moves", "username").zip(ends);
    let (_, ends) = moves.find(|(name, _)| name == username)?;
    Some(ends)
}
