//! What all kinds of records share: the response format, paging, ids in the path or the query, both versions of the
//! API, and the separation of partners.

use serde_json::{Value, json};

use crate::client::Request;
use crate::cost::assert_costs;
use crate::db::db_execute;
use crate::partner::Partner;

/// A partner with a customer that has three records of each kind, and their ids in the order of the list.
struct Customer {
    partner: Partner,
    id: i64,
    kinds: [(&'static str, &'static str, Vec<i64>); 3],
}

impl Customer {
    fn new() -> Self {
        let partner = Partner::new();
        let id = partner.create_customer("Customer", "1");
        let measures: Vec<i64> = (0..3).map(|_| partner.create_measure(id)).collect();
        let users = ["a@example.com", "b@example.com", "c@example.com"];
        let users = users.map(|email| partner.create_user(id, email));
        // The list has the newest call first. These are created newest first, so that the ids ascend in the list.
        let start = [
            "2026-09-03 00:00:00",
            "2026-09-02 00:00:00",
            "2026-09-01 00:00:00",
        ];
        let call =
            |start| json!({"measure_id": measures[0], "start": start, "bnum": "+46846500401"});
        let calls = partner.post_calls(id, &start.map(call)).expect(200);
        let calls = calls.records("calls");
        let calls = calls.iter().map(|call| call["call_id"].as_i64().unwrap());
        let kinds = [
            ("measures", "measure_id", measures.clone()),
            ("users", "user_id", users.to_vec()),
            ("calls", "call_id", calls.collect()),
        ];
        Self { partner, id, kinds }
    }

    /// Every kind of request for this customer's records.
    fn requests(&self, partner: &Partner) -> Vec<Request<'static>> {
        let id = self.id;
        let call = json!({"measure_id": self.kinds[0].2[0], "start": "2026-09-03 00:00:00",
            "bnum": "+46846500401"});
        let mut requests = vec![
            partner.get(&format!("/customers/{id}/export")),
            partner.get(&format!("/customers/{id}/allowed_numbers")),
            partner
                .request("PUT", &format!("/customers/{id}/allowed_numbers"))
                .json(&json!({"phonenrs": ["+46890510"]})),
            partner.post(
                &format!("/customers/{id}/measures"),
                &[
                    ("name", "M"),
                    ("phonenr", "+46846500440"),
                    ("destnr", "+46846500401"),
                ],
            ),
            partner.post(
                &format!("/customers/{id}/users"),
                &[("email", "x@example.com")],
            ),
            partner.post_calls(id, &[call]),
        ];
        for (kind, _, ids) in &self.kinds {
            let one = format!("/customers/{id}/{kind}/{}", ids[0]);
            requests.push(partner.get(&format!("/customers/{id}/{kind}")));
            requests.push(partner.get(&one));
            if *kind != "calls" {
                requests.push(partner.put(&one, &[("name", "Changed")]));
                requests.push(partner.delete(&one));
            }
        }
        requests
    }
}

fn ids(records: &[Value], name: &str) -> Vec<i64> {
    let ids = records.iter().map(|record| record[name].as_i64().unwrap());
    ids.collect()
}

#[test]
fn a_list_has_the_envelope_and_the_paging_of_customers() {
    let customer = Customer::new();
    let partner = &customer.partner;
    for (kind, name, all) in &customer.kinds {
        let path = format!("/customers/{}/{kind}", customer.id);
        let list = partner.get(&path).expect(200);
        let json = list.json();
        assert_eq!(ids(&list.records(kind), name), *all, "{kind}");
        assert_eq!(json["total"], 3);
        assert_eq!(json["page"], 0);
        assert_eq!(json["pagesize"], 1_000);
        assert_eq!(json["numpages"], 1);
        assert_eq!(list.header("Link"), None);

        let page = partner
            .get(&format!("{path}?page=1&pagesize=2"))
            .expect(200);
        assert_eq!(ids(&page.records(kind), name), all[2..]);
        assert_eq!(page.json()["numpages"], 2);
        let past = partner.get(&format!("{path}?page=9")).expect(200);
        assert_eq!(past.records(kind), [] as [Value; 0]);
        for (query, error) in [
            ("page=-1", "page: range"),
            ("pagesize=0", "pagesize: range"),
            ("pagesize=1001", "pagesize: range"),
            ("after=x", "after: not_an_integer"),
            ("name=x", "name: unknown_parameter"),
        ] {
            let refused = partner.get(&format!("{path}?{query}")).expect(400);
            assert_eq!(refused.errors(), [error], "{kind}");
        }
    }
}

#[test]
fn following_the_link_visits_every_record_of_a_list() {
    let customer = Customer::new();
    for (kind, name, all) in &customer.kinds {
        for prefix in ["", "/2.4.9"] {
            let mut found = Vec::new();
            let mut next = Some(format!(
                "{prefix}/customers/{}/{kind}?pagesize=1",
                customer.id
            ));
            while let Some(target) = next {
                let page = assert_costs(customer.partner.get(&target), 200, 10, 0);
                let id = &page.record(kind)[*name];
                found.push(
                    id.as_i64()
                        .unwrap_or_else(|| id.as_str().unwrap().parse().unwrap()),
                );
                let link = page.header("Link");
                let target =
                    link.map(|link| link.strip_prefix('<').unwrap().split_once('>').unwrap().0);
                next = target.map(str::to_owned);
            }
            assert_eq!(found, *all, "{kind}");
        }
    }
}

#[test]
fn an_id_can_be_in_the_path_or_the_query() {
    let customer = Customer::new();
    let (partner, id) = (&customer.partner, customer.id);
    for (kind, name, all) in &customer.kinds {
        let record = all[1];
        let one = partner
            .get(&format!("/customers/{id}/{kind}/{record}"))
            .expect(200);
        for target in [
            format!("/customers/{kind}?customer_id={id}&{name}={record}"),
            format!("/customers/{id}/{kind}?{name}={record}"),
            format!("/customers/{id}/{kind}/{record}?{name}={record}&customer_id={id}"),
            format!("/customers/{id}/{kind}/{record}/"),
        ] {
            assert_eq!(partner.get(&target).expect(200).text, one.text, "{target}");
        }
        let list = partner.get(&format!("/customers/{id}/{kind}")).expect(200);
        let by_query = partner
            .get(&format!("/customers/{kind}?customer_id={id}"))
            .expect(200);
        assert_eq!(by_query.text, list.text);
        let other = format!("/customers/{id}/{kind}/{record}?{name}={}", all[0]);
        assert_eq!(
            partner.get(&other).expect(400).errors(),
            [format!("{name}: contradiction")]
        );
        let nobody = partner.get(&format!("/customers/{kind}")).expect(400);
        assert_eq!(nobody.errors(), ["customer_id: required"]);
    }
}

#[test]
fn an_id_can_be_in_the_body_of_a_change_and_of_a_removal() {
    let customer = Customer::new();
    let (partner, id) = (&customer.partner, customer.id.to_string());
    for (kind, name, all) in &customer.kinds[..2] {
        let record = all[0].to_string();
        let target = format!("/customers/{kind}");
        let named = [("customer_id", id.as_str()), (*name, &record)];
        let change = partner.put(&target, &[&named[..], &[("name", "Changed")]].concat());
        assert_eq!(change.expect(200).record(kind)["name"], "Changed");
        let missing = partner.put(&target, &[("name", "Changed")]).expect(400);
        assert_eq!(
            missing.errors(),
            [
                "customer_id: required".to_owned(),
                format!("{name}: required")
            ]
        );
        partner.delete(&target).form(&named).expect(200);
        let query = format!("{target}?customer_id={id}&{name}={}", all[1]);
        partner.delete(&query).expect(200);
        let missing = partner
            .delete(&format!("/customers/{id}/{kind}"))
            .expect(400);
        assert_eq!(missing.errors(), [format!("{name}: required")]);
    }
    let created = partner.post(
        "/customers/users",
        &[("customer_id", &id), ("email", "n@example.com")],
    );
    created.expect(200);
}

#[test]
fn the_published_version_differs_in_integers_only() {
    fn as_published(value: &Value) -> Value {
        match value {
            Value::Number(number) => json!(number.to_string()),
            Value::Array(values) => values.iter().map(as_published).collect(),
            Value::Object(members) => {
                let members = members.iter();
                let members = members.map(|(name, value)| (name.clone(), as_published(value)));
                Value::Object(members.collect())
            }
            other => other.clone(),
        }
    }
    let customer = Customer::new();
    let (partner, id) = (&customer.partner, customer.id);
    let numbers = json!({"phonenrs": ["+46890510"]});
    let path = format!("/customers/{id}/allowed_numbers");
    partner.request("PUT", &path).json(&numbers).expect(200);
    let mut targets = vec![path, format!("/customers/{id}/export")];
    for (kind, _, ids) in &customer.kinds {
        targets.push(format!("/customers/{id}/{kind}"));
        targets.push(format!("/customers/{id}/{kind}/{}", ids[0]));
    }
    for target in targets {
        let bare = partner.get(&target).expect(200).json();
        let published = partner.get(&format!("/2.4.9{target}")).expect(200).json();
        assert_eq!(published, as_published(&bare), "{target}");
    }
    let created = partner.post(
        &format!("/2.4.9/customers/{id}/users"),
        &[("email", "p@example.com")],
    );
    let created = created.expect(200);
    let user = created.record("users");
    assert_eq!(user["write_access"], "0");
    let location = format!(
        "/2.4.9/customers/{id}/users/{}",
        user["user_id"].as_str().unwrap()
    );
    assert_eq!(created.header("Location"), Some(location.as_str()));
}

#[test]
fn each_path_has_its_methods() {
    let customer = Customer::new();
    let (partner, id) = (&customer.partner, customer.id);
    for (path, allow) in [
        ("measures", "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
        ("measures/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("users", "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
        ("users/1", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("calls", "GET, HEAD, POST, OPTIONS"),
        ("calls/1", "GET, HEAD, OPTIONS"),
        ("allowed_numbers", "GET, HEAD, PUT, OPTIONS"),
        ("export", "GET, HEAD, OPTIONS"),
    ] {
        let path = format!("/customers/{id}/{path}");
        let options = partner.request("OPTIONS", &path).expect(204);
        assert_eq!(options.header("Allow"), Some(allow), "{path}");
        let refused = partner.request("PATCH", &path).expect(405);
        assert_eq!(refused.header("Allow"), Some(allow), "{path}");
    }
    for path in [
        "measures/x",
        "users/1/x",
        "measure",
        "allowed_numbers/1",
        "export/1",
    ] {
        partner.get(&format!("/customers/{id}/{path}")).expect(404);
    }
    let head = partner
        .request("HEAD", &format!("/customers/{id}/users"))
        .expect(200);
    assert_eq!(head.text, "");
}

#[test]
fn another_partners_records_look_as_if_they_never_existed_and_cost_as_little() {
    let customer = Customer::new();
    let (partner, id) = (&customer.partner, customer.id);
    let before = crate::db::db_rows_of_customer(partner.server, id);
    let stranger = Partner::new();
    for (theirs, nobodys) in customer
        .requests(&stranger)
        .into_iter()
        .zip(customer.requests(&stranger))
    {
        let mut nobodys = nobodys;
        nobodys.target = nobodys.target.replace(&id.to_string(), "9007199254740991");
        let theirs = assert_costs(theirs, 404, 33, 0);
        assert_eq!(theirs.text, nobodys.expect(404).text, "{}", theirs.what);
    }
    assert_eq!(crate::db::db_rows_of_customer(partner.server, id), before);
}

#[test]
fn a_record_is_found_under_its_own_customer_only() {
    let customer = Customer::new();
    let partner = &customer.partner;
    let other = partner.create_customer("Other", "2");
    for (kind, _, all) in &customer.kinds {
        let path = format!("/customers/{other}/{kind}/{}", all[0]);
        assert_eq!(partner.get(&path).expect(404).errors(), ["not_found"]);
        if *kind != "calls" {
            partner.put(&path, &[("name", "Changed")]).expect(404);
            partner.delete(&path).expect(404);
        }
        let list = partner
            .get(&format!("/customers/{other}/{kind}"))
            .expect(200);
        assert_eq!(list.json()["total"], 0);
        assert_eq!(list.json()["numpages"], 0);
    }
}

#[test]
fn an_erased_customers_records_are_gone_and_none_can_be_added() {
    let customer = Customer::new();
    let (partner, id) = (&customer.partner, customer.id);
    partner.delete(&format!("/customers/{id}")).expect(200);
    crate::db::db_wait_until_recorded(partner.server, id);
    let before = crate::db::db_rows_of_customer(partner.server, id);
    for request in customer.requests(partner) {
        assert_costs(request, 404, 33, 0);
    }
    assert_eq!(crate::db::db_rows_of_customer(partner.server, id), before);
}

#[test]
fn every_request_takes_one_trip_and_writes_only_what_it_must() {
    let customer = Customer::new();
    let (partner, id) = (&customer.partner, customer.id);
    let measure = format!("/customers/{id}/measures/{}", customer.kinds[0].2[0]);
    let user = format!("/customers/{id}/users/{}", customer.kinds[1].2[0]);
    let numbers = [
        ("name", "M"),
        ("phonenr", "+46846500440"),
        ("destnr", "+46846500401"),
    ];
    // One row, one index entry, the customer's counter, a block, one entry in the audit trail and its two index
    // entries, and the last id of both tables.
    assert_costs(
        partner.post(&format!("/customers/{id}/measures"), &numbers),
        200,
        28,
        9,
    );
    let email = [("email", "x@example.com")];
    assert_costs(
        partner.post(&format!("/customers/{id}/users"), &email),
        200,
        28,
        9,
    );
    for path in [&measure, &user] {
        assert_costs(partner.get(path), 200, 4, 0);
        assert_costs(partner.put(path, &[("name", "New")]), 200, 12, 5);
    }
    // An index entry of its end, and the count of those that have none.
    assert_costs(partner.delete(&measure), 200, 11, 7);
    assert_costs(partner.delete(&user), 200, 20, 7);
    assert_costs(partner.delete(&user), 404, 10, 0);
    let list = format!("/customers/{id}/allowed_numbers");
    let put = |numbers: &Value| {
        let request = partner.request("PUT", &list);
        request.json(&json!({"phonenrs": numbers}))
    };
    assert_costs(put(&json!(["+46890510", "+12025550150"])), 200, 28, 6);
    assert_costs(put(&json!([])), 200, 20, 6);
}

#[test]
fn a_customer_has_at_most_20000_measures_and_20000_users() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = |kind: &str| format!("/customers/{id}/{kind}");
    let measure = [
        ("name", "m"),
        ("phonenr", "+46890510"),
        ("destnr", "+46890511"),
    ];
    let user = [("email", "a@example.com")];
    for (kind, parameters) in [("measures", &measure[..]), ("users", &user[..])] {
        let sql = format!("UPDATE customers SET {kind}_total = ?2 WHERE customer_id = ?1");
        let post = || partner.post(&path(kind), parameters);
        db_execute(partner.server, &sql, &[&id, &19_999]);
        post().expect(200);
        let refused = post().expect(409);
        assert_eq!(refused.errors(), ["too_many_records"]);
        assert!(refused.message().contains(&format!("20000 {kind}")));
        let all = partner.get(&path(kind)).expect(200).records(kind);
        assert_eq!(all.len(), 1);
    }
    // Another customer is as it was.
    let other = partner.create_customer("Other", "2");
    partner.create_user(other, "b@example.com");
}
