//! Phone numbers: E.164, and how far an erasure masks them.

use plan::CountryCode;

pub mod plan;

/// The most digits of a number, country code included (ITU-T E.164 §6.2.1).
const DIGITS_MAX: usize = 15;

/// The fewest digits after the country code: what libphonenumber takes for a number.
const NATIONAL_DIGITS_MIN: usize = 2;

/// A phone number as E.164 writes it: `+`, country code, national number, nothing between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct E164 {
    text: String,
    ccndc: usize,
}

/// Why a text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneFault {
    /// It is not formed as E.164.
    Form,
    /// No country has its country code.
    CountryCode,
}

impl E164 {
    /// Reads a number. One whose country code exists is taken, whether or not there is such a number in that
    /// country: numbering plans grow faster than what is known of them.
    ///
    /// # Errors
    /// The text is formed otherwise, or its country code does not exist.
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

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many digits country code and national destination code have together. Both are libphonenumber's;
    /// of a number that it cannot split, this is the length of the country code ([`plan`] says of which it is not).
    pub fn ccndc(&self) -> i64 {
        self.ccndc.try_into().unwrap_or(i64::MAX)
    }
}

impl PhoneFault {
    /// A stable machine word.
    pub fn code(self) -> &'static str {
        match self {
            Self::Form => "phone_number",
            Self::CountryCode => "country_code",
        }
    }

    /// What the caller is told.
    pub fn message(self) -> &'static str {
        match self {
            Self::Form => {
                "must be a phone number as E.164 has it: +, a country code and at least 2 more digits, at most 15 in \
                 all, nothing between, like +46890510 (in a form or a query %2B46890510)"
            }
            Self::CountryCode => "must begin with a country code that exists, like +46",
        }
    }
}
