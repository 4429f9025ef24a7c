use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What makes a fault, and which of its arguments is the code.
const MAKERS: [(&str, usize); 5] = [
    ("Fault::of(", 1),
    ("Fault::of_request(", 0),
    ("Error::invalid(", 1),
    (".wrong(", 1),
    // The rules for texts.
    ("Err(error(", 0),
];

/// What stands before the code of an [`Error`](super::super::Error), and before that of a phone number's fault.
const BEFORE: [&str; 3] = ["=> (", "=> {", "fn code(self) -> &'static str {"];

/// Arguments that are no literals. They pass a code on that was made elsewhere.
const PASSED_ON: [&str; 3] = ["code", "fault.code", "fault.code()"];

/// The files of the Worker without their tests.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            if !name.ends_with("/bin") && !name.ends_with("/tests") {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            found.push((name, code));
        }
    }
}

/// The argument of a call at a place. `text` begins after the opening bracket.
fn argument(text: &str, place: usize) -> &str {
    let (mut depth, mut commas, mut start) = (0, 0, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ',' | ')' if depth == 0 => {
                if commas == place {
                    return text.get(start..at).unwrap().trim();
                }
                commas += 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    ""
}

fn literal(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.split('"').next()
}

/// Every code that the source has as a literal.
fn codes_of_the_source() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut codes = BTreeSet::new();
    for (name, source) in &files {
        for (maker, place) in MAKERS {
            for after in source.split(maker).skip(1) {
                let code = argument(after, place);
                match literal(code) {
                    Some(code) => codes.insert(code.to_owned()),
                    None => {
                        assert!(
                            PASSED_ON.contains(&code),
                            "{name}: {maker} has the code {code}"
                        );
                        false
                    }
                };
            }
        }
        if name.ends_with("/http/error.rs") || name.ends_with("/phone/mod.rs") {
            for before in BEFORE {
                for after in source.split(before).skip(1) {
                    let after = after.trim_start_matches(['(', ' ', '\n']);
                    codes.extend(literal(after).map(str::to_owned));
                }
            }
        }
    }
    // The validator makes these two by itself, from the limits beside the fields.
    codes.extend(["length", "range"].map(str::to_owned));
    codes
}

#[test]
fn the_list_has_every_code_of_the_source_and_no_other() {
    let listed = CODES.iter().map(|code| code.code.to_owned()).collect();
    assert_eq!(codes_of_the_source(), listed);
}

#[test]
fn a_code_is_listed_once_in_the_order_of_the_statuses_and_says_what_to_do() {
    let words: BTreeSet<&str> = CODES.iter().map(|code| code.code).collect();
    assert_eq!(words.len(), CODES.len());
    assert!(CODES.is_sorted_by_key(|code| code.status));
    assert!(CODES.iter().all(|code| code.about.ends_with('.')));
}

#[test]
fn the_reading_of_the_source_finds_an_argument() {
    let call = r#"name("a, (b\")"), "code", "text"), more"#;
    assert_eq!(argument(call, 1), r#""code""#);
    assert_eq!(literal(argument(call, 1)), Some("code"));
    assert_eq!(argument("Fault::of(a, b)), c", 0), "Fault::of(a, b)");
}
