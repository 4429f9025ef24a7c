//! The operator erases a customer on a partner's behalf.

use serde_json::{Value, json};

use crate::client::{Request, operator};
use crate::operator::path_of;
use crate::partner::{Partner, unused_username};

/// The operator's request that erases a customer.
fn erase(partner: &Partner, customer_id: i64, query: &str) -> Request<'static> {
    let path = format!(
        "{}/customers/{customer_id}{query}",
        path_of(&partner.partner)
    );
    operator("DELETE", &path)
}

#[test]
fn a_customer_of_a_disabled_partner_can_be_erased() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let id = partner.create_customer("Customer", "1");
    partner.create_user(id, "user@example.com");
    let measure = partner.create_measure(id);
    let control = partner.create_customer("Control", "2");
    let others = other.create_customer("Other", "1");
    let [kept, of_other] = [partner.customer(control), other.customer(others)];
    let enable = |enabled: bool| {
        let request = operator("PUT", &path_of(&partner.partner));
        request.json(&json!({"enabled": enabled})).expect(200);
    };
    enable(false);
    let path = format!("/customers/{id}");
    partner.delete(&path).expect(403);

    let preview = erase(&partner, id, "?dry_run=1").expect(200).json()["erasure"].clone();
    assert_eq!(preview["removed_at"], "");
    assert_eq!(
        [&preview["users_removed"], &preview["measures_expired"]],
        [1, 1]
    );
    let receipt = erase(&partner, id, "").expect(200);
    let erasure = receipt.json()["erasure"].clone();
    assert_ne!(erasure["removed_at"], "");
    assert_eq!(erasure["customer_id"], id);
    assert_eq!(erasure["phone_numbers_masked"], 2);
    // A repeated erasure answers the same receipt, whoever repeats it.
    assert_eq!(erase(&partner, id, "").expect(200).text, receipt.text);
    enable(true);
    assert_eq!(partner.delete(&path).expect(200).text, receipt.text);
    partner.get(&path).expect(404);
    let measure = partner.get(&format!("{path}/measures/{measure}"));
    measure.expect(404);
    assert_eq!(partner.total(), 1);
    assert_eq!(partner.customer(control), kept);
    assert_eq!(other.customer(others), of_other);

    // The trail says that it was the operator, and the partner hears of it.
    let query = format!("/operator/audit?customer_id={id}&action=erase");
    let entry = operator("GET", &query).expect(200).record("audit");
    let expected = json!(["operator", partner.username, "", receipt.request_id()]);
    let told: Vec<Value> = ["actor", "partner", "login", "request_id"]
        .map(|name| entry[name].clone())
        .into();
    assert_eq!(json!(told), expected);
    let changes = partner
        .get("/customers/changes")
        .expect(200)
        .records("changes");
    let last = changes.last().unwrap();
    assert_eq!([&last["action"], &last["kind"]], ["erase", "customers"]);
    assert_eq!(last["customer_id"], id);
}

#[test]
fn the_operator_sees_the_ids_of_a_partners_customers_and_nothing_of_them() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let ids = ["1", "2", "3"].map(|custnr| partner.create_customer("Customer", custnr));
    other.create_customer("Other", "1");
    partner
        .delete(&format!("/customers/{}", ids[1]))
        .expect(200);
    let request = operator("PUT", &path_of(&partner.partner));
    request.json(&json!({"enabled": false})).expect(200);
    let list = format!("{}/customers", path_of(&partner.partner));
    let first = operator("GET", &format!("{list}?pagesize=1")).expect(200);
    assert_eq!(first.json()["total"], 2);
    let customer = first.record("customers");
    let names: Vec<&String> = customer.as_object().unwrap().keys().collect();
    assert_eq!(names, ["customer_id", "uuid", "created"]);
    assert_eq!(customer["customer_id"], ids[0]);
    let next = first.header("Link").unwrap();
    assert!(
        next.starts_with(&format!("<{list}?pagesize=1&after={}>", ids[0])),
        "{next}"
    );
    let rest = operator("GET", &format!("{list}?after={}", ids[0])).expect(200);
    assert_eq!(rest.record("customers")["customer_id"], ids[2]);
    let unknown = format!("{}/customers", path_of(&unused_username()));
    assert_eq!(
        operator("GET", &unknown).expect(404).message(),
        "there is no such partner"
    );
}

#[test]
fn another_partners_customer_and_an_unknown_one_are_a_404() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let id = partner.create_customer("Customer", "1");
    let nobody = Partner {
        partner: unused_username(),
        ..other.clone()
    };
    for (partner, id, what) in [
        (&other, id, "customer"),
        (&partner, 1_000_000_000, "customer"),
        (&nobody, id, "partner"),
    ] {
        let answer = erase(partner, id, "").expect(404);
        assert_eq!(answer.message(), format!("there is no such {what}"));
    }
    let stale = erase(&partner, id, "").header("If-Match", "\"9\"");
    assert_eq!(stale.expect(412).errors(), ["precondition_failed"]);
    erase(&partner, id, "?dry_run=1")
        .header("If-Match", "\"1\"")
        .expect(200);
    assert_eq!(
        erase(&partner, id, "?dry_run=2").expect(400).errors(),
        ["dry_run: range"]
    );
    assert_eq!(partner.customer(id)["name"], "Customer");
}
