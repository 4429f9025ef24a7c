use std::collections::BTreeSet;
use std::fs;

use customers_api::phone::{E164, PhoneFault};
use rlibphonenumber::interfaces::AsOriginal;
use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};

use crate::{generator, oracle};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/phone/plan.bin");

/// After an update of libphonenumber, rewrite the table: `WRITE_PLAN=1 cargo test --test phone the_table`.
#[test]
fn the_table_is_what_the_generator_makes() {
    let table = generator::table();
    if std::env::var_os("WRITE_PLAN").is_some() {
        fs::write(TABLE, &table).unwrap();
    }
    let is_same = fs::read(TABLE).unwrap() == table;
    assert!(is_same, "src/phone/plan.bin is out of date");
}

/// libphonenumber's example numbers of every kind, for every region and for the country codes without a region. Each is
/// the country code and the digits after it.
fn examples() -> BTreeSet<(i32, String)> {
    let util = PHONE_NUMBER_UTIL.as_original();
    let regions = PHONE_NUMBER_UTIL.get_supported_regions();
    let regions = regions.map(|region| {
        (
            PHONE_NUMBER_UTIL.get_country_code_for_region(region),
            region,
        )
    });
    let world = PHONE_NUMBER_UTIL.get_supported_global_network_calling_codes();
    let world = world.map(|country_code| (Some(country_code), Region::World));
    let mut examples = BTreeSet::new();
    for (country_code, region) in regions.chain(world) {
        let country_code = country_code.unwrap();
        let metadata = util.get_metadata_for_region_or_calling_code(country_code, region);
        let metadata = metadata.unwrap();
        let kinds = kinds!(metadata).into_iter().chain([&metadata.general_desc]);
        let numbers = kinds.map(|kind| kind.original.example_number().to_owned());
        let numbers = numbers.filter(|number| !number.is_empty());
        examples.extend(numbers.map(|number| (country_code, number)));
    }
    examples
}

/// How many digits the service keeps unmasked. 0 if the service refuses the number.
pub fn ccndc(country_code: i32, national: &str) -> i64 {
    E164::parse(&format!("+{country_code}{national}")).map_or(0, |number| number.ccndc())
}

/// The length of country code and NDC together.
pub fn with_country_code(country_code: i32, ndc: usize) -> i64 {
    i64::try_from(country_code.to_string().len() + ndc).unwrap()
}

/// How many digits the service must keep. It follows libphonenumber, except for numbers that libphonenumber considers
/// invalid, and for NDCs that leave too few digits to mask.
fn expected(country_code: i32, national: &str) -> i64 {
    let ndc = match oracle::ndc(country_code, national) {
        0 if !oracle::is_valid(country_code, national) => {
            ndc_of_one_more_digit(country_code, national)
        }
        ndc => ndc,
    };
    with_country_code(country_code, limited(national, ndc))
}

/// The NDC, unless a mask after it would hide fewer than four digits.
pub fn limited(national: &str, ndc: usize) -> usize {
    if national.len() < ndc + 4 { 0 } else { ndc }
}

/// The service's own rule for an invalid number: if one more digit always gives the same NDC length, that length.
fn ndc_of_one_more_digit(country_code: i32, national: &str) -> usize {
    let longer = (0..10).map(|digit| oracle::ndc(country_code, &format!("{national}{digit}")));
    let lengths: BTreeSet<usize> = longer.collect();
    match lengths.into_iter().collect::<Vec<_>>().as_slice() {
        [ndc] => *ndc,
        _ => 0,
    }
}

#[test]
fn every_example_number_of_the_world_is_split_as_libphonenumber_splits_it() {
    let examples = examples();
    assert!(examples.len() > 1_000, "{}", examples.len());
    for (country_code, national) in examples {
        let text = format!("+{country_code}{national}");
        let parsed = PHONE_NUMBER_UTIL.parse(&text, None).unwrap();
        assert_eq!(parsed.country_code, country_code);
        let ndc = oracle::split(&parsed);
        assert_eq!(oracle::ndc(country_code, &national), ndc, "{text}");
        let split = with_country_code(country_code, limited(&national, ndc));
        assert_eq!(ccndc(country_code, &national), split, "{text}");
    }
}

/// libphonenumber considers these numbers valid, but has no format that splits them. The rule for numbers that are one
/// digit too short must not apply to them.
#[test]
fn a_valid_number_without_a_split_keeps_only_its_country_code() {
    for (country_code, national) in [
        (49, "164963768"),
        (84, "1992000"),
        (252, "174888"),
        (352, "4457"),
        (358, "20507"),
        (685, "62651"),
    ] {
        assert!(oracle::is_valid(country_code, national));
        assert_eq!(oracle::ndc(country_code, national), 0);
        assert!(ndc_of_one_more_digit(country_code, national) > 0);
        let split = with_country_code(country_code, 0);
        assert_eq!(ccndc(country_code, national), split, "+{country_code}");
    }
}

/// A linear congruential generator (Knuth's MMIX), so that every run tests the same numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap()))
            .collect()
    }
}

/// Numbers of every country: the examples, the examples with some of their digits altered, and random digits.
pub fn sample() -> BTreeSet<(i32, String)> {
    let mut random = Random(1);
    let mut sample = BTreeSet::new();
    for (country_code, example) in examples() {
        for kept in 0..=example.len() {
            for count in [0, 1, 2, example.len() - kept, example.len() - kept + 1] {
                let national = format!("{}{}", &example[..kept], random.digits(count));
                sample.insert((country_code, national));
            }
        }
    }
    let country_codes: BTreeSet<i32> = PHONE_NUMBER_UTIL.get_supported_calling_codes().collect();
    assert!(country_codes.len() > 200);
    for country_code in country_codes {
        for length in 2..=13 {
            sample.extend((0..70).map(|_| (country_code, random.digits(length))));
        }
    }
    sample.retain(|(country_code, national)| {
        national.len() >= 2 && country_code.to_string().len() + national.len() <= 15
    });
    assert!(sample.len() > 200_000, "{}", sample.len());
    sample
}

#[test]
fn altered_examples_and_random_numbers_are_split_as_libphonenumber_splits_them() {
    for (country_code, national) in sample() {
        assert_eq!(
            ccndc(country_code, &national),
            expected(country_code, &national),
            "+{country_code} {national}"
        );
    }
}

#[test]
fn the_contracts_number_keeps_the_code_of_stockholm() {
    let number = E164::parse("+46890510").unwrap();
    assert_eq!((number.as_str(), number.ccndc()), ("+46890510", 3));
    // libphonenumber considers the number too short, but splits the numbers that are one digit longer.
    assert!(!oracle::is_valid(46, "890510"));
    assert_eq!(oracle::ndc(46, "890510"), 0);
    assert_eq!(oracle::ndc(46, "8905100"), 1);
}

/// The number as an erasure masks it.
fn masked(text: &str) -> String {
    let kept = usize::try_from(E164::parse(text).unwrap().ccndc()).unwrap() + 1;
    format!("{}{}", &text[..kept], "*".repeat(text.len() - kept))
}

#[test]
fn a_number_in_no_plan_is_masked_after_the_country_code() {
    for (text, mask) in [
        ("+4612", "+46**"),
        ("+8835100", "+883****"),
        ("+100000", "+1*****"),
    ] {
        assert_eq!(masked(text), mask);
    }
}

#[test]
fn a_number_whose_country_code_does_not_exist_is_masked_whole() {
    let country_codes: BTreeSet<i32> = PHONE_NUMBER_UTIL.get_supported_calling_codes().collect();
    let mut unknown = 0;
    for code in 100..1_000 {
        let text = format!("+{code}1234567");
        let codes = [code, code / 10, code / 100];
        if !codes.iter().any(|code| country_codes.contains(code)) {
            assert_eq!(masked(&text), "+**********");
            unknown += 1;
        }
    }
    assert!(unknown > 50, "{unknown}");
    assert_eq!(masked("+999"), "+***");
    assert_eq!(E164::parse("+99"), Err(PhoneFault));
}

#[test]
fn a_mask_hides_four_digits_where_the_number_has_them_after_its_country_code() {
    assert_eq!(ndc_of_one_more_digit(49, "20000"), 4);
    assert_eq!(masked("+4920000"), "+49*****");
    for (country_code, national) in examples() {
        let text = format!("+{country_code}{national}");
        let hidden = masked(&text).matches('*').count();
        assert!(hidden >= national.len().min(4), "{text}");
    }
    let mut random = Random(3);
    for _ in 0..100_000 {
        let text = format!("+{}{}", 1 + random.below(9), random.digits(6));
        let text = &text[..6 + random.below(3)];
        let national = text.len() - 1 - 3;
        let hidden = masked(text).matches('*').count();
        assert!(hidden >= national.min(4), "{text}");
    }
}

#[test]
fn the_new_formats_of_china_are_needed_and_in_the_table() {
    for (national, ndc) in [
        ("4051234567", 3),
        ("1010012345", 2),
        ("6001234567", 3),
        ("9681234567", 3),
        ("30814752315", 3),
        ("198695735043", 2),
    ] {
        let text = format!("+86{national}");
        // When the Rust port splits them itself, they leave oracle.rs.
        assert_eq!(oracle::ndc_of_port(86, national), 0, "{text}");
        assert_eq!(ccndc(86, national), with_country_code(86, ndc), "{text}");
    }
}

#[test]
fn text_that_is_not_e164_is_refused_and_not_corrected() {
    for text in [
        "",
        "+",
        "46890510",
        "0046890510",
        "++46890510",
        "+46 890510",
        "+46-890510",
        " +46890510",
        "+46890510 ",
        "+46890510\n",
        "+(46)890510",
        "+4689O510",
        "+46890510;ext=1",
        "tel:+46890510",
        "＋46890510",
        "+４６８９０５１０",
        "+٤٦٨٩٠٥١٠",
        "+0468905100",
        "+461",
        "+46",
        "+4612345678901234",
        "+468*****",
    ] {
        assert_eq!(E164::parse(text), Err(PhoneFault), "{text:?}");
    }
    for text in ["+461234567890123", "+46890510", "+12025550123", "+4612"] {
        assert_eq!(E164::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn the_error_for_too_few_or_too_many_digits_names_both_limits() {
    for (text, taken) in [("+461", "+4612"), ("+4612345678901234", "+461234567890123")] {
        assert!(E164::parse(taken).is_ok(), "{taken}");
        let message = E164::parse(text).unwrap_err().message();
        for limit in ["at least 2 more digits", "at most 15 digits in all"] {
            assert!(message.contains(limit), "{text}: {message}");
        }
    }
}

#[test]
fn no_text_causes_a_panic() {
    let mut random = Random(2);
    let letters: Vec<char> = "+0123456789 *é٤🦀\u{0}".chars().collect();
    for _ in 0..100_000 {
        let length = random.below(20);
        let text: String = (0..length)
            .map(|_| letters[random.below(letters.len())])
            .collect();
        if let Ok(number) = E164::parse(&text) {
            assert!((0..=15).contains(&number.ccndc()), "{text}");
        }
    }
}
