//! Phone numbers: E.164, and the digits that an erasure keeps.

use plan::CountryCode;

pub mod plan;

/// The maximum number of digits of a number, with the country code (ITU-T E.164 §6.2.1).
const DIGITS_MAX: usize = 15;

/// The minimum number of digits after the country code. libphonenumber has the same limit.
const NATIONAL_DIGITS_MIN: usize = 2;

/// A phone number in the form of E.164: `+`, country code and national number, without separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct E164 {
    text: String,
    ccndc: usize,
}

/// Why a text is not a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneFault {
    /// It does not have the form of E.164.
    Form,
    /// Its country code does not exist.
    CountryCode,
}

impl E164 {
    /// Reads a number. It checks that the country code exists, but not that the country has such a number: numbering
    /// plans grow faster than the metadata.
    ///
    /// # Errors
    /// The text does not have the form of E.164, or its country code does not exist.
    pub fn parse(text: &str) -> Result<Self, PhoneFault> {
        let digits = text.strip_prefix('+').ok_or(PhoneFault::Form)?.as_bytes();
        let is_formed = (1..=DIGITS_MAX).contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit)
            && !digits.starts_with(b"0");
        if !is_formed {
            return Err(PhoneFault::Form);
        }
        let country_code = CountryCode::of(digits).ok_or(PhoneFault::CountryCode)?;
        let national = digits.get(country_code.length..).unwrap_or_default();
        if national.len() < NATIONAL_DIGITS_MIN {
            return Err(PhoneFault::Form);
        }
        Ok(Self {
            text: text.to_owned(),
            ccndc: country_code.length + country_code.ndc(national),
        })
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number of digits of country code and national destination code (NDC) together, from libphonenumber. If
    /// libphonenumber does not split the number, it is the length of the country code alone; [`plan`] describes the
    /// exception.
    pub fn ccndc(&self) -> i64 {
        self.ccndc.try_into().unwrap_or(i64::MAX)
    }
}

impl PhoneFault {
    /// A stable code for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Form => "phone_number",
            Self::CountryCode => "country_code",
        }
    }

    /// The message for the caller.
    pub fn message(self) -> &'static str {
        match self {
            Self::Form => {
                "must be a phone number in the form of E.164: +, a country code and at least 2 more digits, at most 15 \
                 digits in all, without separators, like +46890510 (in a form or a query: %2B46890510)"
            }
            Self::CountryCode => "must begin with a country code that exists, like +46",
        }
    }
}
