//! Calls: a request creates up to a thousand of them or none. They are listed newest first, and a page costs the same
//! however many calls there are.

use serde_json::{Value, json};

use crate::cost::assert_costs;
use crate::db::{db_count, db_execute, db_query};
use crate::partner::Partner;

/// A call with every field.
fn call(measure_id: i64, start: &str) -> Value {
    json!({"measure_id": measure_id, "start": start, "duration": 61, "answered": 1,
        "anum": "+46701740611", "bnum": "+46846500401", "cnum": "+46846500440", "external_id": ""})
}

/// A partner with a customer that has a measure.
fn customer() -> (Partner, i64, i64) {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let measure_id = partner.create_measure(id);
    (partner, id, measure_id)
}

#[test]
fn calls_are_created_in_the_given_order_and_listed_newest_first() {
    let (partner, id, measure_id) = customer();
    let starts = [
        "2026-09-01 07:12:09",
        "2026-09-03 07:12:09",
        "2026-09-02 07:12:09",
        "2026-09-03 07:12:09",
    ];
    let calls = starts.map(|start| call(measure_id, start));
    let created = partner.post_calls(id, &calls).expect(200);
    let path = format!("/customers/{id}/calls");
    assert_eq!(created.header("Location"), Some(path.as_str()));
    let created = created.records("calls");
    let sent: Vec<Value> = created
        .iter()
        .map(|call| {
            let mut call = call.clone();
            assert!(call["call_id"].as_i64().unwrap() > 0);
            call.as_object_mut().unwrap().remove("call_id");
            call
        })
        .collect();
    assert_eq!(sent, calls);

    let list = partner.get(&path).expect(200).json();
    assert_eq!(list["total"], 4);
    let newest_first = [3, 1, 2, 0].map(|at| created[at].clone());
    assert_eq!(list["calls"], json!(newest_first));
    let one = format!("{path}/{}", created[2]["call_id"]);
    assert_eq!(partner.get(&one).expect(200).record("calls"), created[2]);
}

#[test]
fn an_omitted_field_of_a_call_is_empty_or_0() {
    let (partner, id, measure_id) = customer();
    let start = "2026-09-01 07:12:09";
    let bare = json!({"measure_id": measure_id, "start": start, "bnum": "+46846500401"});
    let withheld = json!({"measure_id": measure_id.to_string(), "start": start, "anum": "", "duration": "0",
        "bnum": "+46846500401", "cnum": ""});
    let created = partner.post_calls(id, &[bare, withheld]).expect(200);
    for mut call in created.records("calls") {
        call.as_object_mut().unwrap().remove("call_id");
        assert_eq!(
            call,
            json!({"measure_id": measure_id, "start": start, "duration": 0, "answered": 0, "anum": "",
                "bnum": "+46846500401", "cnum": "", "external_id": ""})
        );
    }
}

#[test]
fn a_request_takes_up_to_1000_calls_in_one_trip() {
    let (partner, id, measure_id) = customer();
    let calls: Vec<Value> = (0..1_001)
        .map(|n| {
            call(
                measure_id,
                &format!("2026-09-01 07:{:02}:{:02}", n / 60 % 60, n % 60),
            )
        })
        .collect();
    let too_many = partner.post_calls(id, &calls).expect(400);
    assert_eq!(too_many.errors(), ["calls: length"]);
    assert_eq!(too_many.message(), "calls must have 1 to 1000 elements");
    // This error does not hide other errors.
    let path = format!("/customers/{id}/calls?customer_id=0");
    let body = json!({"calls": calls, "cals": []});
    assert_eq!(
        partner
            .request("POST", &path)
            .json(&body)
            .expect(400)
            .errors(),
        [
            "calls: length",
            "cals: unknown_parameter",
            "customer_id: contradiction"
        ]
    );
    assert_eq!(
        partner.post_calls(id, &[]).expect(400).errors(),
        ["calls: length"]
    );

    // One row and one index entry for each call, the customer's counter, a block, and one entry in the audit trail.
    let created = assert_costs(partner.post_calls(id, &calls[..1_000]), 200, 12_000, 2_007);
    assert_eq!(created.records("calls").len(), 1_000);
    let list = partner
        .get(&format!("/customers/{id}/calls?pagesize=1"))
        .expect(200)
        .json();
    assert_eq!(list["total"], 1_000);
}

#[test]
fn one_invalid_call_rejects_all_and_each_error_names_its_position() {
    let (partner, id, measure_id) = customer();
    let start = "2026-09-01 07:12:09";
    let mut calls = vec![call(measure_id, start); 5];
    calls[1] = json!({"measure_id": measure_id});
    calls[2]["anum"] = json!("anonymous");
    calls[2]["duration"] = json!(-1);
    calls[3] = json!(7);
    calls[4]["answered"] = json!(2);
    calls[4]["caller"] = json!("+46701740611");
    calls[4]["start"] = json!("2026-09-01T07:12:09Z");
    let faults = partner.post_calls(id, &calls).expect(400);
    assert_eq!(
        faults.errors(),
        [
            "calls[1].bnum: required",
            "calls[1].start: required",
            "calls[2].anum: phone_number",
            "calls[2].duration: range",
            "calls[3]: not_an_object",
            "calls[4].answered: range",
            "calls[4].caller: unknown_parameter",
            "calls[4].start: time"
        ]
    );
    let body = format!(
        r#"{{"calls":[{{"measure_id":{measure_id},"start":"{start}","start":"{start}","bnum":"+46846500401"}}]}}"#
    );
    let path = format!("/customers/{id}/calls");
    let twice = partner
        .request("POST", &path)
        .body("application/json", body);
    assert_eq!(
        twice.expect(400).errors(),
        ["calls[0].start: duplicate_parameter"]
    );
    for (body, error) in [
        (json!({}), "calls: required"),
        (json!({"calls": {}}), "calls: not_a_list"),
        (json!({"calls": "[]"}), "calls: not_a_list"),
    ] {
        let request = partner.request("POST", &path).json(&body);
        assert_eq!(request.expect(400).errors(), [error], "{body}");
    }
    let list = partner.get(&path).expect(200).json();
    assert_eq!(list["total"], 0);
    assert_eq!(list["calls"], json!([]));
}

#[test]
fn a_call_must_name_a_measure_of_the_same_customer() {
    let (partner, id, measure_id) = customer();
    let other = partner.create_customer("Other", "2");
    let others = partner.create_measure(other);
    let stranger = Partner::new();
    let strangers = stranger.create_measure(stranger.create_customer("Theirs", "1"));
    let start = "2026-09-01 07:12:09";
    let calls = [measure_id, others, measure_id, strangers, 0].map(|measure| call(measure, start));
    let refused = assert_costs(partner.post_calls(id, &calls), 400, 60, 0);
    let at = |place: i64| format!("calls[{place}].measure_id: unknown_measure");
    assert_eq!(refused.errors(), [at(1), at(3), at(4)]);
    let list = partner
        .get(&format!("/customers/{id}/calls"))
        .expect(200)
        .json();
    assert_eq!(list["total"], 0);

    let own = [call(measure_id, start)];
    assert_eq!(
        stranger.post_calls(id, &own).expect(404).errors(),
        ["not_found"]
    );
    partner.delete(&format!("/customers/{id}")).expect(200);
    partner.post_calls(id, &own).expect(404);
    let rows = crate::db::db_rows_of_customer(partner.server, id);
    assert_eq!(rows["calls"], []);
}

#[test]
fn each_number_of_a_call_is_masked_by_the_codes_of_its_own_country() {
    let (partner, id, measure_id) = customer();
    let calls = json!({"measure_id": measure_id, "start": "2026-09-01 07:12:09", "anum": "+46890510",
        "bnum": "+12025550123", "cnum": "+4915123456789"});
    partner.post_calls(id, &[calls]).expect(200);
    partner.delete(&format!("/customers/{id}")).expect(200);
    let sql = "SELECT anum, bnum, cnum FROM calls WHERE customer_id = ?1";
    let row = &db_query(partner.server, sql, &[&id])[0];
    for (column, masked) in [
        ("anum", "+468*****"),
        ("bnum", "+1202*******"),
        ("cnum", "+491512*******"),
    ] {
        assert_eq!(row[column], rusqlite::types::Value::Text(masked.to_owned()));
    }
}

#[test]
fn a_body_of_calls_is_json_of_at_most_a_mebibyte() {
    let (partner, id, measure_id) = customer();
    let body = json!({"calls": [call(measure_id, "2026-09-01 07:12:09")]}).to_string();
    let path = format!("/customers/{id}/calls");
    let post = |length: usize| {
        let spaces = " ".repeat(length - body.len());
        let request = partner.request("POST", &path);
        request.body("application/json", format!("{body}{spaces}"))
    };
    post(1_048_576).expect(200);
    let too_large = post(1_048_577).expect(413);
    assert_eq!(too_large.errors(), ["body_too_large"]);
    assert!(
        too_large.message().contains("1048576 bytes"),
        "{too_large:#?}"
    );
    let form = partner.post(&path, &[("calls", "[]")]).expect(415);
    assert_eq!(form.errors(), ["unsupported_media_type"]);
    let list = partner.get(&path).expect(200).json();
    assert_eq!(list["total"], 1);
}

#[test]
fn a_page_of_calls_costs_its_own_rows_however_many_there_are() {
    assert_pages_cost_their_own_rows(20_000, 3, 2_100);
}

/// This happens after an import of calls for which only the day is known.
#[test]
fn a_page_of_calls_costs_its_own_rows_however_many_began_at_the_same_time() {
    assert_pages_cost_their_own_rows(20_000, 20_000, 2_100);
}

/// Inserts many calls of a customer, `at_once` of them with each start time, and checks the cost of their pages. A page by
/// its number may cost its own rows and `more`.
#[track_caller]
fn assert_pages_cost_their_own_rows(count: i64, at_once: i64, more: i64) {
    let (partner, id, measure_id) = customer();
    let sql = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < ?3) \
         INSERT INTO calls (customer_id, measure_id, start, bnum, bnum_ccndc) \
         SELECT ?1, ?2, datetime(1767225600 + n / ?4, 'unixepoch'), '+46846500401', 3 FROM seed";
    db_execute(partner.server, sql, &[&id, &measure_id, &count, &at_once]);
    db_count(partner.server, "calls", id);
    let sql = "SELECT call_id FROM calls WHERE customer_id = ?1 ORDER BY start DESC, call_id DESC";
    let ids = db_query(partner.server, sql, &[&id]);
    let ids: Vec<i64> = ids
        .iter()
        .map(|row| match row["call_id"] {
            rusqlite::types::Value::Integer(id) => id,
            _ => panic!("{row:?}"),
        })
        .collect();

    // A long insertion outlasts the partner's profile in the cache.
    partner.get("/miscellaneous/ping").expect(200);
    let path = format!("/customers/{id}/calls");
    let at = |place: usize| format!("&after={}", ids[place]);
    for (after, first) in [
        (String::new(), 0),
        (at(9_999), 10_000),
        (at(9_999) + "&page=1", 10_020),
        (at(19_979), 19_980),
    ] {
        let page = partner.get(&format!("{path}?pagesize=20{after}"));
        let page = assert_costs(page, 200, 60, 0).json();
        assert_eq!(call_ids(&page), &ids[first..first + 20]);
        assert_eq!(page["total"], count);
    }
    // By its number, a page finds the block that it begins in, and skips rows of that block.
    let pages = count / 20;
    for (number, after) in [
        (1, 0),
        (pages / 2, 0),
        (pages - 1, 0),
        (pages / 4, count / 2),
    ] {
        let mut query = format!("?pagesize=20&page={number}");
        if after > 0 {
            query.push_str(&at(usize::try_from(after - 1).unwrap()));
        }
        let first = usize::try_from(after + 20 * number).unwrap();
        let page = partner.get(&format!("{path}{query}"));
        let page = assert_costs(page, 200, 20 + more, 0).json();
        assert_eq!(call_ids(&page), &ids[first..first + 20], "{query}");
    }
    for number in [&format!("page={pages}"), "page=9007199254740991"] {
        let page = partner.get(&format!("{path}?pagesize=20&{number}"));
        let page = assert_costs(page, 200, 13, 0).json();
        assert_eq!(call_ids(&page), [0_i64; 0]);
        assert_eq!(page["total"], count);
    }
    let one = format!("{path}/{}", ids[10_000]);
    assert_costs(partner.get(&one), 200, 6, 0);
}

fn call_ids(page: &Value) -> Vec<i64> {
    let calls = page["calls"].as_array().unwrap().iter();
    calls
        .map(|call| call["call_id"].as_i64().unwrap())
        .collect()
}

#[test]
fn a_list_does_not_continue_after_another_partners_call() {
    let (partner, id, measure_id) = customer();
    let starts = ["2026-09-01 00:00:00", "2026-09-03 00:00:00"];
    let own = starts.map(|start| call(measure_id, start));
    partner.post_calls(id, &own).expect(200);
    let (stranger, theirs, measure) = customer();
    let created = stranger.post_calls(theirs, &[call(measure, "2026-09-02 00:00:00")]);
    let after = created.expect(200).record("calls")["call_id"].clone();
    let list = partner.get(&format!("/customers/{id}/calls?after={after}"));
    assert_eq!(list.expect(200).records("calls"), [] as [Value; 0]);
}
