//! Asks the Rust port of libphonenumber. The table is made from its answers and tested against them.

use std::sync::LazyLock;

use regex_automata::meta::Regex;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber};

/// A region's metadata for each kind of number. It is a macro because the type of the metadata has no public name.
macro_rules! kinds {
    ($metadata:expr) => {{
        let metadata = $metadata;
        [
            &metadata.fixed_line,
            &metadata.mobile,
            &metadata.toll_free,
            &metadata.premium_rate,
            &metadata.shared_cost,
            &metadata.personal_number,
            &metadata.voip,
            &metadata.pager,
            &metadata.uan,
            &metadata.voicemail,
        ]
    }};
}

/// A format that libphonenumber has gained after the metadata of its Rust port (9.0.42).
pub struct NewFormat {
    /// The country code.
    pub country_code: i32,
    /// The expression for the first digits after the country code.
    pub leading: &'static str,
    /// The expression for all of these digits.
    pub pattern: &'static str,
    /// The length of the NDC.
    pub ndc: usize,
}

/// The formats of mainland China in libphonenumber 9.0.43, in its order, as far as they split what no format of the Rust
/// port splits. They apply to numbers that libphonenumber considers invalid.
pub const NEW_FORMATS: [NewFormat; 6] = [
    china("[48]0", "[0-9]{10}", 3),
    china(
        "10[0-79]|2(?:[02-57-9]|1[1-79])|(?:10|21)8(?:0[1-9]|[1-9])",
        "[0-9]{10}",
        2,
    ),
    china(
        "3(?:[3-59]|7[02-6])|4(?:1[25-9]|[26-8]|3[3-9]|5[2-9])|5(?:3[03-9]|[468]|7[028]|9[2-46-9])|6\
         |7(?:[0-247]|3[04-9]|5[0-4689]|6[2368])|8(?:[1-358]|9[1-7])|9(?:[013479]|5[1-5])|(?:31|55|79|87)[02-9]",
        "[0-9]{10}",
        3,
    ),
    china("9", "[0-9]{10,11}", 3),
    china("[3-578]|1[3-9]", "[0-9]{11}", 3),
    china("[12]", "[0-9]{12}", 2),
];

const fn china(leading: &'static str, pattern: &'static str, ndc: usize) -> NewFormat {
    NewFormat {
        country_code: 86,
        leading,
        pattern,
        ndc,
    }
}

static NEW_FORMATS_COMPILED: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    let compile = |format: &NewFormat| {
        let regex = |pattern: String| Regex::new(&pattern).unwrap();
        (
            regex(format!("^(?:{})", format.leading)),
            regex(format!("^{}$", format.pattern)),
        )
    };
    NEW_FORMATS.iter().map(compile).collect()
});

/// The length of a number's NDC, or 0 if libphonenumber cannot split the number.
///
/// `national` has the digits after the country code. This does not use libphonenumber's parser, because the parser also
/// accepts a trunk prefix, which E.164 does not have: `+44 0 20…`.
pub fn ndc(country_code: i32, national: &str) -> usize {
    if national.len() < 2 {
        return 0;
    }
    match ndc_of_port(country_code, national) {
        0 => of_new_format(country_code, national),
        ndc => ndc,
    }
}

/// The same without the new formats.
pub fn ndc_of_port(country_code: i32, national: &str) -> usize {
    split(&number(country_code, national))
}

fn of_new_format(country_code: i32, national: &str) -> usize {
    let mut formats = NEW_FORMATS.iter().zip(NEW_FORMATS_COMPILED.iter());
    let format = formats.find(|(format, (leading, pattern))| {
        format.country_code == country_code
            && leading.is_match(national)
            && pattern.is_match(national)
    });
    format.map_or(0, |(format, _)| format.ndc)
}

/// Whether the number is valid in any region of the country code.
pub fn is_valid(country_code: i32, national: &str) -> bool {
    national.len() >= 2 && PHONE_NUMBER_UTIL.is_valid_number(&number(country_code, national))
}

fn number(country_code: i32, national: &str) -> PhoneNumber {
    let zeros = national.bytes().take_while(|byte| *byte == b'0').count();
    // In a number of zeros only, the last zero is the number itself.
    let zeros = zeros.min(national.len() - 1);
    let mut number = PhoneNumber {
        country_code,
        national_number: national.parse().unwrap(),
        ..PhoneNumber::default()
    };
    if zeros > 0 {
        number.italian_leading_zero = Some(true);
        number.number_of_leading_zeros = Some(i32::try_from(zeros).unwrap());
    }
    number
}

/// The length of the NDC of a number that libphonenumber has parsed.
pub fn split(number: &PhoneNumber) -> usize {
    PHONE_NUMBER_UTIL.get_length_of_national_destination_code(number)
}
