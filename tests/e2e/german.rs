//! The German rule: a German partner's customers must have six custom fields.

use serde_json::{Value, json};

use crate::client::operator;
use crate::custom_fields::create;
use crate::operator::path_of;
use crate::partner::Partner;

/// Valid values for the six fields of the German rule.
fn german_fields() -> Value {
    json!({
        "custom_1": "Unter den Linden",
        "custom_2": "77",
        "custom_3": "10117",
        "custom_4": "Berlin",
        "custom_5": "Firma",
        "custom_6": "Jörg Müller",
    })
}

#[test]
fn a_german_partner_has_the_six_fields_set_up() {
    let partner = Partner::with(&json!({"country": "DE"}));
    let path = path_of(&partner.username);
    let fields = operator("GET", &path).expect(200).json()["partner"]["custom_fields"].clone();
    let fields = fields.as_array().unwrap();
    let limits: Vec<_> = fields
        .iter()
        .map(|field| (&field["n"], &field["max_length"]))
        .collect();
    for (n, max_length) in [(1, 40), (2, 10), (4, 40), (6, 60)] {
        assert!(
            limits.contains(&(&json!(n), &json!(max_length))),
            "{fields:#?}"
        );
    }
    assert_eq!(fields.len(), 6);
    assert!(fields.iter().all(|field| field["required"] == json!(true)));
}

#[test]
fn a_german_partner_must_give_all_six_fields() {
    let partner = Partner::with(&json!({"country": "DE"}));
    let missing = create(&partner, "1", &json!({}));
    let all = (1..=6).map(|n| format!("custom_{n}: required"));
    assert_eq!(missing.errors(), all.collect::<Vec<_>>());
    for n in 1..=6 {
        let mut fields = german_fields();
        fields
            .as_object_mut()
            .unwrap()
            .remove(&format!("custom_{n}"));
        let refused = create(&partner, "1", &fields);
        assert_eq!(refused.errors(), [format!("custom_{n}: required")]);
    }
    assert_eq!(partner.total(), 0);
    assert_eq!(create(&partner, "1", &german_fields()).status, 200);
}

#[test]
fn every_german_field_has_its_own_format() {
    let partner = Partner::with(&json!({"country": "DE"}));
    let path = create(&partner, "0", &german_fields());
    let path = path.header("Location").unwrap();
    let good = [
        (1, "ß".repeat(40)),
        (2, "ß".repeat(10)),
        (3, "00000".to_owned()),
        (4, "ß".repeat(40)),
        (5, "Herr".to_owned()),
        (5, "Frau".to_owned()),
        (5, "Firma".to_owned()),
        (6, "ß".repeat(60)),
    ];
    let bad = [
        (1, "ß".repeat(41)),
        (2, "ß".repeat(11)),
        (3, "1011".to_owned()),
        (3, "101170".to_owned()),
        (3, "1011a".to_owned()),
        (3, "１０１１７".to_owned()),
        (4, "ß".repeat(41)),
        (5, "Herrn".to_owned()),
        (5, "frau".to_owned()),
        (5, "Dr.".to_owned()),
        (6, "ß".repeat(61)),
        (6, "a\nb".to_owned()),
    ];
    let cases = good.map(|case| (case, true)).into_iter();
    for (at, ((n, value), is_good)) in cases.chain(bad.map(|case| (case, false))).enumerate() {
        let name = format!("custom_{n}");
        let mut fields = german_fields();
        fields[&name] = json!(value);
        let created = create(&partner, &format!("custnr-{at}"), &fields);
        let changed = partner.put(path, &[(&name, &value)]).send();
        for response in [created, changed] {
            assert_eq!(
                response.status,
                if is_good { 200 } else { 400 },
                "{name}={value}"
            );
            if !is_good {
                let errors = response.errors();
                let named = format!("{name}: ");
                assert!(
                    errors.len() == 1 && errors[0].starts_with(&named),
                    "{errors:?}"
                );
            }
        }
    }
}

#[test]
fn a_german_field_can_be_changed_but_not_emptied() {
    let partner = Partner::with(&json!({"country": "DE"}));
    let created = create(&partner, "1", &german_fields());
    let path = created.header("Location").unwrap();
    partner.put(path, &[("custom_4", "Bonn")]).expect(200);
    partner.put(path, &[("name", "Another")]).expect(200);
    for n in 1..=6 {
        for empty in ["", " "] {
            let name = format!("custom_{n}");
            let refused = partner.put(path, &[(&name, empty)]).expect(400);
            assert!(refused.errors()[0].starts_with(&name), "{refused:#?}");
        }
    }
    let mut expected = german_fields();
    expected["custom_4"] = json!("Bonn");
    let customer = partner.get(path).expect(200).customer();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(customer[name], *value);
    }
}

#[test]
fn the_rule_applies_as_soon_as_a_partner_becomes_german() {
    let partner = Partner::with(&json!({"country": "AT"}));
    let id = partner.create_customer("n", "1");
    let path = path_of(&partner.username);
    let change = json!({"country": "DE"});
    operator("PUT", &path).json(&change).expect(200);
    assert_eq!(create(&partner, "2", &json!({})).errors().len(), 6);
    assert_eq!(create(&partner, "2", &german_fields()).status, 200);
    assert_eq!(partner.customer(id)["custom_1"], "");
}

#[test]
fn the_fields_stay_required_after_the_country_changes_until_they_are_set_up_differently() {
    let partner = Partner::with(&json!({"country": "DE"}));
    let path = path_of(&partner.username);
    let change = json!({"country": "CH"});
    operator("PUT", &path).json(&change).expect(200);
    assert_eq!(create(&partner, "1", &json!({})).errors().len(), 6);
    let mut fields = german_fields();
    fields["custom_3"] = json!("8001");
    assert_eq!(create(&partner, "1", &fields).status, 200);
    for n in 1..=6 {
        partner.set_up_custom(n, &json!({"required": false}));
    }
    assert_eq!(create(&partner, "2", &json!({})).status, 200);
}

#[test]
fn the_rule_applies_whatever_the_operator_has_set_up() {
    let partner = Partner::new();
    for n in 1..=6 {
        let what = json!({"label": "x", "max_length": 255, "required": false});
        partner.set_up_custom(n, &what);
    }
    let german = operator("PUT", &path_of(&partner.username)).json(&json!({"country": "DE"}));
    german.expect(200);
    for n in 1..=6 {
        let name = format!("custom_{n}");
        let mut fields = german_fields();
        fields[&name] = json!("x".repeat(61));
        assert_eq!(
            create(&partner, "1", &fields).status,
            400,
            "{name} too long"
        );
        fields[&name] = json!("");
        assert_eq!(create(&partner, "1", &fields).status, 400, "{name} empty");
        fields.as_object_mut().unwrap().remove(&name);
        assert_eq!(create(&partner, "1", &fields).status, 400, "{name} missing");
    }
    assert_eq!(partner.total(), 0);
}
