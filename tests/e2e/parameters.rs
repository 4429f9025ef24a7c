//! Where a request may have its parameters: in the path, the query or the body.

use serde_json::json;

use crate::partner::Partner;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[test]
fn an_id_can_be_in_the_path_the_query_or_the_body() {
    let partner = Partner::new();
    let id = partner.create_customer("Nordlund AB", "1001");
    let id_text = id.to_string();
    let by_path = format!("/customers/{id}");
    let by_query = format!("/customers?customer_id={id}");
    let by_both = format!("/customers/{id}?customer_id={id}");
    let everywhere = [
        partner.put(&by_path, &[("name", "1")]),
        partner.put(&by_query, &[("name", "2")]),
        partner.put(&by_both, &[("name", "3")]),
        partner.put("/customers", &[("name", "4"), ("customer_id", &id_text)]),
        partner.put(&by_both, &[("name", "5"), ("customer_id", &id_text)]),
        partner
            .request("PUT", "/customers")
            .json(&json!({"customer_id": id, "name": "6"})),
        partner
            .request("PUT", "/customers")
            .json(&json!({"customer_id": id_text, "name": "7"})),
    ];
    for (n, request) in (1..).zip(everywhere) {
        let changed = request.expect(200).customer();
        assert_eq!(changed["customer_id"], json!(id));
        assert_eq!(changed["name"], n.to_string());
    }
    let found = partner.get(&by_query).expect(200).customer();
    assert_eq!(found["name"], "7");
}

#[test]
fn two_ids_that_differ_are_a_400_and_change_nothing() {
    let partner = Partner::new();
    let [one, other] = ["1", "2"].map(|custnr| partner.create_customer("before", custnr));
    let path = format!("/customers/{one}");
    let both = format!("/customers/{one}?customer_id={other}");
    let other = other.to_string();
    for request in [
        partner.put(&both, &[("name", "after")]),
        partner.put(&path, &[("name", "after"), ("customer_id", &other)]),
        partner.put(
            &format!("/customers?customer_id={one}"),
            &[("name", "after"), ("customer_id", &other)],
        ),
        partner.get(&both),
        partner.delete(&both),
        partner.delete(&path).form(&[("customer_id", &other)]),
    ] {
        let errors = request.expect(400).errors();
        assert_eq!(errors, ["customer_id: contradiction"]);
    }
    let list = partner.get("/customers").expect(200).json();
    assert_eq!(list["total"], 2);
    assert_eq!(list["customers"][0]["name"], "before");
    assert_eq!(list["customers"][1]["name"], "before");
}

#[test]
fn a_delete_takes_its_parameters_in_the_query_or_a_form() {
    let partner = Partner::new();
    let ids = ["1", "2", "3"].map(|custnr| partner.create_customer("Nordlund AB", custnr));
    let [by_query, by_form, by_json] = ids.map(|id| id.to_string());
    let target = format!("/customers?customer_id={by_query}");
    partner.delete(&target).expect(200);
    let form = [("customer_id", by_form.as_str())];
    partner.delete("/customers").form(&form).expect(200);
    let json = json!({"customer_id": by_json});
    partner.delete("/customers").json(&json).expect(415);
    assert_eq!(partner.total(), 1);
    let nothing = partner.delete("/customers").expect(400);
    assert_eq!(nothing.errors(), ["customer_id: required"]);
}

#[test]
fn a_parameter_given_twice_is_a_400_that_names_it() {
    let partner = Partner::new();
    let post = || partner.request("POST", "/customers");
    for request in [
        post().body(FORM, "name=a&custnr=1&name=b"),
        post().body(FORM, "name=a&custnr=1&n%61me=a"),
        post().body(JSON, r#"{"name":"a","custnr":"1","name":"b"}"#),
        post().body(JSON, r#"{"name":"a","custnr":"1","n\u0061me":"b"}"#),
    ] {
        assert_eq!(request.expect(400).errors(), ["name: duplicate_parameter"]);
    }
    let twice = partner.get("/customers?page=0&page=0").expect(400);
    assert_eq!(twice.errors(), ["page: duplicate_parameter"]);
    assert_eq!(partner.total(), 0);
}

#[test]
fn an_unknown_parameter_is_a_400_that_names_it() {
    let partner = Partner::new();
    let id = partner.create_customer("Nordlund AB", "1");
    let path = format!("/customers/{id}");
    for (request, unknown) in [
        (
            partner.post(
                "/customers",
                &[("name", "n"), ("custnr", "2"), ("emial", "")],
            ),
            "emial",
        ),
        (partner.put(&path, &[("Name", "n")]), "Name"),
        (partner.put(&path, &[("custom_21", "x")]), "custom_21"),
        (partner.put(&path, &[("", "x")]), ""),
        (partner.get("/customers?cust_nr=1"), "cust_nr"),
        (partner.get(&format!("{path}?page=0")), "page"),
        (partner.delete(&format!("{path}?dryrun=1")), "dryrun"),
        (partner.get("/miscellaneous/ping?x=1"), "x"),
    ] {
        let errors = request.expect(400).errors();
        assert_eq!(errors, [format!("{unknown}: unknown_parameter")]);
    }
    let read_only = partner.post(
        "/customers",
        &[("name", "n"), ("custnr", "2"), ("customer_id", "5")],
    );
    read_only.expect(400);
    assert_eq!(partner.total(), 1);
}

#[test]
fn a_post_or_put_does_not_take_its_fields_from_the_query() {
    let partner = Partner::new();
    let id = partner.create_customer("Nordlund AB", "1");
    let request = partner.post("/customers?name=n", &[("custnr", "2")]);
    assert!(
        request
            .expect(400)
            .errors()
            .iter()
            .any(|error| error.starts_with("name: ")),
        "no error names the parameter"
    );
    let request = partner.put(&format!("/customers/{id}?name=n"), &[]);
    request.expect(400);
    assert_eq!(partner.customer(id)["name"], "Nordlund AB");
}
