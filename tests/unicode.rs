//! Makes the tables of `src/http/unicode.rs` from Unicode's data, and holds the rules for texts against that data.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::fs;

use customers_api::http::unicode::{is_forbidden, is_invisible, is_mark, is_space, is_surely_nfc};
use customers_api::operator::country;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{
    BidiClass, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup,
    NoncharacterCodePoint, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Characters that show nothing, although Unicode counts them as symbols: the braille pattern without dots and the
/// musical notehead that is not drawn.
const FILLERS: [char; 2] = ['\u{2800}', '\u{1d159}'];

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn shows_nothing(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || category(c) == GeneralCategory::Format
        || FILLERS.contains(&c)
}

fn combines(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(c))
}

fn table(is_in: impl Fn(char) -> bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut last, mut is_inside) = (0, false);
    for c in '\0'..=char::MAX {
        if is_in(c) != is_inside {
            let distance = u32::from(c) - last;
            let digits = [14, 7, 0].map(|shift| u8::try_from(distance >> shift & 0x7f).unwrap());
            let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
            let (lowest, higher) = digits.split_last().unwrap();
            bytes.extend(higher.iter().map(|digit| digit | 0x80));
            bytes.push(*lowest);
            (last, is_inside) = (u32::from(c), !is_inside);
        }
    }
    assert!(!is_inside, "the last range has no end");
    bytes
}

/// After an update of Unicode, rewrite the tables: `WRITE_TABLES=1 cargo test --test unicode the_tables`.
#[test]
fn the_tables_are_what_the_generator_makes() {
    for (name, table) in [
        ("invisible", table(shows_nothing)),
        ("marks", table(combines)),
    ] {
        let path = format!("{}/src/http/unicode/{name}.bin", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("WRITE_TABLES").is_some() {
            fs::write(&path, &table).unwrap();
        }
        assert!(fs::read(&path).unwrap() == table, "{path} is out of date");
    }
}

#[test]
fn every_character_is_what_unicode_says() {
    let bidi = CodePointMapData::<BidiClass>::new();
    // The planes with characters that any of these properties has, and the last plane.
    let planes = ('\0'..='\u{1ffff}').chain('\u{e0000}'..='\u{e0fff}');
    for c in planes.chain('\u{10fff0}'..=char::MAX) {
        assert_eq!(is_invisible(c), shows_nothing(c), "{c:?}");
        assert_eq!(is_mark(c), combines(c), "{c:?}");
        let directs = [
            BidiClass::LeftToRightEmbedding,
            BidiClass::LeftToRightOverride,
            BidiClass::RightToLeftEmbedding,
            BidiClass::RightToLeftOverride,
            BidiClass::PopDirectionalFormat,
            BidiClass::LeftToRightIsolate,
            BidiClass::RightToLeftIsolate,
            BidiClass::FirstStrongIsolate,
            BidiClass::PopDirectionalIsolate,
        ];
        let forbidden = matches!(
            category(c),
            GeneralCategory::Control
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        ) || directs.contains(&bidi.get(c))
            || CodePointSetData::new::<NoncharacterCodePoint>().contains(c);
        assert_eq!(is_forbidden(c), forbidden, "{c:?}");
        assert!(!is_space(c) || is_invisible(c), "{c:?}");
    }
}

/// No character that may be skipped changes by itself or with any other such character.
#[test]
fn a_text_that_is_surely_nfc_is_nfc() {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    let skipped: Vec<char> = ('\0'..=char::MAX)
        .filter(|c| is_surely_nfc(&c.to_string()))
        .collect();
    assert_eq!(skipped.len(), 0x300);
    for first in &skipped {
        let with_each: String = skipped
            .iter()
            .flat_map(|second| [*first, *second])
            .collect();
        assert!(nfc.is_normalized(&with_each), "{first:?}");
    }
    assert!(!nfc.is_normalized("Ko\u{308}-5") && !is_surely_nfc("Ko\u{308}-5"));
}

#[test]
fn the_countries_are_those_that_iso_3166_1_has_assigned() {
    let assigned: Vec<&str> = isocountry::CountryCode::iter()
        .map(isocountry::CountryCode::alpha2)
        .collect();
    let mut known: Vec<&str> = country::assigned().collect();
    known.sort_unstable();
    let mut expected = assigned;
    expected.sort_unstable();
    assert_eq!(known, expected);
}
