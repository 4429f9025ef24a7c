//! The rules for texts, and the fault for each broken rule.
//!
//! The limits are beside the fields, in the `#[validate(…)]` of each input type.

use std::borrow::Cow;

use serde_json::Value;
use validator::{ValidationError, ValidationErrors};

use super::error::Fault;
use super::unicode::{is_forbidden, is_invisible, is_mark, is_space};

/// Checks that a text has none of the characters that [`is_forbidden`] lists, line breaks among them, and that its first
/// visible character is not a combining mark.
///
/// # Errors
/// `control_character`
pub fn printable(text: &str) -> Result<(), ValidationError> {
    let first = text
        .chars()
        .find(|c| c.is_whitespace() || !is_invisible(*c));
    if first.is_some_and(is_mark) || text.chars().any(is_forbidden) {
        return Err(error(
            "control_character",
            "must not contain control characters, line or paragraph separators, bidirectional overrides or isolates, or \
             noncharacters, and must not begin with a combining mark",
        ));
    }
    Ok(())
}

/// Checks that a text shows something. An empty text passes: the limits on length decide about it.
///
/// # Errors
/// `blank`
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    if is_blank(text) {
        return Err(error(
            "blank",
            "must not be blank: it has only white space and invisible characters",
        ));
    }
    Ok(())
}

fn is_blank(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_invisible)
}

/// Checks that a text has no white space at its ends. A blank text passes: [`not_blank`] decides about it.
///
/// # Errors
/// `white_space`
pub fn unpadded(text: &str) -> Result<(), ValidationError> {
    if !is_blank(text) && (text.starts_with(is_space) || text.ends_with(is_space)) {
        return Err(error(
            "white_space",
            "must not begin or end with white space",
        ));
    }
    Ok(())
}

/// Checks that a text is empty or an e-mail address that HTML's `<input type=email>` accepts (the HTML standard, "valid
/// e-mail address"). It may also have visible letters beyond ASCII (RFC 6531).
///
/// # Errors
/// `email`
pub fn email(text: &str) -> Result<(), ValidationError> {
    const SYMBOLS: &str = ".!#$%&'*+/=?^_`{|}~-";
    let letter = |c: char| c.is_ascii_alphanumeric() || (!c.is_ascii() && !is_invisible(c));
    let label = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| letter(c) || c == '-')
    };
    let is_address = text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local.chars().all(|c| letter(c) || SYMBOLS.contains(c))
            && domain.split('.').all(label)
    });
    if text.is_empty() || is_address {
        return Ok(());
    }
    Err(error(
        "email",
        "must be an e-mail address, like name@example.com",
    ))
}

/// Checks that a text is a time of the calendar, as `YYYY-MM-DD HH:MM:SS`.
///
/// # Errors
/// `time`
pub fn time(text: &str) -> Result<(), ValidationError> {
    const FORM: &[u8] = b"dddd-dd-dd dd:dd:dd";
    let is_form = text.len() == FORM.len()
        && text.bytes().zip(FORM).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            form => byte == *form,
        });
    let mut numbers = text.split(['-', ' ', ':']).map(str::parse::<u32>);
    let mut number = || numbers.next().and_then(Result::ok).unwrap_or(u32::MAX);
    let [year, month, day, hour, minute, second] = [(); 6].map(|()| number());
    let is_time = is_form
        && (1..=12).contains(&month)
        && (1..=days(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if is_time {
        return Ok(());
    }
    Err(error(
        "time",
        "must be a time in UTC, YYYY-MM-DD HH:MM:SS, like 2026-01-31 13:45:00",
    ))
}

/// Checks that a text is empty or a [`time`].
///
/// # Errors
/// `time`
pub fn time_or_none(text: &str) -> Result<(), ValidationError> {
    if text.is_empty() { Ok(()) } else { time(text) }
}

/// The number of days of a month.
fn days(year: u32, month: u32) -> u32 {
    let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn error(code: &'static str, message: &'static str) -> ValidationError {
    ValidationError::new(code).with_message(Cow::Borrowed(message))
}

/// The fault of a text that is too short or too long. The limits count Unicode characters.
pub fn length_fault(parameter: impl Into<String>, min: usize, max: usize) -> Fault {
    let message = if min == 0 {
        format!("must be at most {max} characters")
    } else {
        format!("must be {min} to {max} characters")
    };
    Fault::of(parameter, "length", message)
}

/// Makes faults of the validator's errors, sorted by parameter. The errors include the value, but a message has only
/// the limits.
pub fn faults(errors: &ValidationErrors) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (field, errors) in errors.field_errors() {
        for error in errors {
            let fault = fault(field.as_ref(), error);
            // The validator returns the errors in no fixed order.
            let at = faults.partition_point(|other: &Fault| other.parameter <= fault.parameter);
            faults.insert(at, fault);
        }
    }
    faults
}

/// Makes a fault of a validator's error.
pub fn fault(field: &str, error: &ValidationError) -> Fault {
    let limit = |name: &str| error.params.get(name).and_then(Value::as_u64).unwrap_or(0);
    match error.code.as_ref() {
        "length" => {
            let [min, max] = ["min", "max"].map(|name| usize::try_from(limit(name)).unwrap_or(0));
            length_fault(field, min, max)
        }
        "range" => {
            let (min, max) = (limit("min"), limit("max"));
            let message = if (min, max) == (0, 1) {
                "must be 0 or 1".to_owned()
            } else {
                format!("must be from {min} to {max}")
            };
            Fault::of(field, "range", message)
        }
        _ => {
            let code = match &error.code {
                Cow::Borrowed(code) => code,
                Cow::Owned(_) => "invalid",
            };
            Fault::of(field, code, error.message.clone().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_holds_nothing_that_controls_how_it_is_shown() {
        for (text, valid) in [
            ("Björn & Söner 株式会社 👋🏽", true),
            ("a\tb", false),
            ("a\nb", false),
            ("a\u{0}", false),
            ("a\u{7f}", false),
            ("a\u{85}", false),
            ("a\u{a0}", true),
            ("👩\u{200d}👩\u{200d}👧 क\u{94d}\u{200d}ष ☎\u{fe0f}", true),
            ("שלום\u{200f}!", true),
            ("abc\u{202e}def", false),
            ("a\u{202a}b\u{202c}", false),
            ("a\u{2066}b\u{2069}", false),
            ("a\u{2028}b", false),
            ("a\u{2029}", false),
            ("a\u{fffe}", false),
            ("a\u{fdd0}", false),
            ("a\u{10ffff}", false),
            ("\u{301}a", false),
            ("\u{200d}\u{301}a", false),
            ("\u{a0}\u{301}a", true),
            ("a\u{301}", true),
        ] {
            assert_eq!(printable(text).is_ok(), valid, "{text:?}");
        }
    }

    #[test]
    fn blank_is_what_shows_nothing() {
        for (text, valid) in [
            ("", true),
            (" ", false),
            ("\u{3000}\u{a0}", false),
            (" a ", true),
            ("\u{200b}", false),
            ("\u{2060}\u{ad}", false),
            ("\u{115f}\u{1160}", false),
            ("\u{3164}\u{ffa0}\u{2800}", false),
            ("\u{200e} \u{feff}\u{e0041}", false),
            ("\u{fe0f}\u{200d}", false),
            ("\u{200d}a", true),
        ] {
            assert_eq!(not_blank(text).is_ok(), valid, "{text:?}");
        }
    }

    #[test]
    fn a_padded_text_has_white_space_at_an_end() {
        for (text, valid) in [
            ("", true),
            ("c 6", true),
            (" c6", false),
            ("c6 ", false),
            ("c6\u{a0}", false),
            ("\u{200b}c6", false),
            ("c6\u{feff}", false),
            ("☎\u{fe0f}", true),
            (" ", true),
        ] {
            assert_eq!(unpadded(text).is_ok(), valid, "{text:?}");
        }
    }

    #[test]
    fn a_time_has_one_form_and_stands_in_the_calendar() {
        for (text, valid) in [
            ("2026-01-31 13:45:00", true),
            ("2024-02-29 23:59:59", true),
            ("2000-02-29 00:00:00", true),
            ("2026-02-29 00:00:00", false),
            ("1900-02-29 00:00:00", false),
            ("2026-04-31 00:00:00", false),
            ("2026-00-10 00:00:00", false),
            ("2026-13-10 00:00:00", false),
            ("2026-01-00 00:00:00", false),
            ("2026-01-01 24:00:00", false),
            ("2026-01-01 00:60:00", false),
            ("2026-01-01 00:00:60", false),
            ("2026-01-01T00:00:00", false),
            ("2026-01-01 00:00:00Z", false),
            ("2026-01-01", false),
            ("2026-1-1 0:0:0", false),
            ("+026-01-01 00:00:00", false),
            ("2026-01-01 00-00-00", false),
            ("２０２６-01-01 00:00:00", false),
            ("", false),
        ] {
            assert_eq!(time(text).is_ok(), valid, "{text}");
        }
        assert!(time_or_none("").is_ok() && time_or_none(" ").is_err());
    }

    #[test]
    fn addresses_are_those_that_html_takes() {
        let label = "a".repeat(63);
        for (text, valid) in [
            ("", true),
            ("name@example.com", true),
            ("first.last+tag@sub.example.co.uk", true),
            ("o'brien@example.com", true),
            ("a@b", true),
            ("jörg@müller.example", true),
            ("\u{200b}anna@example.com", false),
            ("a@b.exa\u{ad}mple", false),
            ("a\u{200d}b@example.com", false),
            (" a@example.com", false),
            ("a@example.com\u{a0}", false),
            (&format!("a@{label}.example"), true),
            (&format!("a@{label}a.example"), false),
            ("name", false),
            ("@example.com", false),
            ("name@", false),
            ("a@b@example.com", false),
            ("a b@example.com", false),
            ("name@-example.com", false),
            ("name@example-.com", false),
            ("name@example..com", false),
            ("name@.com", false),
            ("name@example.com.", false),
            ("name@exa_mple.com", false),
            ("Name <name@example.com>", false),
        ] {
            assert_eq!(email(text).is_ok(), valid, "{text}");
        }
    }
}
