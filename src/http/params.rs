//! Path, query, form and JSON as one [`Params`]: caps, duplicates, unknown names. Pure.

use super::decode::{not_utf8, percent_decode};
use super::error::{Error, Fault};
use super::intent::Intent;
use super::json::Json;
use super::routes::is_id;

/// The most parameters of a request: a customer has 34. It bounds the work of looking for duplicates.
pub const PARAMETERS_MAX: usize = 64;

/// The most faults that are told at once: one for each of the 7 members of 1,000 calls, the largest batch, and some.
/// Nobody reads as many, but a program may; and at 100 to 300 bytes each they make an answer of 2 MB, while 1 MiB of
/// unknown names would make 10.
pub const FAULTS_MAX: usize = 8_000;

/// The largest id: what a JSON number, and so D1, holds exactly (2^53 - 1).
pub const ID_MAX: i64 = (1 << 53) - 1;

/// Where a parameter stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Body,
}

#[derive(Debug)]
struct Entry {
    name: String,
    /// A string for all that came as text; what JSON had otherwise.
    value: Json,
    place: Place,
}

/// The parameters of one request, and what was found wrong with them so far.
///
/// A handler takes each parameter that it knows by name and type; what it leaves is unknown. All
/// faults are collected and told at once by [`Params::finish`].
#[derive(Debug, Default)]
pub struct Params {
    entries: Vec<Entry>,
    /// Every name, and the places in which it stood.
    seen: Vec<(String, Place)>,
    faults: Vec<Fault>,
}

impl Params {
    /// Adds the segments that the router has captured.
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

    /// Adds a body of `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// 400 for malformed percent-encoding or UTF-8.
    pub fn add_form(&mut self, body: &[u8]) -> Result<(), Error> {
        self.add_pairs(body, Place::Body)
    }

    /// Adds a body of `application/json`: one flat object.
    ///
    /// # Errors
    /// 400 for malformed JSON or UTF-8, or another kind of value.
    pub fn add_json(&mut self, body: &[u8]) -> Result<(), Error> {
        let malformed = |place: String| {
            let message = format!("the body must be one JSON object{place}");
            Error::Invalid(vec![Fault::of_request("malformed_json", message)])
        };
        let parsed = Json::parse(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            malformed(format!("; it is malformed at line {line}, column {column}"))
        })?;
        let Json::Object(members) = parsed else {
            return Err(malformed(String::new()));
        };
        expect_few(members.len()).map_err(invalid)?;
        self.add_members(members);
        Ok(())
    }

    /// The members of an object within a body, as parameters of their own.
    pub fn of_members(members: Vec<(String, Json)>) -> Self {
        let mut params = Self::default();
        match expect_few(members.len()) {
            Ok(()) => params.add_members(members),
            Err(fault) => params.faults.push(fault),
        }
        params
    }

    /// Ends the reading of what [`Params::of_members`] has made, and takes over its faults: those of the
    /// object called `name`.
    pub fn adopt(&mut self, name: &str, mut members: Self) {
        members.fault_unknown();
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
        expect_few(pairs().count()).map_err(invalid)?;
        for pair in pairs() {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decode(name, true).map_err(malformed)?;
            let value = percent_decode(value, true).map_err(malformed)?;
            self.push(name, Json::Text(value), place);
        }
        Ok(())
    }

    fn push(&mut self, name: String, value: Json, place: Place) {
        let seen = (name.clone(), place);
        let is_repeated = self.seen.contains(&seen);
        self.seen.push(seen);
        match self.entries.iter().find(|entry| entry.name == name) {
            None => self.entries.push(Entry { name, value, place }),
            Some(earlier) if !is_repeated && is_id(&name) => {
                if integer(&earlier.value) != integer(&value) {
                    self.faults.push(Fault::of(
                        name,
                        "contradiction",
                        "is given more than once, with different values",
                    ));
                }
            }
            Some(_) => self.faults.push(Fault::of(
                name,
                "duplicate_parameter",
                "is given more than once",
            )),
        }
    }

    /// Whether nothing but ids stands in the query: with a body, parameters belong there.
    pub fn expect_ids_only_in_query(&mut self) {
        for entry in &self.entries {
            if entry.place == Place::Query && !is_id(&entry.name) {
                self.faults.push(Fault::of(
                    entry.name.clone(),
                    "misplaced_parameter",
                    "belongs in the body of this request, not in its query",
                ));
            }
        }
    }

    /// Whether the parameter is given.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// Whether the parameter is given, and is an empty text.
    pub fn is_empty_text(&self, name: &str) -> bool {
        let entry = self.entries.iter().find(|entry| entry.name == name);
        entry.is_some_and(|entry| entry.value.as_text() == Some(""))
    }

    /// Adds a fault for each of these that is not given, if a record is to be created.
    pub fn require(&mut self, intent: Intent, names: &[&str]) {
        for name in names {
            if intent == Intent::Create && !self.has(name) {
                self.faults
                    .push(Fault::of(*name, "required", "is required"));
            }
        }
    }

    /// Takes a parameter as it came.
    pub fn value(&mut self, name: &str) -> Option<Json> {
        let at = self.entries.iter().position(|entry| entry.name == name)?;
        Some(self.entries.swap_remove(at).value)
    }

    /// Takes a text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Json::Text(text) => Some(text),
            _ => self.wrong(name, "not_a_string", "must be a string"),
        }
    }

    /// Takes an integer: a JSON number or the decimal digits of one.
    pub fn integer(&mut self, name: &str) -> Option<i64> {
        let value = self.value(name)?;
        match integer(&value) {
            Some(integer) => Some(integer),
            None => self.wrong(name, "not_an_integer", "must be an integer"),
        }
    }

    /// Takes the id of a record. Ids are 1 to [`ID_MAX`]; any other integer names a record that there is
    /// none of, and becomes 0.
    pub fn id(&mut self, name: &str) -> Option<i64> {
        let value = self.value(name)?;
        match integer(&value) {
            Some(id) if (1..=ID_MAX).contains(&id) => Some(id),
            Some(_) => Some(0),
            None => self.wrong(name, "not_an_integer", "must be an integer"),
        }
    }

    /// Takes the id of a record that the request cannot do without. What is no id becomes 0, which no record has.
    pub fn required_id(&mut self, name: &'static str) -> i64 {
        self.require(Intent::Create, &[name]);
        self.id(name).unwrap_or(0)
    }

    /// Adds a fault that a handler has found.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Adds faults that a validator has found.
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

    /// Ends the reading: what nobody took is unknown.
    ///
    /// # Errors
    /// 400 with every fault that was found, up to [`FAULTS_MAX`], and then how many more there are.
    pub fn finish(mut self) -> Result<(), Error> {
        self.fault_unknown();
        let mut faults = std::mem::take(&mut self.faults);
        if faults.is_empty() {
            return Ok(());
        }
        let more = faults.len().saturating_sub(FAULTS_MAX);
        if more > 0 {
            faults.truncate(FAULTS_MAX);
            let message = format!("{more} more: only the first {FAULTS_MAX} are told");
            faults.push(Fault::of_request("more_faults", message));
        }
        Err(Error::Invalid(faults))
    }

    fn fault_unknown(&mut self) {
        for entry in self.entries.drain(..) {
            self.faults.push(Fault::of(
                entry.name,
                "unknown_parameter",
                "is not a parameter of this request",
            ));
        }
    }
}

/// The integer that a value is or spells: decimal digits with at most a minus before them. One that is
/// too large for an `i64` is the largest, which no limit here lets through.
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

fn invalid(fault: Fault) -> Error {
    Error::Invalid(vec![fault])
}

fn expect_few(parameters: usize) -> Result<(), Fault> {
    if parameters <= PARAMETERS_MAX {
        return Ok(());
    }
    Err(Fault::of_request(
        "too_many_parameters",
        format!("there are more than {PARAMETERS_MAX} parameters"),
    ))
}

#[cfg(test)]
mod tests;
