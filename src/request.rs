//! Path, query, form and JSON as one [`Params`]: caps, duplicates, unknown names. Pure.

use crate::decode::{not_utf8, percent_decode};
use crate::error::{Error, Fault};
use crate::intent::Intent;
use crate::json::Json;

/// The most parameters of a request: a customer has 34. It bounds the work of looking for duplicates.
pub const PARAMETERS_MAX: usize = 64;

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

/// The parameters that name a record, and so may stand in the path, the query and the body at once.
const IDS: [&str; 1] = ["customer_id"];

fn is_id(name: &str) -> bool {
    IDS.contains(&name)
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
        expect_few(members.len())?;
        for (name, value) in members {
            self.push(name, value, Place::Body);
        }
        Ok(())
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
        expect_few(pairs().count())?;
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
            Some(earlier) if is_id(&name) && !is_repeated => {
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

    /// Takes the id of a record that the request cannot do without.
    pub fn required_id(&mut self, name: &'static str) -> Option<i64> {
        if !self.has(name) {
            return self.wrong(name, "required", "is required");
        }
        self.id(name)
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
    /// 400 with every fault that was found.
    pub fn finish(&mut self) -> Result<(), Error> {
        for entry in self.entries.drain(..) {
            self.faults.push(Fault::of(
                entry.name,
                "unknown_parameter",
                "is not a parameter of this request",
            ));
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(std::mem::take(&mut self.faults)))
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

fn expect_few(parameters: usize) -> Result<(), Error> {
    if parameters <= PARAMETERS_MAX {
        return Ok(());
    }
    Err(Error::Invalid(vec![Fault::of_request(
        "too_many_parameters",
        format!("a request has at most {PARAMETERS_MAX} parameters"),
    )]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(mut params: Params) -> Vec<(String, &'static str)> {
        let Err(Error::Invalid(faults)) = params.finish() else {
            return Vec::new();
        };
        faults
            .into_iter()
            .map(|fault| (fault.parameter.unwrap_or_default(), fault.code))
            .collect()
    }

    #[test]
    fn a_form_and_an_object_of_the_same_parameters_are_read_alike() {
        let mut form = Params::default();
        form.add_form(b"name=Bj%C3%B6rn+%26+Co&receive_monthly_report=2&email=")
            .unwrap();
        let mut json = Params::default();
        json.add_json(r#"{"name":"Björn & Co","receive_monthly_report":2,"email":""}"#.as_bytes())
            .unwrap();
        for mut params in [form, json] {
            assert_eq!(params.text("name").as_deref(), Some("Björn & Co"));
            assert_eq!(params.integer("receive_monthly_report"), Some(2));
            assert_eq!(params.text("email").as_deref(), Some(""));
            assert_eq!(params.text("custnr"), None);
            params.finish().unwrap();
        }
    }

    #[test]
    fn malformed_bodies_are_a_400() {
        for body in ["a=%", "a=%4", "a=%4g", "%=a", "a=%ff", "a=%C3"] {
            assert!(
                Params::default().add_form(body.as_bytes()).is_err(),
                "{body}"
            );
        }
        assert!(Params::default().add_form(b"a=\xff").is_err());
        for body in [
            "",
            "{",
            "[]",
            "1",
            "\"a\"",
            "{\"a\":1}x",
            "{\"a\":\"\\ud800\"}",
            "{a:1}",
        ] {
            assert!(
                Params::default().add_json(body.as_bytes()).is_err(),
                "{body}"
            );
        }
        assert!(Params::default().add_json(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_parameter_given_twice_is_a_fault_in_every_encoding() {
        let mut form = Params::default();
        form.add_form(b"a=1&a=1").unwrap();
        let mut json = Params::default();
        json.add_json(br#"{"a":1,"a":1}"#).unwrap();
        let mut query = Params::default();
        query.add_query("a=1&b=2&%61=1").unwrap();
        query.integer("b");
        for mut params in [form, json, query] {
            params.integer("a");
            assert_eq!(codes(params), [("a".to_owned(), "duplicate_parameter")]);
        }
    }

    #[test]
    fn an_id_may_stand_in_three_places_as_long_as_they_agree() {
        for (query, agrees) in [
            ("customer_id=7", true),
            ("customer_id=007", true),
            ("customer_id=8", false),
        ] {
            let mut params = Params::default();
            params.add_path(vec![("customer_id", "7".to_owned())]);
            params.add_query(query).unwrap();
            params.add_json(br#"{"customer_id":7}"#).unwrap();
            assert_eq!(params.id("customer_id"), Some(7));
            assert_eq!(codes(params).is_empty(), agrees, "{query}");
        }
    }

    #[test]
    fn every_unknown_name_is_told() {
        let mut params = Params::default();
        params.add_form(b"nmae=x&cust_nr=y").unwrap();
        assert_eq!(
            codes(params),
            [
                ("nmae".to_owned(), "unknown_parameter"),
                ("cust_nr".to_owned(), "unknown_parameter")
            ]
        );
    }

    #[test]
    fn integers_are_plain_decimals() {
        for (json, expected) in [
            ("1", Some(1)),
            ("\"1\"", Some(1)),
            ("-1", Some(-1)),
            ("\"-1\"", Some(-1)),
            ("1.0", None),
            ("1.5", None),
            ("1e2", None),
            ("\"1.0\"", None),
            ("\"+1\"", None),
            ("\" 1\"", None),
            ("\"\"", None),
            ("\"-\"", None),
            ("\"0x1\"", None),
            ("\"٣\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            ("\"99999999999999999999\"", Some(i64::MAX)),
            ("99999999999999999999", None),
        ] {
            let mut params = Params::default();
            params
                .add_json(format!("{{\"a\":{json}}}").as_bytes())
                .unwrap();
            assert_eq!(params.integer("a"), expected, "{json}");
            assert_eq!(
                codes(params).len(),
                usize::from(expected.is_none()),
                "{json}"
            );
        }
    }

    #[test]
    fn an_integer_that_no_record_can_have_is_an_id_all_the_same() {
        for (id, expected) in [
            ("1", 1),
            ("9007199254740991", ID_MAX),
            ("0", 0),
            ("-1", 0),
            ("9007199254740992", 0),
            ("99999999999999999999", 0),
        ] {
            let mut params = Params::default();
            params.add_query(&format!("customer_id={id}")).unwrap();
            assert_eq!(params.id("customer_id"), Some(expected), "{id}");
            params.finish().unwrap();
        }
    }

    #[test]
    fn an_id_may_not_be_given_twice_in_one_place() {
        let mut params = Params::default();
        params.add_path(vec![("customer_id", "7".to_owned())]);
        params.add_query("customer_id=7&customer_id=7").unwrap();
        params.id("customer_id");
        assert_eq!(
            codes(params),
            [("customer_id".to_owned(), "duplicate_parameter")]
        );
    }

    #[test]
    fn a_request_has_at_most_64_parameters() {
        let query = |count: usize| (0..count).map(|n| format!("p{n}=&")).collect::<String>();
        assert!(Params::default().add_query(&query(PARAMETERS_MAX)).is_ok());
        assert!(
            Params::default()
                .add_query(&query(PARAMETERS_MAX + 1))
                .is_err()
        );
    }
}
