//! What Unicode says about a character: whether it shows anything, and whether it stands alone.
//!
//! `tests/unicode.rs` makes the tables from Unicode's data. A table is a set of characters: the distances between the
//! places where the set begins and ends, in ascending order. A distance is written in base 128, its highest digit first.
//! Every byte of it but the last has its highest bit set.

/// White space, default-ignorable characters, format characters and fillers.
static INVISIBLE: &[u8] = include_bytes!("unicode/invisible.bin");

/// The combining marks.
static MARKS: &[u8] = include_bytes!("unicode/marks.bin");

/// Whether a character shows nothing when it stands alone.
pub fn is_invisible(c: char) -> bool {
    holds(INVISIBLE, c)
}

/// Whether a character combines with the one before it (general category M).
pub fn is_mark(c: char) -> bool {
    holds(MARKS, c)
}

/// Whether a character separates words: white space, also of no width.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Whether no text may hold a character: control characters, line and paragraph separators, bidirectional embeddings,
/// overrides and isolates, and noncharacters.
pub fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether a text is certainly in NFC. No character before U+0300 combines with another or is composed of others.
pub fn is_surely_nfc(text: &str) -> bool {
    text.chars().all(|c| c < '\u{300}')
}

fn holds(table: &[u8], c: char) -> bool {
    let (mut place, mut distance, mut is_inside) = (0, 0, false);
    for byte in table {
        distance = distance << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            place += distance;
            distance = 0;
            if u32::from(c) < place {
                return is_inside;
            }
            is_inside = !is_inside;
        }
    }
    false
}
