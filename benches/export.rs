//! Measures how long exports and the largest pages take, and how much memory workerd needs for them. `cargo bench --bench
//! export` prints a table. There is no pass or fail.

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

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use rusqlite::params;
use serde_json::json;

#[path = "../tests/e2e/client.rs"]
mod client;
#[path = "../tests/e2e/db.rs"]
mod db;
#[path = "../tests/e2e/partner.rs"]
mod partner;
#[path = "../tests/e2e/server.rs"]
mod server;

use db::{db_execute, db_insert_full};
use partner::Partner;

/// How many times each request is made. The table shows the median time and the greatest memory.
const ROUNDS: usize = 3;

fn main() {
    let partner = Partner::new();
    println!(
        "{:>24}  {:>8}  {:>10}  {:>16}",
        "", "seconds", "MB of body", "peak of workerd"
    );
    for calls in [1_000, 100_000, 1_000_000] {
        let id = partner.create_customer("Customer", &calls.to_string());
        let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2) \
             INSERT INTO calls (customer_id, measure_id, start, duration, answered, anum, anum_ccndc, bnum, bnum_ccndc, \
             cnum, cnum_ccndc) SELECT ?1, 1, datetime('2026-01-01', n || ' seconds'), n % 900, 1, \
             '+4670' || (1000000 + n), 4, '+46890510', 3, '+46890510', 3 FROM n";
        db_execute(partner.server, sql, params![id, calls]);
        let path = format!("/customers/{id}/export");
        measure(&partner, &format!("export, {calls} calls"), &path);
    }
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

/// Reads an answer and drops it. Returns its length.
fn read(partner: &Partner, path: &str) -> usize {
    let request = partner.get(path);
    let credentials = request.credentials().unwrap();
    let address = partner.server.origin.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {credentials}\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).unwrap();
    let mut chunk = vec![0; 1 << 20];
    let (mut length, mut end) = (0, Vec::new());
    while let Ok(read @ 1..) = connection.read(&mut chunk) {
        length += read;
        end.extend_from_slice(&chunk[..read]);
        end.drain(..end.len().saturating_sub(64));
    }
    let end = String::from_utf8_lossy(&end);
    assert!(
        end.contains("\"complete\":true}") || end.contains("\"numpages\":1}"),
        "{end}"
    );
    length
}

/// The processes of workerd that this benchmark's server has started.
fn workerds() -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| field(*id, "Name:").is_some_and(|name| name == "workerd") && is_ours(*id))
        .collect()
}

fn is_ours(id: u32) -> bool {
    let parent = field(id, "PPid:").and_then(|parent| parent.parse().ok());
    parent.is_some_and(|parent: u32| parent == std::process::id() || parent > 1 && is_ours(parent))
}

fn field(id: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().to_owned())
}

/// Makes the present memory of workerd its peak.
fn forget_peaks() {
    for id in workerds() {
        fs::write(format!("/proc/{id}/clear_refs"), "5").unwrap();
    }
}

/// The most memory that workerd had since then; that of its largest process.
fn peak_mb() -> u64 {
    let kb = |id| field(id, "VmHWM:")?.split(' ').next()?.parse::<u64>().ok();
    workerds().into_iter().filter_map(kb).max().unwrap() / 1_000
}
