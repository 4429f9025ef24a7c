//! Entity tags: HTTP's form of a record's version. And the preconditions that name them.

use super::error::{Error, Fault};
use super::routes::{OperatorRoute, PartnerRoute, Route};

/// The `ETag` of a version of a record.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The entity tags in a list of them, without `W/` and quotes (RFC 9110 §8.8.3). A tag may hold commas. What is no tag is
/// left out.
fn tags(list: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return tags;
        }
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"');
        rest = match quoted.and_then(|text| text.split_once('"')) {
            Some((tag, after)) if after.is_empty() || after.starts_with([' ', '\t', ',']) => {
                tags.push(tag);
                after
            }
            _ => rest.split_once(',').map_or("", |(_, after)| after),
        };
    }
}

/// The versions that an `If-Match` header accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// The header is absent: it accepts any version, and that there is none.
    #[default]
    Any,
    /// The header is `*`: it accepts any version.
    AnyVersion,
    /// The header accepts only these versions. The list is empty if the header has no tag that this API issues.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Reads the header: a list of entity tags (RFC 9110 §13.1.1).
    ///
    /// A weak tag counts as strong, although the RFC says that it never matches here. A proxy that compresses a
    /// response makes its tag weak, but the tag names a version of the record, not its bytes, so it still holds.
    pub fn parse(header: Option<&str>) -> Self {
        let Some(header) = header else {
            return Self::Any;
        };
        if header.trim() == "*" {
            return Self::AnyVersion;
        }
        let versions = tags(header).into_iter().filter_map(|tag| {
            let version: i64 = tag.parse().ok()?;
            (version.to_string() == tag).then_some(version)
        });
        Self::Versions(versions.collect())
    }

    /// Accepts only what it accepted before and this version allows too.
    pub fn narrow(&mut self, version: i64) {
        *self = Self::Versions(if self.allows(version) {
            vec![version]
        } else {
            Vec::new()
        });
    }

    /// Whether the header accepts this version.
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Any | Self::AnyVersion => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// The precondition headers of a request, as sent.
#[derive(Clone, Debug, Default)]
pub struct Preconditions {
    /// `If-Match`
    pub if_match: Option<String>,
    /// `If-None-Match`
    pub if_none_match: Option<String>,
    /// `If-Unmodified-Since`
    pub if_unmodified_since: Option<String>,
}

impl Preconditions {
    /// Whether a route answers an `ETag` that its requests can name.
    pub fn apply_to(route: Route) -> bool {
        use PartnerRoute::{ChangeCustomer, EraseCustomer, PutCustnr, ReadCustnr, ReadCustomer};
        matches!(
            route,
            Route::Partner(ReadCustomer | ChangeCustomer | EraseCustomer | ReadCustnr | PutCustnr)
                | Route::Operator(OperatorRoute::EraseOnBehalf)
        )
    }

    /// Checks that a write depends on no precondition that it cannot evaluate. A read may ignore them.
    ///
    /// # Errors
    /// 412 that names the header.
    pub fn expect_supported(&self, method: &str, apply: bool) -> Result<(), Error> {
        let unsupported = [
            ("If-Match", self.if_match.is_some() && !apply),
            ("If-None-Match", self.if_none_match.is_some()),
            ("If-Unmodified-Since", self.if_unmodified_since.is_some()),
        ];
        let first = unsupported.iter().find(|(_, is_given)| *is_given);
        match first {
            Some((header, _)) if !matches!(method, "GET" | "HEAD") => {
                Err(Error::PreconditionUnsupported(header))
            }
            _ => Ok(()),
        }
    }

    /// The fault of an `If-Match` that has no entity tag.
    pub fn fault(&self) -> Option<Fault> {
        let given = self.if_match.as_deref()?.trim();
        if given == "*" || !tags(given).is_empty() {
            return None;
        }
        let is_number =
            (1..=19).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_digit());
        let example = if is_number { given } else { "3" };
        let message = format!("must be an entity tag with its quotes, like \"{example}\"");
        Some(Fault::of("If-Match", "entity_tag", message))
    }

    /// The versions that `If-None-Match` names. Without the header there are none.
    pub fn known_versions(&self) -> IfMatch {
        match &self.if_none_match {
            Some(header) => IfMatch::parse(Some(header)),
            None => IfMatch::Versions(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_depends_on_nothing_that_its_path_cannot_evaluate() {
        let given = |name: &str| Preconditions {
            if_match: (name == "If-Match").then(|| "*".to_owned()),
            if_none_match: (name == "If-None-Match").then(|| "*".to_owned()),
            if_unmodified_since: (name == "If-Unmodified-Since").then(String::new),
        };
        for (name, method, apply, supported) in [
            ("", "POST", false, true),
            ("If-Match", "PUT", true, true),
            ("If-Match", "PUT", false, false),
            ("If-Match", "POST", false, false),
            ("If-Match", "GET", false, true),
            ("If-None-Match", "PUT", true, false),
            ("If-None-Match", "POST", false, false),
            ("If-None-Match", "GET", true, true),
            ("If-None-Match", "HEAD", false, true),
            ("If-Unmodified-Since", "DELETE", true, false),
            ("If-Unmodified-Since", "GET", true, true),
        ] {
            let checked = given(name).expect_supported(method, apply);
            assert_eq!(checked.is_ok(), supported, "{method} {name} {apply}");
        }
    }

    #[test]
    fn an_if_match_without_an_entity_tag_is_told_how_to_write_one() {
        for (header, expected) in [
            ("*", None),
            ("\"3\"", None),
            ("W/\"3\"", None),
            ("3, \"3\"", None),
            ("\"x\"", None),
            ("W/\"a,b\"", None),
            ("99", Some("like \"99\"")),
            ("3, 4", Some("like \"3\"")),
            ("\"", Some("like \"3\"")),
            ("W/3", Some("like \"3\"")),
            ("", Some("like \"3\"")),
        ] {
            let given = Preconditions {
                if_match: Some(header.to_owned()),
                ..Preconditions::default()
            };
            let message = given.fault().map(|fault| fault.message);
            match expected {
                None => assert_eq!(message, None, "{header}"),
                Some(part) => assert!(message.unwrap().ends_with(part), "{header}"),
            }
        }
    }

    #[test]
    fn a_version_narrows_what_if_match_accepts() {
        for (header, version, expected) in [
            (None, 3, vec![3]),
            (Some("*"), 3, vec![3]),
            (Some("\"2\", \"3\""), 3, vec![3]),
            (Some("\"2\""), 3, vec![]),
        ] {
            let mut accepted = IfMatch::parse(header);
            accepted.narrow(version);
            assert_eq!(accepted, IfMatch::Versions(expected), "{header:?}");
        }
    }

    #[test]
    fn if_match_names_versions() {
        for (header, expected) in [
            (None, IfMatch::Any),
            (Some("*"), IfMatch::AnyVersion),
            (Some("\"3\""), IfMatch::Versions(vec![3])),
            (
                Some("W/\"3\", \"5\" , \"x\""),
                IfMatch::Versions(vec![3, 5]),
            ),
            (Some("\"a,b\",\"3\""), IfMatch::Versions(vec![3])),
            (Some("3"), IfMatch::Versions(vec![])),
            (Some("\"03\", \"+3\""), IfMatch::Versions(vec![])),
            (Some(""), IfMatch::Versions(vec![])),
        ] {
            assert_eq!(IfMatch::parse(header), expected, "{header:?}");
        }
        assert_eq!(etag(3), "\"3\"");
    }
}
