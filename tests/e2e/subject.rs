//! A customer for erasure tests that has data in every column, and control customers that must not change.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use base64ct::{Base64UrlUnpadded, Encoding};
use rusqlite::params;
use rusqlite::types::Value::Integer;
use serde_json::{Value, json};

use crate::client::Request;
use crate::db::{
    Row, Tables, db_columns, db_count_records, db_open, db_query, db_rows_of_customer,
};
use crate::partner::Partner;

/// When a subject's second measure will expire, and when its third one expired.
pub const FUTURE: &str = "2099-12-31 23:59:59";
pub const PAST: &str = "2020-02-29 12:00:00";

/// A customer with a value in every column and rows in every table.
pub struct Subject<'a> {
    pub partner: &'a Partner,
    pub customer_id: i64,
    pub uuid: String,
    /// Every personal text contains it, and nothing else in the database does.
    pub mark: String,
    /// The subscriber digits of all its phone numbers, after `+468`.
    pub digits: String,
}

/// Runs a test on a subject. Then it checks that the rows of two control customers have not changed: one of the same
/// partner, and one of another partner.
pub fn erasing(test: impl FnOnce(&Subject<'_>)) {
    let (partner, stranger) = (Partner::new(), Partner::new());
    let subject = Subject::of(&partner);
    let controls = [&partner, &stranger].map(Subject::of);
    let before = controls.each_ref().map(Subject::db_rows);
    let stranger_before = db_partner(&stranger);

    test(&subject);

    for (control, before) in controls.iter().zip(before) {
        assert_eq!(
            control.db_rows(),
            before,
            "rows of a control customer have changed"
        );
    }
    assert_eq!(db_partner(&stranger), stranger_before);
}

impl<'a> Subject<'a> {
    /// Creates a subject for this partner.
    pub fn of(partner: &'a Partner) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("p{number:05}p");
        let customer = Self::creation(partner, &mark).expect(200).customer();
        let subject = Self {
            partner,
            customer_id: customer["customer_id"].as_i64().unwrap(),
            uuid: customer["uuid"].as_str().unwrap().to_owned(),
            mark,
            digits: format!("7{number:06}"),
        };
        subject.db_furnish();
        subject
    }

    /// The request that creates a subject with this mark. Its `Idempotency-Key` is the mark too.
    pub fn creation(partner: &Partner, mark: &str) -> Request<'static> {
        let email = format!("{mark}@example.com");
        let parameters = [
            ("name", mark),
            ("custnr", mark),
            ("corporateid", mark),
            ("email", &email),
            ("receive_monthly_report", "2"),
            ("freespee_caller_id", "1"),
            ("address_street", mark),
            ("address_zip", mark),
            ("address_city", mark),
            ("address_state", mark),
            ("address_country", mark),
        ];
        let request = partner.post("/customers", &parameters);
        request.header("Idempotency-Key", mark)
    }

    /// Inserts what would take too many requests, or what the API cannot set. The numbers are from Stockholm: country
    /// code and NDC have three digits.
    fn db_furnish(&self) {
        let id = self.customer_id;
        let mark = self.mark.as_str();
        let phone = format!("+468{}", self.digits);
        let server = self.partner.server;
        let alone = server.no_request_under_way();
        let mut connection = db_open(server);
        let transaction = connection.transaction().unwrap();
        let customs: Vec<String> = (1..=20).map(|n| format!("custom_{n} = ?2")).collect();
        let customs = customs.join(", ");
        let sql = format!("UPDATE customers SET {customs} WHERE customer_id = ?1");
        transaction.execute(&sql, params![id, mark]).unwrap();
        for expires in ["", FUTURE, PAST] {
            let sql = "INSERT INTO measures (customer_id, name, media, phonenr, phonenr_ccndc, destnr, \
                 destnr_ccndc, created, expires) VALUES (?1, ?2, ?2, ?3, 3, ?3, 3, '2019-01-01 00:00:00', ?4)";
            let parameters = params![id, mark, phone, expires];
            transaction.execute(sql, parameters).unwrap();
        }
        let measure_id = transaction.last_insert_rowid();
        for write_access in [0, 1] {
            let sql = "INSERT INTO users (customer_id, email, name, write_access, receive_monthly_report) \
                 VALUES (?1, ?2 || '@example.com', ?2, ?3, 1)";
            let parameters = params![id, mark, write_access];
            transaction.execute(sql, parameters).unwrap();
        }
        for position in 0..3 {
            let sql =
                "INSERT INTO allowed_numbers (customer_id, position, phonenr) VALUES (?1, ?2, ?3)";
            let parameters = params![id, position, phone];
            transaction.execute(sql, parameters).unwrap();
        }
        // One answered call, and one unanswered call from a caller who withheld the number.
        for (answered, other) in [(1, phone.as_str()), (0, "")] {
            let sql = "INSERT INTO calls (customer_id, measure_id, start, duration, answered, \
                 anum, anum_ccndc, bnum, bnum_ccndc, cnum, cnum_ccndc) VALUES \
                 (?1, ?2, '2020-02-28 08:15:00', ?3 * 61, ?3, ?5, ?3 * 3, ?4, 3, ?5, ?3 * 3)";
            let parameters = params![id, measure_id, answered, phone, other];
            transaction.execute(sql, parameters).unwrap();
        }
        transaction.commit().unwrap();
        drop(alone);
        db_count_records(server, id);
    }

    /// `/customers/{id}`
    pub fn path(&self) -> String {
        format!("/customers/{}", self.customer_id)
    }

    /// The path of the receipt of its erasure.
    pub fn receipt_path(&self) -> String {
        format!("/customers/{}/erasure", self.customer_id)
    }

    /// The request that erases it.
    pub fn erasure(&self) -> Request<'static> {
        self.partner.delete(&self.path())
    }

    /// The expected receipt, counted by hand from `db_furnish`: two of three measures are active, and there are six
    /// phone numbers on measures and four on calls.
    pub fn receipt(&self, removed_at: &str) -> Value {
        json!({"erasure": {
            "customer_id": self.customer_id,
            "uuid": self.uuid,
            "removed_at": removed_at,
            "status": "complete",
            "completed_at": removed_at,
            "reerased_at": "",
            "backups_until": backups_until(removed_at),
            "measures_expired": 2,
            "users_removed": 2,
            "allowed_numbers_removed": 3,
            "phone_numbers_masked": 10,
        }})
    }

    /// Everything that the database stores about it.
    pub fn db_rows(&self) -> Tables {
        db_rows_of_customer(self.partner.server, self.customer_id)
    }

    /// Its only row in this table.
    pub fn db_row(&self, table: &str) -> Row {
        let rows = self.db_rows();
        let [row] = rows[table].as_slice() else {
            panic!("{table} has not one row: {rows:#?}");
        };
        row.clone()
    }

    /// How many rows of the whole database contain a text, by `table.column`. It leaves out columns with none.
    pub fn db_traces(&self, text: &str) -> BTreeMap<String, i64> {
        let server = self.partner.server;
        let mut traces = BTreeMap::new();
        for (table, columns) in db_columns(server) {
            let counts = columns.iter().map(|column| {
                format!("COUNT(*) FILTER (WHERE instr({column}, ?1) > 0) AS {column}")
            });
            let counts = counts.collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT {counts} FROM {table}");
            for (column, count) in db_query(server, &sql, &[&text]).remove(0) {
                if let Integer(count @ 1..) = count {
                    traces.insert(format!("{table}.{column}"), count);
                }
            }
        }
        traces
    }
}

/// A partner's row in the database.
pub fn db_partner(partner: &Partner) -> Row {
    let sql = "SELECT * FROM partners WHERE partner_id = ?1";
    let rows = db_query(partner.server, sql, &[&partner.partner_id]);
    rows.into_iter().next().unwrap()
}

/// A receipt without its signature. That says the same, and a dry run has none.
#[track_caller]
pub fn unsigned(mut receipt: Value) -> Value {
    let erasure = receipt["erasure"].as_object_mut().unwrap();
    let jws = erasure.remove("jws").expect("jws");
    let jws = jws.as_str().unwrap();
    if erasure["removed_at"] == "" {
        assert_eq!(jws, "");
        return receipt;
    }
    let claims = jws.split('.').nth(1).expect("claims");
    let claims = Base64UrlUnpadded::decode_vec(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let signed = claims["erasure"].as_object().unwrap();
    assert_eq!(signed.len(), erasure.len(), "{claims}");
    for (name, value) in erasure {
        // The published version writes integers as strings, and what is signed is the other one.
        let is_same = signed[name] == *value || json!(signed[name].to_string()) == *value;
        assert!(is_same, "{name}: {value}, and signed {claims}");
    }
    receipt
}

/// When the history of the database has lost what was erased completely at this time.
pub fn backups_until(completed_at: &str) -> String {
    if completed_at.is_empty() {
        return String::new();
    }
    let database = rusqlite::Connection::open_in_memory().unwrap();
    let later = "SELECT datetime(?1, '+30 days')";
    database
        .query_row(later, [completed_at], |row| row.get(0))
        .unwrap()
}

/// The time of the erasure, from a receipt.
#[track_caller]
pub fn removed_at(receipt: &Value) -> String {
    let removed_at = receipt["erasure"]["removed_at"].as_str();
    removed_at.expect("removed_at").to_owned()
}
