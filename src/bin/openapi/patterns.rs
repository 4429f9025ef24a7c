//! The rules of the validation as regular expressions (ECMA 262), as JSON Schema wants them. The tests throw texts at both.

use customers::phone::plan::CountryCode;

/// What `char::is_whitespace` is true for, and what `char::is_control` is, as parts of a class.
macro_rules! blank {
    () => {
        r"\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    };
}
macro_rules! control {
    () => {
        r"\u0000-\u001f\u007f-\u009f"
    };
}

/// What no letter of an e-mail address is: ASCII without its letters and digits but for some, control characters, white space.
macro_rules! no_letter {
    () => {
        concat!(
            r"\u003a-\u0040\u005b-\u0060\u007b-\u009f",
            r"\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
        )
    };
}

macro_rules! label {
    () => {
        concat!(
            r"[^\u0000-\u002f",
            no_letter!(),
            r"](?:[^\u0000-\u002c\u002e\u002f",
            no_letter!(),
            r"]{0,61}[^\u0000-\u002f",
            no_letter!(),
            "])?"
        )
    };
}

/// `validation::printable`
pub const PRINTABLE: &str = concat!("^[^", control!(), "]*$");

/// `validation::printable` and `validation::not_blank`, of a text that is not empty.
pub const NOT_BLANK: &str = concat!(
    "^[^",
    control!(),
    "]*[^",
    blank!(),
    control!(),
    "][^",
    control!(),
    "]*$"
);

/// `validation::email`, of a text that is not empty.
pub const EMAIL: &str = concat!(
    r"^(?:[.!#$%&'*+/=?^_`{|}~\-]|[^\u0000-\u002f",
    no_letter!(),
    "])+@",
    label!(),
    r"(?:\.",
    label!(),
    ")*$"
);

/// `validation::time`
pub const TIME: &str = concat!(
    "^(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)",
    " (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
);

/// The country of a partner, of one that has any.
pub const COUNTRY: &str = "^[A-Z]{2}$";

/// A network that `ipnet` reads: an address as `std::net` does, and the length of a prefix.
pub fn network() -> String {
    const BYTE: &str = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})";
    const GROUP: &str = "[0-9A-Fa-f]{1,4}";
    let v4 = format!(r"{BYTE}(?:\.{BYTE}){{3}}");
    // Up to this many groups, of which the last two may be written as an address of IPv4.
    let up_to = |groups: usize| match groups {
        0 => String::new(),
        1 => format!("(?:{GROUP})?"),
        2 => format!("(?:{v4}|{GROUP}(?::{GROUP})?)?"),
        n => format!(
            "(?:(?:{GROUP}:){{0,{}}}{v4}|{GROUP}(?::{GROUP}){{0,{}}})?",
            n - 2,
            n - 1
        ),
    };
    let mut v6 = vec![format!("(?:{GROUP}:){{6}}(?:{v4}|{GROUP}:{GROUP})")];
    v6.push(format!("::{}", up_to(8)));
    v6.extend((1..=7).map(|n| format!("{GROUP}(?::{GROUP}){{{}}}::{}", n - 1, up_to(8 - n))));
    format!(
        "^(?:{v4}/(?:3[0-2]|[0-2]?[0-9])|(?:{})/(?:12[0-8]|1[01][0-9]|0?[0-9]{{1,2}}))$",
        v6.join("|")
    )
}

/// The same, or an empty text.
pub fn or_empty(pattern: &str) -> String {
    format!("^$|{pattern}")
}

/// `phone::E164::parse`
pub fn phone_number() -> String {
    format!("^{}$", phone_number_part())
}

/// The text of a JSON array of phone numbers.
pub fn phone_number_array(max: usize) -> String {
    let number = phone_number_part();
    format!(r#"^\[(?:"{number}"(?:,"{number}"){{0,{}}})?\]$"#, max - 1)
}

fn phone_number_part() -> String {
    // A national number has two digits at least, and all have 15 at most.
    let alternatives = (1..=3).map(|length| {
        let codes =
            (0..10_u32.pow(length)).map(|code| format!("{code:0width$}", width = length as usize));
        let codes = codes.filter(|code| {
            let found = CountryCode::of(code.as_bytes());
            !code.starts_with('0') && found.is_some_and(|found| found.length == code.len())
        });
        let codes: Vec<String> = codes.collect();
        format!("(?:{})[0-9]{{2,{}}}", codes.join("|"), 15 - length)
    });
    let alternatives: Vec<String> = alternatives.collect();
    format!(r"\+(?:{})", alternatives.join("|"))
}

/// The decimal digits of an integer from 0 to `max`, zeros before it included.
pub fn up_to(max: i64) -> String {
    let digits: Vec<i64> = max
        .to_string()
        .bytes()
        .map(|digit| i64::from(digit - b'0'))
        .collect();
    let mut alternatives = vec![max.to_string()];
    if digits.len() > 1 {
        alternatives.push(format!("[0-9]{{1,{}}}", digits.len() - 1));
    }
    let mut before = String::new();
    for (at, digit) in digits.iter().enumerate() {
        let rest = digits.len() - at - 1;
        // One that begins as `max` does, and has a smaller digit here; a 0 at the beginning is one of the zeros.
        let least = i64::from(at == 0 && rest > 0);
        if *digit > least {
            let rest = if rest == 0 {
                String::new()
            } else {
                format!("[0-9]{{{rest}}}")
            };
            alternatives.push(format!("{before}[{least}-{}]{rest}", digit - 1));
        }
        before.push_str(&digit.to_string());
    }
    format!("^0*(?:{})$", alternatives.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use customers::phone::E164;
    use customers::validation::{email, not_blank, printable, time};
    use proptest::prelude::*;
    use serde_json::json;
    use std::sync::LazyLock;

    /// Whether a text matches, to a validator of JSON Schema.
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

    // They are long, and take a while to be compiled.
    static PHONE_NUMBERS: LazyLock<Matcher> = LazyLock::new(|| Matcher::of(&phone_number()));
    static NETWORKS: LazyLock<Matcher> = LazyLock::new(|| Matcher::of(&network()));

    /// Texts of what the rules turn on.
    fn text() -> impl Strategy<Value = String> {
        let any = any::<char>().prop_map(|c| c.to_string());
        let odd = prop::sample::select(vec![
            "a", "Z", "0", "9", "@", ".", "-", "_", "+", " ", "é", "\u{85}", "\u{a0}", "\u{3000}",
            "\u{feff}", "\u{7}", "\u{7f}", "\n", "株", "👋", "'", "|", "\\", "[", "]", "^", "`",
            "{", ":", "/", ",", "(",
        ]);
        let part = prop_oneof![8 => odd.prop_map(str::to_owned), 1 => any];
        prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
    }

    fn address() -> impl Strategy<Value = String> {
        (text(), text(), 0..70_usize)
            .prop_map(|(local, domain, long)| format!("{local}@{}{domain}", "a".repeat(long)))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn texts_match_as_they_are_valid(text in text()) {
            prop_assert_eq!(Matcher::of(PRINTABLE).matches(&text), printable(&text).is_ok());
            let filled = !text.is_empty() && printable(&text).is_ok() && not_blank(&text).is_ok();
            prop_assert_eq!(Matcher::of(NOT_BLANK).matches(&text), filled);
        }

        #[test]
        fn addresses_match_as_they_are_valid(text in address()) {
            let valid = email(&text).is_ok() && printable(&text).is_ok();
            prop_assert_eq!(Matcher::of(EMAIL).matches(&text), valid);
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

    #[test]
    fn integers_match_up_to_the_largest() {
        for max in [0, 1, 2, 9, 10, 255, 1_000, 2_147_483_647] {
            let integers = Matcher::of(&up_to(max));
            for n in [
                0,
                1,
                2,
                3,
                9,
                10,
                11,
                199,
                200,
                249,
                255,
                256,
                999,
                1_000,
                1_001,
                2_147_483_647,
                2_147_483_648,
            ] {
                assert_eq!(integers.matches(&n.to_string()), n <= max, "{n} of {max}");
                assert_eq!(
                    integers.matches(&format!("00{n}")),
                    n <= max,
                    "00{n} of {max}"
                );
            }
            assert!(!integers.matches("") && !integers.matches("-1") && !integers.matches("1.0"));
        }
    }
}
