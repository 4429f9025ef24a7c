//! The German rule: the data that the Bundesnetzagentur demands about a customer who receives numbers.

use crate::http::error::Fault;

/// The rule applies to partners in this country.
pub const COUNTRY: &str = "DE";

/// A custom field that the rule makes mandatory.
#[derive(Debug)]
pub struct GermanField {
    /// The n of `custom_n`.
    pub n: u8,
    /// The name of the field for people.
    pub label: &'static str,
    /// The most characters of a value.
    pub max_length: usize,
}

/// The fields of the rule.
pub const FIELDS: [GermanField; 6] = [
    GermanField {
        n: 1,
        label: "Street",
        max_length: 40,
    },
    GermanField {
        n: 2,
        label: "House number",
        max_length: 10,
    },
    GermanField {
        n: ZIP,
        label: "ZIP",
        max_length: 5,
    },
    GermanField {
        n: 4,
        label: "City",
        max_length: 40,
    },
    GermanField {
        n: SALUTATION,
        label: "Salutation",
        max_length: 5,
    },
    GermanField {
        n: 6,
        label: "Full name",
        max_length: 60,
    },
];

const ZIP: u8 = 3;
const SALUTATION: u8 = 5;
const SALUTATIONS: [&str; 3] = ["Firma", "Herr", "Frau"];

/// The fault of a value of `custom_n` under the rule. It does not check the length.
pub fn fault(n: u8, parameter: &str, value: &str) -> Option<Fault> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    match n {
        ZIP if !(value.len() == 5 && digits) => Some(Fault::of(
            parameter,
            "zip",
            "must be a German ZIP code: 5 digits",
        )),
        SALUTATION if !SALUTATIONS.contains(&value) => {
            let message = format!("must be one of {}", SALUTATIONS.join(", "));
            Some(Fault::of(parameter, "salutation", message))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zip_and_salutation_have_their_forms() {
        for (n, value, valid) in [
            (3, "10115", true),
            (3, "1011", false),
            (3, "101155", false),
            (3, "1011a", false),
            (3, "１０１１５", false),
            (5, "Firma", true),
            (5, "Herr", true),
            (5, "Frau", true),
            (5, "frau", false),
            (5, "Dr.", false),
            (1, "Unter den Linden", true),
        ] {
            assert_eq!(
                fault(n, "custom_n", value).is_none(),
                valid,
                "custom_{n}={value}"
            );
        }
    }
}
