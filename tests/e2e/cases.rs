//! Small inputs of kinds that have gone wrong in other services: what cannot be seen, what is lost on the way, and what
//! a developer mistypes.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::client::{Request, Response, anonymous, operator, percent_encoded};
use crate::partner::{Partner, unused_username};
use crate::server::shared;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn create(partner: &Partner, customer: &Value) -> Response {
    partner.request("POST", "/customers").json(customer).send()
}

/// Asserts that a value of a new customer is refused with this code alone, and that nothing is stored.
#[track_caller]
fn assert_refused(partner: &Partner, field: &str, value: &str, code: &str) {
    let mut customer = json!({"name": "n", "custnr": "1"});
    customer[field] = json!(value);
    let refused = create(partner, &customer);
    assert_eq!(refused.status, 400, "{value:?}: {refused:#?}");
    assert_eq!(refused.errors(), [format!("{field}: {code}")], "{value:?}");
    assert_eq!(partner.total(), 0);
}

#[test]
fn a_get_with_a_body_is_refused_because_a_lost_filter_lists_everybody() {
    let partner = Partner::new();
    let id = partner.create_customer("n", "1");
    for target in [
        "/customers".to_owned(),
        format!("/customers/{id}"),
        format!("/customers/{id}/users"),
        "/miscellaneous/ping".to_owned(),
    ] {
        let request = partner.get(&target).body(FORM, "custnr=no-such");
        let refused = request.expect(400);
        assert_eq!(refused.errors(), ["misplaced_parameter"]);
        assert!(refused.message().contains("query"), "{refused:#?}");
        let large = partner.get(&target).body(FORM, "a".repeat(70_000));
        assert_eq!(large.expect(400).errors(), ["misplaced_parameter"]);
        partner.get(&target).body(FORM, "").expect(200);
    }
    let operator = operator("GET", "/operator/partners").body(JSON, "{}");
    assert_eq!(operator.expect(400).errors(), ["misplaced_parameter"]);
    for target in ["/", "/docs", "/openapi.json", "/2.4.9/openapi.json"] {
        let request = || anonymous("GET", target);
        let refused = request().body(FORM, "a=b").expect(400);
        assert_eq!(refused.errors(), ["misplaced_parameter"]);
        let large = request().body(FORM, "a".repeat(70_000));
        assert_eq!(large.expect(400).errors(), ["misplaced_parameter"]);
        request().body(FORM, "").expect(200);
        request().body(FORM, "").chunked().expect(200);
    }
}

#[test]
fn what_shows_nothing_is_blank() {
    let partner = Partner::new();
    for value in [
        "\u{200b}",
        "\u{2060}\u{ad}",
        "\u{3164}",
        "\u{115f}\u{1160}",
        "\u{ffa0} \u{2800}",
        "\u{feff}\u{200e}\u{fe0f}",
        "\u{e0041}",
        " \u{a0}\u{3000}",
    ] {
        assert_refused(&partner, "name", value, "blank");
        assert_refused(&partner, "custnr", value, "blank");
    }
    let german = Partner::with(&json!({"country": "DE"}));
    let mut fields = json!({"name": "n", "custnr": "1", "custom_1": "Weg", "custom_2": "1", "custom_3": "10117",
        "custom_4": "Berlin", "custom_5": "Frau", "custom_6": "Anna"});
    let created = create(&german, &fields);
    let path = created.header("Location").unwrap();
    let emptied = german
        .request("PUT", path)
        .json(&json!({"custom_6": "\u{2060}\u{ad}"}));
    assert_eq!(emptied.expect(400).errors(), ["custom_6: blank"]);
    fields["custom_1"] = json!("\u{200b}");
    fields["custnr"] = json!("2");
    assert_eq!(create(&german, &fields).errors(), ["custom_1: blank"]);
}

#[test]
fn an_address_holds_nothing_invisible() {
    let partner = Partner::new();
    for email in [
        "\u{200b}anna@example.com",
        "a@b.exa\u{ad}mple",
        "a\u{200d}b@example.com",
        "a@example.com\u{feff}",
        " a@example.com",
        "a@example.com\u{a0}",
    ] {
        assert_refused(&partner, "email", email, "email");
    }
    let id = partner.create_customer("n", "1");
    let user = partner.post(
        &format!("/customers/{id}/users"),
        &[("email", "a\u{200b}@b.example")],
    );
    assert_eq!(user.expect(400).errors(), ["email: email"]);
}

#[test]
fn a_custnr_is_the_same_in_every_unicode_form() {
    let partner = Partner::new();
    let (composed, decomposed) = ("K\u{f6}-5", "Ko\u{308}-5");
    let created = create(&partner, &json!({"name": "A\u{30a}", "custnr": decomposed}));
    let customer = created.customer();
    assert_eq!(
        (&customer["custnr"], &customer["name"]),
        (&json!(composed), &json!("\u{c5}"))
    );
    for custnr in [composed, decomposed] {
        let twin = create(&partner, &json!({"name": "n", "custnr": custnr}));
        assert_eq!(
            (twin.status, twin.errors()),
            (409, vec!["custnr: custnr_taken".to_owned()])
        );
        let target = format!("/customers?custnr={}", percent_encoded(custnr));
        assert_eq!(partner.get(&target).expect(200).customer(), customer);
    }
    // The Angstrom sign and half of a Hangul syllable: other forms of the same characters.
    let id = customer["customer_id"].as_i64().unwrap();
    for (given, stored) in [
        ("\u{212b}", "\u{c5}"),
        ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
    ] {
        let changed = partner.put(&format!("/customers/{id}"), &[("address_city", given)]);
        assert_eq!(changed.expect(200).customer()["address_city"], stored);
    }
    let measure = partner.create_measure(id);
    let path = format!("/customers/{id}/measures/{measure}");
    let renamed = partner.put(&path, &[("media", "o\u{308}")]).expect(200);
    assert_eq!(renamed.record("measures")["media"], "\u{f6}");
}

#[test]
fn a_repeat_in_another_unicode_form_is_the_same_request() {
    let partner = Partner::new();
    let post = |name: &str| {
        let request = partner.post("/customers", &[("name", name), ("custnr", "1")]);
        request
            .header("Idempotency-Key", "k")
            .expect(200)
            .customer()
    };
    assert_eq!(post("\u{f6}"), post("o\u{308}"));
}

#[test]
fn a_custnr_has_no_white_space_at_its_ends() {
    let partner = Partner::new();
    for custnr in [
        " c6",
        "c6 ",
        "c6\u{a0}",
        "\u{3000}c6",
        "c6\u{200b}",
        "\u{feff}c6",
    ] {
        assert_refused(&partner, "custnr", custnr, "white_space");
    }
    let inside = create(&partner, &json!({"name": " n ", "custnr": "c 6"}));
    assert_eq!(inside.customer()["custnr"], "c 6");
}

#[test]
fn no_text_turns_the_direction_or_breaks_the_line() {
    let partner = Partner::new();
    for value in [
        "abc\u{202e}def",
        "a\u{202a}b",
        "a\u{2066}b\u{2069}",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{fffe}",
        "a\u{fdd0}",
        "a\u{1ffff}",
        "\u{301}a",
        "a\tb",
    ] {
        for field in ["name", "custnr", "corporateid", "address_street"] {
            assert_refused(&partner, field, value, "control_character");
        }
    }
    partner.set_up_custom(7, &json!({}));
    assert_refused(&partner, "custom_7", "a\u{2067}b", "control_character");
    let refused = create(&partner, &json!({"name": "a\u{202e}b", "custnr": "1"}));
    assert!(refused.message().contains("bidirectional"), "{refused:#?}");
    let path = format!("/operator/partners/{}", partner.username);
    let renamed = operator("PUT", &path).json(&json!({"name": "a\u{202e}b"}));
    assert_eq!(renamed.expect(400).errors(), ["name: control_character"]);
}

#[test]
fn joiners_are_text() {
    let partner = Partner::new();
    for (custnr, name) in [
        ("1", "👩\u{200d}👩\u{200d}👧 क\u{94d}\u{200d}ष"),
        ("2", "می\u{200c}خواهم"),
        ("3", "☎\u{fe0f}"),
        (
            "4",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ),
        ("5", "שלום\u{200f}!"),
    ] {
        let created = create(&partner, &json!({"name": name, "custnr": custnr}));
        assert_eq!(created.customer()["name"], name);
    }
}

#[test]
fn a_write_under_a_precondition_that_cannot_be_evaluated_is_not_done() {
    let partner = Partner::new();
    let id = partner.create_customer("before", "1");
    let user = partner.create_user(id, "a@b.example");
    let path = format!("/customers/{id}");
    let users = format!("{path}/users");
    let of_user = format!("{users}/{user}");
    let numbers = format!("{path}/allowed_numbers");
    let operators = format!("/operator/partners/{}", partner.username);
    let tag = ("If-Match", "\"9\"");
    let none = ("If-None-Match", "*");
    let since = ("If-Unmodified-Since", "Sat, 29 Oct 1994 19:43:31 GMT");
    let new = [("name", "n"), ("custnr", "2")];
    let change = || partner.put(&path, &[("name", "after")]);
    for (request, (header, value)) in [
        (partner.delete(&of_user), tag),
        (partner.put(&of_user, &[("name", "after")]), tag),
        (partner.post(&users, &[("email", "c@d.example")]), none),
        (
            partner.put(&numbers, &[("phonenrs", "[]")]),
            ("If-Match", "*"),
        ),
        (partner.post("/customers", &new), tag),
        (partner.post("/customers", &new), none),
        (change(), none),
        (change(), since),
        (partner.delete(&path), none),
        (partner.delete(&path), since),
        (
            operator("PUT", &operators).json(&json!({"name": "after"})),
            tag,
        ),
    ] {
        let what = format!("{} {} {header}", request.method, request.target);
        let refused = request.header(header, value).expect(412);
        assert_eq!(refused.errors(), ["precondition_unsupported"], "{what}");
        assert!(refused.message().contains(header), "{refused:#?}");
    }
    assert_eq!(partner.total(), 1);
    assert_eq!(partner.customer(id)["name"], "before");
    let left = partner.get(&users).expect(200).records("users");
    assert_eq!((left.len(), &left[0]["name"]), (1, &json!("")));
    // A read may ignore them.
    partner.get(&users).header("If-Match", "\"9\"").expect(200);
    partner
        .get("/customers")
        .header("If-None-Match", "*")
        .expect(200);
}

#[test]
fn an_unchanged_copy_is_a_304_without_a_body() {
    let partner = Partner::new();
    let id = partner.create_customer("n", "1");
    for path in [format!("/customers/{id}"), format!("/2.4.9/customers/{id}")] {
        let first = partner.get(&path).expect(200);
        let tag = first.header("ETag").unwrap();
        for given in [tag, "*", &format!("\"0\", W/{tag}")] {
            for method in ["GET", "HEAD"] {
                let request = partner.request(method, &path);
                let same = request.header("If-None-Match", given).expect(304);
                assert_eq!((same.text.as_str(), same.header("ETag")), ("", Some(tag)));
            }
        }
        let changed = partner.put(&path, &[("name", "after")]).expect(200);
        assert_ne!(changed.header("ETag"), Some(tag));
        let request = partner.get(&path).header("If-None-Match", tag);
        assert_eq!(request.expect(200).customer()["name"], "after");
    }
    let absent = partner.get("/customers/9007199254740991");
    absent.header("If-None-Match", "*").expect(404);
}

#[test]
fn an_if_match_without_quotes_is_told_how_to_write_it() {
    let partner = Partner::new();
    let id = partner.create_customer("n", "1");
    let path = format!("/customers/{id}");
    for request in [
        partner.put(&path, &[("name", "after")]),
        partner.delete(&path),
    ] {
        let refused = request.header("If-Match", "99").expect(400);
        assert_eq!(refused.errors(), ["If-Match: entity_tag"]);
        assert!(refused.message().contains("\"99\""), "{refused:#?}");
    }
    assert_eq!(partner.customer(id)["name"], "n");
}

#[test]
fn a_version_is_an_if_match_that_cannot_be_lost() {
    let partner = Partner::new();
    let id = partner.create_customer("1", "1");
    let path = format!("/customers/{id}");
    let change = |version: &str| partner.put(&path, &[("name", "2"), ("version", version)]);
    for stale in ["0", "2", "9007199254740991"] {
        assert_eq!(change(stale).expect(412).errors(), ["precondition_failed"]);
    }
    for impossible in ["-1", "9007199254740992", "99999999999999999999"] {
        assert_eq!(change(impossible).expect(400).errors(), ["version: range"]);
    }
    change("1").header("If-Match", "\"2\"").expect(412);
    change("2").header("If-Match", "\"1\"").expect(412);
    assert_eq!(
        change("x").expect(400).errors(),
        ["version: not_an_integer"]
    );
    assert_eq!(partner.customer(id)["name"], "1");
    let changed = change("1").header("If-Match", "\"1\"").expect(200);
    assert_eq!(changed.header("ETag"), Some("\"2\""));
    let only_guarded = partner.put(&path, &[("version", "1")]);
    only_guarded.expect(412);

    partner.delete(&format!("{path}?version=1")).expect(412);
    partner
        .delete(&format!("{path}?version=1&dry_run=1"))
        .expect(412);
    partner.delete(&path).form(&[("version", "1")]).expect(412);
    assert_eq!(partner.total(), 1);
    partner.delete(&format!("{path}?version=2")).expect(200);
    assert_eq!(partner.total(), 0);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let partner = Partner::new();
    let post = |content_type, body: &str| {
        let body = format!("\u{feff}{body}");
        let request = partner.request("POST", "/customers");
        request.body(content_type, body).expect(200).customer()
    };
    assert_eq!(post(JSON, r#"{"name":"a","custnr":"c17"}"#)["name"], "a");
    assert_eq!(post(FORM, "name=b&custnr=c18")["name"], "b");
}

#[test]
fn an_encoded_body_is_a_415_that_names_the_encoding() {
    let partner = Partner::new();
    let customer = br#"{"name":"a","custnr":"c18"}"#;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(customer).unwrap();
    let gzip = gzip.finish().unwrap();
    let post = |encoding: &str, body: &[u8]| {
        let request = partner.request("POST", "/customers").body(JSON, body);
        request.header("Content-Encoding", encoding)
    };
    for (encoding, named) in [("gzip", "gzip"), ("identity, br", "br"), ("GZIP", "GZIP")] {
        let refused = post(encoding, &gzip).expect(415);
        assert_eq!(refused.errors(), ["unsupported_content_encoding"]);
        assert!(refused.message().contains(named), "{refused:#?}");
    }
    assert_eq!(partner.total(), 0);
    post("identity", customer).expect(200);
}

#[test]
fn json_that_is_sent_as_a_form_is_told_which_header_to_send() {
    let partner = Partner::new();
    for body in [
        r#"{"name":"secret","custnr":"c19"}"#,
        "\u{feff} \n{\"name\": \"secret & more = 100 %\"}",
        r#"[{"name":"secret"}]"#,
        "%7B%22name%22%3A%22secret%22%7D",
    ] {
        let refused = partner
            .request("POST", "/customers")
            .body(FORM, body)
            .expect(400);
        assert_eq!(refused.errors(), ["looks_like_json"]);
        assert!(refused.message().contains("Content-Type: application/json"));
        assert!(!refused.text.contains("secret"), "{refused:#?}");
    }
    let id = partner.create_customer("n", "1");
    let delete = partner
        .delete("/customers")
        .body(FORM, format!("{{\"customer_id\":{id}}}"));
    assert_eq!(delete.expect(400).errors(), ["looks_like_json"]);

    // Where only JSON is taken too. A form is none there.
    for (request, json) in [
        (
            partner.request("POST", &format!("/customers/{id}/calls")),
            r#"{"calls":[{"bnum":"+46890510"}]}"#,
        ),
        (
            operator("PUT", "/operator/partners/form"),
            r#"{"name":"x"}"#,
        ),
    ] {
        let refused = request.clone().body(FORM, json).expect(400);
        assert_eq!(refused.errors(), ["looks_like_json"]);
        assert!(refused.message().contains("Content-Type: application/json"));
        let form = request.body(FORM, "name=x").expect(415);
        assert_eq!(form.errors(), ["unsupported_media_type"]);
    }
}

#[test]
fn an_unknown_name_is_shown_in_part_and_a_near_miss_names_what_was_meant() {
    let partner = Partner::new();
    let told = |name: &str| {
        let given = [("name", "n"), ("custnr", "1"), (name, "x")];
        let refused = partner.post("/customers", &given).expect(400);
        assert_eq!(refused.errors(), [format!("{name}: unknown_parameter")]);
        refused.message()
    };
    for (name, known) in [
        ("emial", "email"),
        ("e_mail", "email"),
        ("corporate_id", "corporateid"),
        ("adress_city", "address_city"),
        ("Freespee-Caller-Id", "freespee_caller_id"),
    ] {
        let expected = format!("{name} is not a parameter of this request; did you mean {known}?");
        assert_eq!(told(name), expected);
    }
    assert_eq!(told("phone"), "phone is not a parameter of this request");
    let filter = partner.get("/customers?cust_nr=1").expect(400);
    assert!(
        filter.message().ends_with("did you mean custnr?"),
        "{filter:#?}"
    );
    let id = partner.create_customer("n", "1");
    let dry_run = partner
        .delete(&format!("/customers/{id}?dryrun=1"))
        .expect(400);
    assert!(
        dry_run.message().ends_with("did you mean dry_run?"),
        "{dry_run:#?}"
    );
    let call = json!({"measure_id": 1, "start": "2026-01-01 00:00:00", "bnum": "+46890510", "durration": 1});
    let call = partner.post_calls(id, &[call]).expect(400);
    assert_eq!(
        call.message(),
        "calls[0].durration is not a parameter of this request; did you mean duration?"
    );
    for (name, proposal) in [
        ("customer", "; did you mean customers?"),
        ("custmers", "; did you mean customers?"),
        ("customerId", ""),
        ("uuidd", ""),
    ] {
        let request = partner.request("POST", "/customers");
        let refused = request.json(&json!({name: [{}]})).expect(400);
        let expected = format!("\"{name} is not a parameter of this request{proposal}\"");
        assert!(refused.text.contains(&expected), "{refused:#?}");
    }

    let long = "x".repeat(500);
    let twice = format!("{long}=1&{long}=2");
    for request in [
        partner.post("/customers", &[(&long, "1")]),
        partner.post(&format!("/customers?{long}=1"), &[]),
        partner.get(&format!("/customers?{twice}")),
        partner
            .request("POST", "/customers")
            .json(&json!({&long: 1})),
    ] {
        let refused = request.expect(400);
        assert!(!refused.text.contains(&"x".repeat(65)), "{refused:#?}");
    }
}

#[test]
fn an_assigned_field_is_told_and_what_get_answered_can_be_put_back_without_it() {
    let partner = Partner::new();
    partner.set_up_custom(7, &json!({}));
    let id = partner.create_customer("n", "1");
    let path = format!("/customers/{id}");
    let mut customer = partner.customer(id);
    let refused = partner.request("PUT", &path).json(&customer).expect(400);
    assert_eq!(refused.errors(), ["uuid: assigned"]);
    assert_eq!(
        refused.message(),
        "uuid is assigned and cannot be changed; leave it out"
    );
    customer.as_object_mut().unwrap().remove("uuid");
    let put = partner.request("PUT", &path).json(&customer).expect(200);
    customer["uuid"] = put.customer()["uuid"].clone();
    assert_eq!(put.customer(), customer);

    let measure = partner.create_measure(id);
    let of_measure = format!("{path}/measures/{measure}");
    let mut record = partner.get(&of_measure).expect(200).record("measures");
    let refused = partner
        .request("PUT", &of_measure)
        .json(&record)
        .expect(400);
    assert_eq!(refused.errors(), ["created: assigned", "status: assigned"]);
    for name in ["created", "status"] {
        record.as_object_mut().unwrap().remove(name);
    }
    partner
        .request("PUT", &of_measure)
        .json(&record)
        .expect(200);
    let given = [
        ("name", "n"),
        ("custnr", "2"),
        ("customer_id", "5"),
        ("uuid", "x"),
    ];
    let created = partner.post("/customers", &given).expect(400);
    assert_eq!(
        created.errors(),
        ["customer_id: assigned", "uuid: assigned"]
    );
}

#[test]
fn a_value_that_is_stored_is_not_refused_by_a_limit_that_came_later() {
    let partner = Partner::new();
    for n in [7, 8] {
        partner.set_up_custom(n, &json!({}));
    }
    let stored = json!({"name": "n", "custnr": "1", "custom_7": "stored"});
    let path = create(&partner, &stored);
    let path = path.header("Location").unwrap();
    partner.set_up_custom(7, &json!({"max_length": 3}));
    partner.set_up_custom(8, &json!({"required": true}));
    let put = |fields: Value| partner.request("PUT", path).json(&fields);
    let same = json!({"name": "after", "custom_7": "stored", "custom_8": ""});
    let changed = put(same).expect(200);
    let customer = changed.customer();
    let told = [
        &customer["name"],
        &customer["custom_7"],
        &customer["custom_8"],
    ];
    assert_eq!(told, ["after", "stored", ""]);
    assert_eq!(changed.header("ETag"), Some("\"2\""));
    // Alone it changes nothing.
    let kept = put(json!({"custom_7": "stored"})).expect(200);
    assert_eq!(kept.header("ETag"), Some("\"2\""));
    // The same by the partner's own number, where nothing that is refused can create a customer.
    let put_custnr = |custnr: &str, fields: Value| {
        let request = partner.request("PUT", &format!("/customers/custnr/{custnr}"));
        request.json(&fields)
    };
    let kept = put_custnr("1", json!({"custom_7": "stored", "custom_8": ""})).expect(200);
    assert_eq!(kept.header("ETag"), Some("\"2\""));
    let other = put_custnr("1", json!({"custom_7": "other"})).expect(400);
    assert_eq!(other.errors(), ["custom_7: length"]);
    let new = put_custnr("2", json!({"custom_7": "stored", "custom_8": ""})).expect(400);
    assert_eq!(
        new.errors(),
        ["custom_7: length", "custom_8: length", "name: required"]
    );
    assert_eq!(partner.total(), 1);

    for (fields, faults) in [
        (
            json!({"name": "x", "custom_7": "Stored"}),
            vec!["custom_7: length"],
        ),
        (
            json!({"custom_7": "stored", "custom_8": " "}),
            vec!["custom_8: blank"],
        ),
        (
            json!({"name": "", "custom_7": "other"}),
            vec!["custom_7: length", "name: length"],
        ),
    ] {
        assert_eq!(put(fields).expect(400).errors(), faults);
    }
    let stale = put(json!({"custom_7": "other"})).header("If-Match", "\"1\"");
    stale.expect(412);
    let absent = partner.request("PUT", "/customers/9007199254740991");
    absent.json(&json!({"custom_7": "other"})).expect(404);
    let now = partner.get(path).expect(200);
    assert_eq!(
        (now.customer(), now.header("ETag")),
        (customer, Some("\"2\""))
    );
    put(json!({"custom_7": "new", "custom_8": "x"})).expect(200);
    put(json!({"custom_7": "stored"})).expect(400);
}

/// The values were stored before the partner became German.
#[test]
fn the_german_rule_does_not_refuse_what_was_stored_before_it() {
    let partner = Partner::new();
    for n in 1..=6 {
        partner.set_up_custom(n, &json!({}));
    }
    let fields = json!({"name": "n", "custnr": "1", "custom_3": "1011", "custom_5": "Dr."});
    let created = create(&partner, &fields);
    let path = created.header("Location").unwrap();
    let operators = format!("/operator/partners/{}", partner.username);
    operator("PUT", &operators)
        .json(&json!({"country": "DE"}))
        .expect(200);
    let put = |fields: Value| partner.request("PUT", path).json(&fields);
    put(json!({"name": "after", "custom_3": "1011", "custom_5": "Dr.", "custom_1": ""}))
        .expect(200);
    let refused = put(json!({"custom_3": "1012", "custom_5": "Dr."})).expect(400);
    assert_eq!(refused.errors(), ["custom_3: zip"]);
}

#[test]
fn a_call_starts_at_a_time_that_can_be() {
    let partner = Partner::new();
    let id = partner.create_customer("n", "1");
    let measure = partner.create_measure(id);
    let post = |start: &str| {
        let call =
            |start: &str| json!({"measure_id": measure, "start": start, "bnum": "+46846500401"});
        partner.post_calls(id, &[call("2026-01-01 00:00:00"), call(start)])
    };
    for start in [
        "9999-12-31 23:59:59",
        "0000-01-01 00:00:00",
        "1999-12-31 23:59:59",
    ] {
        let refused = post(start).expect(400);
        assert_eq!(refused.errors(), ["calls[1].start: time"]);
        let expected = "calls[1].start must be from 2000-01-01 00:00:00 to a day from now";
        assert_eq!(refused.message(), expected);
    }
    let seconds = |ahead: u64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let database = rusqlite::Connection::open_in_memory().unwrap();
        let at = i64::try_from(now.unwrap().as_secs() + ahead).unwrap();
        let text = database.query_row("SELECT datetime(?1, 'unixepoch')", [at], |row| row.get(0));
        text.unwrap()
    };
    let (soon, late): (String, String) = (seconds(23 * 3600), seconds(25 * 3600));
    post(&late).expect(400);
    post(&soon).expect(200);
    post("2000-01-01 00:00:00").expect(200);
}

#[test]
fn a_country_is_one_that_exists() {
    let username = unused_username();
    let path = format!("/operator/partners/{username}");
    let put = |country: &str| operator("PUT", &path).json(&json!({"country": country}));
    for country in ["XX", "UK", "EU", "de", "DEU", "ZZ"] {
        assert_eq!(
            put(country).expect(400).errors(),
            ["country: country"],
            "{country}"
        );
    }
    operator("GET", &path).expect(404);
    for country in ["DE", "GB", "AX", ""] {
        assert_eq!(
            put(country).expect(200).json()["partner"]["country"],
            country
        );
    }
}

#[test]
fn a_field_of_the_german_rule_cannot_be_set_up_otherwise() {
    let german = Partner::with(&json!({"country": "DE"}));
    let path = |n: u32| format!("/operator/partners/{}/custom_fields/{n}", german.username);
    let before = operator("GET", &format!("/operator/partners/{}", german.username));
    let before = before.expect(200).json();
    for n in 1..=6 {
        for request in [
            operator("PUT", &path(n)).json(&json!({"max_length": 200})),
            operator("PUT", &path(n)).json(&json!({})),
            operator("DELETE", &path(n)),
        ] {
            assert_eq!(request.expect(400).errors(), ["n: german_rule"]);
        }
    }
    let after = operator("GET", &format!("/operator/partners/{}", german.username));
    assert_eq!(after.expect(200).json(), before);
    operator("PUT", &path(7))
        .json(&json!({"max_length": 200}))
        .expect(200);
}

#[test]
fn a_word_in_the_place_of_an_id_is_told() {
    let partner = Partner::new();
    for (target, message) in [
        ("/customers/abc", "customer_id must be a number"),
        ("/2.4.9/customers/-1", "customer_id must be a number"),
        ("/customers/x/users", "customer_id must be a number"),
        ("/customers/1/users/me", "user_id must be a number"),
        ("/customers/1/calls/1.0", "call_id must be a number"),
        ("/customer/1", "there is no such path"),
        ("/customers/1/nothing", "there is no such path"),
    ] {
        assert_eq!(
            partner.get(target).expect(404).message(),
            message,
            "{target}"
        );
    }
}

#[test]
fn the_receipt_of_a_customer_that_lives_is_a_404_that_says_so() {
    let partner = Partner::new();
    let id = partner.create_customer("n", "1");
    let path = format!("/customers/{id}/erasure");
    let expected = format!("customer {id} has not been erased");
    assert_eq!(partner.get(&path).expect(404).message(), expected);
    let stranger = Partner::new().get(&path).expect(404).message();
    assert_eq!(stranger, "there is no such customer");
}

#[test]
fn a_choice_of_two_is_told_as_both() {
    let partner = Partner::new();
    let id = partner.create_customer("n", "1");
    for value in ["yes", "2", "true", ""] {
        let dry_run = partner.delete(&format!("/customers/{id}?dry_run={value}"));
        assert_eq!(dry_run.expect(400).message(), "dry_run must be 0 or 1");
        let put = partner.put(
            &format!("/customers/{id}"),
            &[("freespee_caller_id", value)],
        );
        assert_eq!(
            put.expect(400).message(),
            "freespee_caller_id must be 0 or 1"
        );
    }
    assert_eq!(partner.total(), 1);
}

#[test]
fn every_message_can_be_read_without_its_parameter() {
    let partner = Partner::new();
    let id = partner.create_customer("n", "1");
    let measure = partner.create_measure(id);
    let told = |request: Request<'static>| request.send().message();
    let call =
        json!({"measure_id": measure, "start": "2026-02-30 00:00:00", "bnum": "+46846500401"});
    let other = json!({"measure_id": 0, "start": "2026-01-01 00:00:00", "bnum": "+46846500401"});
    for (request, begin) in [
        (
            partner.post("/customers", &[("custnr", "2")]),
            "name is required",
        ),
        (
            partner.post("/customers", &[("name", "n"), ("custnr", "1")]),
            "custnr is taken",
        ),
        (
            partner.get("/customers?pagesize=0"),
            "pagesize must be from 1 to 1000",
        ),
        (partner.put("/customers", &[]), "customer_id is required"),
        (
            partner.put(&format!("/customers/{id}"), &[("custnr", "")]),
            "custnr must be 1 to 45 characters",
        ),
        (
            partner.put(&format!("/customers/{id}"), &[("custom_9", "")]),
            "custom_9 is not set up",
        ),
        (
            partner.put(&format!("/customers/{id}"), &[("", "")]),
            "\"\" is not a parameter",
        ),
        (
            partner.post_calls(id, &[call]),
            "calls[0].start must be a time",
        ),
        (
            partner.post_calls(id, &[other]),
            "calls[0].measure_id is not a measure",
        ),
        (
            partner.put(
                &format!("/customers/{id}/allowed_numbers"),
                &[("phonenrs", "[\"1\"]")],
            ),
            "phonenrs[0] must be a phone number",
        ),
    ] {
        let message = told(request);
        assert!(message.starts_with(begin), "{message}");
    }
}

/// The platform answers the first and does not call the Worker; the second never arrives as an empty header.
#[test]
fn what_the_platform_keeps_from_the_service_is_as_the_documents_say() {
    let answer = crate::client::send_raw(shared(), b"OPTIONS * HTTP/1.1\r\n");
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    let partner = Partner::new();
    let id = partner.create_customer("before", "1");
    let change = partner.put(&format!("/customers/{id}"), &[("name", "after")]);
    change.header("If-Match", "").expect(200);
}
