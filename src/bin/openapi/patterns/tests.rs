use super::*;
use customers_api::http::unicode::is_mark;
use customers_api::http::validation::{self, time};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

/// Matches texts as a validator of JSON Schema does.
struct Matcher(jsonschema::Validator);

impl Matcher {
    fn of(pattern: &str) -> Self {
        let schema = json!({ "type": "string", "pattern": pattern });
        Self(jsonschema::validator_for(&schema).unwrap())
    }

    fn matches(&self, text: &str) -> bool {
        self.0.is_valid(&json!(text))
    }
}

// These patterns are long and slow to compile, so the tests compile each once.
static PHONE_NUMBERS: LazyLock<Matcher> = LazyLock::new(|| Matcher::of(&phone_number()));
static PRINTABLE: LazyLock<Matcher> = LazyLock::new(|| Matcher::of(&printable()));
static NOT_BLANK: LazyLock<Matcher> = LazyLock::new(|| Matcher::of(&not_blank()));
static UNPADDED: LazyLock<Matcher> = LazyLock::new(|| Matcher::of(&unpadded()));
static EMAIL: LazyLock<Matcher> = LazyLock::new(|| Matcher::of(&email()));
static NETWORKS: LazyLock<Matcher> = LazyLock::new(|| Matcher::of(&network()));

/// Texts of the characters that the rules treat differently.
fn text() -> impl Strategy<Value = String> {
    let any = any::<char>().prop_map(|c| c.to_string());
    let odd = prop::sample::select(vec![
        "a", "Z", "0", "9", "@", ".", "-", "_", "+", " ", "é", "\u{85}", "\u{a0}", "\u{3000}",
        "\u{feff}", "\u{200b}", "\u{200d}", "\u{202e}", "\u{2028}", "\u{fdd0}", "\u{ffff}",
        "\u{7}", "\u{7f}", "\n", "株", "👋", "'", "|", "\\", "[", "]", "^", "`", "{", ":", "/",
        ",", "(",
    ]);
    let part = prop_oneof![8 => odd.prop_map(str::to_owned), 1 => any];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// Whether the patterns say everything about a text that the validation says.
fn is_expressible(text: &str) -> bool {
    text.chars().all(|c| c <= '\u{ffff}' && !is_mark(c))
}

fn address() -> impl Strategy<Value = String> {
    (text(), text(), 0..70_usize)
        .prop_map(|(local, domain, long)| format!("{local}@{}{domain}", "a".repeat(long)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_match_as_they_are_valid(text in text()) {
        let is_printable = validation::printable(&text).is_ok();
        let shows = is_printable && !text.is_empty() && validation::not_blank(&text).is_ok();
        let is_unpadded = shows && validation::unpadded(&text).is_ok();
        prop_assert!(!is_printable || PRINTABLE.matches(&text));
        prop_assert!(!shows || NOT_BLANK.matches(&text));
        prop_assert!(!is_unpadded || UNPADDED.matches(&text));
        if is_expressible(&text) {
            prop_assert_eq!(PRINTABLE.matches(&text), is_printable);
            prop_assert_eq!(NOT_BLANK.matches(&text), shows);
            prop_assert_eq!(NOT_BLANK.matches(&text) && UNPADDED.matches(&text), is_unpadded);
        }
    }

    #[test]
    fn addresses_match_as_they_are_valid(text in address()) {
        let valid = validation::email(&text).is_ok() && validation::printable(&text).is_ok();
        prop_assert!(!valid || EMAIL.matches(&text));
        if is_expressible(&text) {
            prop_assert_eq!(EMAIL.matches(&text), valid);
        }
    }

    #[test]
    fn times_match_as_they_are_valid(
        year in 0..10_000, month in 0..14, day in 0..33, hour in 0..26, minute in 0..62, second in 0..62
    ) {
        let times = Matcher::of(TIME);
        for second in [second, 0] {
            let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
            prop_assert_eq!(times.matches(&text), time(&text).is_ok());
        }
    }

    #[test]
    fn networks_match_as_they_are_read(
        v4 in "[0-9]{1,3}([.][0-9]{1,3}){2,4}/[0-9]{1,3}",
        v6 in "(([0-9a-fA-F]{1,4}|):){1,8}([0-9a-f]{0,5}|[0-9]{1,3}([.][0-9]{1,3}){3})/[0-9]{1,3}",
        address in any::<std::net::IpAddr>(),
        prefix in 0..140_u32,
    ) {
        for text in [v4, v6, format!("{address}/{prefix}")] {
            prop_assert_eq!(NETWORKS.matches(&text), text.parse::<ipnet::IpNet>().is_ok(), "{}", text);
        }
    }

    #[test]
    fn phone_numbers_match_as_they_are_valid(digits in "[+]{0,2}[0-9]{1,17}x?") {
        prop_assert_eq!(PHONE_NUMBERS.matches(&digits), E164::parse(&digits).is_ok());
    }
}

#[test]
fn every_29th_of_february_is_judged_alike() {
    let times = Matcher::of(TIME);
    for year in 0..10_000 {
        let text = format!("{year:04}-02-29 00:00:00");
        assert_eq!(times.matches(&text), time(&text).is_ok(), "{text}");
    }
}
