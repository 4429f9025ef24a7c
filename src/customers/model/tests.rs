//! Tests of `src/customers/model.rs`.

use super::*;
use crate::http::error::Error;
use crate::partners::placement::Database;
use crate::partners::profile::custom_field;

fn partner(country: &str, custom_fields: Vec<CustomField>) -> Profile {
    Profile {
        database: Database::DIRECTORY,
        partner_id: 1,
        country: country.into(),
        allowed_networks: Vec::new(),
        enabled: true,
        login: String::new(),
        may_write: true,
        ha1_sealed: String::new(),
        ha1_previous_sealed: String::new(),
        previous_until: String::new(),
        custom_fields,
        read_at: 0,
    }
}

fn german_partner() -> Profile {
    let fields = german::FIELDS.iter().map(|field| CustomField {
        n: field.n,
        name: custom_field(field.n).unwrap(),
        label: field.label.into(),
        max_length: field.max_length,
        required: true,
    });
    partner("DE", fields.collect())
}

fn faults_of(partner: &Profile, intent: Intent, form: &str) -> Vec<String> {
    let mut params = Params::default();
    params.add_form(form.as_bytes()).unwrap();
    let input = CustomerInput::take(&mut params, partner, intent);
    let mut faults = input.kept_faults(|_| false);
    if let Err(Error::Invalid(others)) = params.finish() {
        faults.extend(others);
    }
    let mut faults: Vec<String> = faults
        .into_iter()
        .map(|fault| format!("{}: {}", fault.parameter.unwrap_or_default(), fault.code))
        .collect();
    faults.sort();
    faults
}

/// The values are characters of four bytes, so a limit that counted bytes would fail.
#[test]
fn every_length_limit_holds_for_its_last_good_and_first_bad_value() {
    let partner = partner("SE", Vec::new());
    for (name, min, max) in [
        ("name", 1, 60),
        ("custnr", 1, 45),
        ("corporateid", 0, 40),
        ("address_street", 0, 255),
        ("address_zip", 0, 255),
        ("address_city", 0, 255),
        ("address_state", 0, 255),
        ("address_country", 0, 255),
    ] {
        let with = |count: usize| {
            let form = format!("{name}={}", "😀".repeat(count));
            faults_of(&partner, Intent::Change, &form)
        };
        assert_eq!(with(max), [""; 0], "{name}");
        assert_eq!(with(max + 1), [format!("{name}: length")]);
        assert_eq!(with(0).is_empty(), min == 0, "{name}");
    }
    let email = |count: usize| {
        let form = format!("email={}@b.example", "a".repeat(count - "@b.example".len()));
        faults_of(&partner, Intent::Change, &form)
    };
    assert_eq!(email(150), [""; 0]);
    assert_eq!(email(151), ["email: length"]);
}

#[test]
fn every_integer_has_its_range() {
    let partner = partner("SE", Vec::new());
    for (name, max) in [("receive_monthly_report", 2), ("freespee_caller_id", 1)] {
        for (value, valid) in [(-1, false), (0, true), (max, true), (max + 1, false)] {
            let faults = faults_of(&partner, Intent::Change, &format!("{name}={value}"));
            assert_eq!(faults.is_empty(), valid, "{name}={value}");
        }
    }
}

#[test]
fn all_faults_are_told_at_once() {
    assert_eq!(
        faults_of(
            &partner("SE", Vec::new()),
            Intent::Create,
            "name=%20&email=x&receive_monthly_report=3&freespee_caller_id=a&custom_7=x&nmae=x"
        ),
        [
            "custnr: required",
            "custom_7: custom_field_not_set_up",
            "email: email",
            "freespee_caller_id: not_an_integer",
            "name: blank",
            "nmae: unknown_parameter",
            "receive_monthly_report: range",
        ]
    );
}

#[test]
fn a_custom_field_has_the_length_that_was_set_up() {
    let field = CustomField {
        n: 7,
        name: "custom_7",
        label: "Shop".into(),
        max_length: 3,
        required: false,
    };
    let partner = partner("SE", vec![field]);
    for (value, valid) in [("", true), ("äöü", true), ("äöüß", false), ("a\tb", false)] {
        let faults = faults_of(&partner, Intent::Change, &format!("custom_7={value}"));
        assert_eq!(faults.is_empty(), valid, "{value}");
    }
}

#[test]
fn only_a_value_that_may_be_stored_can_be_kept() {
    let field = CustomField {
        n: 7,
        name: "custom_7",
        label: String::new(),
        max_length: 3,
        required: true,
    };
    let partner = partner("SE", vec![field]);
    for (intent, value, kept) in [
        (Intent::Change, "abc", false),
        (Intent::Change, "abcd", true),
        (Intent::Change, "", true),
        (Intent::Change, "\u{200b}", true),
        (Intent::Change, &"a".repeat(255), true),
        (Intent::Change, &"a".repeat(256), false),
        (Intent::Change, "abc\t", false),
        (Intent::Create, "abcd", false),
    ] {
        let mut params = Params::of_members(vec![("custom_7".to_owned(), value.into())]);
        let input = CustomerInput::take(&mut params, &partner, intent);
        assert_eq!(input.kept.len(), usize::from(kept), "{value:?}");
        assert_eq!(
            input.custom.iter().flatten().count(),
            usize::from(value == "abc")
        );
    }
}

#[test]
fn a_german_partner_must_give_the_six_fields_and_may_not_empty_them() {
    let german = german_partner();
    assert_eq!(
        faults_of(&german, Intent::Create, "name=n&custnr=c"),
        (1..=6)
            .map(|n| format!("custom_{n}: required"))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        faults_of(
            &german,
            Intent::Create,
            "name=n&custnr=c&custom_1=Weg&custom_2=1&custom_3=10115&custom_4=Berlin&custom_5=Frau&custom_6=A+B"
        ),
        [""; 0]
    );
    assert_eq!(faults_of(&german, Intent::Change, "custom_4=Bonn"), [""; 0]);
    assert_eq!(
        faults_of(&german, Intent::Change, "custom_4="),
        ["custom_4: length"]
    );
    assert_eq!(
        faults_of(&german, Intent::Change, "custom_4=+"),
        ["custom_4: blank"]
    );
    assert_eq!(
        faults_of(&german, Intent::Change, "custom_3=101155&custom_5=Doktor"),
        ["custom_3: zip", "custom_5: salutation"]
    );
    assert_eq!(
        faults_of(&german, Intent::Change, "custom_3=&custom_5="),
        ["custom_3: length", "custom_5: length"]
    );
}

#[test]
fn every_german_limit_holds_for_its_last_good_and_first_bad_value() {
    let german = german_partner();
    for (n, max) in [(1, 40), (2, 10), (4, 40), (6, 60)] {
        for (length, valid) in [(max, true), (max + 1, false)] {
            let form = format!("custom_{n}={}", "ß".repeat(length));
            assert_eq!(
                faults_of(&german, Intent::Change, &form).is_empty(),
                valid,
                "{form}"
            );
        }
    }
    for (form, valid) in [
        ("custom_3=10115", true),
        ("custom_3=1011", false),
        ("custom_3=101150", false),
        ("custom_5=Herr", true),
        ("custom_5=Mr", false),
    ] {
        assert_eq!(
            faults_of(&german, Intent::Change, form).is_empty(),
            valid,
            "{form}"
        );
    }
}
