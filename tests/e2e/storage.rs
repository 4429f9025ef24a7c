//! A database that is nearly full refuses what would fill it, and never an erasure or a removal.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::db::{db_execute, db_seed_calls};
use crate::partner::Partner;
use crate::server::{Difference, Server};

/// What the database of these tests holds. The empty one has some 200 KB.
const MAX: i64 = 4_000_000;

/// What is kept for the erasure of each customer.
const RESERVE: i64 = 350;

fn calls(measure_id: i64, count: i64) -> Vec<Value> {
    let call = |n| {
        json!({"measure_id": measure_id, "start": "2026-09-01 07:12:09", "anum": format!("+46701{:06}", n),
            "bnum": "+46846500401", "cnum": "+46846500440"})
    };
    (0..count).map(call).collect()
}

/// A server whose databases hold so many bytes.
fn holding(max: i64) -> &'static Server {
    let vars = format!("[vars]\nDATABASE_MAX_BYTES = \"{max}\"\n\n[placement]");
    Server::different(&Difference {
        config: &[("[placement]", &vars)],
        secrets: None,
    })
}

fn keyed(request: Request<'static>, key: &str) -> Request<'static> {
    request.header("Idempotency-Key", key)
}

#[test]
fn a_nearly_full_database_refuses_creations_and_no_erasure() {
    let server = holding(MAX);
    let partner = Partner::on(server, &json!({}));
    let ids: Vec<i64> = (0..20)
        .map(|n| {
            let id = partner.create_customer("Full", &format!("full-{n}"));
            partner.create_user(id, "anna@example.com");
            id
        })
        .collect();
    let id = ids[0];
    let measure = partner.create_measure(id);
    let user = partner.create_user(id, "bo@example.com");
    let path = format!("/customers/{id}");
    let new_user = partner.post(&format!("{path}/users"), &[("email", "key@example.com")]);
    let new_user = keyed(new_user, "user");
    let first_user = new_user.clone().expect(200);
    let new_call = keyed(partner.post_calls(id, &calls(measure, 1)), "call");
    let first_call = new_call.clone().expect(200);
    let log = |response: &Response| server.log(response.request_id());
    let first = log(&partner.get("/customers").expect(200));
    assert!(first["size_after"].as_i64().unwrap() > 50_000, "{first}");
    assert_eq!(first["level"], "info", "{first}");

    let many = calls(measure, 200);
    let mut sizes = Vec::new();
    loop {
        let created = partner.post_calls(id, &many).send();
        if created.status != 200 {
            assert_eq!(created.status, 507, "{created:#?}");
            break;
        }
        let log = log(&created);
        let size = log["size_after"].as_i64().unwrap();
        // What the erasures of the customers need counts too.
        let is_short = size + 20 * RESERVE >= MAX / 10 * 8;
        assert_eq!(
            log["level"],
            if is_short { "warning" } else { "info" },
            "{log}"
        );
        sizes.push(size);
        assert!(sizes.len() < 1_000, "{sizes:?}");
    }
    let size = *sizes.last().unwrap();
    let taken = size + 20 * RESERVE;
    assert!((MAX / 100 * 85..MAX / 100 * 88).contains(&taken), "{taken}");

    let allowed = |numbers: Value| {
        let request = partner.request("PUT", &format!("{path}/allowed_numbers"));
        request.json(&json!({"phonenrs": numbers}))
    };
    for refused in [
        partner.post("/customers", &[("name", "New"), ("custnr", "new")]),
        partner.post(&format!("{path}/users"), &[("email", "c@example.com")]),
        partner.post(
            &format!("{path}/measures"),
            &[
                ("name", "m"),
                ("phonenr", "+46846500440"),
                ("destnr", "+46846500401"),
            ],
        ),
        partner.post_calls(id, &calls(measure, 1)),
        allowed(json!(["+46701740605"])),
        partner.put("/customers/custnr/new", &[("name", "New")]),
        keyed(
            partner.post("/customers", &[("name", "New"), ("custnr", "new")]),
            "new",
        ),
    ] {
        let refused = refused.expect(507);
        assert_eq!(refused.errors(), ["storage_full"]);
        assert_eq!(
            refused.header("Retry-After"),
            None,
            "a repetition does not help"
        );
        let log = log(&refused);
        assert_eq!(log["d1_rows_written"], 0, "{log}");
    }
    // A repeat is no creation, and what is wrong is told first.
    assert_eq!(new_user.expect(200).json(), first_user.json());
    assert_eq!(new_call.expect(200).json(), first_call.json());
    let other = partner.post(&format!("{path}/users"), &[("email", "other@example.com")]);
    assert_eq!(
        keyed(other, "user").expect(400).errors(),
        ["Idempotency-Key: idempotency_key_reused"]
    );
    partner.post("/customers", &[("name", "")]).expect(400);
    // What is there can be read and changed, and what frees room is done.
    partner.get("/customers").expect(200);
    partner.put(&path, &[("name", "Renamed")]).expect(200);
    let named = partner.put("/customers/custnr/full-1", &[("name", "Renamed")]);
    assert_eq!(named.expect(200).customer()["customer_id"], ids[1]);
    allowed(json!([])).expect(200);
    partner.delete(&format!("{path}/users/{user}")).expect(200);
    partner
        .delete(&format!("{path}/measures/{measure}"))
        .expect(200);
    Request::operator(
        server,
        "PUT",
        &format!("/operator/partners/{}/custom_fields/1", partner.username),
    )
    .json(&json!({}))
    .expect(200);
    for id in &ids {
        let path = format!("/customers/{id}");
        partner.delete(&format!("{path}?dry_run=1")).expect(200);
        partner.delete(&path).expect(200);
    }
    assert_eq!(partner.total(), 0);
    let create = partner.post("/customers", &[("name", "New"), ("custnr", "new")]);
    db_seed_calls(server, id, measure, 2_000, 7);

    // An isolate that has not heard of the size for a while asks before it lets a creation pass.
    thread::sleep(Duration::from_millis(10_500));
    for _ in 0..2 {
        let refused = create.clone().expect(507);
        assert!(log(&refused)["d1_trips"].as_i64().unwrap() <= 2);
    }

    // Once an answer of the database has told that there is room again, creations pass.
    db_execute(server, "DELETE FROM calls", &[]);
    partner.get("/customers").expect(200);
    create.expect(200);
}

#[test]
fn a_database_of_a_few_thousand_bare_customers_has_room_to_erase_every_one() {
    const MAX: i64 = 2_000_000;
    let server = holding(MAX);
    let partner = Partner::on(server, &json!({}));
    let mut ids = Vec::new();
    loop {
        let from = ids.len();
        let one = |n| json!({"name": "n", "custnr": format!("{}", from + n)});
        let list: Vec<Value> = (0..100).map(one).collect();
        let request = partner.request("POST", "/customers");
        let created = request.json(&json!({"customers": list})).send();
        if created.status == 507 {
            break;
        }
        assert_eq!(created.status, 200, "{created:#?}");
        let customers = created.records("customers");
        ids.extend(
            customers
                .iter()
                .map(|one| one["customer_id"].as_i64().unwrap()),
        );
    }
    assert!(ids.len() >= 1_500, "{}", ids.len());
    // Every third one of each thread's, so that the pages are not filled in the order of the ids.
    thread::scope(|scope| {
        for first in 0..3 {
            let (partner, ids) = (&partner, &ids);
            scope.spawn(move || {
                for id in ids.iter().skip(first).step_by(3).rev() {
                    erase(partner, *id);
                }
            });
        }
    });
    assert_eq!(partner.total(), 0);
    let last = partner.get("/customers").expect(200);
    let size = server.log(last.request_id())["size_after"]
        .as_i64()
        .unwrap();
    assert!(size < MAX, "{size}");
}

/// Erases a customer, and waits where the partner has sent too many requests.
fn erase(partner: &Partner, id: i64) {
    loop {
        let erased = partner.delete(&format!("/customers/{id}")).send();
        match erased.status {
            429 => thread::sleep(Duration::from_secs(2)),
            status => return assert_eq!(status, 200, "{erased:#?}"),
        }
    }
}

/// A partner with a customer and calls, whose home is this database.
fn with_calls(server: &'static Server, database: &str, thousands: i64) -> (Partner, i64, i64) {
    let partner = Partner::on(server, &json!({"database": database}));
    let id = partner.create_customer("Full", "full");
    let measure = partner.create_measure(id);
    for _ in 0..thousands {
        partner.post_calls(id, &calls(measure, 1_000)).expect(200);
    }
    (partner, id, measure)
}

#[test]
fn a_move_that_would_fill_its_target_is_turned_back_and_nobody_is_refused_for_it() {
    let server = holding(MAX);
    let (partner, id, measure) = with_calls(server, "DB", 20);
    let (other, others, their_measure) = with_calls(server, "DB_3", 14);
    let move_to = |database| {
        let path = format!("/operator/partners/{}/move", partner.username);
        Request::operator(server, "POST", &path).json(&json!({"to": database}))
    };
    let refused = loop {
        let answer = move_to("DB_3").send();
        if answer.status != 200 {
            break answer;
        }
        assert_ne!(answer.json()["move"]["phase"], "complete", "{answer:#?}");
    };
    assert_eq!(
        (refused.status, refused.errors()),
        (507, vec!["storage_full".to_owned()])
    );
    // It is asked for before each page, and a page has some 250 KB.
    assert!(size_of(server, "DB_3") < MAX);

    // Both partners go on where they live, without a request more to the move.
    partner.post_calls(id, &calls(measure, 1)).expect(200);
    let erased = partner.create_customer("Gone", "gone");
    partner.delete(&format!("/customers/{erased}")).expect(200);
    // The cron deletes what was copied.
    let begin = Instant::now();
    while size_of(server, "DB_3") > MAX / 100 * 60 {
        Request::new(server, "GET", "/cdn-cgi/handler/scheduled").expect(200);
        assert!(begin.elapsed() < Duration::from_secs(60));
    }
    other
        .post_calls(others, &calls(their_measure, 1))
        .expect(200);

    // Where there is no room to begin with, nothing begins.
    let many = other.post_calls(others, &calls(their_measure, 1_000));
    while many.clone().send().status == 200 {}
    move_to("DB_3").expect(507);
    partner.post_calls(id, &calls(measure, 1)).expect(200);
    move_to("DB_2").expect(200);
}

fn size_of(server: &Server, database: &str) -> i64 {
    let list = Request::operator(server, "GET", "/operator/databases")
        .expect(200)
        .json();
    let all = list["databases"].as_array().unwrap();
    let found = all.iter().find(|one| one["name"] == database).unwrap();
    found["size"].as_i64().unwrap()
}
