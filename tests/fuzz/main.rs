//! Feeds random input to every parser of untrusted bytes. No parser may panic, and valid values must round-trip. A few
//! hundred cases of each test run with the other tests. `npm run fuzz` runs a million.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test fails by panicking"
)]

use base64ct::{Base64, Encoding};
use customers_api::auth::{basic, digest};
use customers_api::customers::model::CustomerInput;
use customers_api::http::decode::{media_type, percent_decode};
use customers_api::http::etag::IfMatch;
use customers_api::http::intent::Intent;
use customers_api::http::json::Json;
use customers_api::http::paging::Paging;
use customers_api::http::params::{ID_MAX, Params};
use customers_api::http::router::route;
use customers_api::http::time::Now;
use customers_api::operator::input::{CustomFieldSetUp, FieldNumber, PartnerInput};
use customers_api::partners::profile::{CUSTOM_FIELDS, CustomField, Profile};
use customers_api::phone::E164;
use customers_api::records::allowed_numbers::{self, ALLOWED_NUMBERS_MAX};
use customers_api::records::calls::CALLS;
use customers_api::records::measures::MEASURES;
use customers_api::records::users::USERS;
use proptest::prelude::{
    Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::sample::{Index, select};

/// Real input from clients, and input known to break such parsers.
const SEEDS: &[&str] = &[
    "Digest username=\"demo\", realm=\"customers\", nonce=\"00\", uri=\"/customers?page=0\", cnonce=\"c\", \
     nc=00000001, qop=auth, response=\"0123456789abcdef\", algorithm=SHA-256",
    "username=\"a\\\"b\", realm=\"\\\\\", qop=\"auth\" ,algorithm=\"SHA-256\"",
    "username*=UTF-8''J%C3%A4s%C3%B8n, userhash=true, qop=auth",
    "=,=\"\",\"=",
    "Basic ZGVtbzpkZW1vLXBhc3N3b3Jk",
    "name=Nordlund+AB&custnr=SE-1003&email=a%40b.example&custom_1=%C3%96",
    "a=1&a=2&&=&%=%&%00=%ff",
    "{\"name\":\"N\",\"custnr\":1,\"name\":null,\"a\":[{\"b\":[1.5e300,true]}]}",
    "{\"calls\":[{\"measure_id\":\"7\",\"start\":\"2026-02-30 24:00:00\",\"anum\":\"\",\"bnum\":\"+46890510\"}]}",
    "[[[[[[[[[[\"\\ud800\"]]]]]]]]]]",
    "/2.4.9/customers/9223372036854775808/measures/%2e%2e/",
    "//customers//users?customer_id=1",
    "\"1\", W/\"2\", *, \"\", \"18446744073709551616\"",
    "application/json; charset=\"utf-8\"; =;",
    "+881612345678901",
];

/// Random bytes, or a seed with some bytes replaced, inserted or removed.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<Index>(), any::<u8>(), 0..3_u8), 0..8);
    let mutated = (select(SEEDS), edits).prop_map(|(seed, edits)| {
        let mut bytes = seed.as_bytes().to_vec();
        for (at, byte, edit) in edits {
            let at = at.index(bytes.len() + 1);
            match edit {
                0 => bytes.insert(at, byte),
                _ if at == bytes.len() => {}
                1 => bytes[at] = byte,
                _ => {
                    bytes.remove(at);
                }
            }
        }
        bytes
    });
    prop_oneof![mutated, prop::collection::vec(any::<u8>(), 0..200)]
}

fn now() -> Now {
    Now {
        millis: 0,
        utc: "2026-11-24 00:00:00".to_owned(),
        utc_in_a_day: "2026-11-25 00:00:00".to_owned(),
    }
}

/// The same as text, for headers.
fn text() -> impl Strategy<Value = String> {
    let lossy = bytes().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    prop_oneof![lossy, any::<String>()]
}

/// Parameter names that some input takes, and one that none takes.
const NAMES: &[&str] = &[
    "name",
    "custnr",
    "email",
    "receive_monthly_report",
    "address_zip",
    "custom_1",
    "custom_3",
    "custom_5",
    "custom_7",
    "custom_20",
    "phonenrs",
    "country",
    "allowed_networks",
    "enabled",
    "n",
    "label",
    "max_length",
    "required",
    "page",
    "pagesize",
    "after",
    "nothing",
    "uuid",
    "version",
];

/// A JSON value of any type.
fn value() -> impl Strategy<Value = Json> {
    let number = prop_oneof![Just("+46890510"), Just("192.0.2.0/24"), Just("::/0")];
    let text = prop_oneof![text(), number.prop_map(str::to_owned)];
    let text = text.prop_map(|text| Json::from(text.as_str())).boxed();
    let scalar = prop_oneof![
        4 => text.clone(),
        1 => Just(Json::Null),
        1 => Just(Json::Fraction),
        1 => any::<bool>().prop_map(Json::Bool),
        2 => (-2_i64..1_010).prop_map(Json::from),
        1 => any::<i64>().prop_map(Json::from),
    ]
    .boxed();
    let list = prop::collection::vec(scalar.clone(), 0..5).prop_map(Json::List);
    let texts = prop::collection::vec(text, 0..5).prop_map(Json::List);
    let spelt = texts.clone().prop_map(|list| Json::from(list.to_string()));
    let object = scalar
        .clone()
        .prop_map(|value| Json::object([("a", value)]));
    prop_oneof![6 => scalar, 1 => list, 1 => texts, 1 => spelt, 1 => object]
}

/// The members of a request's object.
fn members() -> impl Strategy<Value = Vec<(String, Json)>> {
    let name = prop_oneof![8 => select(NAMES).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec((name, value()), 0..12)
}

/// A partner with some custom fields.
fn partner(country: &str) -> Profile {
    let custom_fields = [1, 3, 5, 7].map(|n| CustomField {
        n,
        name: CUSTOM_FIELDS[usize::from(n) - 1],
        label: String::new(),
        max_length: 40,
        required: n < 7,
    });
    Profile {
        database: customers_api::partners::placement::Database::DIRECTORY,
        partner_id: 1,
        country: country.to_owned(),
        allowed_networks: Vec::new(),
        enabled: true,
        login: String::new(),
        may_write: true,
        ha1_sealed: String::new(),
        ha1_previous_sealed: String::new(),
        previous_until: String::new(),
        custom_fields: custom_fields.into(),
        read_at: 0,
    }
}

/// Percent-encodes a text. With `all` it also encodes the characters that do not need it.
fn encoded(text: &str, all: bool) -> String {
    let plain = |byte: u8| !all && byte.is_ascii_alphanumeric();
    let encode = |byte: u8| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// A text as a quoted string (RFC 9110 §5.6.4).
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

proptest! {
    #[test]
    fn no_authorization_header_causes_a_panic(text in text()) {
        let _ = digest::Response::parse(&text);
        let _ = basic::parse(&text);
        if let Some((_, rest)) = text.split_once(' ') {
            if let Some(response) = digest::Response::parse(rest) {
                response.is_right(&digest::Ha1([0; 32]), "GET", "/customers");
            }
            let _ = basic::parse(rest);
        }
    }

    #[test]
    fn only_our_own_nonce_is_valid(text in text(), now in any::<u64>()) {
        let state = digest::nonce_state(b"secret", &text, now);
        prop_assert_eq!(state, digest::NonceState::Forged);
        let own = digest::nonce(b"secret", now);
        prop_assert_eq!(digest::nonce_state(b"secret", &own, now), digest::NonceState::Fresh);
    }

    #[test]
    fn a_digest_header_round_trips(
        values in prop::array::uniform7(any::<String>()),
        space in prop_oneof![Just(""), Just(" ")],
    ) {
        let names = ["username", "realm", "nonce", "uri", "nc", "cnonce", "response"];
        let mut parameters: Vec<String> = names
            .iter()
            .zip(&values)
            .map(|(name, value)| format!("{name}={}", quoted(value)))
            .collect();
        parameters.insert(3, "algorithm=SHA-256".to_owned());
        parameters.insert(1, "qop=\"auth\"".to_owned());
        let parsed = digest::Response::parse(&parameters.join(&format!(",{space}"))).unwrap();
        let digest::Response { username, realm, nonce, uri, nc, cnonce, response } = parsed;
        prop_assert_eq!([username, realm, nonce, uri, nc, cnonce, response], values);
    }

    #[test]
    fn a_basic_header_round_trips(username in "[^:]*", password in any::<String>()) {
        let pair = Base64::encode_string(format!("{username}:{password}").as_bytes());
        prop_assert_eq!(basic::parse(&pair), Some((username, password)));
    }

    #[test]
    fn no_request_causes_a_panic(bytes in bytes(), text in text(), path in text()) {
        let _ = route("GET", &path);
        let _ = route("PUT", &format!("/customers/{path}"));
        let _ = (media_type(&text), IfMatch::parse(Some(&text)), E164::parse(&text));
        let _ = (percent_decode(&text, true), Json::parse(&bytes));
        for add in [Params::add_form, Params::add_json] {
            let mut params = Params::default();
            let _ = params.add_query(&text);
            let _ = add(&mut params, &bytes);
            for kind in [&MEASURES, &USERS, &CALLS] {
                let _ = (kind.take)(&mut params, Intent::Create, &now());
            }
            let _ = params.finish();
        }
    }

    #[test]
    fn no_customer_causes_a_panic_and_an_accepted_one_is_within_its_limits(members in members(), german in any::<bool>()) {
        let partner = partner(if german { "DE" } else { "" });
        for intent in [Intent::Create, Intent::Change] {
            let mut params = Params::of_members(members.clone());
            let input = CustomerInput::take(&mut params, &partner, intent);
            let columns = input.columns();
            if params.finish().is_ok() {
                prop_assert!(columns.len() <= members.len());
                prop_assert!(input.name.is_none_or(|name| (1..=60).contains(&name.chars().count())));
                prop_assert!(input.custom.iter().flatten().all(|value| value.chars().count() <= 40));
            }
        }
    }

    #[test]
    fn no_list_of_allowed_numbers_causes_a_panic_and_an_accepted_one_has_numbers_only(value in value(), list in bytes()) {
        for value in [value, Json::from(String::from_utf8_lossy(&list).as_ref())] {
            let mut params = Params::of_members(vec![("phonenrs".to_owned(), value)]);
            let numbers = allowed_numbers::take(&mut params);
            if params.finish().is_ok() {
                prop_assert!(numbers.len() <= ALLOWED_NUMBERS_MAX);
                let is_number = |number: &Json| number.as_text().is_some_and(|text| E164::parse(text).is_ok());
                prop_assert!(numbers.iter().all(is_number));
            }
        }
    }

    #[test]
    fn no_input_of_the_operator_causes_a_panic(members in members()) {
        let params = || Params::of_members(members.clone());
        let mut of_partner = params();
        let fields = PartnerInput::take(&mut of_partner).fields();
        if of_partner.finish().is_ok() {
            prop_assert_eq!(fields.len(), members.len());
        }
        let mut of_field = params();
        let field = FieldNumber::take(&mut of_field);
        let set_up = CustomFieldSetUp::take(&mut of_field);
        if of_field.finish().is_ok() {
            prop_assert_eq!(field.name(), format!("custom_{}", field.n()));
            prop_assert!(set_up.max_length.is_none_or(|max| (1..=255).contains(&max)));
        }
        let mut of_end = params();
        let field = FieldNumber::take(&mut of_end);
        prop_assert!(of_end.finish().is_err() || (1..=20).contains(&field.n()));
    }

    #[test]
    fn no_paging_causes_a_panic_and_an_accepted_one_is_within_its_limits(members in members(), query in text()) {
        let mut by_query = Params::default();
        let _ = by_query.add_query(&query);
        for mut params in [Params::of_members(members), by_query] {
            let paging = Paging::take(&mut params);
            let (limit, offset) = (paging.limit(), paging.offset());
            if params.finish().is_ok() {
                prop_assert!((2..=1_001).contains(&limit) && (0..=ID_MAX).contains(&offset));
            }
        }
    }

    #[test]
    fn a_parameter_round_trips_in_every_encoding(value in any::<String>(), all in any::<bool>()) {
        let pair = format!("name={}", encoded(&value, all));
        let document = Json::object([("name", value.as_str().into())]).to_string();
        let mut query = Params::default();
        query.add_query(&pair).unwrap();
        let mut form = Params::default();
        form.add_form(pair.as_bytes()).unwrap();
        let mut json = Params::default();
        json.add_json(document.as_bytes()).unwrap();
        for mut params in [query, form, json] {
            prop_assert_eq!(params.text("name"), Some(value.clone()));
            params.finish().unwrap();
        }
    }

    #[test]
    fn a_segment_of_a_path_round_trips(username in "[^/]+", all in any::<bool>()) {
        let path = format!("/operator/partners/{}", encoded(&username, all));
        prop_assert_eq!(&route("GET", &path).unwrap().captures[0].1, &username);
    }
}
