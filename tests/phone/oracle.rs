//! Asks the Rust port of libphonenumber. The table is made from its answers and tested against them.

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

/// The length of a number's NDC, or 0 if libphonenumber cannot split the number.
///
/// `national` has the digits after the country code. This does not use libphonenumber's parser, because the parser also
/// accepts a trunk prefix, which E.164 does not have: `+44 0 20…`.
pub fn ndc(country_code: i32, national: &str) -> usize {
    if national.len() < 2 {
        return 0;
    }
    split(&number(country_code, national))
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
