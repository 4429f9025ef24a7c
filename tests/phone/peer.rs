//! Holds the table against the Python port of libphonenumber (`peer.py`). Its metadata is later than that of the Rust port,
//! which the table is made from.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::numbers::{ccndc, limited, sample, with_country_code};

/// The version that the new formats of [`crate::oracle`] come from.
const PROBE: &str = "import phonenumbers; assert phonenumbers.__version__ == '9.0.43'";

#[test]
fn the_table_splits_the_numbers_of_every_country_as_the_python_port_does() {
    let probe = Command::new("python3").args(["-c", PROBE]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "missing: {PROBE}");
        return eprintln!("skipped: {PROBE} does not work here");
    }
    let sample = sample();
    let mut compared = 0;
    for ((country_code, national), answer) in sample.iter().zip(split_by_python(&sample)) {
        let (ndc, is_valid) = answer.split_once(' ').unwrap();
        let ndc: usize = ndc.parse().unwrap();
        // An invalid number without a split: the service has a rule of its own, and older metadata may split it.
        if ndc == 0 && is_valid == "0" {
            continue;
        }
        compared += 1;
        let split = with_country_code(*country_code, limited(national, ndc));
        let ours = ccndc(*country_code, national);
        assert_eq!(ours, split, "+{country_code} {national}");
    }
    assert!(compared > 20_000, "{compared}");
}

/// A line for each number: the length of its NDC and whether it is valid.
fn split_by_python(sample: &BTreeSet<(i32, String)>) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/phone/peer.py");
    let mut python = Command::new("python3");
    let python = python
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut python = python.spawn().unwrap();
    let numbers = sample.iter();
    let numbers: String = numbers
        .map(|(country_code, national)| format!("{country_code} {national}\n"))
        .collect();
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(numbers.as_bytes()).unwrap());
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<String> = lines.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), sample.len());
    lines
}
