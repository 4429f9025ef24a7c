//! libphonenumber, in its Rust port: what the table is made from and held against.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber};

/// What a region's metadata says of each kind of number. (Its type has no public name.)
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

/// The length of the national destination code of a number, given as country code and the digits after it; 0 when
/// libphonenumber cannot split it.
///
/// The digits are taken as they are. libphonenumber's own parser would also take a trunk prefix for one, which
/// E.164 does not have: `+44 0 20…`.
pub fn ndc(country_code: i32, national: &str) -> usize {
    if national.len() < 2 {
        return 0;
    }
    split(&number(country_code, national))
}

/// Whether there can be such a number in any region of the country code.
pub fn is_valid(country_code: i32, national: &str) -> bool {
    national.len() >= 2 && PHONE_NUMBER_UTIL.is_valid_number(&number(country_code, national))
}

fn number(country_code: i32, national: &str) -> PhoneNumber {
    let zeros = national.bytes().take_while(|byte| *byte == b'0').count();
    // The last zero of a number that is nothing else is the number.
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

/// The length of the national destination code of a number that libphonenumber has parsed.
pub fn split(number: &PhoneNumber) -> usize {
    PHONE_NUMBER_UTIL.get_length_of_national_destination_code(number)
}
