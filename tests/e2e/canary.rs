//! An erasure leaves nothing behind. The tests put a canary into every personal field that the API accepts and erase
//! the customer. Then no canary may be in any of the Worker's databases, in KV or in the log.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use customers_api::db::schema::{CUSTOMER_TABLES, Rule};
use rusqlite::types::Value::Text;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::client::percent_encoded;
use crate::db::db_rows_of_customer;
use crate::partner::Partner;
use crate::server::Server;

const CUSTOM_FIELDS: u32 = 20;

/// Calls per request.
const BATCH: usize = 1_000;

/// How many subscriber digits each number has after `+46`. There are enough that no digits of a time, an id or a hash
/// match them by chance.
const SUBSCRIBER_DIGITS: usize = 13;

/// A customer, and the canaries that must be gone after its erasure.
struct Canaries<'a> {
    partner: &'a Partner,
    customer_id: i64,
    /// Every text contains it.
    mark: String,
    /// Every phone number, all different. They are Swedish but too long for the numbering plan, so that all digits
    /// after the country code are subscriber digits.
    numbers: HashSet<String>,
    /// How many of the numbers are no longer stored before the erasure: overwritten, or only searched for.
    gone: usize,
}

/// A partner with all custom fields.
fn partner() -> Partner {
    let partner = Partner::new();
    for n in 1..=CUSTOM_FIELDS {
        partner.set_up_custom(n, &json!({"label": format!("Field {n}")}));
    }
    partner
}

impl<'a> Canaries<'a> {
    /// Creates the customer over HTTP, with changes, records of each kind and this many calls. It uses JSON, forms and
    /// queries, and puts a canary into every parameter that is a text or a phone number.
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

    /// A text for one parameter, with the mark.
    fn text(&self, parameter: &str) -> String {
        format!("{} {parameter}", self.mark)
    }

    /// A phone number that is used only once.
    fn number(&mut self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        // A linear congruential sequence, so that numbers differ and the end of one is not the start of another.
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
        // The erasure must not leave overwritten values behind either.
        let changed = [
            ("name", self.text("second")),
            ("custom_1", self.text("second")),
        ];
        let changed = changed
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        self.partner.put(&path, &changed).expect(200);
    }

    /// Searches with canaries in the query, in valid and in invalid requests.
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

    /// Adds a measure with JSON and changes it with a form.
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
        // The service refuses these values, and must not keep them anywhere, such as in the log.
        let wrong = [("name", "\n"), ("phonenr", &*format!("{phonenr} "))];
        self.partner.put(&path, &wrong).expect(400);
        measure["measure_id"].clone()
    }

    /// Adds one user with JSON and one with a form.
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

    /// Puts a list with JSON and replaces it with a form.
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
            "anum": self.number(), "bnum": self.number(), "cnum": self.number(),
            "external_id": format!("{} {}", self.mark, self.numbers.len())})
    }

    /// The customer's personal columns that contain no canary.
    fn db_columns_without(&self) -> BTreeSet<String> {
        let rows = db_rows_of_customer(self.partner.server, self.customer_id);
        let mut without = BTreeSet::new();
        for table in CUSTOMER_TABLES {
            let personal =
                |rule: &Rule| matches!(rule, Rule::Blank | Rule::Mask(_) | Rule::DeleteRow);
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

    /// How many of the customer's texts and numbers are in the holdings.
    fn found(&self, holdings: &Holdings) -> (usize, usize) {
        let texts = holdings.text.matches(&self.mark).count();
        let subscriber = |number: &String| number[3..].to_owned();
        let subscribers = self.numbers.iter().map(subscriber);
        let left = subscribers.filter(|digits| holdings.digits.contains(digits));
        (texts, left.count())
    }
}

/// Everything that the Worker stores: every text and blob in every table of every database, KV's values, and the log.
struct Holdings {
    text: String,
    /// Every sequence of digits in the text that could be subscriber digits, also inside longer sequences.
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
                // KV stores its values here.
                text.push_str(&String::from_utf8_lossy(
                    &fs::read(&file).unwrap_or_default(),
                ));
                text.push('\n');
            }
        }
        assert!(databases >= 2, "{databases} databases, not D1's and KV's");
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

/// All files below a directory, recursively.
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

/// Appends every text and blob of a database to `text`, one per line.
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

/// Erases a customer with this many calls. No canary of it may be left, and all canaries of the control customers.
#[track_caller]
fn assert_erased_without_a_trace(calls: usize) {
    let (partner, stranger) = (partner(), partner());
    let subject = Canaries::of(&partner, calls);
    let controls = [&partner, &stranger].map(|partner| Canaries::of(partner, 2));

    // A partner cannot write a free text into these columns: ids and flags.
    let without = [
        "allowed_numbers.customer_id",
        "allowed_numbers.position",
        "external_ids.call_id",
        "external_ids.customer_id",
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

    erase(&partner, subject.customer_id);

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

/// Erases a customer, and waits until the erasure is complete. A step fails while another test writes to the database file;
/// a repeated `DELETE` goes on with it.
fn erase(partner: &Partner, customer_id: i64) {
    let begin = Instant::now();
    let path = format!("/customers/{customer_id}");
    while partner.delete(&path).expect(200).json()["erasure"]["status"] != "complete" {
        assert!(begin.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn no_canary_of_an_erased_customer_is_left_and_all_of_other_customers_are() {
    assert_erased_without_a_trace(2);
}

#[test]
fn no_canary_of_a_customer_with_100000_calls_is_left() {
    assert_erased_without_a_trace(100_000);
}
