//! Measures what several databases change, through the Worker and D1, and prints tables as Markdown. There is no pass or
//! fail.
//!
//! First: how many requests one, two and three partners get answered in a second, at home in one, two and three databases.
//! Then: another partner's `GET` while a partner is erased that has many calls, at home in the same database and in another.

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

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

#[path = "../tests/e2e/client.rs"]
mod client;
mod cron;
#[path = "../tests/e2e/db.rs"]
mod db;
mod figures;
#[path = "../tests/e2e/partner.rs"]
mod partner;
#[path = "../tests/e2e/server.rs"]
mod server;

use cron::Cron;
use db::db_seed_calls;
use figures::{time, told};
use partner::Partner;

const DATABASES: [&str; 3] = ["DB", "DB_2", "DB_3"];

/// How long requests are counted.
const LONG: Duration = Duration::from_secs(5);

/// How many clients each partner has.
const CLIENTS: usize = 4;

fn main() {
    let mut given = std::env::args().filter_map(|arg| arg.parse().ok());
    let calls: i64 = given.next().unwrap_or(1_000_000);
    println!("| partners | databases | reads a second | creations a second |");
    println!("| ---: | ---: | ---: | ---: |");
    for partners in 1..=3 {
        for databases in 1..=partners {
            println!("{}", throughput(partners, databases));
        }
    }
    println!("\n| beside an erasure of {calls} calls | `GET` alone | `GET` beside it |");
    println!("| --- | ---: | ---: |");
    for (what, home) in [("in the same database", "DB"), ("in another", "DB_2")] {
        println!("{}", beside(what, home, calls));
    }
}

fn partner_in(database: &str) -> Partner {
    Partner::with(&json!({"database": database}))
}

fn throughput(partners: usize, databases: usize) -> String {
    let homes = (0..partners).map(|n| DATABASES[n % databases]);
    let homes: Vec<(Partner, i64)> = homes
        .map(|home| {
            let partner = partner_in(home);
            let id = partner.create_customer("Nordlund AB", "first");
            (partner, id)
        })
        .collect();
    let reads = count(&homes, &|partner, id, _| {
        partner.get(&format!("/customers/{id}")).expect(200);
    });
    let creations = count(&homes, &|partner, _, n| {
        partner.create_customer("Nordlund AB", &n);
    });
    format!("| {partners} | {databases} | {reads} | {creations} |")
}

/// How many requests all clients of all partners make in a second.
fn count(homes: &[(Partner, i64)], request: &(dyn Fn(&Partner, i64, String) + Sync)) -> u64 {
    let begin = Instant::now();
    let made: u64 = thread::scope(|scope| {
        let clients: Vec<_> = homes
            .iter()
            .flat_map(|home| (0..CLIENTS).map(move |client| (home, client)))
            .map(|((partner, id), client)| {
                scope.spawn(move || {
                    let mut made = 0;
                    while begin.elapsed() < LONG {
                        request(partner, *id, format!("{client}-{made}"));
                        made += 1;
                    }
                    made
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    });
    made * 1_000 / u64::try_from(begin.elapsed().as_millis()).unwrap()
}

/// The `GET`s of a partner with this home, alone and while a customer of another partner in `DB` is erased.
fn beside(what: &str, home: &str, calls: i64) -> String {
    let other = partner_in(home);
    let there = format!("/customers/{}", other.create_customer("Other", "other"));
    let partner = partner_in("DB");
    let id = partner.create_customer("Any size", "1");
    let measure = partner.create_measure(id);
    db_seed_calls(partner.server, id, measure, calls, 1);
    let get = || time(|| other.get(&there).expect(200)).0;
    let alone = (0..500).map(|_| get()).collect();
    let path = format!("/customers/{id}");
    let erased = partner.delete(&path).expect(200).json();
    let mut status = erased["erasure"]["status"].clone();
    let (mut times, mut cron) = (Vec::new(), Cron::new());
    while status != "complete" {
        times.extend((0..50).map(|_| get()));
        cron.go_on(partner.server);
        let receipt = partner.get(&format!("{path}/erasure")).expect(200).json();
        status = receipt["erasure"]["status"].clone();
    }
    format!("| {what} | {} | {} |", told(alone), told(times))
}
