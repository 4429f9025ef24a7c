//! Nobody comes back: the customers' database is taken back to what it was, as Time Travel does, and the service undoes what
//! that has undone. Each restore is a real one: the server stops, the database's file is replaced by an earlier copy, and the
//! server starts again on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::types::Value::Integer;
use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::db::{
    db_execute, db_file, db_ledger, db_open, db_query, db_rows_of_customer, db_seed_calls,
};
use crate::partner::Partner;
use crate::server::Server;
use crate::subject::{backups_until, unsigned};

const DEADLINE: Duration = Duration::from_secs(90);

/// Copies the customers' database as it is now, and lets a minute pass.
pub(crate) fn db_copy(server: &Server) -> PathBuf {
    let copies = fs::read_dir(&server.state).unwrap().count();
    let copy = server.state.join(format!("copy-{copies}.sqlite"));
    let alone = server.no_request_under_way();
    let path = copy.to_str().unwrap();
    db_open(server).execute("VACUUM INTO ?1", [path]).unwrap();
    drop(alone);
    cron(server);
    copy
}

pub(crate) fn cron(server: &Server) {
    Request::new(server, "GET", "/cdn-cgi/handler/scheduled").expect(200);
}

/// Stops the server, puts an earlier copy in the place of the customers' database, and starts a server on it.
pub(crate) fn restored(server: &Server, copy: &Path) -> &'static Server {
    server.restarted_after(|| {
        let file = db_file(server, "DB");
        for end in ["", "-wal", "-shm"] {
            let path = format!("{}{end}", file.display());
            if Path::new(&path).exists() {
                fs::remove_file(path).unwrap();
            }
        }
        fs::copy(copy, file).unwrap();
    })
}

/// Asks until the answer is not the 503 of a restore. Returns it, and how often the other came.
fn healed(request: &Request<'_>) -> (Response, usize) {
    let begin = Instant::now();
    let mut refused = 0;
    loop {
        let response = request.clone().send();
        if response.status != 503 {
            return (response, refused);
        }
        assert_eq!(response.errors(), ["restoring"]);
        assert!(response.header("Retry-After").is_some(), "{response:#?}");
        assert!(begin.elapsed() < DEADLINE, "{response:#?}");
        refused += 1;
        thread::sleep(Duration::from_millis(50));
    }
}

fn receipt(partner: &Partner, id: i64) -> Value {
    let path = format!("/customers/{id}/erasure");
    partner.get(&path).expect(200).json()["erasure"].clone()
}

/// Waits until an erasure is complete and the ledger has it so, and returns the receipt.
fn complete(partner: &Partner, id: i64) -> Value {
    let begin = Instant::now();
    loop {
        let receipt = receipt(partner, id);
        let sql = "SELECT 1 FROM erasures WHERE customer_id = ?1 AND recorded = 1";
        let is_recorded = !db_query(partner.server, sql, &[&id]).is_empty();
        if receipt["status"] == "complete" && is_recorded {
            return self::receipt(partner, id);
        }
        assert!(begin.elapsed() < DEADLINE, "{receipt}");
        // On a busy machine a run ends before its work, and the cron goes on.
        if begin.elapsed() > Duration::from_secs(5) {
            let _ = Request::new(partner.server, "GET", "/cdn-cgi/handler/scheduled").try_send();
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// A customer with a measure, a user, an allowed number and calls.
fn customer(partner: &Partner, custnr: &str, calls: i64) -> i64 {
    let id = partner.create_customer("Nordlund AB", custnr);
    let measure = partner.create_measure(id);
    partner.create_user(id, "anna@example.com");
    let path = format!("/customers/{id}/allowed_numbers");
    let numbers = json!({"phonenrs": ["+46701740605"]});
    partner.request("PUT", &path).json(&numbers).expect(200);
    db_seed_calls(partner.server, id, measure, calls, 1);
    id
}

/// What the database still has of a customer that is personal: names, users, allowed numbers, and numbers that are not masked.
fn db_personal(server: &Server, id: i64) -> i64 {
    let sql = "SELECT (SELECT COUNT(*) FROM customers WHERE customer_id = ?1 AND name || custnr || email <> '') \
         + (SELECT COUNT(*) FROM users WHERE customer_id = ?1) \
         + (SELECT COUNT(*) FROM allowed_numbers WHERE customer_id = ?1) \
         + (SELECT COUNT(*) FROM external_ids WHERE customer_id = ?1) \
         + (SELECT COUNT(*) FROM calls WHERE customer_id = ?1 AND (external_id <> '' OR anum NOT LIKE '%*' OR bnum NOT LIKE '%*')) AS left";
    match db_query(server, sql, &[&id])[0]["left"] {
        Integer(left) => left,
        ref other => panic!("{other:?}"),
    }
}

/// The receipt as it was, but for the time of the second erasure, and for how long the history shows what that erased. What is
/// signed says both.
fn assert_is_again(again: &Value, first: &Value) {
    let reerased_at = again["reerased_at"].as_str().unwrap();
    assert_ne!(reerased_at, "", "{again}");
    // The second erasure may go in steps too, and ends later then.
    let least = backups_until(reerased_at);
    assert!(again["backups_until"].as_str() >= Some(&least), "{again}");
    assert_ne!(again["jws"], first["jws"], "{again}");
    let mut first = first.clone();
    first["reerased_at"] = again["reerased_at"].clone();
    assert_is_later(again, &first);
}

/// The receipt as it was, but for how long the history shows what was erased. What is signed says the same.
fn assert_is_later(again: &Value, first: &Value) {
    let again = unsigned(json!({"erasure": again}))["erasure"].clone();
    let [later, before] = [&again, first].map(|receipt| receipt["backups_until"].as_str());
    assert!(later >= before, "{again} {first}");
    let mut first = first.clone();
    first["backups_until"] = again["backups_until"].clone();
    first.as_object_mut().unwrap().remove("jws");
    assert_eq!(again, first);
}

#[test]
fn a_restore_brings_nobody_back_and_touches_nobody_else() {
    let server = Server::alone();
    let partner = Partner::on(server, &json!({}));
    let [disabled, ended] = [(); 2].map(|()| Partner::on(server, &json!({})));
    let login = ended.with_login("write");
    let few = customer(&partner, "few", 3);
    let many = customer(&partner, "many", 30_000);
    let stays = customer(&partner, "stays", 5);
    let copy = db_copy(server);

    // What the restore undoes.
    let first = [few, many].map(|id| {
        partner.delete(&format!("/customers/{id}")).expect(200);
        complete(&partner, id)
    });
    let born = customer(&partner, "born later", 3);
    let unborn = customer(&partner, "erased, and born later", 3);
    partner.delete(&format!("/customers/{unborn}")).expect(200);
    let of_unborn = complete(&partner, unborn);
    let password = partner.new_password(0);
    let path = format!("/operator/partners/{}", disabled.username);
    let off = Request::operator(server, "PUT", &path).json(&json!({"enabled": false}));
    off.expect(200);
    let path = format!(
        "/operator/partners/{}/logins/{}",
        ended.username, login.username
    );
    Request::operator(server, "DELETE", &path).expect(200);
    let added = ended.with_login("read");

    let mut server = server;
    let mut last_id = unborn;
    for round in 0..2 {
        let untouched = db_rows_of_customer(server, stays);
        server = restored(server, &copy);
        let on = |partner: &Partner| Partner {
            server,
            ..partner.clone()
        };
        let partner = Partner {
            password: password.clone(),
            ..on(&partner)
        };
        let (list, refused) = healed(&partner.get("/customers?pagesize=9"));
        assert!(refused > 0, "a restore was not noticed");
        let names: Vec<Value> = list
            .records("customers")
            .iter()
            .map(|row| row["custnr"].clone())
            .collect();
        assert_eq!(names, ["stays"]);
        assert_eq!(db_rows_of_customer(server, stays), untouched);
        for (id, first) in [few, many].into_iter().zip(&first) {
            partner.get(&format!("/customers/{id}")).expect(404);
            partner.get(&format!("/customers/{id}/calls")).expect(404);
            assert_is_again(&complete(&partner, id), first);
            assert_eq!(db_personal(server, id), 0);
        }
        // Of whom the restore has removed altogether the receipt is as it was. Who was never erased is lost, as a restore is.
        assert_eq!(complete(&partner, unborn), of_unborn);
        partner.delete(&format!("/customers/{unborn}")).expect(200);
        partner.get(&format!("/customers/{born}")).expect(404);
        // No id is given a second time.
        let id = partner.create_customer("New", &format!("new-{round}"));
        assert!(id > last_id && id > born, "{id} after {last_id}");
        last_id = id;
        // The front door.
        on(&disabled).get("/customers").expect(403);
        on(&login).get("/customers").expect(401);
        on(&added).get("/customers").expect(200);
        let sealed = "SELECT COUNT(*) AS count FROM logins AS l JOIN doors.doors AS d USING (username) \
             WHERE l.ha1_sealed = d.ha1_sealed AND l.access = d.access AND d.ended = 0";
        let database = db_open(server);
        let ledger = db_file(server, "LEDGER");
        database
            .execute("ATTACH ?1 AS doors", [ledger.to_str().unwrap()])
            .unwrap();
        let count: i64 = database.query_row(sealed, [], |row| row.get(0)).unwrap();
        let all: i64 = database
            .query_row("SELECT COUNT(*) FROM logins", [], |row| row.get(0))
            .unwrap();
        assert_eq!((count, all), (4, 4));
    }
}

#[test]
fn a_restore_into_the_steps_of_an_erasure_and_to_before_it_both_end_in_the_same_receipt() {
    let server = Server::alone();
    let partner = Partner::on(server, &json!({}));
    let id = customer(&partner, "very many", 120_000);
    let before = db_copy(server);
    // A later step fails until the trigger is gone.
    let stops = "CREATE TRIGGER stops BEFORE UPDATE ON calls WHEN OLD.call_id > 45000 \
         BEGIN SELECT RAISE(ABORT, 'stop'); END";
    db_execute(server, stops, &[]);
    partner.delete(&format!("/customers/{id}")).expect(200);
    let begin = Instant::now();
    let masking = "SELECT 1 FROM maskings WHERE call_id > 0";
    while !server.runs().iter().any(|run| run["run"] == "request") {
        assert!(begin.elapsed() < DEADLINE);
        thread::sleep(Duration::from_millis(20));
    }
    db_execute(server, "DROP TRIGGER stops", &[]);
    let path = server.state.join("during.sqlite");
    db_open(server)
        .execute("VACUUM INTO ?1", [path.to_str().unwrap()])
        .unwrap();
    cron(server);
    let first = complete(&partner, id);
    cron(server);

    let server = restored(server, &path);
    assert!(
        !db_query(server, masking, &[]).is_empty(),
        "the copy has no step left"
    );
    let partner = Partner { server, ..partner };
    healed(&partner.get("/customers"));
    cron(server);
    assert_is_later(&complete(&partner, id), &first);
    assert_eq!(db_personal(server, id), 0);

    let server = restored(server, &before);
    let partner = Partner { server, ..partner };
    healed(&partner.get("/customers"));
    assert_is_again(&complete(&partner, id), &first);
    assert_eq!(db_personal(server, id), 0);
}

#[test]
fn a_replay_that_is_killed_goes_on_where_it_ended() {
    let mut server = Server::alone();
    let partner = Partner::on(server, &json!({}));
    let ids: Vec<i64> = (0..100)
        .map(|n| partner.create_customer("Nordlund AB", &format!("c{n}")))
        .collect();
    let copy = db_copy(server);
    // In the restored database each erasure takes a while, so that a kill falls between two of them.
    let slow = "CREATE TRIGGER slow BEFORE UPDATE ON customers BEGIN \
         SELECT COUNT(*) FROM (WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500000) \
         SELECT n FROM n); END";
    Connection::open(&copy)
        .unwrap()
        .execute_batch(slow)
        .unwrap();
    for id in &ids {
        partner.delete(&format!("/customers/{id}")).expect(200);
    }
    let living = |server: &Server| {
        let sql = "SELECT COUNT(*) AS count FROM customers WHERE removed_at = ''";
        match db_query(server, sql, &[])[0]["count"] {
            Integer(count) => count,
            ref other => panic!("{other:?}"),
        }
    };
    server = restored(server, &copy);
    let mut left = vec![living(server)];
    assert_eq!(left, [100]);
    for kill in 1..=3 {
        let on = Partner {
            server,
            ..partner.clone()
        };
        // Its answer may come late: here the database and the Worker share a thread.
        let ask = || {
            let request = on.get("/customers");
            thread::spawn(move || request.try_send());
            Instant::now()
        };
        // Some of the replay is done, and some is not.
        let begin = ask();
        let mut asked = begin;
        while living(server) > 100 - 20 * kill {
            assert!(begin.elapsed() < DEADLINE);
            // A batch that came too late for us has ended the run.
            if asked.elapsed() > Duration::from_secs(15) {
                asked = ask();
            }
        }
        server.kill();
        server = server.restarted();
        left.push(living(server));
    }
    assert!(
        left.windows(2).all(|pair| pair[1] < pair[0]) && left[3] > 0,
        "{left:?}"
    );
    db_execute(server, "DROP TRIGGER slow", &[]);
    let on = Partner { server, ..partner };
    let (list, _) = healed(&on.get("/customers"));
    assert_eq!(list.json()["total"], 0, "{left:?}");
    for id in [ids[0], ids[99]] {
        assert_ne!(complete(&on, id)["reerased_at"], "");
    }
    // Whatever two runs at once did, each was erased once again.
    let sql = "SELECT COUNT(*) AS count FROM audit WHERE action = 'erase' AND actor = 'service'";
    assert_eq!(db_query(server, sql, &[])[0]["count"], Integer(100));
}

#[test]
fn an_erasure_of_which_the_ledger_does_not_know_yet_is_recorded_by_the_next_who_asks() {
    let server = Server::alone();
    let partner = Partner::on(server, &json!({}));
    let [repeated, read, left] = ["a", "b", "c"].map(|custnr| customer(&partner, custnr, 1));
    let db_in_ledger = |id: i64| {
        let sql = "SELECT COUNT(*) FROM erasures WHERE customer_id = ?1";
        let count: i64 = db_ledger(server)
            .query_row(sql, [id], |row| row.get(0))
            .unwrap();
        count
    };
    // The ledger fails.
    let fail = "CREATE TRIGGER fails BEFORE INSERT ON erasures BEGIN SELECT RAISE(ABORT, 'secret text'); END";
    db_ledger(server).execute_batch(fail).unwrap();
    for id in [repeated, read, left] {
        partner.delete(&format!("/customers/{id}")).expect(500);
        partner.get(&format!("/customers/{id}")).expect(404);
        assert_eq!(db_in_ledger(id), 0);
    }
    db_ledger(server)
        .execute_batch("DROP TRIGGER fails")
        .unwrap();
    partner
        .delete(&format!("/customers/{repeated}"))
        .expect(200);
    assert_eq!(db_in_ledger(repeated), 1);
    receipt(&partner, read);
    assert_eq!(db_in_ledger(read), 1);
    cron(server);
    assert_eq!(db_in_ledger(left), 1);
    let outbox = "SELECT 1 FROM erasures WHERE recorded = 0";
    let begin = Instant::now();
    while !db_query(server, outbox, &[]).is_empty() {
        assert!(begin.elapsed() < DEADLINE);
    }
}

#[test]
fn a_creation_whose_id_is_not_promised_waits_for_the_promise() {
    let server = Server::alone();
    let partner = Partner::on(server, &json!({}));
    let id = partner.create_customer("First", "first");
    db_execute(server, "UPDATE state SET ids_upto = ?1", &[&id]);
    let parameters = [("name", "Second"), ("custnr", "second")];
    let (created, refused) = healed(&partner.post("/customers", &parameters));
    assert!(refused > 0);
    assert_eq!(created.customer()["customer_id"], id + 1);
    let sql = "SELECT ids_upto FROM state";
    let Integer(promised) = db_query(server, sql, &[])[0]["ids_upto"] else {
        panic!("no promise");
    };
    let in_ledger: i64 = db_ledger(server)
        .query_row("SELECT ids_upto FROM heads", [], |row| row.get(0))
        .unwrap();
    assert!(
        promised >= 2_000_000 && in_ledger == promised,
        "{promised} {in_ledger}"
    );
}
