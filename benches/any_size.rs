//! Measures what a customer costs by its size, through the Worker and D1, and prints a table as Markdown. There is no pass
//! or fail. The arguments are numbers of calls: `cargo bench --bench any_size -- 1000 5000000`.
//!
//! For each size: a dry run; the `DELETE` until its answer, and until its receipt is complete; the longest of the steps
//! in between; another partner's `GET`, alone and beside all of it; the first page, the middle one and the last one; the
//! export, and the most memory of workerd meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    dead_code,
    missing_docs,
    reason = "a benchmark runs on the host, and shares what it needs with the tests"
)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

#[path = "../tests/e2e/client.rs"]
mod client;
mod cron;
#[path = "../tests/e2e/db.rs"]
mod db;
mod figures;
mod memory;
#[path = "../tests/e2e/over.rs"]
mod over;
#[path = "../tests/e2e/partner.rs"]
mod partner;
#[path = "../tests/e2e/server.rs"]
mod server;

use cron::Cron;
use db::db_seed_calls;
use figures::{ms, time, told};
use memory::{forget_peaks, peak_mb, read};
use over::Over;
use partner::Partner;

/// How many `GET`s tell how long one takes when nothing else happens.
const QUIET: usize = 1_000;

/// How long the other partner waits between two `GET`s.
const PAUSE: Duration = Duration::from_millis(2);

/// How many calls the customers of a size have together, unless there would be too many of them.
const CALLS: i64 = 1_000_000;

/// The most customers of a size.
const CUSTOMERS: i64 = 10;

/// How many calls a measured page has.
const PAGESIZE: i64 = 100;

fn main() {
    let given = std::env::args().filter_map(|arg| arg.parse().ok());
    let given: Vec<i64> = given.collect();
    let sizes = match given.as_slice() {
        [] => vec![1_000, 20_000, 100_000, 1_000_000, 5_000_000],
        given => given.to_vec(),
    };
    println!(
        "| calls | dry run | answer | complete | longest step | another's `GET`, alone | beside dry run and pages | beside \
         the export | beside the erasure | first, middle, last page | export | workerd's most memory |"
    );
    println!("|{}", " ---: |".repeat(12));
    for calls in sizes {
        println!("{}", row(calls));
    }
}

/// Measures customers with so many calls, of whom there are more where they are small. Tells the longest of their times.
fn row(calls: i64) -> String {
    let partner = Partner::new();
    let other = Other::new();
    let paths: Vec<String> = (0..(CALLS / calls).clamp(1, CUSTOMERS))
        .map(|n| {
            let id = partner.create_customer("Any size", &format!("{n}"));
            let measure = partner.create_measure(id);
            db_seed_calls(partner.server, id, measure, calls, 1);
            format!("/customers/{id}")
        })
        .collect();
    let alone = (0..QUIET).map(|_| other.get()).collect();

    let last = (calls - 1) / PAGESIZE;
    let get = |path: &str| time(|| partner.get(path).expect(200)).0;
    let longest = |time: &dyn Fn(&String) -> Duration| paths.iter().map(time).max().unwrap();
    let ((pages, dry_run), beside_reads) = other.beside(|| {
        let pages = [0, last / 2, last].map(|page| {
            let page = format!("calls?pagesize={PAGESIZE}&page={page}");
            ms(longest(&|path| get(&format!("{path}/{page}"))))
        });
        let dry_run = |path: &String| {
            let dry_run = partner.delete(&format!("{path}?dry_run=1"));
            time(|| dry_run.expect(200)).0
        };
        (pages, longest(&dry_run))
    });
    forget_peaks();
    let (export, beside_export) = other.beside(|| {
        longest(&|path| {
            await_budget(&partner);
            time(|| read(&partner, &format!("{path}/export"))).0
        })
    });
    let peak = peak_mb();

    await_budget(&partner);
    let earlier = partner.server.runs().len();
    let (erased, beside_erasure) = other.beside(|| {
        let erased = paths.iter().map(|path| erase(&partner, path, calls));
        erased.collect::<Vec<[Duration; 2]>>()
    });
    let longest_step = longest_step(&partner, earlier);
    let most = |n: usize| erased.iter().map(|times| times[n]).max().unwrap();
    format!(
        "| {calls} | {} | {} | {} | {longest_step} | {} | {} | {} | {} | {} | {} s | {peak} MB |",
        ms(dry_run),
        ms(most(0)),
        ms(most(1)),
        told(alone),
        told(beside_reads),
        told(beside_export),
        told(beside_erasure),
        pages.join(", "),
        seconds(export),
    )
}

/// Erases a customer. Returns the times until the answer, and until the receipt is complete.
fn erase(partner: &Partner, path: &str, calls: i64) -> [Duration; 2] {
    let begin = Instant::now();
    let receipt = partner.delete(path).expect(200).json();
    let answer = begin.elapsed();
    assert_eq!(receipt["erasure"]["phone_numbers_masked"], calls * 3 + 2);
    await_completion(partner, path, receipt);
    [answer, begin.elapsed()]
}

/// Another partner, in the same database.
struct Other {
    partner: Partner,
    path: String,
}

impl Other {
    fn new() -> Self {
        let partner = Partner::new();
        let path = format!("/customers/{}", partner.create_customer("Other", "other"));
        Self { partner, path }
    }

    /// How long it waits for a customer, after a pause.
    fn get(&self) -> Duration {
        thread::sleep(PAUSE);
        time(|| self.partner.get(&self.path).expect(200)).0
    }

    /// Does some work. Returns its result, and how long this partner has waited meanwhile, each time.
    fn beside<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<Duration>) {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let times = scope.spawn(|| {
                let mut times = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    times.push(self.get());
                }
                times
            });
            let over = Over(&is_over);
            let done = work();
            drop(over);
            (done, times.join().unwrap())
        })
    }
}

/// Waits until the partner may go on: the export of millions of calls spends the rows that it has for a minute.
fn await_budget(partner: &Partner) {
    while partner.get("/miscellaneous/ping").send().status == 429 {
        thread::sleep(Duration::from_secs(1));
    }
}

/// Waits until the receipt is complete. It asks the less often the longer it waits, because each answer takes the database's
/// time too.
fn await_completion(partner: &Partner, path: &str, mut receipt: Value) {
    let begin = Instant::now();
    let mut cron = Cron::new();
    while receipt["erasure"]["status"] != "complete" {
        thread::sleep(
            (begin.elapsed() / 10).clamp(Duration::from_millis(50), Duration::from_secs(1)),
        );
        cron.go_on(partner.server);
        receipt = partner.get(&format!("{path}/erasure")).expect(200).json();
    }
}

/// The longest step of the runs that came after the first `earlier` ones, by their log lines, in milliseconds; how many
/// steps there were, and how many runs.
fn longest_step(partner: &Partner, earlier: usize) -> String {
    // A run writes its line when it ends, which is a moment after the receipt is complete.
    thread::sleep(Duration::from_millis(200));
    let runs = partner.server.runs();
    let number = |run: &Value, name: &str| run[name].as_i64().unwrap();
    let runs: Vec<&Value> = runs
        .iter()
        .skip(earlier)
        .filter(|run| number(run, "steps") > 0)
        .collect();
    let steps: i64 = runs.iter().map(|run| number(run, "steps")).sum();
    let longest = runs.iter().map(|run| number(run, "ms_of_a_step")).max();
    longest.map_or_else(
        || "-".to_owned(),
        |ms| format!("{ms} (of {steps} in {} runs)", runs.len()),
    )
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}
