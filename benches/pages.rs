//! Measures how long the largest pages take, and how much memory workerd needs for them, and prints a table. There is no pass
//! or fail.

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

use std::time::Instant;

use serde_json::json;

#[path = "../tests/e2e/client.rs"]
mod client;
#[path = "../tests/e2e/db.rs"]
mod db;
mod memory;
#[path = "../tests/e2e/partner.rs"]
mod partner;
#[path = "../tests/e2e/server.rs"]
mod server;

use db::db_insert_full;
use memory::{forget_peaks, peak_mb, read};
use partner::Partner;

/// How many times each request is made. The table shows the median time and the greatest memory.
const ROUNDS: usize = 3;

fn main() {
    println!(
        "{:>24}  {:>8}  {:>10}  {:>16}",
        "", "seconds", "MB of body", "peak of workerd"
    );
    for (what, character) in [("ASCII", "a"), ("four bytes each", "😀")] {
        let partner = Partner::new();
        for n in 1..=20 {
            partner.set_up_custom(n, &json!({}));
        }
        db_insert_full(&partner, 1_000, character);
        measure(&partner, &format!("full page, {what}"), "/customers");
    }
}

fn measure(partner: &Partner, what: &str, path: &str) {
    let mut seconds = Vec::new();
    let (mut bytes, mut peak, mut before) = (0, 0, u64::MAX);
    for _ in 0..ROUNDS {
        forget_peaks();
        before = before.min(peak_mb());
        let start = Instant::now();
        bytes = read(partner, path);
        seconds.push(start.elapsed().as_secs_f64());
        peak = peak.max(peak_mb());
    }
    seconds.sort_by(f64::total_cmp);
    let (seconds, mb) = (seconds[ROUNDS / 2], bytes as f64 / 1e6);
    println!("{what:>24}  {seconds:>8.2}  {mb:>10.1}  {peak:>4} MB, from {before:>3}");
}
