//! The numbering plans of the world: how long country code and national destination code of a number are.
//!
//! `plan.bin` is made from libphonenumber's metadata by `tests/phone/generator.rs`, which a test holds it
//! against. It begins with the number of country codes and, for each, two bytes of the code and two of an
//! offset. Then come the nodes of an automaton, to whose first byte the offsets count. A digit leads from one
//! node to the next:
//!
//! - one byte: how many runs of digits there are, in the upper half; in the lower, the length of the national
//!   destination code of a number that ends here, or 0. It is libphonenumber's, but for a number that
//!   libphonenumber holds to be none and does not split: that has the code of its neighbours of one more digit,
//!   if that is the same for all ten;
//! - half a byte for each run but the first, which begins with 0: its first digit (padded to whole bytes);
//! - for each run, how many bytes before this node the one begins that it leads to: in one byte below 128,
//!   else in two, the first with its highest bit set; 0 where nothing more can be split.

/// The table.
static PLAN: &[u8] = include_bytes!("plan.bin");

/// Bytes of a country code and its offset.
const ROOT_BYTES: usize = 4;

/// Digits of the longest country code (ITU-T E.164 §6.2.1).
const COUNTRY_CODE_MAX: usize = 3;

/// The country code that digits begin with.
#[derive(Clone, Copy, Debug)]
pub struct CountryCode {
    /// How many digits it has.
    pub length: usize,
    /// The node at which what follows it begins.
    root: usize,
}

impl CountryCode {
    /// Finds it; `None` when no country code begins so. None is the beginning of another.
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

    /// How many digits the national destination code of a number with these digits after the country code
    /// has; 0 when the number is not split.
    pub fn ndc(self, national: &[u8]) -> usize {
        let end = national.iter().try_fold(self.root, |node, digit| {
            next(node, digit - b'0').filter(|next| *next != 0)
        });
        let ndc = end.and_then(|node| Some(tables()?.1.get(node)? & 0x0f));
        ndc.map_or(0, usize::from)
    }
}

/// The country codes, and the nodes.
fn tables() -> Option<(&'static [u8], &'static [u8])> {
    let (count, rest) = PLAN.split_first()?;
    rest.split_at_checked(usize::from(*count) * ROOT_BYTES)
}

/// The node that a digit leads to.
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
