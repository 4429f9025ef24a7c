//! The numbering plans of the world: the lengths of a number's country code and national destination code (NDC).
//!
//! `tests/phone/generator.rs` makes `plan.bin` from libphonenumber's metadata. A test compares the two. The file begins
//! with the number of country codes (one byte). Each country code follows: two bytes for the code, and two for the
//! offset of its first node, counted from the first byte of the nodes. The rest of the file is the nodes of an
//! automaton. Each digit leads from one node to the next. A node has:
//!
//! - one byte. Its upper half is the number of runs of digits. Its lower half is the length of the NDC of a number that
//!   ends at this node, or 0. The length is libphonenumber's, with two exceptions. If libphonenumber finds the number
//!   invalid and does not split it, the length is that of the ten numbers with one more digit, if all ten agree. The
//!   formats of mainland China are those of a later libphonenumber (`tests/phone/oracle.rs`);
//! - half a byte for each run except the first, padded to whole bytes: the first digit of the run. The first run begins
//!   with 0;
//! - for each run, the distance in bytes from this node back to the next one. A distance below 128 takes one byte. A
//!   larger one takes two, and the first has its highest bit set. 0 means that no longer number is split.

/// The contents of `plan.bin`.
static PLAN: &[u8] = include_bytes!("plan.bin");

/// Bytes of a country code and its offset.
const ROOT_BYTES: usize = 4;

/// The number of digits of the longest country code (ITU-T E.164 §6.2.1).
const COUNTRY_CODE_MAX: usize = 3;

/// The country code at the start of a number.
#[derive(Clone, Copy, Debug)]
pub struct CountryCode {
    /// Its number of digits.
    pub length: usize,
    /// The node for the digits after it.
    root: usize,
}

impl CountryCode {
    /// Finds the country code; `None` if the digits begin with none. No country code is a prefix of another.
    pub fn of(digits: &[u8]) -> Option<Self> {
        let (roots, _) = tables()?;
        let mut code = 0;
        for (length, digit) in (1..=COUNTRY_CODE_MAX).zip(digits) {
            code = code * 10 + u16::from(digit - b'0');
            let is_code = |root: &&[u8]| root.starts_with(&code.to_be_bytes());
            if let Some([_, _, high, low]) = roots.chunks_exact(ROOT_BYTES).find(is_code) {
                let root = usize::from(u16::from_be_bytes([*high, *low]));
                return Some(Self { length, root });
            }
        }
        None
    }

    /// The length of the NDC, given the digits after the country code. 0 if the number is not split.
    pub fn ndc(self, national: &[u8]) -> usize {
        let end = national.iter().try_fold(self.root, |node, digit| {
            next(node, digit - b'0').filter(|next| *next != 0)
        });
        let ndc = end.and_then(|node| Some(tables()?.1.get(node)? & 0x0f));
        ndc.map_or(0, usize::from)
    }
}

/// Splits `plan.bin` into the country codes and the nodes.
fn tables() -> Option<(&'static [u8], &'static [u8])> {
    let (count, rest) = PLAN.split_first()?;
    rest.split_at_checked(usize::from(*count) * ROOT_BYTES)
}

/// The node that a digit leads to; 0 if there is none.
fn next(node: usize, digit: u8) -> Option<usize> {
    let (header, rest) = tables()?.1.get(node..)?.split_first()?;
    let runs = usize::from(header >> 4);
    let (firsts, nexts) = rest.split_at_checked(runs / 2)?;
    let firsts = firsts.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    let run = firsts
        .take(runs - 1)
        .take_while(|first| *first <= digit)
        .count();
    let mut bytes = nexts.iter();
    let mut distance = || match bytes.next() {
        Some(byte) if *byte < 0x80 => Some(usize::from(*byte)),
        Some(byte) => Some(usize::from(byte & 0x7f) << 8 | usize::from(*bytes.next()?)),
        None => None,
    };
    for _ in 0..run {
        distance()?;
    }
    match distance()? {
        0 => Some(0),
        distance => node.checked_sub(distance),
    }
}
