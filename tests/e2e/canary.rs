//! Nothing is left behind: a customer with a canary in everything personal that the API takes is erased, and
//! then not one of them is found in any database of the Worker, KV's included, nor in its log.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use customers_api::db::schema::{CUSTOMER_TABLES, Rule};
use rusqlite::types::Value::Text;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::client::percent_encoded;
use crate::db::db_rows_of_customer;
use crate::partner::Partner;
use crate::server::Server;

/// How many custom fields there can be.
const CUSTOM_FIELDS: u32 = 20;

/// How many calls go into one request.
const BATCH: usize = 1_000;

/// How many subscriber digits each number has, after `+46`: so many that no digits of a time, an id or a hash are
/// taken for them.
const SUBSCRIBER_DIGITS: usize = 13;

/// A customer, and what must not be found when it is erased.
struct Canaries<'a> {
    partner: &'a Partner,
    customer_id: i64,
    /// Stands in every text.
    mark: String,
    /// Every phone number; no two are alike. They are Swedish and too long for the plan, so that everything after
    /// the country code is the subscriber's.
    numbers: HashSet<String>,
    /// How many of them are overwritten, or asked for and never stored.
    gone: usize,
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
    /// by HTTP, as JSON, as a form or as a query, with a canary in every parameter that is a text or a number of
    /// somebody's.
    fn of(partner: &'a Partner, calls: usize) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let mark = format!("canary{:04}y", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut canaries = Self {
            partner,
            customer_id: 0,
            mark,
            numbers: HashSet::new(),
            gone: 0,
        };
        canaries.create();
        canaries.ask();
        let id = canaries.customer_id;
        let measures: Vec<Value> = (0..2).map(|_| canaries.add_measure()).collect();
        canaries.add_users();
        canaries.put_allowed_numbers();
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
        static COUNT: AtomicU64 = AtomicU64::new(1);
        // A linear congruential sequence, for none to be alike, nor the end of one the beginning of another.
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let digits = (count * 1_234_567_890_123 + 4_827_159_036_927) % 10_u64.pow(13);
        let number = format!("+46{digits:0SUBSCRIBER_DIGITS$}");
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

    /// Asks for it, and for a number, by query; and in ways that are refused.
    fn ask(&mut self) {
        let number = percent_encoded(&self.number());
        let custnr = percent_encoded(&self.text("custnr"));
        self.gone += 1;
        for (query, status) in [
            (format!("custnr={custnr}"), 200),
            (format!("custnr={number}"), 200),
            (format!("pagesize={custnr}&after={number}"), 400),
            (format!("{custnr}={number}"), 400),
            (format!("custnr={number}%"), 400),
        ] {
            let request = self.partner.get(&format!("/customers?{query}"));
            request.expect(status);
        }
    }

    /// Adds a measure by JSON and changes it by a form.
    fn add_measure(&mut self) -> Value {
        let path = format!("/customers/{}/measures", self.customer_id);
        let document = json!({"name": self.text("measure"), "media": self.text("media"),
            "phonenr": self.number(), "destnr": self.number()});
        let created = self.partner.request("POST", &path).json(&document);
        let measure = created.expect(200).record("measures");
        let path = format!("{path}/{}", measure["measure_id"]);
        let (name, phonenr) = (self.text("other"), self.number());
        self.gone += 1;
        let changed = [("name", name.as_str()), ("phonenr", phonenr.as_str())];
        self.partner.put(&path, &changed).expect(200);
        // What is no number is not taken, and not kept in what says so.
        let wrong = [("name", "\n"), ("phonenr", &*format!("{phonenr} "))];
        self.partner.put(&path, &wrong).expect(400);
        measure["measure_id"].clone()
    }

    /// Adds a user by JSON and one by a form.
    fn add_users(&self) {
        let path = format!("/customers/{}/users", self.customer_id);
        let emails = [1, 2].map(|n| format!("{}-{n}@example.com", self.mark));
        let name = self.text("user");
        let document = json!({"email": emails[0], "name": name, "write_access": 1});
        let request = self.partner.request("POST", &path).json(&document);
        request.expect(200);
        let parameters = [("email", emails[1].as_str()), ("name", &name)];
        self.partner.post(&path, &parameters).expect(200);
    }

    /// Puts a list by JSON and another in its place by a form.
    fn put_allowed_numbers(&mut self) {
        let path = format!("/customers/{}/allowed_numbers", self.customer_id);
        let list = json!({"phonenrs": [self.number(), self.number()]});
        self.gone += 2;
        let put = self.partner.request("PUT", &path).json(&list);
        put.expect(200);
        let list = json!([self.number(), self.number()]).to_string();
        self.partner.put(&path, &[("phonenrs", &list)]).expect(200);
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
        let subscriber = |number: &String| number[3..].to_owned();
        let subscribers = self.numbers.iter().map(subscriber);
        let left = subscribers.filter(|digits| holdings.digits.contains(digits));
        (texts, left.count())
    }
}

/// All that the Worker holds: every value of every table of every database, and what it has logged.
struct Holdings {
    text: String,
    /// Whatever there may be a subscriber's digits, however they are written and whatever stands beside them.
    digits: HashSet<String>,
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
        let runs = text
            .as_bytes()
            .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        let windows = runs
            .filter(|run| run[0].is_ascii_digit())
            .flat_map(|run| run.windows(SUBSCRIBER_DIGITS));
        let digits = windows
            .map(|digits| String::from_utf8_lossy(digits).into_owned())
            .collect();
        Self { text, digits }
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
    assert_eq!(numbers, subject.numbers.len() - subject.gone);
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
