//! Measures the one transaction of an erasure through the Worker and D1, against the same statements in plain SQLite on a
//! copy of the database, and prints a table. There is no pass or fail. `any_size` measures erasures of any size.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    dead_code,
    missing_docs,
    reason = "a benchmark runs on the host, and shares what it needs with the tests"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use customers_api::db::audit::{Actor, Context};
use customers_api::db::sql::Arg;
use customers_api::erasure::sql::Target;
use customers_api::http::etag::IfMatch;
use customers_api::http::version::Version;
use rusqlite::Connection;
use rusqlite::types::Null;

#[path = "../tests/e2e/client.rs"]
mod client;
#[path = "../tests/e2e/db.rs"]
mod db;
#[path = "../tests/e2e/partner.rs"]
mod partner;
#[path = "../tests/e2e/server.rs"]
mod server;

use db::{db_open, db_seed_calls};
use partner::Partner;

/// How many times each erasure in one transaction is measured. The table shows the median.
const ROUNDS: usize = 7;

fn main() {
    let partner = Partner::new();
    println!("median (least – most) of {ROUNDS} erasures in one transaction, in ms");
    println!(
        "{:>7} calls  {:>24}  {:>24}  ratio  trips",
        "", "Worker and D1", "plain SQLite"
    );
    for calls in [0, 10_000, 20_000] {
        let rounds = (0..ROUNDS).map(|round| erase(&partner, calls, round));
        let (worker, rest): (Vec<Duration>, Vec<(Duration, i64)>) = rounds
            .map(|(worker, plain, trips)| (worker, (plain, trips)))
            .unzip();
        let (plain, trips): (Vec<Duration>, Vec<i64>) = rest.into_iter().unzip();
        let ratio = median(&worker) / median(&plain);
        let (worker, plain) = (told(&worker), told(&plain));
        let trips = trips.iter().max().unwrap();
        println!("{calls:>7} calls  {worker:>24}  {plain:>24}  {ratio:>5.2}  {trips:>5}");
    }
}

/// Erases a customer with this many calls, once through the Worker and once in a copy of the database. Returns both
/// durations and the Worker's trips to D1.
fn erase(partner: &Partner, calls: i64, round: usize) -> (Duration, Duration, i64) {
    let id = partner.create_customer("Many calls", &format!("{calls}-{round}"));
    let measure = partner.create_measure(id);
    db_seed_calls(partner.server, id, measure, calls, 1);

    let copy = partner
        .server
        .state
        .join(format!("copy-{calls}-{round}.sqlite"));
    db_open(partner.server)
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    let plain = erase_in(&copy, id);

    let begin = Instant::now();
    let erased = partner.delete(&format!("/customers/{id}")).expect(200);
    let worker = begin.elapsed();
    let masked = &erased.json()["erasure"]["phone_numbers_masked"];
    assert_eq!(masked, calls * 3 + 2);
    let trips = partner.server.log(erased.request_id())["d1_trips"]
        .as_i64()
        .unwrap();
    (worker, plain, trips)
}

/// Runs the statements of the Worker's erasure in plain SQLite, in one transaction and as durable as D1's: with a
/// write-ahead log.
fn erase_in(file: &Path, customer_id: i64) -> Duration {
    let mut connection = Connection::open(file).unwrap();
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    let whose = "SELECT partner_id FROM customers WHERE customer_id = ?1";
    let partner_id = connection.query_row(whose, [customer_id], |row| row.get(0));
    let partner_id = partner_id.unwrap();
    let target = Target {
        partner_id,
        customer_id,
        if_match: &IfMatch::Any,
        version: Version::Bare,
        audit: Context {
            login: "",
            now: "2026-11-24 00:00:00",
            request_id: "bench",
            actor: Actor::Partner(partner_id),
        },
        again: None,
    };
    let begin = Instant::now();
    let transaction = connection.transaction().unwrap();
    for statement in target.erase().statements {
        let mut prepared = transaction.prepare(statement.sql()).unwrap();
        for (place, arg) in (1..).zip(statement.args()) {
            match arg {
                Arg::Null => prepared.raw_bind_parameter(place, Null),
                Arg::Integer(integer) => prepared.raw_bind_parameter(place, integer),
                Arg::Text(text) => prepared.raw_bind_parameter(place, text),
            }
            .unwrap();
        }
        let mut rows = prepared.raw_query();
        while rows.next().unwrap().is_some() {}
    }
    transaction.commit().unwrap();
    begin.elapsed()
}

fn median(times: &[Duration]) -> f64 {
    let mut times: Vec<Duration> = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}

fn told(times: &[Duration]) -> String {
    let millis = |time: Option<&Duration>| time.unwrap().as_secs_f64() * 1_000.0;
    let (least, most) = (millis(times.iter().min()), millis(times.iter().max()));
    format!("{:.1} ({least:.1} – {most:.1})", median(times))
}
