//! Allowed numbers: a customer has one list, which is read and replaced as a whole.

use serde_json::{Value, json};

use crate::partner::Partner;

/// This many different numbers.
fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("+4684{n:06}")).collect()
}

#[test]
fn a_put_replaces_the_list_and_keeps_its_order() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/allowed_numbers");
    let read = || partner.get(&path).expect(200).json();
    let put = |numbers: Value| {
        partner
            .request("PUT", &path)
            .json(&json!({"phonenrs": numbers}))
    };
    assert_eq!(read(), json!({"allowed_numbers": []}));
    for list in [
        json!(["+46890510", "+12025550150", "+442079460500"]),
        json!(["+12025550150"]),
        json!([]),
        json!(["+46890510", "+46890510"]),
    ] {
        let expected = json!({"allowed_numbers": list});
        assert_eq!(put(list).expect(200).json(), expected);
        assert_eq!(read(), expected);
    }
}

#[test]
fn a_form_may_hold_the_list_as_json() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/allowed_numbers");
    let put = |list: &str| partner.put(&path, &[("phonenrs", list)]);
    let expected = json!({"allowed_numbers": ["+46890510", "+12025550150"]});
    assert_eq!(
        put(r#"["+46890510", "+12025550150"]"#).expect(200).json(),
        expected
    );
    for list in [
        "",
        "+46890510",
        "[",
        r#"{"a":1}"#,
        "null",
        r#""+46890510""#,
        "1",
    ] {
        assert_eq!(
            put(list).expect(400).errors(),
            ["phonenrs: not_a_list"],
            "{list}"
        );
    }
    assert_eq!(partner.get(&path).expect(200).json(), expected);
}

#[test]
fn a_list_has_at_most_1000_valid_numbers() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/allowed_numbers");
    let put = |numbers: Value| {
        partner
            .request("PUT", &path)
            .json(&json!({"phonenrs": numbers}))
    };
    let most = json!({"allowed_numbers": numbers(1_000)});
    assert_eq!(put(json!(numbers(1_000))).expect(200).json(), most);
    let form = json!(numbers(1_000)).to_string();
    assert_eq!(
        partner
            .put(&path, &[("phonenrs", &form)])
            .expect(200)
            .json(),
        most
    );

    let too_many = put(json!(numbers(1_001))).expect(400);
    assert_eq!(too_many.errors(), ["phonenrs: length"]);
    assert_eq!(
        too_many.message(),
        "phonenrs must have at most 1000 elements"
    );
    // This error does not hide other errors.
    let body = json!({"phonenrs": numbers(1_001), "phonenr": "", "customer_id": 0});
    let faults = partner.request("PUT", &path).json(&body).expect(400);
    assert_eq!(
        faults.errors(),
        [
            "customer_id: contradiction",
            "phonenr: unknown_parameter",
            "phonenrs: length"
        ]
    );
    let faults = put(json!([
        "+46890510",
        "08-90510",
        46890510,
        "+2101234567",
        null
    ]))
    .expect(400);
    assert_eq!(
        faults.errors(),
        [
            "phonenrs[1]: phone_number",
            "phonenrs[2]: not_a_string",
            "phonenrs[4]: not_a_string"
        ]
    );
    let missing = partner.request("PUT", &path).json(&json!({})).expect(400);
    assert_eq!(missing.errors(), ["phonenrs: required"]);
    let unknown = json!({"phonenrs": [], "phonenr": "+46890510"});
    let unknown = partner.request("PUT", &path).json(&unknown).expect(400);
    assert_eq!(unknown.errors(), ["phonenr: unknown_parameter"]);
    assert_eq!(
        partner.get(&path).expect(200).json(),
        most,
        "nothing was lost"
    );
}

#[test]
fn another_partners_list_is_a_404() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/allowed_numbers");
    let put = |partner: &Partner, number| {
        let request = partner.request("PUT", &path);
        request.json(&json!({"phonenrs": [number]}))
    };
    put(&partner, "+46890510").expect(200);
    let stranger = Partner::new();
    assert_eq!(stranger.get(&path).expect(404).errors(), ["not_found"]);
    put(&stranger, "+12025550150").expect(404);
    let expected = json!({"allowed_numbers": ["+46890510"]});
    assert_eq!(partner.get(&path).expect(200).json(), expected);
    partner.delete(&format!("/customers/{id}")).expect(200);
    partner.get(&path).expect(404);
    put(&partner, "+46890510").expect(404);
    let rows = crate::db::db_rows_of_customer(partner.server, id);
    assert_eq!(rows["allowed_numbers"], []);
}
