//! A partner moves from one database to another: while its clients read and write, and whatever is killed in between.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::db::{db_open_of, db_seed_calls};
use crate::over::Over;
use crate::partner::{Partner, unused_username};
use crate::server::{Server, shared};

const DEADLINE: Duration = Duration::from_secs(90);

pub(crate) fn move_to(partner: &Partner, to: &str) -> Request<'static> {
    let path = format!("/operator/partners/{}/move", partner.partner);
    Request::operator(partner.server, "POST", &path).json(&json!({"to": to}))
}

/// Moves a partner until it is over. Returns what was answered last.
pub(crate) fn moved(partner: &Partner, to: &str) -> Value {
    let begin = Instant::now();
    loop {
        let answer = move_to(partner, to).expect(200).json()["move"].clone();
        if answer["phase"] == "complete" {
            return answer;
        }
        assert!(begin.elapsed() < DEADLINE, "{answer}");
    }
}

fn cron(server: &Server) {
    Request::new(server, "GET", "/cdn-cgi/handler/scheduled").expect(200);
}

/// How many rows the databases have of a partner: its own row, its customers, its entries, and the calls of a customer.
fn db_rows(server: &Server, database: &str, partner_id: i64, customer_id: i64) -> [i64; 4] {
    let connection = db_open_of(server, database);
    let count = |sql: &str, id: i64| connection.query_row(sql, [id], |row| row.get(0)).unwrap();
    [
        count(
            "SELECT COUNT(*) FROM partners WHERE partner_id = ?1",
            partner_id,
        ),
        count(
            "SELECT COUNT(*) FROM customers WHERE partner_id = ?1",
            partner_id,
        ),
        count(
            "SELECT COUNT(*) FROM audit WHERE partner_id = ?1 AND kind NOT IN ('partners', 'logins')",
            partner_id,
        ),
        count(
            "SELECT COUNT(*) FROM calls WHERE customer_id = ?1",
            customer_id,
        ),
    ]
}

/// A customer with calls, and an erased one with its receipt.
struct Subject {
    partner: Partner,
    living: i64,
    erased: i64,
    receipt: Value,
}

impl Subject {
    fn on(server: &'static Server, calls: i64) -> Self {
        let partner = Partner::on(server, &json!({"country": "SE", "name": "Acme"}));
        partner.set_up_custom(7, &json!({"label": "Shop"}));
        let form = [
            ("name", "Nordlund AB"),
            ("custnr", "1"),
            ("custom_7", "Oslo \"[1]\" é"),
        ];
        let created = partner.post("/customers", &form).expect(200);
        let living = created.customer()["customer_id"].as_i64().unwrap();
        let measure = partner.create_measure(living);
        partner.create_user(living, "anna@example.com");
        let numbers = json!({"phonenrs": ["+46701740605"]});
        let path = format!("/customers/{living}/allowed_numbers");
        partner.request("PUT", &path).json(&numbers).expect(200);
        db_seed_calls(server, living, measure, calls, 7);
        let erased = partner.create_customer("Gone", "2");
        partner.create_measure(erased);
        partner.delete(&format!("/customers/{erased}")).expect(200);
        let receipt = partner
            .get(&format!("/customers/{erased}/erasure"))
            .expect(200)
            .json();
        Self {
            partner,
            living,
            erased,
            receipt,
        }
    }

    /// Everything that the partner can read, but for what the requests of a test add.
    fn reads(&self) -> Vec<Value> {
        let paths = [
            format!("/customers/{}", self.living),
            format!("/customers/{}/measures", self.living),
            format!("/customers/{}/users", self.living),
            format!("/customers/{}/allowed_numbers", self.living),
            format!("/customers/{}/calls", self.living),
            format!("/customers/{}/calls?page=3&pagesize=500", self.living),
            format!("/customers/{}/erasure", self.erased),
            "/customers/changes?pagesize=5".to_owned(),
        ];
        let reads = paths
            .iter()
            .map(|path| self.partner.get(path).expect(200).json());
        reads.collect()
    }

    fn assert_is_all_there(&self, before: &[Value]) {
        assert_eq!(self.reads(), before);
        assert_eq!(before[6], self.receipt);
        self.partner
            .get(&format!("/customers/{}", self.erased))
            .expect(404);
        let again = self
            .partner
            .delete(&format!("/customers/{}", self.erased))
            .expect(200);
        assert_eq!(again.json()["erasure"]["customer_id"], self.erased);
    }
}

#[test]
fn a_partner_moves_with_everything_and_leaves_nothing_behind() {
    let it = Subject::on(shared(), 4_500);
    let partner = &it.partner;
    let rows = |database| db_rows(partner.server, database, partner.partner_id, it.living);
    let mut highest = it.erased;
    for (from, to) in [("DB", "DB_2"), ("DB_2", "DB_3"), ("DB_3", "DB")] {
        let (before, there) = (it.reads(), rows(from));
        assert_eq!((there[0], there[3]), (1, 4_500));
        let answer = moved(partner, to);
        assert_eq!((&answer["from"], &answer["to"]), (&from.into(), &to.into()));
        assert_eq!(answer["began_anew"], 0, "{answer}");
        let mut compared = answer["tables"].as_array().unwrap().iter();
        let calls = compared.find(|table| table["table"] == "calls").unwrap();
        assert_eq!(calls["rows"], 4_500);
        assert_eq!(calls["sha256"].as_str().unwrap().len(), 64);
        it.assert_is_all_there(&before);
        assert_eq!((rows(from), rows(to)), ([0; 4], there));
        let path = format!("/operator/partners/{}", partner.username);
        let operator = |path: &str| {
            Request::operator(partner.server, "GET", path)
                .expect(200)
                .json()
        };
        assert_eq!(operator(&path)["partner"]["name"], "Acme");
        assert_eq!(operator(&format!("{path}/home"))["home"]["database"], to);
        // What comes later has ids of its own, above all others.
        let later = partner.create_customer("Later", to);
        assert!(later > highest, "{later}");
        highest = later;
        let changes = partner.get("/customers/changes").expect(200).json()["changes"].clone();
        let changes = changes.as_array().unwrap().iter();
        let ids: Vec<i64> = changes
            .map(|change| change["change_id"].as_i64().unwrap())
            .collect();
        assert!(ids.is_sorted() && ids.len() > 6, "{ids:?}");
        partner.delete(&format!("/customers/{later}")).expect(200);
    }
}

#[test]
fn a_move_is_refused_where_it_makes_no_sense() {
    let partner = Partner::new();
    let refused = |request: Request<'_>, status| request.expect(status).errors();
    assert_eq!(refused(move_to(&partner, "DB"), 400), ["to: same_database"]);
    assert_eq!(
        refused(move_to(&partner, "DB_9"), 409),
        ["to: database_unfit"]
    );
    assert_eq!(refused(move_to(&partner, "LEDGER"), 400), ["to: database"]);
    let nobody = Partner {
        partner: unused_username(),
        ..partner.clone()
    };
    move_to(&nobody, "DB_2").expect(404);
    // A repeat after the end is told of the end.
    assert_eq!(moved(&partner, "DB_2")["phase"], "complete");
    assert_eq!(
        move_to(&partner, "DB_2").expect(200).json()["move"]["phase"],
        "complete"
    );
}

/// Sends a write until it is done, as a client does that heeds `Retry-After`, but sooner. Returns how often it was refused.
fn persist(request: &Request<'static>) -> (Response, usize) {
    let begin = Instant::now();
    let mut refused = 0;
    loop {
        let answer = request.clone().send();
        if answer.status != 503 {
            return (answer, refused);
        }
        assert_eq!(answer.errors(), ["moving"], "{answer:#?}");
        assert!(answer.header("Retry-After").is_some(), "{answer:#?}");
        assert!(begin.elapsed() < DEADLINE, "{answer:#?}");
        refused += 1;
        thread::sleep(Duration::from_millis(20));
    }
}

/// What the clients of a partner have seen while it moved.
#[derive(Default)]
struct Seen {
    created: BTreeSet<i64>,
    refused: usize,
    reads: usize,
    changes: Vec<i64>,
}

/// One client creates and erases customers, one reads, and one keeps a copy of the changes, until told to stop.
fn use_it(it: &Subject, before: &[Value], is_over: &AtomicBool) -> Seen {
    let partner = &it.partner;
    let until_over = |step: &mut dyn FnMut()| {
        while !is_over.load(Ordering::Relaxed) {
            step();
            thread::sleep(Duration::from_millis(10));
        }
    };
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let (mut created, mut refused, mut n) = (BTreeSet::new(), 0, 0);
            until_over(&mut || {
                n += 1;
                let custnr = format!("{}-{n}", unused_username());
                let form = [("name", "n"), ("custnr", &*custnr)];
                let create = partner
                    .post("/customers", &form)
                    .header("Idempotency-Key", &custnr);
                let (answer, again) = persist(&create);
                assert_eq!(answer.status, 200, "{answer:#?}");
                let id = answer.customer()["customer_id"].as_i64().unwrap();
                assert!(created.insert(id), "{id} was given twice");
                refused += again;
                if n % 4 == 0 {
                    let (answer, again) = persist(&partner.delete(&format!("/customers/{id}")));
                    assert_eq!(answer.status, 200, "{answer:#?}");
                    created.remove(&id);
                    refused += again;
                    partner.get(&format!("/customers/{id}")).expect(404);
                }
            });
            (created, refused)
        });
        let reader = scope.spawn(|| {
            let mut reads = 0;
            until_over(&mut || {
                assert_eq!(it.reads(), before);
                reads += before.len();
            });
            reads
        });
        let follower = scope.spawn(|| {
            let mut changes = Vec::new();
            until_over(&mut || follow(partner, &mut changes));
            changes
        });
        let (created, refused) = writer.join().unwrap();
        let reads = reader.join().unwrap();
        let mut changes = follower.join().unwrap();
        follow(partner, &mut changes);
        Seen {
            created,
            refused,
            reads,
            changes,
        }
    })
}

/// Reads all changes that came after the last one.
fn follow(partner: &Partner, changes: &mut Vec<i64>) {
    loop {
        let after = changes.last().copied().unwrap_or_default();
        let page = partner
            .get(&format!("/customers/changes?after={after}&pagesize=50"))
            .expect(200)
            .json();
        let page = page["changes"].as_array().unwrap().clone();
        if page.is_empty() {
            return;
        }
        changes.extend(
            page.iter()
                .map(|change| change["change_id"].as_i64().unwrap()),
        );
    }
}

#[test]
fn while_a_partner_moves_no_read_fails_and_no_write_is_lost_or_done_twice() {
    let it = Subject::on(Server::alone(), 6_000);
    let partner = &it.partner;
    let before = it.reads();
    let is_over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let seen = scope.spawn(|| use_it(&it, &before, &is_over));
        let over = Over(&is_over);
        for to in ["DB_2", "DB_3", "DB"] {
            thread::sleep(Duration::from_millis(300));
            assert_eq!(moved(partner, to)["began_anew"], 0);
        }
        thread::sleep(Duration::from_millis(300));
        drop(over);
        seen.join().unwrap()
    });
    assert!(
        seen.refused > 0 && seen.reads > 5 && !seen.created.is_empty(),
        "{} {}",
        seen.refused,
        seen.reads
    );
    it.assert_is_all_there(&before);
    let list = partner.get("/customers").expect(200);
    let there = list
        .records("customers")
        .into_iter()
        .map(|customer| customer["customer_id"].as_i64().unwrap());
    let mut expected = seen.created.clone();
    expected.insert(it.living);
    assert_eq!(there.collect::<BTreeSet<_>>(), expected);
    assert_eq!(partner.total(), i64::try_from(expected.len()).unwrap());
    // Whoever keeps a copy has seen each change once, in one order.
    let mut all = Vec::new();
    follow(partner, &mut all);
    assert_eq!(seen.changes, all);
    assert!(all.is_sorted_by(|a, b| a < b));
}

#[test]
fn after_a_move_a_client_that_only_writes_is_refused_once_at_most() {
    let partner = Partner::new();
    let create = |custnr: &str| {
        let form = [("name", "Nordlund AB"), ("custnr", custnr)];
        partner.post("/customers", &form).send().status
    };
    // So this node has heard where the partner lives.
    assert_eq!(create("before"), 200);
    moved(&partner, "DB_2");
    let first = create("first");
    assert!([200, 503].contains(&first), "{first}");
    assert_eq!(create("second"), 200);
}

#[test]
fn a_move_goes_on_after_a_kill_at_any_time_and_by_itself() {
    let mut it = Subject::on(Server::alone(), 5_000);
    let before = it.reads();
    let (mut kills, mut listed) = (0, 0);
    // Each run goes on for a little longer before workerd is killed.
    for ms in [20, 120, 300, 700] {
        let killed = thread::scope(|scope| {
            let request = move_to(&it.partner, "DB_2");
            let under_way = scope.spawn(move || request.try_send());
            thread::sleep(Duration::from_millis(ms));
            it.partner.server.kill();
            under_way.join().unwrap().is_err()
        });
        kills += usize::from(killed);
        it.partner.server = it.partner.server.restarted();
        assert_eq!(it.reads(), before, "after {ms} ms");
        listed += usize::from(is_listed(&it));
    }
    assert!(kills > 1 && listed > 0, "{kills} {listed}");
    // Without another request of the operator, the cron ends it.
    let begin = Instant::now();
    while is_listed(&it) {
        cron(it.partner.server);
        assert!(begin.elapsed() < DEADLINE);
    }
    it.assert_is_all_there(&before);
    let rows = |database| {
        db_rows(
            it.partner.server,
            database,
            it.partner.partner_id,
            it.living,
        )
    };
    assert_eq!(rows("DB"), [0; 4]);
    let [partners, customers, _, calls] = rows("DB_2");
    assert_eq!((partners, customers, calls), (1, 2, 5_000));
}

/// Whether the operator's list has the move as unfinished.
fn is_listed(it: &Subject) -> bool {
    let listed = Request::operator(it.partner.server, "GET", "/operator/databases").expect(200);
    let moves = listed.json()["moves"].clone();
    let moves = moves.as_array().unwrap();
    moves
        .iter()
        .any(|found| found["username"] == it.partner.partner && found["to"] == "DB_2")
}
