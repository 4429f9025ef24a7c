//! Finds the known parameter that an unknown name was meant to be.

/// The maximum number of characters of an unknown name that a response shows.
const SHOWN_MAX: usize = 64;

/// The beginning of an unknown name, for a response.
pub fn shown(name: &str) -> String {
    name.chars().take(SHOWN_MAX).collect()
}

/// The known name that is one slip away: other capitals or separators (`cust_nr`), or one or two letters that are wrong,
/// missing, added or swapped (`emial`). Names that differ only in their digits are no slips: `custom_1` is not `custom_2`.
pub fn meant<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    if unknown.len() > SHOWN_MAX {
        return None;
    }
    let plain = plain(unknown);
    let slips = known.iter().filter_map(|known| {
        let other = self::plain(known);
        let length = plain.len().min(other.len());
        if plain.len().abs_diff(other.len()) > 2
            || (plain != other && letters(&plain) == letters(&other))
        {
            return None;
        }
        let distance = distance(&plain, &other);
        (distance <= 2 && 2 * distance < length).then_some((distance, *known))
    });
    slips
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// A name without separators and capitals.
fn plain(name: &str) -> Vec<u8> {
    let letters = name
        .bytes()
        .filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    letters.map(|byte| byte.to_ascii_lowercase()).collect()
}

fn letters(plain: &[u8]) -> Vec<u8> {
    let letters = plain.iter().copied();
    letters.filter(|byte| !byte.is_ascii_digit()).collect()
}

/// The number of letters to replace, insert, remove or swap with the next one (optimal string alignment).
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (done, letter) in (1..).zip(from) {
        let mut next = vec![done];
        let mut beside = None;
        for (at, other) in to.iter().enumerate() {
            let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let replaced = get(&row, at) + usize::from(letter != other);
            let mut least = replaced.min(get(&row, at + 1) + 1).min(get(&next, at) + 1);
            if at > 0 && last == Some(other) && beside == Some(letter) {
                least = least.min(get(&before, at - 1) + 1);
            }
            next.push(least);
            beside = Some(other);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(letter);
    }
    row.last().copied().unwrap_or(from.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        let known = [
            "name",
            "custnr",
            "email",
            "corporateid",
            "custom_1",
            "custom_2",
            "n",
            "page",
            "pagesize",
            "address_zip",
            "dry_run",
        ];
        for (unknown, expected) in [
            ("emial", Some("email")),
            ("e-mail", Some("email")),
            ("eMail", Some("email")),
            ("cust_nr", Some("custnr")),
            ("CustNr", Some("custnr")),
            ("nmae", Some("name")),
            ("nam", Some("name")),
            ("corporate_id", Some("corporateid")),
            ("corperatid", Some("corporateid")),
            ("custom1", Some("custom_1")),
            ("custom_3", None),
            ("custom_21", None),
            ("page_size", Some("pagesize")),
            ("adress_zip", Some("address_zip")),
            ("dryrun", Some("dry_run")),
            ("x", None),
            ("", None),
            ("pp", None),
            ("phone", None),
            ("address_street", None),
        ] {
            assert_eq!(meant(unknown, &known), expected, "{unknown}");
        }
        assert_eq!(meant(&"email".repeat(20), &known), None);
    }

    #[test]
    fn distances_are_symmetric_and_count_slips() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "ab", 2),
            ("ab", "ba", 1),
            ("abcd", "acbd", 1),
            ("abc", "abd", 1),
            ("abc", "abcd", 1),
            ("kitten", "sitting", 3),
        ] {
            let [from, to] = [from, to].map(str::as_bytes);
            assert_eq!(distance(from, to), expected);
            assert_eq!(distance(to, from), expected);
        }
    }
}
