//! Phone numbers: E.164, and the digits that an erasure keeps. `db::schema` makes the mask itself, in SQL.

use plan::CountryCode;

pub mod plan;

/// The maximum number of digits of a number, with the country code (ITU-T E.164 §6.2.1).
const DIGITS_MAX: usize = 15;

/// The minimum number of digits after the country code. libphonenumber has the same limit.
const NATIONAL_DIGITS_MIN: usize = 2;

/// The minimum number of digits of a number whose country code does not exist: as many as the shortest other number has.
const UNKNOWN_DIGITS_MIN: usize = 3;

/// The minimum number of digits that a mask hides. Fewer could be guessed, so a number with an NDC that leaves fewer
/// keeps its country code alone.
const MASKED_DIGITS_MIN: usize = 4;

/// A phone number in the form of E.164: `+`, country code and national number, without separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct E164 {
    text: String,
    ccndc: usize,
}

/// A text does not have the form of E.164.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhoneFault;

impl E164 {
    /// Reads a number. It does not check that the number exists: numbering plans grow faster than the metadata, and a
    /// caller may show a number of no country at all.
    ///
    /// # Errors
    /// The text does not have the form of E.164.
    pub fn parse(text: &str) -> Result<Self, PhoneFault> {
        let digits = text.strip_prefix('+').ok_or(PhoneFault)?.as_bytes();
        let is_formed = (1..=DIGITS_MAX).contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit)
            && !digits.starts_with(b"0");
        if !is_formed {
            return Err(PhoneFault);
        }
        let ccndc = kept(digits).ok_or(PhoneFault)?;
        let text = text.to_owned();
        Ok(Self { text, ccndc })
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number of digits that a mask keeps: country code and national destination code (NDC), from libphonenumber. It
    /// is the country code alone if libphonenumber does not split the number ([`plan`] describes the exceptions) or if
    /// the mask would hide fewer than [`MASKED_DIGITS_MIN`] digits. It is 0 if the country code does not exist.
    pub fn ccndc(&self) -> i64 {
        self.ccndc.try_into().unwrap_or(i64::MAX)
    }
}

/// See [`E164::ccndc`]. `None` if there are too few digits.
fn kept(digits: &[u8]) -> Option<usize> {
    let Some(country_code) = CountryCode::of(digits) else {
        return (digits.len() >= UNKNOWN_DIGITS_MIN).then_some(0);
    };
    let national = digits.get(country_code.length..).unwrap_or_default();
    if national.len() < NATIONAL_DIGITS_MIN {
        return None;
    }
    let ndc = country_code.ndc(national);
    let hides_enough = national.len() >= ndc + MASKED_DIGITS_MIN;
    Some(country_code.length + if hides_enough { ndc } else { 0 })
}

impl PhoneFault {
    /// A stable code for programs.
    pub fn code(self) -> &'static str {
        "phone_number"
    }

    /// The message for the caller.
    pub fn message(self) -> &'static str {
        "must be a phone number in the form of E.164: +, a country code and at least 2 more digits, at most 15 digits in \
         all, without separators, like +46890510 (in a form or a query: %2B46890510)"
    }
}
