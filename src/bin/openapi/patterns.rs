//! The rules of the validation as regular expressions (ECMA 262), as JSON Schema requires. The tests compare them with
//! the validation on random texts.

use std::collections::BTreeMap;

use customers_api::http::unicode::{is_forbidden, is_invisible, is_space};
use customers_api::operator::country;
use customers_api::phone::E164;

/// The characters of the Basic Multilingual Plane that have a property, as a part of a class.
///
/// A class says nothing about the characters beyond: JSON Schema has no escape for them that every dialect of regular
/// expressions reads. The few that the validation refuses match the patterns all the same.
fn class(has: impl Fn(char) -> bool) -> String {
    let mut class = String::new();
    let mut first = None;
    for code in 0..=0x1_0000 {
        let is_in = code <= 0xffff && char::from_u32(code).is_some_and(&has);
        match first {
            None if is_in => first = Some(code),
            Some(start) if !is_in => {
                class.push_str(&format!(r"\u{start:04x}"));
                if start < code - 1 {
                    class.push_str(&format!(r"-\u{:04x}", code - 1));
                }
                first = None;
            }
            _ => {}
        }
    }
    class
}

/// `validation::printable`, except that a text may begin with a combining mark.
pub fn printable() -> String {
    format!("^[^{}]*$", class(is_forbidden))
}

/// [`printable`] and `validation::not_blank`, for a text that is not empty.
pub fn not_blank() -> String {
    let forbidden = class(is_forbidden);
    let hidden = class(|c| is_forbidden(c) || is_invisible(c));
    format!("^[^{forbidden}]*[^{hidden}][^{forbidden}]*$")
}

/// [`printable`] and `validation::unpadded`, for a text that is not blank.
pub fn unpadded() -> String {
    let forbidden = class(is_forbidden);
    let end = class(|c| is_forbidden(c) || is_space(c));
    format!("^[^{end}](?:[^{forbidden}]*[^{end}])?$")
}

/// `validation::email`, for a text that is not empty.
pub fn email() -> String {
    let is_letter = |c: char| {
        c.is_ascii_alphanumeric() || (!c.is_ascii() && !is_invisible(c) && !is_forbidden(c))
    };
    let others = class(|c| !is_letter(c));
    let inner = class(|c| !is_letter(c) && c != '-');
    let label = format!("[^{others}](?:[^{inner}]{{0,61}}[^{others}])?");
    format!(r"^(?:[.!#$%&'*+/=?^_`{{|}}~\-]|[^{others}])+@{label}(?:\.{label})*$")
}

/// `validation::time`
pub const TIME: &str = concat!(
    "^(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)",
    " (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
);

/// The name of a database.
pub const DATABASE: &str = "^DB(?:_(?:[2-9]|[1-9][0-9]|100))?$";

/// A partner's country that is not empty.
pub fn country() -> String {
    let codes: Vec<&str> = country::assigned().collect();
    format!("^(?:{})$", codes.join("|"))
}

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

#[cfg(test)]
mod tests;
