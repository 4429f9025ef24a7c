//! `POST /customers` with a list: it creates all of its customers or none.

use serde_json::{Value, json};

use crate::cost::assert_costs;
use crate::db::db_query;
use crate::partner::{Partner, all_fields};

/// A list of customers with these numbers.
fn list(custnrs: &[&str]) -> Value {
    let customers = custnrs
        .iter()
        .map(|custnr| json!({"name": format!("Customer {custnr}"), "custnr": custnr}));
    json!({"customers": customers.collect::<Vec<_>>()})
}

fn post(partner: &Partner, body: &Value) -> crate::client::Request<'static> {
    partner.request("POST", "/customers").json(body)
}

#[test]
fn a_list_creates_its_customers_and_answers_them_in_order() {
    let partner = Partner::new();
    let mut first = all_fields();
    first["custnr"] = json!("z");
    let body = json!({"customers": [first, {"name": "Second", "custnr": "a"}, {"name": "Third", "custnr": "m"}]});
    let created = post(&partner, &body).expect(200);
    assert_eq!(created.header("Location"), Some("/customers"));
    assert_eq!(created.header("ETag"), None);
    assert_eq!(created.json().as_object().unwrap().len(), 1);
    let customers = created.records("customers");
    let custnrs: Vec<_> = customers
        .iter()
        .map(|customer| &customer["custnr"])
        .collect();
    assert_eq!(custnrs, ["z", "a", "m"]);
    for (name, value) in first.as_object().unwrap() {
        assert_eq!(customers[0][name], *value, "{name}");
    }
    for customer in &customers {
        assert_eq!(
            *customer,
            partner.customer(customer["customer_id"].as_i64().unwrap())
        );
    }
    assert_ne!(customers[0]["uuid"], customers[1]["uuid"]);
    assert_eq!(customers[1]["email"], "");
    assert_eq!(partner.total(), 3);
}

#[test]
fn a_thousand_customers_with_twenty_custom_fields_take_one_trip() {
    let partner = Partner::new();
    for n in 1..=20 {
        partner.set_up_custom(n, &json!({}));
    }
    let customers: Vec<Value> = (0..1_000)
        .map(|n| {
            let mut customer = json!({"name": format!("Customer {n}"), "custnr": n.to_string()});
            for field in 1..=20 {
                customer[format!("custom_{field}")] =
                    json!(format!("the value {field} of customer {n:04}"));
            }
            customer
        })
        .collect();
    let body = json!({"customers": customers});
    assert!(
        (900_000..=1_048_576).contains(&body.to_string().len()),
        "{}",
        body.to_string().len()
    );
    // The row of each customer with two index entries, and its entry in the audit trail. With the key, three rows more.
    let request = post(&partner, &body).header("Idempotency-Key", "key");
    let created = assert_costs(request.clone(), 200, 12_500, 6_010);
    let records = created.records("customers");
    assert_eq!(records.len(), 1_000);
    for (n, record) in records.iter().enumerate() {
        assert_eq!(record["custnr"], n.to_string());
        assert_eq!(
            record["custom_20"],
            format!("the value 20 of customer {n:04}")
        );
    }
    assert_eq!(partner.total(), 1_000);
    let repeated = assert_costs(request, 200, 12_000, 10);
    assert_eq!(repeated.text, created.text);
    assert_eq!(partner.total(), 1_000);

    let sql = "SELECT COUNT(DISTINCT record_id) AS records, COUNT(*) AS entries, MIN(record_id = customer_id) AS same \
         FROM audit WHERE partner_id = ?1 AND action = 'create' AND kind = 'customers' AND customer_id IN \
         (SELECT customer_id FROM customers WHERE partner_id = ?1)";
    let row = &db_query(partner.server, sql, &[&partner.partner_id])[0];
    for (name, count) in [("records", 1_000), ("entries", 1_000), ("same", 1)] {
        assert_eq!(row[name], rusqlite::types::Value::Integer(count), "{name}");
    }
}

#[test]
fn one_invalid_customer_rejects_all_and_each_fault_names_its_place() {
    let partner = Partner::new();
    let body = json!({"customers": [{"name": "n", "custnr": "1"}, {"custnr": "2", "emial": "x"}, 7,
        {"name": "", "custnr": "4", "receive_monthly_report": 3}]});
    assert_eq!(
        post(&partner, &body).expect(400).errors(),
        [
            "customers[1].emial: unknown_parameter",
            "customers[1].name: required",
            "customers[2]: not_an_object",
            "customers[3].name: length",
            "customers[3].receive_monthly_report: range",
        ]
    );
    for (body, error) in [
        (json!({"customers": []}), "customers: length"),
        (json!({"customers": {}}), "customers: not_a_list"),
        (
            json!({"customers": vec![json!({"name": "n", "custnr": "1"}); 1_001]}),
            "customers: length",
        ),
        (
            json!({"customers": [{"name": "n", "custnr": "1"}], "name": "n"}),
            "name: unknown_parameter",
        ),
    ] {
        assert_eq!(post(&partner, &body).expect(400).errors(), [error]);
    }
    assert_eq!(partner.total(), 0);
}

#[test]
fn a_custnr_that_is_taken_or_twice_in_the_list_is_a_409_that_names_every_place() {
    let partner = Partner::new();
    partner.create_customer("In the way", "b");
    partner.create_customer("In the way", "d");
    let other = Partner::new();
    other.create_customer("Theirs", "a");
    let refused = post(&partner, &list(&["a", "b", "c", "d", "c"])).expect(409);
    let place = |place: i64| format!("customers[{place}].custnr: custnr_taken");
    assert_eq!(refused.errors(), [1, 2, 3, 4].map(place));
    assert_eq!(
        post(&partner, &list(&["a", "a"])).expect(409).errors(),
        [0, 1].map(place)
    );
    let refused = assert_costs(post(&partner, &list(&["e", "b"])), 409, 20, 1);
    assert_eq!(refused.errors(), [place(1)]);
    assert_eq!(partner.total(), 2);
    post(&partner, &list(&["a", "c", "e"])).expect(200);
    assert_eq!(partner.total(), 5);
}

#[test]
fn the_german_rule_and_custom_fields_hold_in_a_list() {
    let partner = Partner::with(&json!({"country": "DE"}));
    let valid = json!({"name": "n", "custnr": "1", "custom_1": "Straße", "custom_2": "1", "custom_3": "10115",
        "custom_4": "Berlin", "custom_5": "Frau", "custom_6": "Anna Müller"});
    let mut wrong = valid.clone();
    wrong["custnr"] = json!("2");
    wrong["custom_3"] = json!("1011");
    wrong["custom_9"] = json!("x");
    wrong.as_object_mut().unwrap().remove("custom_1");
    let refused = post(&partner, &json!({"customers": [valid, wrong]})).expect(400);
    assert_eq!(
        refused.errors(),
        [
            "customers[1].custom_1: required",
            "customers[1].custom_3: zip",
            "customers[1].custom_9: custom_field_not_set_up",
        ]
    );
    post(&partner, &json!({"customers": [valid]})).expect(200);
}

#[test]
fn only_a_list_may_be_larger_than_64_kib() {
    let partner = Partner::new();
    let padded = |body: Value, length: usize| {
        let body = body.to_string();
        let spaces = " ".repeat(length - body.len());
        let request = partner.request("POST", "/customers");
        request.body("application/json", format!("{body}{spaces}"))
    };
    let one = |custnr: &str| json!({"name": "n", "custnr": custnr});
    padded(one("1"), 65_536).expect(200);
    let too_large = padded(one("2"), 65_537).expect(413);
    assert!(
        too_large.message().contains("65536 bytes"),
        "{too_large:#?}"
    );
    padded(list(&["3"]), 1_048_576).expect(200);
    let too_large = padded(list(&["4"]), 1_048_577).expect(413);
    assert!(
        too_large.message().contains("1048576 bytes"),
        "{too_large:#?}"
    );
    let form = partner.post(
        "/customers",
        &[
            ("name", "n"),
            ("custnr", "5"),
            ("email", &" ".repeat(65_536)),
        ],
    );
    form.expect(413);
    let listed = partner
        .post("/customers", &[("customers", "[]")])
        .expect(400);
    assert_eq!(listed.errors(), ["customers: not_a_list"]);
    assert_eq!(partner.total(), 2);
}
