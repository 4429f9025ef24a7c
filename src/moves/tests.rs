//! Moves on real databases of SQLite, through every order of events that a seeded generator makes: partners create, change
//! and erase, passwords are replaced, fields ended, partners move, databases are restored, isolates believe what is no longer
//! so, and every run may be cut off at any trip, which may arrive later.
//!
//! `npm run moves` goes through more of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use story::Story;

mod directed;
mod ends;
mod holds;
mod pages;
mod requests;
mod restores;
mod story;
mod watch;
mod world;

/// How long the bounded run takes at most.
const BOUND: Duration = Duration::from_secs(10);

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "this test runs on the host alone"
)]
fn many_random_orders_of_events_lose_nothing_and_bring_nobody_back() {
    let given = std::env::var("MOVES").ok();
    let most = given.as_ref().map_or(300, |most| most.parse().unwrap());
    let first = std::env::var("SEED").map_or(0, |seed| seed.parse().unwrap());
    let begin = Instant::now();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut schedules = 0;
    for seed in first..first + most {
        if given.is_none() && begin.elapsed() > BOUND {
            break;
        }
        let mut story = Story::new(seed);
        story.go(150);
        for (what, count) in story.end() {
            *counts.entry(what).or_default() += count;
        }
        schedules += 1;
    }
    println!("{schedules} schedules in {:?}: {counts:?}", begin.elapsed());
    for what in [
        "complete",
        "abandoned",
        "restored",
        "erased again",
        "began anew",
        "late",
        "believed wrongly",
    ] {
        let count = counts.get(what).copied().unwrap_or_default();
        // A slow machine gets through few of them.
        assert!(
            schedules < 20 || count * 10 > schedules,
            "{what}: {count} of {schedules}"
        );
    }
}
