//! Tests of `src/http/params.rs`.

use super::*;
use crate::http::batch::BATCH_MAX;
use crate::records::calls::CALLS;

fn codes(params: Params) -> Vec<(String, &'static str)> {
    let Err(Error::Invalid(faults)) = params.finish() else {
        return Vec::new();
    };
    faults
        .into_iter()
        .map(|fault| (fault.parameter.unwrap_or_default(), fault.code))
        .collect()
}

#[test]
fn a_form_and_an_object_of_the_same_parameters_are_read_alike() {
    let mut form = Params::default();
    form.add_form(b"name=Bj%C3%B6rn+%26+Co&receive_monthly_report=2&email=")
        .unwrap();
    let mut json = Params::default();
    json.add_json(r#"{"name":"Björn & Co","receive_monthly_report":2,"email":""}"#.as_bytes())
        .unwrap();
    for mut params in [form, json] {
        assert_eq!(params.text("name").as_deref(), Some("Björn & Co"));
        assert_eq!(params.integer("receive_monthly_report"), Some(2));
        assert_eq!(params.text("email").as_deref(), Some(""));
        assert_eq!(params.text("custnr"), None);
        params.finish().unwrap();
    }
}

#[test]
fn malformed_bodies_are_a_400() {
    for body in ["a=%", "a=%4", "a=%4g", "%=a", "a=%ff", "a=%C3"] {
        assert!(
            Params::default().add_form(body.as_bytes()).is_err(),
            "{body}"
        );
    }
    assert!(Params::default().add_form(b"a=\xff").is_err());
    for body in [
        "",
        "{",
        "[]",
        "1",
        "\"a\"",
        "{\"a\":1}x",
        "{\"a\":\"\\ud800\"}",
        "{a:1}",
    ] {
        assert!(
            Params::default().add_json(body.as_bytes()).is_err(),
            "{body}"
        );
    }
    assert!(Params::default().add_json(b"{\"a\":\"\xff\"}").is_err());
}

#[test]
fn a_parameter_given_twice_is_a_fault_in_every_encoding() {
    let mut form = Params::default();
    form.add_form(b"a=1&a=1").unwrap();
    let mut json = Params::default();
    json.add_json(br#"{"a":1,"a":1}"#).unwrap();
    let mut query = Params::default();
    query.add_query("a=1&b=2&%61=1").unwrap();
    query.integer("b");
    for mut params in [form, json, query] {
        params.integer("a");
        assert_eq!(codes(params), [("a".to_owned(), "duplicate_parameter")]);
    }
}

#[test]
fn an_id_may_stand_in_three_places_as_long_as_they_agree() {
    for (query, agrees) in [
        ("customer_id=7", true),
        ("customer_id=007", true),
        ("customer_id=8", false),
    ] {
        let mut params = Params::default();
        params.add_path(vec![("customer_id", "7".to_owned())]);
        params.add_query(query).unwrap();
        params.add_json(br#"{"customer_id":7}"#).unwrap();
        assert_eq!(params.id("customer_id"), Some(7));
        assert_eq!(codes(params).is_empty(), agrees, "{query}");
    }
}

#[test]
fn every_unknown_name_is_told() {
    let mut params = Params::default();
    params.add_form(b"nmae=x&cust_nr=y").unwrap();
    assert_eq!(
        codes(params),
        [
            ("nmae".to_owned(), "unknown_parameter"),
            ("cust_nr".to_owned(), "unknown_parameter")
        ]
    );
}

#[test]
fn a_near_miss_is_told_what_was_meant_and_no_long_name_is_echoed() {
    let mut params = Params::default();
    let long = "x".repeat(1_000);
    params
        .add_form(format!("emial=a&cust_nr=1&xyz=1&{long}=1&{long}=1").as_bytes())
        .unwrap();
    params.require(Intent::Create, &["custnr"]);
    params.text("email");
    let error = params.finish().unwrap_err();
    let Error::Invalid(faults) = &error else {
        panic!("{error:?}");
    };
    let told: Vec<String> = faults.iter().map(Fault::sentence).collect();
    let short = "x".repeat(64);
    assert_eq!(
        told,
        [
            format!("{short} is given more than once"),
            "custnr is required".to_owned(),
            "emial is not a parameter of this request; did you mean email?".to_owned(),
            "cust_nr is not a parameter of this request; did you mean custnr?".to_owned(),
            "xyz is not a parameter of this request".to_owned(),
            format!("{short} is not a parameter of this request"),
        ]
    );
    assert!(!error.body("r-1").to_string().contains(&"x".repeat(65)));
}

#[test]
fn texts_are_normalized_at_any_depth() {
    let mut params = Params::in_nfc(|text| text.replace("o\u{308}", "ö"));
    params
        .add_json(
            "\u{feff}{\"name\":\"o\u{308}\",\"calls\":[{\"a\":[\"o\u{308}\"]}],\"n\":1}".as_bytes(),
        )
        .unwrap();
    assert_eq!(params.text("name").as_deref(), Some("ö"));
    let calls = params.value("calls").unwrap().to_string();
    assert_eq!(calls, "[{\"a\":[\"ö\"]}]");
    assert_eq!(params.integer("n"), Some(1));
}

#[test]
fn a_byte_order_mark_is_skipped_once() {
    let mut form = Params::default();
    form.add_form("\u{feff}name=n".as_bytes()).unwrap();
    assert_eq!(form.text("name").as_deref(), Some("n"));
    assert!(
        Params::default()
            .add_json("\u{feff}\u{feff}{}".as_bytes())
            .is_err()
    );
}

#[test]
fn what_the_service_assigns_is_told_from_an_unknown_parameter() {
    let mut params = Params::default();
    params.add_form(b"uuid=x&uuuid=x").unwrap();
    params.refuse_assigned(&["uuid", "created"]);
    let Err(Error::Invalid(faults)) = params.finish() else {
        panic!("no fault");
    };
    assert_eq!(
        faults[0].sentence(),
        "uuid is assigned and cannot be changed; leave it out"
    );
    assert_eq!(faults[1].code, "unknown_parameter");
    assert_eq!(faults.len(), 2);
}

#[test]
fn faults_beyond_the_most_that_are_told_are_counted() {
    let batch = |elements: usize| {
        let mut params = Params::default();
        for place in 0..elements {
            let members = (0..50).map(|n| (format!("p{n}"), Json::Null));
            let element = Params::of_members(members.collect());
            params.adopt(&format!("calls[{place}]"), element);
        }
        params
    };
    let at_limit = codes(batch(FAULTS_MAX / 50));
    assert_eq!(at_limit.len(), FAULTS_MAX);
    assert!(
        at_limit
            .iter()
            .all(|(_, code)| *code == "unknown_parameter")
    );

    let error = batch(1_000).finish().unwrap_err();
    let text = error.body("r-1").to_string();
    assert!(text.len() < 1_000_000, "{}", text.len());
    let Error::Invalid(faults) = error else {
        panic!("{error:?}");
    };
    assert_eq!(faults.len(), FAULTS_MAX + 1);
    let last = faults.last().unwrap();
    assert_eq!(last.code, "more_faults");
    assert_eq!(
        last.message,
        "the response lists only the first 8000 faults; there are 42000 more"
    );
}

/// The limit has room for one fault in every member of the largest batch.
#[test]
fn a_fault_of_every_member_of_the_largest_batch_is_told() {
    assert!(FAULTS_MAX >= BATCH_MAX * CALLS.given_members().count());
}

#[test]
fn integers_are_plain_decimals() {
    for (json, expected) in [
        ("1", Some(1)),
        ("\"1\"", Some(1)),
        ("-1", Some(-1)),
        ("\"-1\"", Some(-1)),
        ("1.0", Some(1)),
        ("1.5", None),
        ("1e2", Some(100)),
        ("\"1.0\"", None),
        ("\"+1\"", None),
        ("\" 1\"", None),
        ("\"\"", None),
        ("\"-\"", None),
        ("\"0x1\"", None),
        ("\"٣\"", None),
        ("true", None),
        ("null", None),
        ("[1]", None),
        ("\"99999999999999999999\"", Some(i64::MAX)),
        ("99999999999999999999", None),
    ] {
        let mut params = Params::default();
        params
            .add_json(format!("{{\"a\":{json}}}").as_bytes())
            .unwrap();
        assert_eq!(params.integer("a"), expected, "{json}");
        assert_eq!(
            codes(params).len(),
            usize::from(expected.is_none()),
            "{json}"
        );
    }
}

#[test]
fn an_integer_that_no_record_can_have_is_an_id_all_the_same() {
    for (id, expected) in [
        ("1", 1),
        ("9007199254740991", ID_MAX),
        ("0", 0),
        ("-1", 0),
        ("9007199254740992", 0),
        ("99999999999999999999", 0),
    ] {
        let mut params = Params::default();
        params.add_query(&format!("customer_id={id}")).unwrap();
        assert_eq!(params.id("customer_id"), Some(expected), "{id}");
        params.finish().unwrap();
    }
}

#[test]
fn an_id_may_not_be_given_twice_in_one_place() {
    let mut params = Params::default();
    params.add_path(vec![("customer_id", "7".to_owned())]);
    params.add_query("customer_id=7&customer_id=7").unwrap();
    params.id("customer_id");
    assert_eq!(
        codes(params),
        [("customer_id".to_owned(), "duplicate_parameter")]
    );
}

#[test]
fn a_request_has_at_most_64_parameters() {
    let query = |count: usize| (0..count).map(|n| format!("p{n}=&")).collect::<String>();
    assert!(Params::default().add_query(&query(PARAMETERS_MAX)).is_ok());
    assert!(
        Params::default()
            .add_query(&query(PARAMETERS_MAX + 1))
            .is_err()
    );
}

#[test]
fn places_that_write_one_text_in_two_forms_agree() {
    for (body, codes_of) in [("Ko\u{308}-5", vec![]), ("Ko-5", vec!["contradiction"])] {
        let mut params = Params::in_nfc(|text| text.replace("o\u{308}", "ö"));
        params.add_path(vec![("custnr", "Kö-5".to_owned())]);
        let body = Json::object([("custnr", body.into())]).to_string();
        params.add_json(body.as_bytes()).unwrap();
        assert_eq!(params.text("custnr").as_deref(), Some("Kö-5"));
        let codes: Vec<&str> = codes(params).into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, codes_of);
    }
}

#[test]
fn no_message_proposes_a_field_that_the_service_assigns() {
    let mut params = Params::default();
    params
        .add_form(b"customer=x&custmers=x&customerId=x&uuuid=x")
        .unwrap();
    assert!(!params.chooses("customers"));
    params.refuse_assigned(&["uuid", "customer_id"]);
    let Err(Error::Invalid(faults)) = params.finish() else {
        panic!("no fault");
    };
    let told: Vec<String> = faults.iter().map(Fault::sentence).collect();
    let unknown = "is not a parameter of this request";
    assert_eq!(
        told,
        [
            format!("customer {unknown}; did you mean customers?"),
            format!("custmers {unknown}; did you mean customers?"),
            format!("customerId {unknown}"),
            format!("uuuid {unknown}"),
        ]
    );
}
