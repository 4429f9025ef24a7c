//! The receipt of an erasure, and erasures that are repeated, conditional or dry runs.
//! Each test has control customers: see [`erasing`].

use std::sync::Barrier;
use std::thread;

use rusqlite::types::Value::Integer;
use serde_json::Value;

use crate::db::{db_execute, db_wait_until_recorded};
use crate::partner::Partner;
use crate::subject::{PAST, Subject, db_partner, erasing, removed_at, unsigned};

#[test]
fn the_receipt_says_what_was_done_and_nothing_more() {
    erasing(|subject| {
        let receipt = subject.erasure().expect(200).json();
        let removed_at = removed_at(&receipt);
        assert_eq!(unsigned(receipt), subject.receipt(&removed_at));
        let digits = removed_at.replace(|c: char| c.is_ascii_digit(), "0");
        assert_eq!(digits, "0000-00-00 00:00:00");
    });
}

#[test]
fn the_receipt_can_be_read_again_by_either_path() {
    erasing(|subject| {
        let erased = subject.erasure().expect(200);
        let by_id = format!("/customers/erasure?customer_id={}", subject.customer_id);
        for target in [subject.receipt_path(), by_id] {
            let read = subject.partner.get(&target).expect(200);
            assert_eq!(read.text, erased.text);
        }
    });
}

#[test]
fn there_is_no_receipt_of_a_live_foreign_or_unknown_customer() {
    erasing(|subject| {
        subject.partner.get(&subject.receipt_path()).expect(404);
        let dry_run = format!("{}?dry_run=1", subject.path());
        subject.partner.delete(&dry_run).expect(200);
        let living = subject.partner.get(&subject.receipt_path()).expect(404);

        subject.erasure().expect(200);
        let other = Partner::new();
        let foreign = other.get(&subject.receipt_path()).expect(404);
        let unknown = other.get(UNKNOWN_RECEIPT).expect(404);
        assert_eq!(foreign.text, unknown.text);
        let message = living.message();
        assert!(message.ends_with("has not been erased"), "{message}");
        other.get("/customers/erasure").expect(400);
    });
}

#[test]
fn a_delete_can_be_repeated_and_erases_once() {
    erasing(|subject| {
        let first = subject.erasure().expect(200);
        let by_query = format!("/customers?customer_id={}", subject.customer_id);
        let repeated = |expected: &Value| {
            db_wait_until_recorded(subject.partner.server, subject.customer_id);
            let rows = subject.db_rows();
            let partner = db_partner(subject.partner);
            for again in [subject.erasure(), subject.partner.delete(&by_query)] {
                assert_eq!(again.expect(200).json(), *expected);
            }
            assert_eq!(subject.db_rows(), rows);
            assert_eq!(db_partner(subject.partner), partner);
        };
        repeated(&first.json());

        // It does nothing later either.
        let sql = "UPDATE customers SET removed_at = ?2 WHERE customer_id = ?1";
        db_execute(subject.partner.server, sql, &[&subject.customer_id, &PAST]);
        let mut receipt = first.json();
        receipt["erasure"]["removed_at"] = PAST.into();
        repeated(&receipt);
    });
}

#[test]
fn a_dry_run_counts_and_changes_nothing() {
    erasing(|subject| {
        let rows = subject.db_rows();
        let partner = db_partner(subject.partner);
        for dry_run in dry_runs(subject, "1") {
            assert_eq!(unsigned(dry_run.expect(200).json()), subject.receipt(""));
        }
        assert_eq!(subject.db_rows(), rows);
        assert_eq!(db_partner(subject.partner), partner);
        subject.partner.get(&subject.path()).expect(200);

        // The erasure then does what the dry run said.
        let receipt = subject.erasure().expect(200).json();
        assert_eq!(
            unsigned(receipt.clone()),
            subject.receipt(&removed_at(&receipt))
        );
    });
}

#[test]
fn a_dry_run_after_the_erasure_returns_its_receipt() {
    erasing(|subject| {
        let erased = subject.erasure().expect(200);
        let rows = subject.db_rows();
        for dry_run in dry_runs(subject, "1") {
            assert_eq!(dry_run.expect(200).text, erased.text);
        }
        assert_eq!(subject.db_rows(), rows);
    });
}

#[test]
fn dry_run_is_0_or_1_and_any_other_value_erases_nothing() {
    erasing(|subject| {
        let rows = subject.db_rows();
        for doubtful in ["2", "-1", "", "true", "yes"] {
            for dry_run in dry_runs(subject, doubtful) {
                let errors = dry_run.expect(400).errors();
                assert!(errors[0].starts_with("dry_run: "), "{errors:?}");
            }
        }
        let misspelt = format!("{}?dryrun=1", subject.path());
        subject.partner.delete(&misspelt).expect(400);
        assert_eq!(subject.db_rows(), rows);

        let [by_query, by_body, _] = dry_runs(subject, "0");
        let receipt = by_query.expect(200).json();
        assert_eq!(
            unsigned(receipt.clone()),
            subject.receipt(&removed_at(&receipt))
        );
        assert_eq!(by_body.expect(200).json(), receipt);
    });
}

#[test]
fn a_stale_if_match_forbids_the_erasure_and_a_current_one_allows_it() {
    erasing(|subject| {
        let partner = subject.partner;
        let etag = |response: &crate::client::Response| response.header("ETag").unwrap().to_owned();
        let stale = etag(&partner.get(&subject.path()).expect(200));
        let put = partner.put(&subject.path(), &[("name", subject.mark.as_str())]);
        let current = etag(&put.expect(200));
        assert_ne!(stale, current);
        let rows = subject.db_rows();

        for refused in [stale.as_str(), "\"none\""] {
            let request = subject.erasure().header("If-Match", refused);
            assert_eq!(request.expect(412).errors(), ["precondition_failed"]);
            let dry_run = partner.delete(&format!("{}?dry_run=1", subject.path()));
            dry_run.header("If-Match", refused).expect(412);
        }
        assert_eq!(subject.db_rows(), rows);
        assert_eq!(partner.total(), 2);

        let conditional = subject.erasure().header("If-Match", &current);
        let erased = conditional.clone().expect(200);
        let receipt = erased.json();
        assert_eq!(
            unsigned(receipt.clone()),
            subject.receipt(&removed_at(&receipt))
        );

        // The erasure made this ETag stale. A client whose connection broke must still be able to repeat the request.
        let rows = subject.db_rows();
        assert_eq!(conditional.expect(200).text, erased.text);
        assert_eq!(subject.db_rows(), rows);
    });
}

#[test]
fn another_partners_customer_looks_like_one_that_never_existed() {
    erasing(|subject| {
        let rows = subject.db_rows();
        let other = Partner::new();
        for query in ["", "?dry_run=1"] {
            let delete = |path: &str| other.delete(&format!("{path}{query}"));
            let unknown = delete(UNKNOWN).expect(404);
            assert_eq!(unknown.errors(), ["not_found"]);
            assert_eq!(delete(&subject.path()).expect(404).text, unknown.text);
            let conditional = delete(&subject.path()).header("If-Match", "\"0\"");
            assert_eq!(conditional.expect(404).text, unknown.text);
        }
        assert_eq!(subject.db_rows(), rows);

        let receipt = subject.erasure().expect(200);
        let unknown = other.delete(UNKNOWN).expect(404);
        let erased = other.delete(&subject.path()).expect(404);
        assert_eq!(erased.text, unknown.text, "after the erasure");
        assert_eq!(subject.erasure().expect(200).text, receipt.text);
    });
}

#[test]
fn the_published_version_writes_the_counts_as_strings() {
    erasing(|subject| {
        let partner = subject.partner;
        let path = format!("/2.4.9{}", subject.path());
        let receipts = [
            partner.delete(&format!("{path}?dry_run=1")),
            partner.delete(&path),
            partner.delete(&path),
            partner.get(&format!("{path}/erasure")),
        ];
        for request in receipts {
            let receipt = request.expect(200).json();
            let expected = as_strings(subject.receipt(&removed_at(&receipt)));
            assert_eq!(unsigned(receipt), expected);
        }
    });
}

#[test]
fn erasures_that_race_are_one_erasure() {
    const RACERS: usize = 8;
    erasing(|subject| {
        let start = Barrier::new(RACERS);
        let erase = || {
            let request = subject.erasure();
            start.wait();
            request.expect(200).text
        };
        let receipts: Vec<String> = thread::scope(|scope| {
            let racers = [(); RACERS].map(|()| scope.spawn(erase));
            let receipts = racers.into_iter().map(|racer| racer.join().unwrap());
            receipts.collect()
        });

        let receipt: Value = serde_json::from_str(&receipts[0]).unwrap();
        assert_eq!(
            unsigned(receipt.clone()),
            subject.receipt(&removed_at(&receipt))
        );
        assert_eq!(receipts, vec![receipts[0].clone(); RACERS]);
        assert_eq!(subject.db_rows()["erasures"].len(), 1);
        let partner = db_partner(subject.partner);
        assert_eq!(partner["customers"], Integer(1), "must count down once");
    });
}

/// The path of a customer that does not exist, and of its receipt.
const UNKNOWN: &str = "/customers/9007199254740991";
const UNKNOWN_RECEIPT: &str = "/customers/9007199254740991/erasure";

/// The ways to send `dry_run`: in the query, in the body as the published PHP client does, and in the body with the id
/// beside it.
fn dry_runs(subject: &Subject<'_>, value: &str) -> [crate::client::Request<'static>; 3] {
    let partner = subject.partner;
    let id = subject.customer_id.to_string();
    [
        partner.delete(&format!("{}?dry_run={value}", subject.path())),
        partner.delete(&subject.path()).form(&[("dry_run", value)]),
        partner
            .delete("/customers")
            .form(&[("customer_id", &id), ("dry_run", value)]),
    ]
}

/// The receipt with its integers as strings.
fn as_strings(mut receipt: Value) -> Value {
    for value in receipt["erasure"].as_object_mut().unwrap().values_mut() {
        if value.is_number() {
            *value = value.to_string().into();
        }
    }
    receipt
}
