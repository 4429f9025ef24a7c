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
    for Code { code, about, .. } in CODES {
        let mut sentences = about.split(". ");
        let says = sentences.any(|sentence| {
            let first = sentence.split([' ', ',']).next().unwrap_or_default();
            TO_DO.contains(&first) || sentence.starts_with("If it fails again, tell")
        });
        assert!(says, "{code}: {about}");
    }
}

/// What a caller does about a fault.
const TO_DO: &[&str] = &[
    "Ask", "Check", "Choose", "Correct", "End", "Finish", "Leave", "Read", "Remove", "Repeat",
    "Send", "Take", "Tell", "Use", "Wait", "Write",
];

#[test]
fn the_reading_of_the_source_finds_an_argument() {
    let call = r#"name("a, (b\")"), "code", "text"), more"#;
    assert_eq!(argument(call, 1), r#""code""#);
    assert_eq!(literal(argument(call, 1)), Some("code"));
    assert_eq!(argument("Fault::of(a, b)), c", 0), "Fault::of(a, b)");
}

/// What makes a fault of a parameter, and which of its arguments is the message.
const WORDED: [(&str, usize); 4] = [
    ("Fault::of(", 2),
    ("Error::invalid(", 2),
    (".wrong(", 2),
    ("Err(error(", 1),
];

/// A message that is passed on. It was made by one of [`WORDED`], or is that of a phone number.
const WORDED_BEFORE: [&str; 3] = [
    "message",
    "fault.message()",
    "error.message.clone().unwrap_or_default()",
];

/// The verbs that a message may begin with: before it stands the name of the parameter.
const VERBS: [&str; 7] = ["is", "must", "has", "was", "stands", "cannot", "does"];

/// The sentences among the literals of a text: those that begin with a letter and have a space.
fn sentences(text: &str) -> Vec<&str> {
    let mut literals = text.split('"').skip(1).step_by(2);
    let is_sentence = |text: &&str| text.contains(' ') && text.starts_with(char::is_alphabetic);
    literals.by_ref().filter(is_sentence).collect()
}

/// The sentences of the message at the end of `before`, if it is the argument `message`: those of the last `let message`, or
/// if the function has none, its own.
fn sentences_of_message(before: &str) -> Vec<&str> {
    let function = before.rfind("\nfn ").max(before.rfind(" fn "));
    let function = before.get(function.unwrap_or(0)..).unwrap();
    match function.rfind("let message") {
        Some(at) => sentences(function.get(at..).unwrap().split(";\n").next().unwrap()),
        None => sentences(function),
    }
}

#[test]
fn a_message_goes_on_after_the_name_of_its_parameter() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut said = vec![
        super::super::CUSTNR_TAKEN.to_owned(),
        crate::phone::PhoneFault.message().to_owned(),
    ];
    for (name, source) in &files {
        for (maker, place) in WORDED {
            for (at, _) in source.match_indices(maker) {
                let message = argument(source.get(at + maker.len()..).unwrap(), place);
                let found = match sentences(message) {
                    found if found.is_empty() => sentences_of_message(source.get(..at).unwrap()),
                    found => found,
                };
                assert!(
                    !found.is_empty()
                        || WORDED_BEFORE.contains(&message)
                        || message == "CUSTNR_TAKEN",
                    "{name}: {maker} has the message {message}"
                );
                said.extend(found.into_iter().map(str::to_owned));
            }
        }
    }
    assert!(said.len() > 50, "only {} messages are found", said.len());
    for message in said {
        let first = message.split(' ').next().unwrap_or_default();
        assert!(VERBS.contains(&first), "{message}");
    }
}
