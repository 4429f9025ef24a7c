//! Runs of a move in workerd: some steps for a request of the operator, and some every minute.

use worker::Env;

use super::engine::{self, Move};
use super::pages::PACE;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::ledger::keep::Stores;
use crate::partners::placement::Database;
use crate::platform::clock;
use crate::platform::site::Site;

/// The limits of a run: how many steps, and how many milliseconds after its begin the last of them may begin.
#[derive(Clone, Copy)]
struct Limits {
    steps: i64,
    ms: i64,
}

/// A Worker may send D1 1,000 statements in an invocation, and a step has 23 at most. The client waits for the answer.
const OF_A_REQUEST: Limits = Limits {
    steps: 40,
    ms: 10_000,
};

/// The cron has other work too.
const OF_THE_CRON: Limits = Limits {
    steps: 15,
    ms: 10_000,
};

/// Begins to move a partner, or finds the move that has begun, and does steps of it.
///
/// # Errors
/// Those of [`engine::begin`] and [`engine::step`].
pub async fn for_a_request(
    site: &Site<'_>,
    username: &str,
    target: Database,
) -> Result<Move, Error> {
    let stores = Stores::of(site);
    let it = engine::begin(&stores, username, target).await?;
    go(&stores, "operator", it.move_id, OF_A_REQUEST).await
}

/// Goes on with unfinished moves, those first that have waited longest. If it fails, the next minute tries again.
pub async fn every_minute(env: &Env) {
    let Ok(stores) = Stores::new(env) else { return };
    let Ok(turns) = engine::take_turns(&stores, OF_THE_CRON.steps).await else {
        return;
    };
    let of = i64::try_from(turns.len()).unwrap_or(i64::MAX).max(1);
    for move_id in turns {
        let limits = Limits {
            steps: (OF_THE_CRON.steps / of).max(1),
            ms: OF_THE_CRON.ms / of,
        };
        let _ = go(&stores, "cron", move_id, limits).await;
    }
}

/// Does steps of a move until it is over or the run reaches its limit: at least one. Writes one log line.
async fn go(
    stores: &Stores,
    by: &'static str,
    move_id: i64,
    limits: Limits,
) -> Result<Move, Error> {
    let begin = clock::now();
    let mut steps = 0;
    let done = loop {
        let it = engine::step(stores, PACE, move_id).await;
        steps += 1;
        let is_late = steps >= limits.steps || clock::elapsed_millis(&begin) > limits.ms;
        match it {
            Ok(it) if !it.is_over() && !is_late => {}
            other => break other,
        }
    };
    log(by, move_id, steps, clock::elapsed_millis(&begin), &done);
    done
}

fn log(by: &'static str, move_id: i64, steps: i64, ms: i64, done: &Result<Move, Error>) {
    let it = done.as_ref().ok();
    let error = done.as_ref().err().and_then(Error::internal_text);
    let is_odd = error.is_some() || it.is_some_and(|it| it.began_anew > 0);
    let line = Json::object([
        ("move", by.into()),
        ("move_id", move_id.into()),
        ("partner_id", it.map(|it| it.partner_id).into()),
        ("from", it.map(|it| it.source.to_string()).into()),
        ("to", it.map(|it| it.target.to_string()).into()),
        ("phase", it.map(|it| it.phase.as_str()).into()),
        ("done", it.map(|it| it.done).into()),
        ("total", it.map(|it| it.total).into()),
        ("began_anew", it.map(|it| it.began_anew).into()),
        ("steps", steps.into()),
        ("ms", ms.into()),
        ("level", if is_odd { "warning" } else { "info" }.into()),
        ("error", error.into()),
    ]);
    web_sys::console::log_1(&line.to_string().into());
}
