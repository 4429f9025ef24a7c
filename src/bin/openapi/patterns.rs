//! The rules of the validation as regular expressions (ECMA 262), as JSON Schema requires. The tests compare them with
//! the validation on random texts.

use std::collections::BTreeMap;

use customers_api::phone::E164;

/// The characters of `char::is_whitespace` (`blank`) and of `char::is_control` (`control`), as parts of a class.
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

/// The characters from U+003A up that an e-mail address does not count as letters: ASCII punctuation, control characters
/// and white space.
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

/// `validation::printable` and `validation::not_blank`, for a text that is not empty.
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

/// `validation::email`, for a text that is not empty.
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

/// A partner's country that is not empty.
pub const COUNTRY: &str = "^[A-Z]{2}$";

/// A network that `ipnet` parses: an address that `std::net` parses, and the length of a prefix.
pub fn network() -> String {
    const BYTE: &str = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})";
    const GROUP: &str = "[0-9A-Fa-f]{1,4}";
    let v4 = format!(r"{BYTE}(?:\.{BYTE}){{3}}");
    // At most this many groups. An IPv4 address may replace the last two.
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

/// A pattern that also accepts an empty text.
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
    // From five digits on, every number is one. Whether a shorter one has enough digits depends on its country code.
    format!(
        r"\+(?:[1-9][0-9]{{4,14}}|(?:{})[0-9]|{})",
        three_digits(|digits| E164::parse(&format!("+{digits}0")).is_ok()),
        three_digits(|digits| E164::parse(&format!("+{digits}")).is_ok()),
    )
}

/// The texts of three digits that `is_accepted` accepts.
fn three_digits(is_accepted: impl Fn(&str) -> bool) -> String {
    let mut firsts = BTreeMap::<String, Vec<String>>::new();
    for first in 10..100 {
        let last = (0..10).filter(|last| is_accepted(&format!("{first}{last}")));
        let last: String = last.map(|digit| digit.to_string()).collect();
        firsts.entry(last).or_default().push(first.to_string());
    }
    firsts.remove("");
    let alternatives = firsts
        .iter()
        .map(|(last, firsts)| format!("(?:{})[{last}]", firsts.join("|")));
    alternatives.collect::<Vec<_>>().join("|")
}

/// The decimal digits of an integer from 0 to `max`, with any number of leading zeros.
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
        // An integer with the first digits of `max` and a smaller digit here. `0*` already covers a first 0.
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
mod tests;
