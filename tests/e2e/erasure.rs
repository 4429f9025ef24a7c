//! What an erasure removes and what it keeps. Each test has control customers: see [`erasing`].

use std::collections::BTreeMap;

use rusqlite::types::Value::{Integer, Text};
use serde_json::json;

use crate::db::{db_count_records, db_execute, db_insert_call, db_insert_measure, db_query};
use crate::partner::Partner;
use crate::server::Server;
use crate::subject::{FUTURE, PAST, Subject, db_partner, erasing, removed_at};

#[test]
fn an_erased_customer_is_gone_from_every_read() {
    erasing(|subject| {
        let partner = subject.partner;
        let (id, custnr) = (subject.customer_id, subject.mark.as_str());
        assert_eq!(partner.total(), 2);
        subject.erasure().expect(200);

        for prefix in ["", "/2.4.9"] {
            let get = |target: &str| partner.get(&format!("{prefix}{target}"));
            get(&subject.path()).expect(404);
            for filter in [
                format!("customer_id={id}"),
                format!("custnr={custnr}"),
                format!("customer_id={id}&custnr={custnr}"),
            ] {
                let found = get(&format!("/customers?{filter}")).expect(200);
                assert_eq!(found.json()["customers"], json!([]), "{filter}");
            }
            let list = get("/customers").expect(200);
            assert_eq!(list.json()["customers"].as_array().unwrap().len(), 1);
            assert!(!list.text.contains(&subject.mark), "{list:#?}");
            assert!(!list.text.contains(&subject.uuid), "{list:#?}");
        }
        assert_eq!(partner.total(), 1);
    });
}

#[test]
fn an_erased_customer_can_be_neither_changed_nor_revived() {
    erasing(|subject| {
        subject.erasure().expect(200);
        let rows = subject.db_rows();

        let partner = subject.partner;
        let put = partner.put(&subject.path(), &[("name", "Again"), ("custnr", "again")]);
        assert_eq!(put.clone().expect(404).errors(), ["not_found"]);
        put.header("If-Match", "*").expect(404);
        partner.put(&subject.path(), &[]).expect(404);

        assert_eq!(subject.db_rows(), rows);
        assert_eq!(partner.total(), 1);
    });
}

#[test]
fn the_custnr_of_an_erased_customer_is_free_again() {
    erasing(|subject| {
        let partner = subject.partner;
        let parameters = [("name", "New"), ("custnr", subject.mark.as_str())];
        partner.post("/customers", &parameters).expect(409);
        subject.erasure().expect(200);

        let created = partner.post("/customers", &parameters).expect(200);
        let created = created.customer()["customer_id"].as_i64().unwrap();
        assert_ne!(created, subject.customer_id, "an id is used once");
        let found = partner.get(&format!("/customers?custnr={}", subject.mark));
        assert_eq!(found.expect(200).customer()["customer_id"], created);
        assert_eq!(partner.total(), 2);

        // This works repeatedly: several erased rows do not conflict.
        partner.delete(&format!("/customers/{created}")).expect(200);
        partner.post("/customers", &parameters).expect(200);
    });
}

#[test]
fn active_measures_expire_now_and_expired_ones_keep_their_time() {
    erasing(|subject| {
        let before = db_now(subject.partner.server);
        let receipt = subject.erasure().expect(200).json();
        let after = db_now(subject.partner.server);

        let now = removed_at(&receipt);
        assert!(before <= now && now <= after, "{before} {now} {after}");
        assert!(now.as_str() < FUTURE);
        let rows = subject.db_rows();
        let expires: Vec<_> = rows["measures"].iter().map(|row| &row["expires"]).collect();
        assert_eq!(expires, [&text(&now), &text(&now), &text(PAST)]);
        assert_eq!(subject.db_row("customers")["removed_at"], text(&now));
    });
}

#[test]
fn users_and_allowed_numbers_are_deleted() {
    erasing(|subject| {
        assert_eq!(subject.db_rows()["users"].len(), 2);
        assert_eq!(subject.db_rows()["allowed_numbers"].len(), 3);
        subject.erasure().expect(200);
        assert_eq!(subject.db_rows()["users"], []);
        assert_eq!(subject.db_rows()["allowed_numbers"], []);
    });
}

/// A number, the length of its country code and NDC together, and the number after masking.
const NUMBERS: [(&str, i64, &str); 8] = [
    ("+46890510", 3, "+468*****"),
    ("+12025550123", 4, "+1202*******"),
    // Fifteen digits are the maximum.
    ("+881612345678901", 5, "+88161**********"),
    ("+861069445464643", 2, "+86*************"),
    // Only the country code is known.
    ("+88213300655", 3, "+882********"),
    // Neither code is known.
    ("+46890510", 0, "+********"),
    ("+999123456789012", 0, "+***************"),
    // The number has no subscriber digits.
    ("+46890510", 8, "+46890510"),
];

#[test]
fn a_phone_number_keeps_its_codes_and_gets_a_star_for_each_subscriber_digit() {
    erasing(|subject| {
        let server = subject.partner.server;
        let id = subject.customer_id;
        let numbers = |number: (&'static str, i64)| {
            let measure = db_insert_measure(server, id, "m", number, number, "");
            let calls = [
                [number; 3],
                [("", 0), number, ("", 0)],
                [("", 0), number, number],
            ];
            let call = |numbers| db_insert_call(server, id, measure, PAST, numbers);
            (measure, calls.map(call))
        };
        let inserted = NUMBERS.map(|(number, ccndc, _)| numbers((number, ccndc)));
        subject.erasure().expect(200);

        for ((number, ccndc, masked), (measure, calls)) in NUMBERS.into_iter().zip(inserted) {
            let what = format!("{number} {ccndc}");
            let sql = "SELECT phonenr, destnr FROM measures WHERE measure_id = ?1";
            let row = &db_query(server, sql, &[&measure])[0];
            assert_eq!(row["phonenr"], text(masked), "{what}");
            assert_eq!(row["destnr"], text(masked), "{what}");

            let expected = [[masked; 3], ["", masked, ""], ["", masked, masked]];
            for (call, expected) in calls.into_iter().zip(expected) {
                let sql = "SELECT anum, bnum, cnum FROM calls WHERE call_id = ?1";
                let row = &db_query(server, sql, &[&call])[0];
                let left = ["anum", "bnum", "cnum"].map(|column| row[column].clone());
                assert_eq!(left, expected.map(text), "{what}");
            }
        }
    });
}

#[test]
fn nothing_personal_is_left_anywhere_in_the_database() {
    erasing(|subject| {
        // Nine columns and twenty custom fields of the customer, two columns of each of three measures, and two of each
        // of two users. The Idempotency-Key is not stored as text.
        let total = |text: &str| subject.db_traces(text).values().sum::<i64>();
        assert_eq!(total(&subject.mark), 9 + 20 + 6 + 4);
        // Two on each of three measures, three allowed numbers, three on one call and one on the other.
        assert_eq!(total(&subject.digits), 6 + 3 + 4);
        subject.erasure().expect(200);
        for text in [&subject.mark, &subject.digits] {
            assert_eq!(subject.db_traces(text), BTreeMap::new());
        }
    });
}

#[test]
fn data_for_statistics_stays_as_it_was() {
    erasing(|subject| {
        let mut expected = subject.db_rows();
        let partner = db_partner(subject.partner);
        let receipt = subject.erasure().expect(200).json();
        let left = subject.db_rows();

        let now = removed_at(&receipt);
        let masked = text("+468*******");
        for row in expected.get_mut("measures").unwrap() {
            row.extend(["name", "media"].map(|column| (column.to_owned(), text(""))));
            row.extend(["phonenr", "destnr"].map(|column| (column.to_owned(), masked.clone())));
            if row["expires"] != text(PAST) {
                row.insert("expires".to_owned(), text(&now));
            }
        }
        for row in expected.get_mut("calls").unwrap() {
            for column in ["anum", "bnum", "cnum"] {
                if row[column] != text("") {
                    row.insert(column.to_owned(), masked.clone());
                }
            }
        }
        for table in ["measures", "calls"] {
            assert_eq!(left[table], expected[table], "{table}");
        }

        let customer = &mut expected.get_mut("customers").unwrap()[0];
        let kept = [
            "customer_id",
            "partner_id",
            "uuid",
            "created",
            "receive_monthly_report",
            "freespee_caller_id",
            "measures_total",
            "calls_total",
            "numbers_total",
        ];
        // The service uses these columns internally, and their values may change.
        let own = ["version"];
        for (column, value) in customer.iter_mut() {
            if column == "removed_at" {
                *value = text(&now);
            } else if ["users_total", "measures_endless"].contains(&column.as_str()) {
                *value = Integer(0);
            } else if own.contains(&column.as_str()) {
                value.clone_from(&left["customers"][0][column]);
            } else if !kept.contains(&column.as_str()) {
                *value = text("");
            }
        }
        assert_eq!(left["customers"], expected["customers"]);

        let mut one_less = partner;
        one_less.insert("customers".to_owned(), Integer(1));
        assert_eq!(db_partner(subject.partner), one_less);
    });
}

#[test]
fn a_creation_repeated_after_the_erasure_does_not_bring_the_customer_back() {
    erasing(|subject| {
        subject.erasure().expect(200);
        let rows = subject.db_rows();

        let again = Subject::creation(subject.partner, &subject.mark);
        assert_eq!(again.expect(404).errors(), ["not_found"]);

        assert_eq!(subject.db_rows(), rows);
        assert_eq!(subject.partner.total(), 1);
        assert_eq!(subject.db_traces(&subject.mark), BTreeMap::new());
    });
}

#[test]
fn a_customer_without_records_is_erased_too() {
    let partner = Partner::new();
    let id = partner.create_customer("Bare", "bare");
    let path = format!("/customers/{id}");
    let receipt = &partner.delete(&path).expect(200).json()["erasure"];
    for count in [
        "measures_expired",
        "users_removed",
        "allowed_numbers_removed",
        "phone_numbers_masked",
    ] {
        assert_eq!(receipt[count], 0, "{count}");
    }
    partner.get(&path).expect(404);
    assert_eq!(partner.total(), 0);
}

#[test]
fn thousands_of_calls_are_masked_in_one_trip_to_the_database_and_one_to_the_ledger() {
    erasing(|subject| {
        let server = subject.partner.server;
        let sql = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < 2000) \
             INSERT INTO calls (customer_id, measure_id, start, anum, anum_ccndc, bnum, bnum_ccndc) \
             SELECT customer_id, measure_id, ?2, '+4670' || (1000000 + n), 4, '+46890510', 3 \
             FROM seed, (SELECT * FROM measures WHERE customer_id = ?1 LIMIT 1)";
        let inserted = db_execute(server, sql, &[&subject.customer_id, &PAST]);
        assert_eq!(inserted, 2000);
        db_count_records(server, subject.customer_id);

        let erased = subject.erasure().expect(200);
        assert_eq!(erased.json()["erasure"]["phone_numbers_masked"], 10 + 4000);
        assert_eq!(server.log(erased.request_id())["d1_trips"], 2);
        let sql = "SELECT DISTINCT anum, bnum FROM calls WHERE customer_id = ?1 AND anum <> '' ORDER BY anum";
        let left = db_query(server, sql, &[&subject.customer_id]);
        let left: Vec<_> = left.iter().map(|row| &row["anum"]).collect();
        assert_eq!(left, [&text("+4670*******"), &text("+468*******")]);
    });
}

fn text(text: &str) -> rusqlite::types::Value {
    Text(text.to_owned())
}

/// The current time in the format of the database.
fn db_now(server: &Server) -> String {
    let now = db_query(server, "SELECT datetime('now') AS now", &[]);
    match &now[0]["now"] {
        Text(now) => now.clone(),
        other => panic!("{other:?}"),
    }
}
