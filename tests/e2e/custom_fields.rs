//! Custom fields: how the operator sets them up, and how the partner uses them.

use serde_json::{Value, json};

use crate::client::{Response, operator};
use crate::cost::assert_costs;
use crate::db::{db_execute, db_query};
use crate::operator::path_of;
use crate::partner::{Partner, unused_username};

/// Creates a customer with the required fields and these.
pub fn create(partner: &Partner, custnr: &str, fields: &Value) -> Response {
    let mut document = json!({"name": "n", "custnr": custnr});
    for (name, value) in fields.as_object().unwrap() {
        document[name] = value.clone();
    }
    partner.request("POST", "/customers").json(&document).send()
}

#[test]
fn a_custom_field_that_is_not_set_up_is_a_400_that_names_it() {
    let partner = Partner::new();
    partner.set_up_custom(2, &json!({}));
    let id = partner.create_customer("n", "1");
    for n in [1, 3, 20] {
        let name = format!("custom_{n}");
        let created = create(&partner, "2", &json!({name.as_str(): "x"}));
        let changed = partner.put(&format!("/customers/{id}"), &[(&name, "x")]);
        for refused in [created, changed.send()] {
            assert_eq!(refused.status, 400);
            assert_eq!(
                refused.errors(),
                [format!("{name}: custom_field_not_set_up")]
            );
        }
    }
    assert_eq!(partner.total(), 1);
}

#[test]
fn a_custom_field_that_is_set_up_is_stored_and_returned() {
    let partner = Partner::new();
    for n in [1, 17, 20] {
        partner.set_up_custom(n, &json!({"label": "Shop"}));
    }
    let created = create(&partner, "1", &json!({"custom_17": "Södermalm"}));
    assert_eq!(created.status, 200, "{created:#?}");
    let mut customer = created.customer();
    assert_eq!(
        ["custom_1", "custom_17", "custom_20"].map(|name| &customer[name]),
        ["", "Södermalm", ""]
    );
    let path = created.header("Location").unwrap();
    let changed = partner.put(path, &[("custom_20", "x")]).expect(200);
    customer["custom_20"] = json!("x");
    assert_eq!(changed.customer(), customer);
    let members = customer.as_object().unwrap().keys();
    let customs = members.filter(|name| name.starts_with("custom_"));
    assert_eq!(customs.count(), 3);
}

#[test]
fn all_twenty_custom_fields_can_be_set_up_at_once() {
    let partner = Partner::new();
    let mut fields = json!({});
    for n in 1..=20 {
        partner.set_up_custom(n, &json!({}));
        fields[format!("custom_{n}")] = json!(format!("{{\"{n}\"}}"));
    }
    let created = create(&partner, "1", &fields).customer();
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(created[name], *value);
    }
}

#[test]
fn a_custom_field_has_the_maximum_length_that_was_set_up() {
    let partner = Partner::new();
    partner.set_up_custom(1, &json!({"max_length": 3}));
    assert_eq!(
        create(&partner, "1", &json!({"custom_1": "äöü"})).status,
        200
    );
    let refused = create(&partner, "2", &json!({"custom_1": "äöüß"}));
    assert_eq!(refused.errors(), ["custom_1: length"]);
    assert!(refused.message().contains('3'), "{refused:#?}");
    partner.set_up_custom(1, &json!({"max_length": 4}));
    assert_eq!(
        create(&partner, "2", &json!({"custom_1": "äöüß"})).status,
        200
    );
}

#[test]
fn a_required_custom_field_must_be_given_and_cannot_be_emptied() {
    let partner = Partner::new();
    partner.set_up_custom(4, &json!({"required": true}));
    let missing = create(&partner, "1", &json!({}));
    assert_eq!(missing.errors(), ["custom_4: required"]);
    assert_eq!(create(&partner, "1", &json!({"custom_4": ""})).status, 400);
    assert_eq!(create(&partner, "1", &json!({"custom_4": " "})).status, 400);
    let created = create(&partner, "1", &json!({"custom_4": "x"}));
    let path = created.header("Location").unwrap();
    partner.put(path, &[("name", "n")]).expect(200);
    partner.put(path, &[("custom_4", "")]).expect(400);
    partner.put(path, &[("custom_4", "y")]).expect(200);
    partner.set_up_custom(4, &json!({"required": false}));
    partner.put(path, &[("custom_4", "")]).expect(200);
}

#[test]
fn a_value_that_is_stored_is_not_told_beside_another_fault() {
    let partner = Partner::new();
    partner.set_up_custom(7, &json!({}));
    let created = create(&partner, "1", &json!({"custom_7": "abcde"}));
    let by_id = created.header("Location").unwrap();
    create(&partner, "2", &json!({"custom_7": "edcba"}));
    partner.set_up_custom(7, &json!({"max_length": 3}));
    for path in [by_id, "/customers/custnr/1"] {
        let put = |value| partner.put(path, &[("custom_7", value), ("email", "bad")]);
        let stored = assert_costs(put("abcde"), 400, 2, 0);
        assert_eq!(stored.errors(), ["email: email"]);
        let other = put("edcba").expect(400);
        assert_eq!(other.errors(), ["custom_7: length", "email: email"]);
    }
    let nobody = [("custom_7", "abcde"), ("email", "bad")];
    for (path, lacking) in [
        ("/customers/1000000000", None),
        ("/customers/custnr/3", Some("name: required")),
    ] {
        let mut expected = vec!["custom_7: length", "email: email"];
        expected.extend(lacking);
        let refused = partner.put(path, &nobody).expect(400);
        assert_eq!(refused.errors(), expected);
    }
}

#[test]
fn a_custom_field_is_custom_1_to_custom_20() {
    let partner = Partner::new();
    let set_up = |n: &str| {
        let path = format!("{}/custom_fields/{n}", path_of(&partner.username));
        operator("PUT", &path).json(&json!({}))
    };
    for n in ["20", "1"] {
        set_up(n).expect(200);
    }
    for n in ["0", "21", "99999999999999999999"] {
        let refused = set_up(n).expect(400);
        assert!(refused.errors()[0].starts_with("n: "), "{refused:#?}");
    }
    for n in ["x", "-1", ""] {
        set_up(n).expect(404);
    }
    let read = operator("GET", &path_of(&partner.username))
        .expect(200)
        .json();
    let field = |n: i64| json!({"n": n, "label": "", "max_length": 255, "required": false});
    assert_eq!(
        read["partner"]["custom_fields"],
        json!([field(1), field(20)])
    );
}

#[test]
fn a_custom_field_has_a_label_and_a_maximum_length_and_may_be_required() {
    let partner = Partner::new();
    let path = format!("{}/custom_fields/7", path_of(&partner.username));
    let set_up = |what: &Value| operator("PUT", &path).json(what);
    for max_length in [1, 255] {
        let what = json!({"label": "Straße", "max_length": max_length, "required": true});
        let answered = set_up(&what).expect(200).json();
        let mut expected = what;
        expected["n"] = json!(7);
        assert_eq!(answered["partner"]["custom_fields"], json!([expected]));
    }
    for (wrong, parameter) in [
        (json!({"max_length": 0}), "max_length"),
        (json!({"max_length": 256}), "max_length"),
        (json!({"max_length": "long"}), "max_length"),
        (json!({"label": "a\tb"}), "label"),
        (json!({"label": 7}), "label"),
        (json!({"required": 1}), "required"),
        (json!({"lable": "x"}), "lable"),
    ] {
        let errors = set_up(&wrong).expect(400).errors();
        let named = format!("{parameter}: ");
        assert!(
            errors.len() == 1 && errors[0].starts_with(&named),
            "{errors:?}"
        );
    }
    let unknown = format!("{}/custom_fields/7", path_of(&unused_username()));
    operator("PUT", &unknown).json(&json!({})).expect(404);
}

#[test]
fn a_custom_field_can_be_used_at_once() {
    let partner = Partner::new();
    let id = partner.create_customer("n", "1");
    assert!(partner.customer(id).get("custom_5").is_none());
    partner.set_up_custom(5, &json!({}));
    assert_eq!(partner.customer(id)["custom_5"], "");
    let path = format!("/customers/{id}");
    partner.put(&path, &[("custom_5", "x")]).expect(200);
}

/// The test ends the field directly in the database, so that the Worker does not know, as if another node had ended it.
#[test]
fn a_custom_field_that_was_ended_elsewhere_stores_nothing_and_comes_back_empty() {
    let partner = Partner::new();
    for n in [1, 2] {
        partner.set_up_custom(n, &json!({}));
    }
    let fields = json!({"custom_1": "early", "custom_2": "early"});
    let changed = create(&partner, "1", &fields)
        .header("Location")
        .unwrap()
        .to_owned();
    let id = &partner.partner_id;
    let end = "DELETE FROM custom_fields WHERE partner_id = ?1 AND n = 1";
    db_execute(partner.server, end, &[id]);
    let empty = "UPDATE customers SET custom_1 = '' WHERE partner_id = ?1";
    db_execute(partner.server, empty, &[id]);

    // The cached profile is still fresh, so the node believes that the field exists.
    let late = [("custom_1", "late"), ("custom_2", "late")];
    let answers = [
        partner.put(&changed, &late).expect(200),
        create(
            &partner,
            "2",
            &json!({"custom_1": "late", "custom_2": "late"}),
        ),
    ];
    for answer in answers {
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert_eq!(answer.customer()["custom_1"], "");
        assert_eq!(answer.customer()["custom_2"], "late");
    }
    let sql = "SELECT custom_1 FROM customers WHERE partner_id = ?1 AND custom_1 <> ''";
    assert_eq!(db_query(partner.server, sql, &[id]), []);
    let german = json!({"country": "DE"});
    operator("PUT", &path_of(&partner.username))
        .json(&german)
        .expect(200);
    let customers = partner.get("/customers").expect(200).records("customers");
    assert_eq!(customers.len(), 2);
    for customer in customers {
        assert_eq!(customer["custom_1"], "");
        assert_eq!(customer["custom_2"], "late");
    }
}

#[test]
fn custom_fields_cost_a_row_each_and_only_where_they_are_given() {
    let partner = Partner::new();
    let mut fields = json!({"name": "N", "custnr": "1"});
    for n in 1..=20 {
        partner.set_up_custom(n, &json!({}));
        fields[format!("custom_{n}")] = json!("x");
    }
    let create = partner.request("POST", "/customers").json(&fields);
    let created = assert_costs(create, 200, 27 + 20, 10);
    let path = created.header("Location").unwrap();
    let seven: Vec<String> = (1..=7).map(|n| format!("custom_{n}")).collect();
    let seven: Vec<(&str, &str)> = seven.iter().map(|name| (name.as_str(), "y")).collect();
    assert_costs(partner.put(path, &seven), 200, 8 + 7, 5);
    assert_costs(partner.put(path, &[("name", "M")]), 200, 8, 5);
}

#[test]
fn a_setup_keeps_what_is_not_given() {
    let partner = Partner::new();
    let path = format!("{}/custom_fields/7", path_of(&partner.username));
    for (what, expected) in [
        (json!({"max_length": 40}), json!(["", 40, false])),
        (json!({"label": "Shop"}), json!(["Shop", 40, false])),
        (json!({"required": true}), json!(["Shop", 40, true])),
        (json!({}), json!(["Shop", 40, true])),
        (json!({"max_length": 9, "label": ""}), json!(["", 9, true])),
        (json!({"required": false}), json!(["", 9, false])),
    ] {
        let answered = operator("PUT", &path).json(&what).expect(200).json();
        let field = &answered["partner"]["custom_fields"][0];
        let field = ["label", "max_length", "required"].map(|name| field[name].clone());
        assert_eq!(json!(field), expected, "{what}");
    }
}

#[test]
fn the_error_for_a_required_field_names_its_label() {
    let partner = Partner::new();
    let told = || create(&partner, "1", &json!({})).message();
    partner.set_up_custom(4, &json!({"required": true}));
    assert_eq!(told(), "custom_4 is required");
    partner.set_up_custom(4, &json!({"label": "Shop"}));
    assert_eq!(told(), "custom_4 is required (Shop)");
}
