//! Work that goes on in steps after its answer: erasures of customers with very many calls, and ended custom fields of
//! partners with very many customers.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::types::Value::{Integer, Text};
use serde_json::{Value, json};

use crate::client::Request;
use crate::cost::{assert_costs, assert_receipt_costs};
use crate::db::{
    Tables, db_columns, db_execute, db_query, db_rows_of_customer, db_seed_calls,
    db_seed_customers, db_wait_until_recorded,
};
use crate::partner::Partner;
use crate::server::Server;
use crate::subject::{backups_until, unsigned};

/// The most rows that a step may change, besides the row that keeps how far it has come and the receipt.
const ROWS_MOST: i64 = 3_300;

/// The rows of the first step of a run.
const ROWS_LEAST: i64 = 200;

const DEADLINE: Duration = Duration::from_secs(120);

/// A server of these tests alone: a step fails while a test writes to the database file, and nobody repeats it there.
fn server() -> (&'static Server, MutexGuard<'static, ()>) {
    static SERVER: LazyLock<&Server> = LazyLock::new(Server::alone);
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    (*SERVER, alone)
}

/// A customer with a measure, a user, an allowed number and many calls.
struct Subject<'a> {
    partner: &'a Partner,
    id: i64,
    calls: i64,
}

impl<'a> Subject<'a> {
    /// `at_once` of the calls have each start time.
    fn of(partner: &'a Partner, calls: i64, at_once: i64) -> Self {
        let id = partner.create_customer("Many calls", &format!("{calls}-{at_once}"));
        let measure = partner.create_measure(id);
        partner.create_user(id, "anna@example.com");
        let path = format!("/customers/{id}/allowed_numbers");
        let numbers = json!({"phonenrs": ["+46701740605"]});
        partner.request("PUT", &path).json(&numbers).expect(200);
        db_seed_calls(partner.server, id, measure, calls, at_once);
        Self { partner, id, calls }
    }

    fn path(&self) -> String {
        format!("/customers/{}", self.id)
    }

    /// Its receipt: a measure with two numbers, a user, an allowed number, and three numbers on each call.
    fn receipt(&self, removed_at: &Value, status: &str, completed_at: &Value) -> Value {
        let uuid = "SELECT uuid FROM customers WHERE customer_id = ?1";
        let Text(uuid) = &db_query(self.partner.server, uuid, &[&self.id])[0]["uuid"] else {
            panic!("no uuid");
        };
        json!({"erasure": {
            "customer_id": self.id,
            "uuid": uuid,
            "removed_at": removed_at,
            "status": status,
            "completed_at": completed_at,
            "reerased_at": "",
            "backups_until": backups_until(completed_at.as_str().unwrap()),
            "measures_expired": 1,
            "users_removed": 1,
            "allowed_numbers_removed": 1,
            "phone_numbers_masked": 2 + 3 * self.calls,
        }})
    }

    /// Waits until its erasure is complete, and returns the receipt.
    fn completed(&self, partner: &Partner) -> Value {
        let begin = Instant::now();
        loop {
            let path = format!("{}/erasure", self.path());
            let receipt = partner.get(&path).expect(200).json();
            if receipt["erasure"]["status"] == "complete" {
                return receipt;
            }
            assert!(begin.elapsed() < DEADLINE, "{receipt}");
            // On a busy machine the run after the answer ends before its work, and the cron goes on.
            if begin.elapsed() > Duration::from_secs(5) {
                let _ =
                    Request::new(partner.server, "GET", "/cdn-cgi/handler/scheduled").try_send();
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// How many of its calls have a number that is not masked, or an `external_id`; -1 if another number of `external_ids` is
    /// left.
    fn db_unmasked(&self, server: &Server) -> i64 {
        let sql = "SELECT iif(unmasked = ids, ids, -1) AS left FROM (SELECT \
             (SELECT COUNT(*) FROM external_ids WHERE customer_id = ?1) AS ids, \
             (SELECT COUNT(*) FROM calls WHERE customer_id = ?1 AND NOT (anum LIKE '+4670*******' \
             AND bnum = '+468********' AND cnum = '+468********' AND external_id = '')) AS unmasked)";
        db_number(server, sql, self.id)
    }

    /// How many of its calls stand after the last one that a step has noted; 0 if no step is left.
    fn db_unnoted(&self, server: &Server) -> i64 {
        let sql = "SELECT COUNT(*) AS left FROM calls JOIN maskings USING (customer_id) WHERE customer_id = ?1 \
             AND (calls.start, calls.call_id) > (maskings.start, maskings.call_id)";
        db_number(server, sql, self.id)
    }

    /// Puts the erasure back to where none of its steps was done.
    fn db_rewind(&self) {
        let server = self.partner.server;
        let id: &[&dyn rusqlite::ToSql] = &[&self.id];
        for sql in [
            "UPDATE calls SET anum = '+46701234567', bnum = '+46846500401', cnum = '+46846500440', \
             external_id = hex(randomblob(16)) WHERE customer_id = ?1",
            "INSERT INTO external_ids SELECT customer_id, external_id, call_id FROM calls WHERE customer_id = ?1",
            "UPDATE erasures SET completed_at = '' WHERE customer_id = ?1",
            "INSERT INTO maskings (customer_id) VALUES (?1)",
        ] {
            assert!(db_execute(server, sql, id) > 0, "{sql}");
        }
    }
}

/// The one value of a query, named `left`.
fn db_number(server: &Server, sql: &str, id: i64) -> i64 {
    match db_query(server, sql, &[&id])[0]["left"] {
        Integer(left) => left,
        ref other => panic!("{other:?}"),
    }
}

/// Runs the cron once, and waits for its end.
fn cron(server: &Server) {
    let run = Request::new(server, "GET", "/cdn-cgi/handler/scheduled");
    run.expect(200);
}

/// Every statement of every step, and so every wait of another partner, has a bound.
fn assert_steps_are_bounded(runs: &[Value]) {
    assert!(!runs.is_empty());
    for run in runs {
        let count = |name: &str| {
            run[name]
                .as_i64()
                .unwrap_or_else(|| panic!("{name}: {run}"))
        };
        let steps = count("steps");
        let written = 2 * ROWS_MOST + 2;
        assert!(count("d1_rows_written_by_a_step") <= written, "{run}");
        assert!(count("d1_rows_written") <= steps * written, "{run}");
        // Twice through the index, each time through a merge of two seeks, the rows themselves, and twice their external ids.
        assert!(
            count("d1_rows_read") <= (steps + 1) * (10 * ROWS_MOST + 100),
            "{run}"
        );
        assert!(run["error"].is_null(), "{run}");
    }
}

/// The tables that hang on a customer, without the audit trail, to which reads and refusals add nothing.
fn db_control(partner: &Partner, id: i64) -> Tables {
    db_rows_of_customer(partner.server, id)
}

#[test]
fn an_erasure_of_very_many_calls_is_answered_at_once_and_completed_by_itself() {
    let (server, _alone) = server();
    let partner = Partner::on(server, &json!({}));
    // Half of the calls began at the same time: more than a step takes.
    let subject = Subject::of(&partner, 30_000, 15_000);
    let control = Subject::of(&partner, 50, 1);
    let before = db_control(&partner, control.id);
    let path = subject.path();
    let early = server.runs().len();

    let dry_run = assert_costs(partner.delete(&format!("{path}?dry_run=1")), 200, 20, 0).json();
    assert_eq!(
        unsigned(dry_run),
        subject.receipt(&json!(""), "masking", &json!(""))
    );
    let erased = assert_receipt_costs(partner.delete(&path), 75, 28).json();
    let removed_at = &erased["erasure"]["removed_at"];
    assert_eq!(
        unsigned(erased.clone()),
        subject.receipt(removed_at, "masking", &json!(""))
    );
    for below in [
        "",
        "/export",
        "/calls",
        "/measures",
        "/users",
        "/allowed_numbers",
    ] {
        partner.get(&format!("{path}{below}")).expect(404);
    }
    partner.put(&path, &[("name", "Again")]).expect(404);
    assert_eq!(partner.total(), 1);

    let receipt = subject.completed(&partner);
    let completed_at = &receipt["erasure"]["completed_at"];
    assert!(completed_at.as_str() >= removed_at.as_str(), "{receipt}");
    assert_eq!(
        unsigned(receipt.clone()),
        subject.receipt(removed_at, "complete", completed_at)
    );
    // What was signed while numbers remained is signed once more, and then never again.
    assert_ne!(receipt["erasure"]["jws"], erased["erasure"]["jws"]);
    assert_eq!(subject.db_unmasked(server), 0);
    assert_eq!(db_query(server, "SELECT * FROM maskings", &[]), []);
    assert_eq!(partner.delete(&path).expect(200).json(), receipt);
    db_wait_until_recorded(server, subject.id);
    assert_receipt_costs(partner.get(&format!("{path}/erasure")), 4, 0);
    assert_steps_are_bounded(&server.runs_after(early, 1));
    assert_eq!(db_control(&partner, control.id), before);
}

#[test]
fn up_to_20_000_calls_are_masked_in_the_one_transaction_and_one_more_goes_in_steps() {
    let (server, _alone) = server();
    let partner = Partner::on(server, &json!({}));
    let at_once = Subject::of(&partner, 20_000, 1);
    let dry_run = partner.delete(&format!("{}?dry_run=1", at_once.path()));
    assert_eq!(
        unsigned(dry_run.expect(200).json()),
        at_once.receipt(&json!(""), "complete", &json!(""))
    );
    let erased = partner.delete(&at_once.path()).expect(200);
    assert_eq!(server.log(erased.request_id())["d1_trips"], 2);
    let erased = erased.json();
    let removed_at = &erased["erasure"]["removed_at"];
    assert_eq!(
        unsigned(erased.clone()),
        at_once.receipt(removed_at, "complete", removed_at)
    );
    assert_eq!(at_once.db_unmasked(server), 0);
    assert_eq!(db_query(server, "SELECT * FROM maskings", &[]), []);

    let in_steps = Subject::of(&partner, 20_001, 1);
    let erased = partner.delete(&in_steps.path()).expect(200).json();
    assert_eq!(erased["erasure"]["status"], "masking");
    in_steps.completed(&partner);
    assert_eq!(in_steps.db_unmasked(server), 0);
}

#[test]
fn the_cron_alone_completes_an_erasure_and_two_runs_at_once_mask_each_call_once() {
    let (server, _alone) = server();
    let partner = Partner::on(server, &json!({}));
    let subject = Subject::of(&partner, 45_000, 7);
    partner.delete(&subject.path()).expect(200);
    let receipt = subject.completed(&partner);
    for runners in [1, 4] {
        subject.db_rewind();
        let early = server.runs().len();
        thread::scope(|scope| {
            for _ in 0..runners {
                scope.spawn(|| cron(server));
            }
        });
        let mut again = subject.completed(&partner);
        // The rewound database completes it anew, and hears from the ledger that it was complete before.
        for name in ["completed_at", "backups_until", "jws"] {
            again["erasure"][name] = receipt["erasure"][name].clone();
        }
        assert_eq!(again, receipt);
        assert_eq!(subject.db_unmasked(server), 0);
        let runs = server.runs_after(early, runners);
        assert_steps_are_bounded(&runs);
        let written: i64 = runs
            .iter()
            .map(|run| run["d1_rows_written"].as_i64().unwrap())
            .sum();
        // A call is a row, and its `external_id` another one. Each step but the last notes how far it came. Then one
        // completes the receipt, puts it into the outbox unless it is there still, and ends the work.
        let steps: i64 = runs.iter().map(|run| run["steps"].as_i64().unwrap()).sum();
        let others = written - 2 * subject.calls;
        assert!((2..=steps + 2).contains(&others), "{others}: {runs:?}");
    }
}

/// workerd is killed at some point of the work, this many times.
fn killed(times: u32) {
    let (_, _alone) = server();
    let mut server = Server::alone();
    let mut partner = Partner::on(server, &json!({}));
    let mut erasures = 0;
    let mut kills = 0;
    while kills < times {
        erasures += 1;
        let (id, calls, path, control, before) = {
            let subject = Subject::of(&partner, 150_000 + erasures, 3);
            let control = Subject::of(&partner, 30, erasures);
            let before = db_control(&partner, control.id);
            partner.delete(&subject.path()).expect(200);
            (
                subject.id,
                subject.calls,
                subject.path(),
                control.id,
                before,
            )
        };
        let mut lefts = vec![calls];
        loop {
            // Each time a little later, so that the kills fall before, into and between steps.
            thread::sleep(Duration::from_millis(u64::from(kills % 20) * 7));
            server.kill();
            kills += 1;
            server = server.restarted();
            partner = Partner { server, ..partner };
            let subject = Subject {
                partner: &partner,
                id,
                calls,
            };
            partner.get(&path).expect(404);
            partner.get(&format!("{path}/calls")).expect(404);
            let left = subject.db_unmasked(server);
            assert!(left <= *lefts.last().unwrap(), "{left} after {lefts:?}");
            assert_eq!(left, subject.db_unnoted(server), "a step is done whole");
            lefts.push(left);
            if left == 0 || kills >= times {
                break;
            }
            // The next kill falls into this run.
            let run = Request::new(server, "GET", "/cdn-cgi/handler/scheduled");
            thread::spawn(move || run.try_send());
        }
        println!("kills {kills}, calls left after each: {lefts:?}");
        cron(server);
        let subject = Subject {
            partner: &partner,
            id,
            calls,
        };
        let receipt = subject.completed(&partner)["erasure"].clone();
        assert_eq!(receipt["phone_numbers_masked"], 2 + 3 * calls);
        assert_eq!(subject.db_unmasked(server), 0);
        assert_eq!(db_query(server, "SELECT * FROM maskings", &[]), []);
        assert_eq!(db_control(&partner, control), before);
    }
}

#[test]
fn an_erasure_survives_the_end_of_the_server_between_any_two_steps() {
    killed(4);
}

/// `npm run kills`
#[test]
#[ignore = "it takes a quarter of an hour"]
fn an_erasure_survives_a_hundred_ends_of_the_server() {
    killed(100);
}

#[test]
fn a_custom_field_of_very_many_customers_ends_at_once_and_its_values_go_in_steps() {
    const COUNT: i64 = 25_000;
    let (server, _alone) = server();
    let partner = Partner::on(server, &json!({}));
    partner.set_up_custom(6, &json!({}));
    let ids = db_seed_customers(&partner, COUNT);
    let fill = "UPDATE customers SET custom_6 = 'old' WHERE partner_id = ?1";
    db_execute(server, fill, &[&partner.partner_id]);
    let path = format!("/operator/partners/{}", partner.username);
    let operator = |method, target: &str| Request::operator(server, method, target);
    let field = format!("{path}/custom_fields/6");
    let early = server.runs().len();

    let ended = operator("DELETE", &field).expect(200);
    let log = server.log(ended.request_id());
    assert!(
        log["d1_rows_written"].as_i64().unwrap() <= ROWS_LEAST + 12,
        "{log}"
    );
    let ended = ended.json();
    assert_eq!(ended["status"], "ending");
    assert_eq!(ended["cost"]["customers_changed"], ROWS_LEAST);
    assert_eq!(ended["partner"]["custom_fields"], json!([]));
    assert!(partner.customer(*ids.end()).get("custom_6").is_none());
    let endings = || db_query(server, "SELECT * FROM endings", &[]);
    let begin = Instant::now();
    while !endings().is_empty() {
        assert!(begin.elapsed() < DEADLINE);
        thread::sleep(Duration::from_millis(20));
    }
    assert_steps_are_bounded(&server.runs_after(early, 1));
    let sql = "SELECT COUNT(*) AS count, MIN(version) AS least, MAX(version) AS most, MAX(custom_6) AS value \
         FROM customers WHERE partner_id = ?1";
    let row = &db_query(server, sql, &[&partner.partner_id])[0];
    assert_eq!(
        ["count", "least", "most", "value"].map(|name| &row[name]),
        [
            &Integer(COUNT),
            &Integer(2),
            &Integer(2),
            &Text(String::new())
        ]
    );

    // As if no step had been done yet.
    db_execute(server, fill, &[&partner.partner_id]);
    let begin = "INSERT INTO endings (partner_id, n) VALUES (?1, 6)";
    db_execute(server, begin, &[&partner.partner_id]);
    let set_up = || operator("PUT", &field).json(&json!({}));
    assert_eq!(set_up().expect(409).errors(), ["n: ending"]);
    // The German rule sets up custom_1 to custom_6.
    let german = || operator("PUT", &path).json(&json!({"country": "DE"}));
    assert_eq!(german().expect(409).errors(), ["n: ending"]);
    let read = operator("GET", &path).expect(200).json();
    assert_eq!(read["partner"]["country"], "");
    assert_eq!(read["partner"]["custom_fields"], json!([]));
    operator("PUT", &path)
        .json(&json!({"country": "SE"}))
        .expect(200);
    cron(server);
    set_up().expect(200);
    for id in [*ids.start(), ids.start() + 12_345, *ids.end()] {
        assert_eq!(partner.customer(id)["custom_6"], "");
    }
}

/// The first customer's step is refused again and again. The others need not wait for it.
#[test]
fn a_step_that_is_refused_is_an_alarm_and_holds_up_no_other_customer() {
    let (server, _alone) = server();
    let partner = Partner::on(server, &json!({}));
    let refused = Subject::of(&partner, 20_001, 1);
    let other = Subject::of(&partner, 20_001, 2);
    let refuse = format!(
        "CREATE TRIGGER refuses BEFORE UPDATE ON calls WHEN OLD.customer_id = {} BEGIN SELECT RAISE(ABORT, 'no'); END",
        refused.id
    );
    db_execute(server, &refuse, &[]);
    let early = server.runs().len();
    partner.delete(&refused.path()).expect(200);
    let alone = &server.runs_after(early, 1)[0];
    assert_eq!(alone["is_left"], 1, "{alone}");
    partner.delete(&other.path()).expect(200);
    other.completed(&partner);
    assert_eq!(other.db_unmasked(server), 0);
    assert_eq!(refused.db_unmasked(server), refused.calls);
    for run in server.runs_after(early, 2) {
        assert_eq!(run["level"], "alarm", "{run}");
        assert!(run["error"].as_str().unwrap().contains("no"), "{run}");
    }

    db_execute(server, "DROP TRIGGER refuses", &[]);
    cron(server);
    refused.completed(&partner);
    assert_eq!(refused.db_unmasked(server), 0);
}

/// The schema test would not notice that a table of pending work was left out of the queue.
#[test]
fn no_work_is_left_where_nobody_looks() {
    let (server, _alone) = server();
    let tables = db_columns(server);
    assert!(tables.contains_key("maskings") && tables.contains_key("endings"));
    cron(server);
    for table in ["maskings", "endings"] {
        assert_eq!(db_query(server, &format!("SELECT * FROM {table}"), &[]), []);
    }
}
