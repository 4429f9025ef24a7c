//! The cost of a request, as D1 reports it and the Worker logs it. A trip to D1 adds latency, and every row read or
//! written is billed.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Request, Response, anonymous, operator};
use crate::db::{
    db_count, db_count_records, db_execute, db_insert_measure, db_let_in, db_query,
    db_seed_customers, db_wait_until_recorded,
};
use crate::partner::{Partner, unused_username};
use crate::server::Server;
use crate::trouble::{alone_at_the_drill, drill};

/// The customers of a large partner.
const MANY: i64 = 20_000;

/// Trips to D1, rows read, rows written.
#[track_caller]
fn cost(server: &Server, response: &Response) -> [i64; 3] {
    let log = server.log(response.request_id());
    ["d1_trips", "d1_rows_read", "d1_rows_written"].map(|name| log[name].as_i64().unwrap())
}

/// The rows that every batch reads before its own statements, to see that the database was not restored and serves the partner.
const FENCE: i64 = 2;

/// Sends a request, and asserts that it takes one trip to D1 and at most these rows, besides the one of the fence.
#[track_caller]
pub fn assert_costs(
    request: Request<'_>,
    status: u16,
    rows_read: i64,
    rows_written: i64,
) -> Response {
    assert_costs_trips(1, request, status, rows_read, rows_written)
}

/// The same for what answers a receipt: its second trip records the erasure in the ledger, or reads the signed receipt there.
#[track_caller]
pub fn assert_receipt_costs(request: Request<'_>, rows_read: i64, rows_written: i64) -> Response {
    assert_costs_trips(2, request, 200, rows_read, rows_written)
}

#[track_caller]
pub fn assert_costs_trips(
    expected: i64,
    request: Request<'_>,
    status: u16,
    rows_read: i64,
    rows_written: i64,
) -> Response {
    let server = request.server;
    let response = request.expect(status);
    let [trips, read, written] = cost(server, &response);
    let rows_read = rows_read + FENCE;
    assert_eq!(trips, expected, "{}", response.what);
    let limits = format!("{rows_read} and {rows_written}");
    let what = format!("{}: {read} read, {written} written", response.what);
    assert!(
        read <= rows_read && written <= rows_written,
        "{what}, not {limits}"
    );
    response
}

#[test]
fn every_request_of_a_cached_partner_takes_one_trip_whatever_its_status() {
    let partner = Partner::new();
    let id = partner.create_customer("First", "first");
    partner.create_customer("Second", "second");
    let path = format!("/customers/{id}");
    let new = [("name", "New"), ("custnr", "new")];
    let keyed = |custnr| {
        let parameters = [("name", "Keyed"), ("custnr", custnr)];
        let request = partner.post("/customers", &parameters);
        request.header("Idempotency-Key", "key")
    };
    let put = |parameters| partner.put(&path, parameters);
    let name: &[_] = &[("name", "Renamed")];
    let stale = |request: Request<'static>| request.header("If-Match", "\"0\"");
    let dry_run = partner.delete(&format!("{path}?dry_run=1"));

    // These are upper limits, because the rows read vary a little as the tables grow. Every insert into a table with ids
    // reads and writes `sqlite_sequence`, which keeps an id from being given a second time: some 4 rows and 1. An entry of the
    // audit trail has a row in each of its two indexes besides. A creation reads two rows more, to see that its id is promised.
    for (request, status, rows_read, rows_written) in [
        (partner.get("/customers"), 200, 5, 0),
        (partner.get("/customers?pagesize=1"), 200, 4, 0),
        (partner.get("/customers?custnr=first"), 200, 1, 0),
        (partner.get("/customers?custnr=none"), 200, 1, 0),
        (partner.get("/customers?customer_id=1"), 200, 1, 0),
        (partner.get(&path), 200, 1, 0),
        (partner.get("/2.4.9/customers/1000000000"), 404, 1, 0),
        (partner.post("/customers", &new), 200, 26, 10),
        (partner.post("/customers", &new), 409, 20, 1),
        (keyed("keyed"), 200, 29, 13),
        (keyed("keyed"), 200, 22, 1),
        (keyed("other"), 400, 22, 1),
        (put(name), 200, 8, 5),
        (put(&[]), 200, 3, 0),
        (put(&[("custnr", "other")]), 200, 9, 6),
        (put(&[("custnr", "second")]), 409, 9, 0),
        (stale(put(name)), 412, 8, 0),
        (partner.put("/customers/1000000000", name), 404, 7, 0),
        (stale(partner.delete(&path)), 412, 37, 0),
        (dry_run, 200, 8, 0),
        (partner.delete("/customers/1000000000"), 404, 39, 0),
    ] {
        assert_costs(request, status, rows_read, rows_written);
    }
    assert_receipt_costs(partner.delete(&path), 75, 20);
    db_wait_until_recorded(partner.server, id);
    assert_receipt_costs(partner.delete(&path), 41, 0);
    assert_receipt_costs(partner.get(&format!("{path}/erasure")), 4, 0);
}

#[test]
fn a_ping_and_a_request_that_is_refused_early_take_no_trip() {
    let partner = Partner::new();
    let none = [
        partner.get("/miscellaneous/ping").expect(200),
        partner.get("/customers?custnr=a&custnr=b").expect(400),
        partner.post("/customers", &[("name", "")]).expect(400),
        partner.get("/nothing").expect(404),
        partner.request("PATCH", "/customers").expect(405),
        partner.request("OPTIONS", "/customers").expect(204),
        partner.get("/customers").anonymous().expect(401),
        partner
            .get("/customers")
            .basic(&partner.username, "wrong")
            .expect(401),
    ];
    for response in none {
        assert_eq!(cost(partner.server, &response), [0; 3], "{}", response.what);
    }
}

/// A change asks the ledger first whether the database was restored. One of what lets somebody in is kept there too.
#[test]
fn a_request_of_the_operator_takes_one_trip_and_a_change_at_most_four() {
    let partner = Partner::new();
    let path = format!("/operator/partners/{}", partner.username);
    // A change asks the ledger first, and finds the partner's home. Then it changes, and tells the ledger what lets somebody in,
    // or reads the logins whose profiles it changes.
    for (request, trips) in [
        (operator("GET", &path), 1),
        (operator("PUT", &path).json(&json!({"name": "Renamed"})), 4),
        (operator("PUT", &path).json(&json!({"country": "DE"})), 4),
        (operator("POST", &format!("{path}/password")), 3),
        (
            operator("PUT", &format!("{path}/custom_fields/7")).json(&json!({})),
            4,
        ),
    ] {
        let response = request.expect(200);
        assert_eq!(
            cost(partner.server, &response)[0],
            trips,
            "{}",
            response.what
        );
    }
}

#[test]
fn an_unknown_user_name_is_looked_up_once() {
    let request = anonymous("GET", "/customers").basic(&unused_username(), "password");
    assert_costs(request, 401, 1, 0);
}

#[test]
fn finding_one_customer_reads_a_few_rows_however_many_there_are() {
    for count in [10, MANY] {
        let partner = Partner::new();
        let ids = db_seed_customers(&partner, count);
        for (id, n) in [(*ids.start(), 1), (*ids.end(), count)] {
            for target in [
                format!("/customers/{id}"),
                format!("/customers?customer_id={id}"),
                format!("/customers?custnr=seed-{n}"),
            ] {
                let found = assert_costs(partner.get(&target), 200, 4, 0).customer();
                assert_eq!(found["customer_id"], id, "{target}");
            }
        }
        assert_costs(partner.get("/customers?custnr=none"), 200, 4, 0);
        let put = |parameters| partner.put(&format!("/customers/{}", ids.end()), parameters);
        assert_costs(put(&[("name", "Renamed")]), 200, 8, 5);
        assert_costs(put(&[("custnr", "seed-1")]), 409, 8, 0);
        let new = [("name", "New"), ("custnr", "new")];
        let create = partner.post("/customers", &new);
        assert_costs(create.header("Idempotency-Key", "key"), 200, 29, 13);
    }
}

#[test]
fn a_page_costs_its_own_rows_at_the_start_and_at_the_end_of_a_long_list() {
    let partner = Partner::new();
    let ids = db_seed_customers(&partner, MANY);
    for after in [0, ids.start() + MANY / 2, ids.end() - 20] {
        let target = format!("/customers?pagesize=20&after={after}");
        let page = assert_costs(partner.get(&target), 200, 30, 0).json();
        assert_eq!(page["customers"].as_array().unwrap().len(), 20);
        assert_eq!(page["total"], MANY);
    }
}

#[test]
fn a_page_by_its_number_costs_about_the_same_anywhere_in_a_long_list() {
    assert_numbered_pages_cost_few_rows(MANY, 2_100);
}

#[test]
#[ignore = "it inserts 2,000,000 customers; run it alone"]
fn a_page_by_its_number_costs_at_most_7000_rows_among_a_million_customers() {
    assert_numbered_pages_cost_few_rows(1_000_000, 7_000);
}

/// Inserts customers of two partners, whose ids alternate, so that a range of ids holds few of each. Checks the cost of
/// pages of one of them: their own rows, and `more`.
#[track_caller]
fn assert_numbered_pages_cost_few_rows(count: i64, more: i64) {
    let (partner, other) = (Partner::new(), Partner::new());
    let ids: Vec<i64> = db_seed_customers(&partner, 2 * count).collect();
    let sql = "UPDATE customers SET partner_id = ?1 WHERE partner_id = ?2 AND customer_id % 2 = ?3";
    db_execute(
        partner.server,
        sql,
        &[&other.partner_id, &partner.partner_id, &((ids[0] + 1) % 2)],
    );
    for partner in [&partner, &other] {
        db_count(partner.server, "customers", partner.partner_id);
    }
    let ids: Vec<i64> = ids.into_iter().step_by(2).collect();
    // A long insertion outlasts the partner's profile in the cache.
    partner.get("/miscellaneous/ping").expect(200);
    let list = |query: &str| partner.get(&format!("/customers?pagesize=20&{query}"));
    let pages = count / 20;
    for (page, after) in [
        (1, 0),
        (pages / 2, 0),
        (pages - 1, 0),
        (pages / 4, count / 2),
    ] {
        let mut query = format!("page={page}");
        if after > 0 {
            let after = ids[usize::try_from(after - 1).unwrap()];
            query.push_str(&format!("&after={after}"));
        }
        let first = usize::try_from(after + 20 * page).unwrap();
        let page = assert_costs(list(&query), 200, 20 + more, 0).json();
        let page = page["customers"].as_array().unwrap().iter();
        let found: Vec<i64> = page
            .map(|one| one["customer_id"].as_i64().unwrap())
            .collect();
        assert_eq!(found, &ids[first..first + 20], "{query}");
    }
    for query in [&format!("page={pages}"), "page=9007199254740991"] {
        let page = assert_costs(list(query), 200, 10, 0).json();
        assert_eq!(page["customers"], json!([]), "{query}");
        assert_eq!(page["total"], count);
    }
}

#[test]
fn a_dry_run_costs_a_handful_of_rows_however_many_records_there_are() {
    let partner = Partner::new();
    let id = partner.create_customer("Many records", "many-records");
    let server = partner.server;
    let numbers: Vec<String> = (0..1_000).map(|n| format!("+46890{n:04}")).collect();
    let path = format!("/customers/{id}");
    let request = partner.request("PUT", &format!("{path}/allowed_numbers"));
    request.json(&json!({"phonenrs": numbers})).expect(200);
    // Half of the measures never end, half have ended.
    let seed = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < 2000) INSERT INTO";
    let measures = format!(
        "{seed} measures (customer_id, name, phonenr, phonenr_ccndc, destnr, destnr_ccndc, created, expires) \
         SELECT ?1, 'm', '+46890510', 3, '+46890510', 3, '2026-01-01 00:00:00', \
         iif(n % 2, '', '2026-01-02 00:00:00') FROM seed"
    );
    let users = format!("{seed} users (customer_id, email) SELECT ?1, n || '@b.example' FROM seed");
    for sql in [measures, users] {
        db_execute(server, &sql, &[&id]);
    }
    db_count_records(server, id);
    // Each way to write when a measure ends.
    let measure = partner.create_measure(id);
    let of_measure = format!("{path}/measures/{measure}");
    let ends = |expires: &str| {
        let put = partner.put(&of_measure, &[("expires", expires)]);
        put.expect(200);
    };
    let expire = || {
        partner.delete(&of_measure).expect(200);
    };
    let steps: [(&dyn Fn(), i64); 8] = [
        (&|| (), 1_001),
        (&|| ends("2999-01-01 00:00:00"), 1_001),
        (&|| ends("2026-01-01 00:00:00"), 1_000),
        (&|| ends(""), 1_001),
        (&|| ends(""), 1_001),
        (&expire, 1_000),
        (&expire, 1_000),
        (&|| ends("2999-01-01 00:00:00"), 1_001),
    ];
    for (step, measures) in steps {
        step();
        let dry_run = partner.delete(&format!("{path}?dry_run=1"));
        let receipt = assert_costs(dry_run, 200, 8, 0).json()["erasure"].clone();
        assert_eq!(receipt["measures_expired"], measures);
        assert_eq!(receipt["users_removed"], 2_000);
        assert_eq!(receipt["allowed_numbers_removed"], 1_000);
    }
    let receipt = partner.delete(&path).expect(200).json()["erasure"].clone();
    assert_eq!(receipt["measures_expired"], 1_001);
}

/// Otherwise the cost and duration of a request would reveal that another partner has a customer with this id.
#[test]
fn an_erasure_with_nothing_to_do_costs_a_few_rows_however_many_records_there_are() {
    let partner = Partner::new();
    let id = partner.create_customer("Many calls", "many-calls");
    let number = ("+46890510", 3);
    let measure = db_insert_measure(partner.server, id, "Web", number, number, "");
    let sql = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < 2000) \
         INSERT INTO calls (customer_id, measure_id, start, bnum, bnum_ccndc) \
         SELECT ?1, ?2, '2026-01-02 00:00:00', '+46890510', 3 FROM seed";
    db_execute(partner.server, sql, &[&id, &measure]);

    let path = format!("/customers/{id}");
    assert_costs(Partner::new().delete(&path), 404, 32, 0);
    partner.delete(&path).expect(200);
    db_wait_until_recorded(partner.server, id);
    assert_receipt_costs(partner.delete(&path), 34, 0);
}

/// Every record that is created with a key leaves one for 30 days, so a customer may have very many.
#[test]
fn an_erasure_costs_a_bounded_number_of_rows_however_many_idempotency_keys_there_are() {
    let partner = Partner::new();
    let id = partner.create_customer("Many keys", "many-keys");
    let other = partner.create_customer("Few keys", "few-keys");
    let sql = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < 12000) \
         INSERT INTO idempotency_keys SELECT ?1, 'key' || n, 'params', 'calls', ?2, '[]', datetime('now') FROM seed";
    db_execute(partner.server, sql, &[&partner.partner_id, &id]);

    assert_costs(partner.delete("/customers/999999999"), 404, 32, 0);
    partner.delete(&format!("/customers/{other}")).expect(200);
    let erased = partner.delete(&format!("/customers/{id}")).expect(200);
    let [trips, read, written] = cost(partner.server, &erased);
    assert!(trips <= 3 && read < 40_000, "{trips} {read}");
    // 5,000 keys, and the customer.
    assert!((5_000..5_030).contains(&written), "{written}");
    let left = "SELECT key_hmac FROM idempotency_keys WHERE partner_id = ?1 AND params_hmac <> ''";
    let begin = Instant::now();
    while !db_query(partner.server, left, &[&partner.partner_id]).is_empty() {
        Request::new(partner.server, "GET", "/cdn-cgi/handler/scheduled").expect(200);
        assert!(begin.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn erased_customers_do_not_raise_the_cost_of_live_ones() {
    let partner = Partner::new();
    let ids = db_seed_customers(&partner, 5_000);
    let sql = "UPDATE customers SET removed_at = '2026-01-02 00:00:00', name = '', custnr = '' \
         WHERE partner_id = ?1 AND customer_id < ?2";
    db_execute(
        partner.server,
        sql,
        &[&partner.partner_id, &(ids.end() - 20)],
    );
    let page = assert_costs(partner.get("/customers?pagesize=20"), 200, 30, 0);
    assert_eq!(page.json()["customers"][0]["custnr"], "seed-4980");
    assert_costs(partner.get("/customers?custnr=seed-5000"), 200, 4, 0).customer();
    let new = [("name", "New"), ("custnr", "seed-1")];
    assert_costs(partner.post("/customers", &new), 200, 26, 10);
}

/// Neither memory nor KV has the partner's profile, as in a newly started isolate.
#[test]
fn the_first_request_of_a_partner_takes_one_trip_more_than_the_next() {
    let _alone = alone_at_the_drill();
    let partner = db_let_in(&Partner::new(), drill());
    let list = || partner.get("/customers").expect(200);
    assert_eq!(cost(drill(), &list())[0], 2);
    assert_eq!(cost(drill(), &list())[0], 1);
}
