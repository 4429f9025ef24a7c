//! Nothing is left behind: a customer with a canary in everything personal that the API takes is erased, and
//! then not one of them is found in any database of the Worker, KV's included, nor in its log.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use customers::schema::{CUSTOMER_TABLES, Rule};
use rusqlite::types::Value::Text;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::db::db_rows_of_customer;
use crate::partner::Partner;
use crate::server::Server;

/// How many custom fields there can be.
const CUSTOM_FIELDS: u32 = 20;

/// How many calls go into one request.
const BATCH: usize = 1_000;

/// A customer, and what must not be found when it is erased.
struct Canaries<'a> {
    partner: &'a Partner,
    customer_id: i64,
    /// Stands in every text.
    mark: String,
    /// Every phone number; no two are alike. All are Swedish mobile ones: two digits of country code, two of
    /// national destination code, seven of the subscriber.
    numbers: HashSet<String>,
}

/// A partner that has all custom fields.
fn partner() -> Partner {
    let partner = Partner::new();
    for n in 1..=CUSTOM_FIELDS {
        partner.set_up_custom(n, &json!({"label": format!("Field {n}")}));
    }
    partner
}

impl<'a> Canaries<'a> {
    /// Creates the customer, changes all of it, and gives it two records of each kind and this many calls: all
    /// by HTTP, with a canary in every parameter that is a text or a number of somebody's.
    fn of(partner: &'a Partner, calls: usize) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let mark = format!("canary{:04}y", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut canaries = Self {
            partner,
            customer_id: 0,
            mark,
            numbers: HashSet::new(),
        };
        canaries.create();
        let id = canaries.customer_id;
        let measures: Vec<Value> = (0..2).map(|_| canaries.add_measure()).collect();
        for n in 0..2 {
            canaries.add_user(n);
        }
        let path = format!("/customers/{id}/allowed_numbers");
        for _ in 0..2 {
            let list = [canaries.number(), canaries.number()];
            let put = partner.request("PUT", &path);
            put.json(&json!({"phonenrs": list})).expect(200);
        }
        let mut left = calls;
        while left > 0 {
            let batch = left.min(BATCH);
            let calls: Vec<Value> = (0..batch)
                .map(|n| canaries.call(&measures[n % measures.len()]))
                .collect();
            partner.post_calls(id, &calls).expect(200);
            left -= batch;
        }
        canaries
    }

    /// A text with the mark, for one parameter.
    fn text(&self, parameter: &str) -> String {
        format!("{} {parameter}", self.mark)
    }

    /// A number that nobody else has.
    fn number(&mut self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = format!(
            "+4670{:07}",
            COUNT.fetch_add(1, Ordering::Relaxed) + 1_000_000
        );
        self.numbers.insert(number.clone());
        number
    }

    fn create(&mut self) {
        let texts = [
            "name",
            "custnr",
            "corporateid",
            "address_street",
            "address_zip",
        ];
        let texts = texts
            .iter()
            .chain(&["address_city", "address_state", "address_country"]);
        let mut document = json!({"email": format!("{}@example.com", self.mark)});
        for name in texts {
            document[*name] = self.text(name).into();
        }
        for n in 1..=CUSTOM_FIELDS {
            let name = format!("custom_{n}");
            document[&name] = self.text(&name).into();
        }
        let request = self.partner.request("POST", "/customers").json(&document);
        let request = request.header("Idempotency-Key", self.text("key"));
        let created = request.expect(200).customer();
        self.customer_id = created["customer_id"].as_i64().unwrap();
        let path = format!("/customers/{}", self.customer_id);
        // What is overwritten must not be left behind either.
        let changed = [
            ("name", self.text("second")),
            ("custom_1", self.text("second")),
        ];
        let changed = changed
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        self.partner.put(&path, &changed).expect(200);
    }

    fn add_measure(&mut self) -> Value {
        let path = format!("/customers/{}/measures", self.customer_id);
        let document = json!({"name": self.text("measure"), "media": self.text("media"),
            "phonenr": self.number(), "destnr": self.number()});
        let created = self.partner.request("POST", &path).json(&document);
        let measure = created.expect(200).record("measures");
        let path = format!("{path}/{}", measure["measure_id"]);
        let document = json!({"name": self.text("other"), "phonenr": self.number()});
        let changed = self.partner.request("PUT", &path).json(&document);
        changed.expect(200);
        measure["measure_id"].clone()
    }

    fn add_user(&self, n: i64) {
        let path = format!("/customers/{}/users", self.customer_id);
        let email = format!("{}-{n}@example.com", self.mark);
        let document = json!({"email": email, "name": self.text("user"), "write_access": n});
        let request = self.partner.request("POST", &path).json(&document);
        request.expect(200);
    }

    fn call(&mut self, measure_id: &Value) -> Value {
        json!({"measure_id": measure_id, "start": "2026-09-01 07:12:09", "duration": 61, "answered": 1,
            "anum": self.number(), "bnum": self.number(), "cnum": self.number()})
    }

    /// The personal columns of the customer without a canary.
    fn db_columns_without(&self) -> BTreeSet<String> {
        let rows = db_rows_of_customer(self.partner.server, self.customer_id);
        let mut without = BTreeSet::new();
        for table in CUSTOMER_TABLES {
            let personal = |rule: &Rule| matches!(rule, Rule::Blank | Rule::Mask | Rule::DeleteRow);
            for (column, _) in table.columns.iter().filter(|(_, rule)| personal(rule)) {
                let has_canary = rows[table.name].iter().any(|row| match &row[*column] {
                    Text(text) => text.contains(&self.mark) || self.numbers.contains(text),
                    _ => false,
                });
                if !has_canary {
                    without.insert(format!("{}.{column}", table.name));
                }
            }
        }
        without
    }

    /// How many of its texts and how many of its numbers stand in what the Worker holds.
    fn found(&self, holdings: &Holdings) -> (usize, usize) {
        let texts = holdings.text.matches(&self.mark).count();
        let is_left = |number: &&String| {
            let without_plus = number.trim_start_matches('+');
            [number.as_str(), without_plus]
                .iter()
                .any(|number| holdings.numbers.contains(*number))
        };
        (texts, self.numbers.iter().filter(is_left).count())
    }
}

/// All that the Worker holds: every value of every table of every database, and what it has logged.
struct Holdings {
    text: String,
    /// What stands there as a number, with its plus sign or without.
    numbers: HashSet<String>,
}

impl Holdings {
    fn read(server: &Server) -> Self {
        let mut text = server.printed();
        let mut databases = 0;
        for file in files(&server.state.join("v3")) {
            if file
                .extension()
                .is_some_and(|extension| extension == "sqlite")
            {
                databases += 1;
                dump(&file, &mut text);
            } else if file.components().any(|part| part.as_os_str() == "blobs") {
                // Where KV keeps its values.
                text.push_str(&String::from_utf8_lossy(
                    &fs::read(&file).unwrap_or_default(),
                ));
                text.push('\n');
            }
        }
        assert!(databases >= 2, "D1's and KV's: {databases}");
        // Letters too, so that digits within hexadecimal ones are no numbers.
        let of_a_number = |c: char| c.is_ascii_alphanumeric() || c == '+';
        let numbers = text
            .split(|c| !of_a_number(c))
            .filter(|part| part.len() >= 7);
        let numbers = numbers.map(str::to_owned).collect();
        Self { text, numbers }
    }
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    };
    entries.flat_map(below).collect()
}

/// Every value of a database, a line each.
fn dump(file: &Path, text: &mut String) {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for table in tables {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                let bytes = match row.get_ref(column).unwrap() {
                    rusqlite::types::ValueRef::Text(bytes)
                    | rusqlite::types::ValueRef::Blob(bytes) => bytes,
                    _ => continue,
                };
                text.push_str(&String::from_utf8_lossy(bytes));
                text.push('\n');
            }
        }
    }
}

/// Erases a customer with this many calls, and looks for what is left of it and of a control.
#[track_caller]
fn assert_erased_without_a_trace(calls: usize) {
    let (partner, stranger) = (partner(), partner());
    let subject = Canaries::of(&partner, calls);
    let controls = [&partner, &stranger].map(|partner| Canaries::of(partner, 2));

    // These hold nothing that a partner writes as it likes: ids, flags, and an HMAC.
    let without = [
        "allowed_numbers.customer_id",
        "allowed_numbers.position",
        "customers.idempotency_params",
        "users.customer_id",
        "users.receive_monthly_report",
        "users.user_id",
        "users.write_access",
    ];
    assert_eq!(
        subject.db_columns_without(),
        without.map(str::to_owned).into()
    );
    let before = Holdings::read(partner.server);
    let (texts, numbers) = subject.found(&before);
    assert!(texts > 30, "{texts}");
    // Two of six numbers of measures and two of four allowed ones were overwritten.
    assert_eq!(numbers, subject.numbers.len() - 4);
    let controls_before = controls.each_ref().map(|control| control.found(&before));

    partner
        .delete(&format!("/customers/{}", subject.customer_id))
        .expect(200);

    let after = Holdings::read(partner.server);
    assert_eq!(subject.found(&after), (0, 0));
    assert_eq!(
        controls.each_ref().map(|control| control.found(&after)),
        controls_before
    );
    for control in &controls {
        assert_eq!(
            control.db_columns_without(),
            without.map(str::to_owned).into()
        );
    }
}

#[test]
fn not_one_canary_is_left_of_an_erased_customer_and_all_of_the_others() {
    assert_erased_without_a_trace(2);
}

#[test]
fn not_one_canary_is_left_of_a_customer_with_100000_calls() {
    assert_erased_without_a_trace(100_000);
}
