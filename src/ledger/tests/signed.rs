//! A receipt has one signature, also when its erasure is done again.

use crate::db::tests::ledger;
use crate::erasure::evidence::Signed;
use crate::http::json::Json;
use crate::ledger::sql;
use crate::ledger::tests::world::{Cells, key, transaction};
use crate::ledger::trips::Row;
use crate::partners::placement::Database;

const DB: Database = Database::DIRECTORY;

fn entry(reerased_at: &str, backups_until: &str) -> String {
    let zeros = [
        "measures_expired",
        "users_removed",
        "allowed_numbers_removed",
        "phone_numbers_masked",
    ];
    let mut members = vec![
        ("sequence", 7.into()),
        ("partner_id", 1.into()),
        ("username", "acme".into()),
        ("customer_id", 1.into()),
        ("uuid", "u".into()),
        ("removed_at", "2026-11-26 10:00:00".into()),
        ("completed_at", "2026-11-26 10:00:00".into()),
        ("backups_until", backups_until.into()),
        ("reerased_at", reerased_at.into()),
    ];
    members.extend(zeros.map(|name| (name, 0.into())));
    let members = members.into_iter();
    Json::Object(
        members
            .map(|(name, value): (_, Json)| (name.to_owned(), value))
            .collect(),
    )
    .to_string()
}

fn signed(jws: &str) -> Signed {
    Signed {
        jws: jws.to_owned(),
        key: key(),
    }
}

#[test]
fn of_two_who_sign_a_receipt_anew_the_first_one_has_signed_it() {
    let database = ledger();
    transaction(&database, &[sql::allot(DB, 0, false)]).unwrap();
    let last = |statements: Vec<_>| -> Cells {
        let rows = transaction(&database, &statements).unwrap();
        rows.into_iter().last().unwrap().remove(0)
    };
    let record = |entry: &str, jws: &str| last(sql::record(DB, entry, &signed(jws)).statements);
    let jws = |row: &Cells| {
        let kept = Json::parse(row.text("kept").unwrap().as_bytes()).unwrap();
        let is_signed = row.integer("is_signed").unwrap() == 1;
        (
            kept.get("jws").unwrap().as_text().unwrap().to_owned(),
            is_signed,
        )
    };
    let first = entry("", "2026-12-26 10:00:00");
    assert_eq!(jws(&record(&first, "first")), ("first".to_owned(), true));

    // Two runs record that it was done again, and both sign what the ledger then has.
    let again = entry("2026-11-27 10:00:00", "2026-12-27 10:00:00");
    let told = ["second", "third"].map(|name| record(&again, name));
    for row in &told {
        assert_eq!(jws(row), ("first".to_owned(), false));
    }
    for (row, name) in told.iter().zip(["second", "third"]) {
        let told = row.text("kept").unwrap();
        let anew = sql::sign_anew(DB, &again, &told, &signed(name)).statements;
        assert_eq!(jws(&last(anew)), ("second".to_owned(), true));
    }
    // What is older changes nothing.
    assert_eq!(jws(&record(&first, "fourth")), ("second".to_owned(), true));
    // One who signs what is no longer so does not sign.
    let later = entry("2026-11-28 10:00:00", "2026-12-28 10:00:00");
    assert_eq!(jws(&record(&later, "fifth")), ("second".to_owned(), false));
    let told = told[0].text("kept").unwrap();
    let late = sql::sign_anew(DB, &later, &told, &signed("sixth")).statements;
    assert_eq!(jws(&last(late)), ("second".to_owned(), false));
}
