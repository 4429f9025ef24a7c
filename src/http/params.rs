//! Reads path, query, form and JSON into one [`Params`], and finds too many, duplicate and unknown parameters. No I/O.

use super::canonical::canonical_object;
use super::decode::{not_utf8, percent_decode};
use super::error::{Error, Fault};
use super::intent::Intent;
use super::json::Json;
use super::near::{meant, shown};
use super::routes::{is_id, may_repeat};
use super::unicode::is_surely_nfc;

/// The maximum number of parameters of a request. A customer has 34. The limit bounds the search for duplicates.
pub const PARAMETERS_MAX: usize = 64;

/// The maximum number of faults in a response. A batch of 1,000 calls has 8 members each, so one fault of each
/// member fits. A program may read them all. A fault has 100 to 300 bytes, so the response has about 2 MB; without the
/// limit, a body of 1 MiB of unknown names would cause 10 MB.
pub const FAULTS_MAX: usize = 8_000;

/// The largest id. JSON numbers, and so D1, are exact up to it (2^53 - 1).
pub const ID_MAX: i64 = (1 << 53) - 1;

/// Where a request has a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Body,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    /// From path, query and form: a string. From JSON: the value as sent.
    value: Json,
    place: Place,
}

/// The parameters of one request, and the faults found so far.
///
/// A handler takes each parameter that it knows, by name and type. The parameters that remain are unknown.
/// [`Params::finish`] returns all faults together.
#[derive(Clone, Debug, Default)]
pub struct Params {
    entries: Vec<Entry>,
    /// Every name, with each place that has it.
    seen: Vec<(String, Place)>,
    /// Every name that a handler asked for.
    known: Vec<&'static str>,
    /// Every name of a field that the service assigns. No message proposes one.
    assigned: Vec<&'static str>,
    /// Puts a text into Unicode's NFC.
    nfc: Option<fn(&str) -> String>,
    faults: Vec<Fault>,
}

impl Params {
    /// Reads every text in Unicode's NFC. `nfc` puts one text into it.
    pub fn in_nfc(nfc: fn(&str) -> String) -> Self {
        Self {
            nfc: Some(nfc),
            ..Self::default()
        }
    }

    /// Adds the path segments that the router captured.
    pub fn add_path(&mut self, captures: Vec<(&'static str, String)>) {
        for (name, value) in captures {
            self.push(name.to_owned(), Json::Text(value), Place::Path);
        }
    }

    /// Adds a raw query string (without `?`).
    ///
    /// # Errors
    /// 400 for malformed percent-encoding or UTF-8.
    pub fn add_query(&mut self, query: &str) -> Result<(), Error> {
        self.add_pairs(query.as_bytes(), Place::Query)
    }

    /// Adds a body of `application/x-www-form-urlencoded`. A byte order mark before it is skipped.
    ///
    /// # Errors
    /// 400 for malformed percent-encoding or UTF-8.
    pub fn add_form(&mut self, body: &[u8]) -> Result<(), Error> {
        self.add_pairs(without_mark(body), Place::Body)
    }

    /// Adds a body of `application/json`: one flat object. A byte order mark before it is skipped.
    ///
    /// # Errors
    /// 400 for malformed JSON or UTF-8, or a value that is not an object.
    pub fn add_json(&mut self, body: &[u8]) -> Result<(), Error> {
        let malformed = |place: String| {
            let message = format!("the body must be one JSON object{place}");
            Error::Invalid(vec![Fault::of_request("malformed_json", message)])
        };
        let parsed = Json::parse(without_mark(body)).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            malformed(format!("; it is malformed at line {line}, column {column}"))
        })?;
        let Json::Object(members) = parsed else {
            return Err(malformed(String::new()));
        };
        expect_few(members.len()).map_err(too_many)?;
        self.add_members(members);
        Ok(())
    }

    /// Makes parameters of the members of an object within a body.
    pub fn of_members(members: Vec<(String, Json)>) -> Self {
        let mut params = Self::default();
        match expect_few(members.len()) {
            Ok(()) => params.add_members(members),
            Err(fault) => params.faults.push(fault),
        }
        params
    }

    /// Takes over the faults of `members`, which [`Params::of_members`] made from the object `name`. Members that
    /// nobody took are faults too.
    pub fn adopt(&mut self, name: &str, mut members: Self) {
        // A response has no room for more suggestions.
        members.fault_unknown(self.faults.len() < FAULTS_MAX);
        self.faults.extend(members.faults.into_iter().map(|fault| {
            let parameter = match fault.parameter {
                Some(parameter) => format!("{name}.{parameter}"),
                None => name.to_owned(),
            };
            Fault {
                parameter: Some(parameter),
                ..fault
            }
        }));
    }

    fn add_members(&mut self, members: Vec<(String, Json)>) {
        for (name, value) in members {
            self.push(name, value, Place::Body);
        }
    }

    fn add_pairs(&mut self, pairs: &[u8], place: Place) -> Result<(), Error> {
        let malformed = |fault: Fault| {
            let place = if place == Place::Query {
                "query"
            } else {
                "body"
            };
            Error::Invalid(vec![Fault {
                message: format!("the {place} has {}", fault.message),
                ..fault
            }])
        };
        let text = std::str::from_utf8(pairs).map_err(|_| malformed(not_utf8()))?;
        let pairs = || text.split('&').filter(|pair| !pair.is_empty());
        expect_few(pairs().count()).map_err(too_many)?;
        for pair in pairs() {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decode(name, true).map_err(malformed)?;
            let value = percent_decode(value, true).map_err(malformed)?;
            self.push(name, Json::Text(value), place);
        }
        Ok(())
    }

    fn push(&mut self, name: String, mut value: Json, place: Place) {
        // Before the comparison: a path and a body may write the same text in two forms.
        if let Some(nfc) = self.nfc {
            normalize(&mut value, nfc);
        }
        let seen = (name.clone(), place);
        let is_repeated = self.seen.contains(&seen);
        self.seen.push(seen);
        match self.entries.iter().find(|entry| entry.name == name) {
            None => self.entries.push(Entry { name, value, place }),
            Some(earlier) if !is_repeated && may_repeat(&name) => {
                let agrees = if is_id(&name) {
                    integer(&earlier.value) == integer(&value)
                } else {
                    earlier.value == value
                };
                if !agrees {
                    self.faults.push(Fault::of(
                        name,
                        "contradiction",
                        "is given more than once, with different values",
                    ));
                }
            }
            Some(_) => self.faults.push(Fault::of(
                shown(&name),
                "duplicate_parameter",
                "is given more than once",
            )),
        }
    }

    /// Adds a fault for each query parameter that is not an id: a request with a body has its other parameters there.
    pub fn expect_ids_only_in_query(&mut self) {
        for entry in &self.entries {
            if entry.place == Place::Query && !is_id(&entry.name) {
                self.faults.push(Fault::of(
                    shown(&entry.name),
                    "misplaced_parameter",
                    "must be in the body of this request, not in the query",
                ));
            }
        }
    }

    /// All parameters as they were given, in one form. Take this before any is taken. `None` if the reading found faults.
    pub fn as_given(&self) -> Option<Json> {
        let given = self.entries.iter();
        let given = given.map(|entry| (entry.name.as_str(), &entry.value));
        self.faults.is_empty().then(|| canonical_object(given))
    }

    /// Takes the faults with this code away, and returns them.
    pub fn set_aside(&mut self, code: &str) -> Vec<Fault> {
        self.faults
            .extract_if(.., |fault| fault.code == code)
            .collect()
    }

    /// Whether the request has a parameter that decides what the others are.
    pub fn chooses(&mut self, name: &'static str) -> bool {
        self.known.push(name);
        self.has(name)
    }

    /// Whether the request has the parameter.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// Whether the request has the parameter, with an empty text.
    pub fn is_empty_text(&self, name: &str) -> bool {
        let entry = self.entries.iter().find(|entry| entry.name == name);
        entry.is_some_and(|entry| entry.value.as_text() == Some(""))
    }

    /// Adds a fault for each of these parameters that the request has: the service assigns them.
    pub fn refuse_assigned(&mut self, names: &[&'static str]) {
        self.assigned.extend(names);
        for name in names {
            if self.take(name).is_some() {
                let message = "is assigned and cannot be changed; leave it out";
                self.faults.push(Fault::of(*name, "assigned", message));
            }
        }
    }

    /// Adds a fault for each absent parameter, if the request creates a record.
    pub fn require(&mut self, intent: Intent, names: &[&'static str]) {
        for name in names {
            self.known.push(name);
            if intent.may_create() && !self.has(name) {
                self.faults
                    .push(Fault::of(*name, "required", "is required"));
            }
        }
    }

    /// Takes a parameter of any type.
    pub fn value(&mut self, name: &'static str) -> Option<Json> {
        self.known.push(name);
        self.take(name)
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.entries.iter().position(|entry| entry.name == name)?;
        Some(self.entries.swap_remove(at).value)
    }

    /// Takes a text.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        match self.value(name)? {
            Json::Text(text) => Some(text),
            _ => self.wrong(name, "not_a_string", "must be a string"),
        }
    }

    /// Takes an integer: a JSON number, or a text of decimal digits.
    pub fn integer(&mut self, name: &'static str) -> Option<i64> {
        let value = self.value(name)?;
        match integer(&value) {
            Some(integer) => Some(integer),
            None => self.wrong(name, "not_an_integer", "must be an integer"),
        }
    }

    /// Takes 0 or 1. Another integer passes: the limits on it decide about it.
    pub fn flag(&mut self, name: &'static str) -> Option<i64> {
        let value = self.value(name)?;
        match integer(&value) {
            Some(integer) => Some(integer),
            None => self.wrong(name, "not_an_integer", "must be 0 or 1"),
        }
    }

    /// Takes the id of a record. Ids are 1 to [`ID_MAX`]. Any other integer becomes 0, which no record has.
    pub fn id(&mut self, name: &'static str) -> Option<i64> {
        let value = self.value(name)?;
        match integer(&value) {
            Some(id) if (1..=ID_MAX).contains(&id) => Some(id),
            Some(_) => Some(0),
            None => self.wrong(name, "not_an_integer", "must be an integer"),
        }
    }

    /// Takes a required id of a record. An absent or invalid id is a fault and becomes 0, which no record has.
    pub fn required_id(&mut self, name: &'static str) -> i64 {
        self.require(Intent::Create, &[name]);
        self.id(name).unwrap_or(0)
    }

    /// Adds a fault that a handler found.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Adds faults that a validator found.
    pub fn faults(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.extend(faults);
    }

    fn wrong<T>(
        &mut self,
        name: &str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Option<T> {
        self.faults.push(Fault::of(name, code, message));
        None
    }

    /// Ends the reading. Parameters that nobody took are unknown, which is a fault.
    ///
    /// # Errors
    /// 400 with the first [`FAULTS_MAX`] faults, and then the number of the others.
    pub fn finish(mut self) -> Result<(), Error> {
        self.fault_unknown(true);
        let mut faults = std::mem::take(&mut self.faults);
        if faults.is_empty() {
            return Ok(());
        }
        let more = faults.len().saturating_sub(FAULTS_MAX);
        if more > 0 {
            faults.truncate(FAULTS_MAX);
            let message = format!(
                "the response lists only the first {FAULTS_MAX} faults; there are {more} more"
            );
            faults.push(Fault::of_request("more_faults", message));
        }
        Err(Error::Invalid(faults))
    }

    fn fault_unknown(&mut self, suggest: bool) {
        let names = [self.known.as_slice(), &self.assigned].concat();
        for entry in self.entries.drain(..) {
            let mut message = "is not a parameter of this request".to_owned();
            let meant = meant(&entry.name, &names).filter(|_| suggest);
            if let Some(known) = meant.filter(|name| self.known.contains(name)) {
                message.push_str(&format!("; did you mean {known}?"));
            }
            let name = shown(&entry.name);
            self.faults
                .push(Fault::of(name, "unknown_parameter", message));
        }
    }
}

/// The integer of a number, or of a text of decimal digits with an optional minus. A text that does not fit an `i64`
/// becomes the largest `i64`, which exceeds every limit.
fn integer(value: &Json) -> Option<i64> {
    match value {
        Json::Integer(integer) => Some(*integer),
        Json::Text(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            decimal.then(|| text.parse().unwrap_or(i64::MAX))
        }
        _ => None,
    }
}

fn too_many(fault: Fault) -> Error {
    let message = format!("the request {}", fault.message);
    Error::Invalid(vec![Fault { message, ..fault }])
}

fn normalize(value: &mut Json, nfc: fn(&str) -> String) {
    match value {
        Json::Text(text) if !is_surely_nfc(text) => *text = nfc(text),
        Json::List(values) => values.iter_mut().for_each(|value| normalize(value, nfc)),
        Json::Object(members) => {
            let values = members.iter_mut().map(|(_, value)| value);
            values.for_each(|value| normalize(value, nfc));
        }
        _ => {}
    }
}

/// A body without the byte order mark that some programs write before it.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

fn expect_few(parameters: usize) -> Result<(), Fault> {
    if parameters <= PARAMETERS_MAX {
        return Ok(());
    }
    Err(Fault::of_request(
        "too_many_parameters",
        format!("must have at most {PARAMETERS_MAX} parameters"),
    ))
}

#[cfg(test)]
mod tests;
