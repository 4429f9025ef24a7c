//! Continues work in steps: after the answer to the request that began it, and every minute, whichever comes first.
//! [`crate::erasure::steps`] says why two runs at once, or one that is stopped, do no harm.

use worker::Env;

use super::d1::{Cost, Store};
use super::site::Site;
use super::{bindings, clock, log, room};
use crate::db::idempotency::forget_keys;
use crate::erasure::steps::{Passed, ROWS_LEAST, Work, next, rows_after};
use crate::http::error::Error;
use crate::http::json::Json;
use crate::ledger::keep;
use crate::moves::run as moves;
use crate::partners::placement::Database;

/// The most statements of a run. A Worker may send D1 1,000 in an invocation. The databases share it.
const STATEMENTS_PER_RUN: usize = 600;

/// No step of a run begins later than this, in milliseconds. The platform stops background work 30 seconds after the answer.
/// The databases share this too.
const RUN_MS: i64 = 20_000;

/// How long such a run waits, in milliseconds, so that the answer is on its way before the first step.
const FIRST_PAUSE_MS: i32 = 100;

/// How long a run waits before each step, in milliseconds: about as long as a step takes, so that a database is at most half
/// the time at work for it.
const BETWEEN_STEPS_MS: i32 = 10;

/// Starts a run that goes on after the answer of this request.
pub fn after_the_answer(site: &Site<'_>) {
    let env = site.env.clone();
    let database = site.store.database();
    site.context.wait_until(async move {
        bindings::pause(FIRST_PAUSE_MS).await;
        run(&env, database, "request", 1).await;
    });
}

/// Does the work that is left in a database, if this is one of so many runs: some steps of it, at least one.
pub async fn run(env: &Env, database: Database, by: &'static str, of: i64) {
    Run::new(database, by, of.max(1)).go(env).await;
}

/// Does what the cron does in each database: sees to the ledger, goes on with work in steps, and forgets the oldest
/// `Idempotency-Key`s; then it goes on with moves. If any of it fails, the next minute tries again.
pub async fn every_minute(env: &Env) {
    let databases = bindings::databases(env);
    let mut of = 0;
    for database in &databases {
        keep::each_minute(env, *database).await;
        of += i64::from(has_work(env, *database).await);
    }
    for database in databases {
        run(env, database, "cron", of).await;
        if let Ok(store) = Store::new(env, database) {
            let _ = store.read(forget_keys(&clock::now().utc)).await;
        }
    }
    moves::every_minute(env).await;
}

/// Whether work is left in a database, or nobody knows.
async fn has_work(env: &Env, database: Database) -> bool {
    let Ok(store) = Store::new(env, database) else {
        return true;
    };
    let work = store.read(next(Passed::default())).await;
    work.map_or(true, |rows| rows.first().is_some())
}

/// A run, and what its log line says of it.
#[derive(Debug)]
struct Run {
    database: Database,
    by: &'static str,
    /// How many runs share the limits.
    of: i64,
    /// How many steps have begun.
    steps: i64,
    /// How many statements were sent.
    statements: usize,
    /// How many rows the next step takes.
    rows: i64,
    /// The most rows that one step has written.
    rows_of_a_step: i64,
    /// How long the longest step took, in milliseconds.
    longest_ms: i64,
    cost: Cost,
    /// Why the first of the steps was refused that were.
    refused: Option<Error>,
}

impl Run {
    fn new(database: Database, by: &'static str, of: i64) -> Self {
        Self {
            database,
            by,
            of,
            steps: 0,
            statements: 0,
            rows: ROWS_LEAST,
            rows_of_a_step: 0,
            longest_ms: 0,
            cost: Cost::default(),
            refused: None,
        }
    }

    /// Does steps, oldest work first, until nothing is left or the run reaches its limit. Writes one log line.
    async fn go(mut self, env: &Env) {
        let begin = clock::now();
        let is_left = match Store::new(env, self.database) {
            Ok(store) => {
                let is_left = self.steps(&store).await;
                if !room::room(env).is_ample(store.cost().size_after) {
                    // If it fails, the line tells of the size alone.
                    let _ = room::count(&store).await;
                }
                self.cost = store.cost();
                is_left
            }
            Err(error) => Err(error),
        };
        let error = self.refused.as_ref().or(is_left.as_ref().err());
        let is_short = room::is_short(env, self.database, self.cost.size_after);
        let level = log::level_of(error, is_short);
        let error = error.and_then(Error::internal_text);
        let line = Json::object([
            ("run", self.by.into()),
            ("database", self.database.to_string().into()),
            ("steps", self.steps.into()),
            (
                "is_left",
                is_left
                    .as_ref()
                    .ok()
                    .map(|is_left| i64::from(*is_left))
                    .into(),
            ),
            ("ms", clock::elapsed_millis(&begin).into()),
            ("d1_trips", self.cost.trips.into()),
            ("d1_rows_read", self.cost.rows_read.into()),
            ("d1_rows_written", self.cost.rows_written.into()),
            ("d1_rows_written_by_a_step", self.rows_of_a_step.into()),
            ("ms_of_a_step", self.longest_ms.into()),
            ("size_after", self.cost.size_after.into()),
            (
                "share",
                room::share(env, self.database, self.cost.size_after).into(),
            ),
            ("level", level.into()),
            ("error", error.into()),
        ]);
        web_sys::console::log_1(&line.to_string().into());
    }

    /// Does the steps. Returns whether work is left. Work of which a step is refused is passed over: the next run tries it
    /// again.
    async fn steps(&mut self, store: &Store) -> Result<bool, Error> {
        let begin = clock::now();
        let mut passed = Passed::default();
        let mut work = self.next(store, passed).await?;
        while let Some(found_work) = work {
            let is_late = clock::elapsed_millis(&begin) > RUN_MS / self.of;
            let is_much =
                self.statements >= STATEMENTS_PER_RUN / usize::try_from(self.of).unwrap_or(1);
            if self.steps > 0 && (is_much || is_late) {
                return Ok(true);
            }
            let goes_on = match self.step(store, found_work).await {
                Err(Error::Internal(text)) => {
                    self.refused.get_or_insert(Error::Internal(text));
                    passed.over(found_work);
                    false
                }
                goes_on => goes_on?,
            };
            if !goes_on {
                work = self.next(store, passed).await?;
                // How long a row of other work takes, nobody knows yet.
                if work != Some(found_work) {
                    self.rows = ROWS_LEAST;
                }
            }
        }
        Ok(self.refused.is_some())
    }

    /// Does a step. Returns whether more of the work may be left.
    async fn step(&mut self, store: &Store, work: Work) -> Result<bool, Error> {
        // Others' requests come in between: where the database is in this process, it would have no turn else.
        bindings::pause(BETWEEN_STEPS_MS).await;
        let before = store.cost();
        let begin = clock::now();
        let step = work.step(&begin.utc, self.rows);
        self.steps += 1;
        self.statements += step.statements.len();
        let results = store.run(step).await?;
        let cost = store.cost();
        let ms = clock::elapsed_millis(&begin);
        // D1 may tell no time.
        let us = match cost.sql_us - before.sql_us {
            0 => ms * 1_000,
            us => us,
        };
        self.rows = rows_after(self.rows, us);
        self.longest_ms = self.longest_ms.max(ms);
        let written = cost.rows_written - before.rows_written;
        self.rows_of_a_step = self.rows_of_a_step.max(written);
        let goes_on = results.first(|at| at.goes_on).is_some();
        let finish = work.finish(&begin.utc);
        if !goes_on && !finish.is_empty() {
            self.statements += finish.len();
            store.transaction(finish).await?;
        }
        Ok(goes_on)
    }

    /// Finds the oldest work that was not passed over.
    async fn next(&mut self, store: &Store, passed: Passed) -> Result<Option<Work>, Error> {
        self.statements += 1;
        let row = store.read(next(passed)).await?.first();
        row.map(|row| Ok(Work::of(row.integer("id")?, row.integer("n")?)))
            .transpose()
    }
}
