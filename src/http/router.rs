//! Finds the route of a request. A 404 or a 405 needs no I/O.

use super::decode::percent_decode;
use super::error::{Error, Fault};
use super::routes::{self, OPERATOR, PARTNER, PUBLIC, Route, Segment, Table};
use super::version::{PUBLISHED, Version};

/// A request whose path is known.
#[derive(Debug, PartialEq, Eq)]
pub struct Routed {
    /// The version of the API that the caller addressed.
    pub version: Version,
    /// The path as the table has it. The log uses it because it has no id.
    pub template: &'static str,
    /// The name of each `{name}` of the template, with the decoded segment of the path.
    pub captures: Vec<(&'static str, String)>,
    /// What to do with the request.
    pub action: Action,
}

/// What to do with a request for a known path.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Call the handler of this route.
    Serve(Route),
    /// Answer `OPTIONS`. The text is the value of `Allow`.
    Options(String),
    /// Refuse a method that the path does not support. The text is the value of `Allow`.
    Refuse(String),
}

/// Finds the route of a request.
///
/// `method` is as sent. `HEAD` has the routes of `GET`. `path` is the raw path of the request target. One slash at its
/// end is ignored.
///
/// # Errors
/// 400 for malformed percent-encoding, 404 for an unknown path or version.
pub fn route(method: &str, path: &str) -> Result<Routed, Error> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut segments = Vec::new();
    for segment in path.split('/').skip(1) {
        segments.push(percent_decode(segment, false).map_err(|fault| {
            Error::Invalid(vec![Fault::of_request(
                fault.code,
                format!("the path has {}", fault.message),
            )])
        })?);
    }
    let (version, segments) = match segments.split_first() {
        Some((first, rest)) if first == PUBLISHED => (Version::Published, rest),
        Some((first, _)) if looks_like_a_version(first) => return Err(Error::UnknownVersion),
        _ => (Version::Bare, segments.as_slice()),
    };
    find(PARTNER, method, segments, Route::Partner)
        .or_else(|| find(OPERATOR, method, segments, Route::Operator))
        .or_else(|| find(PUBLIC, method, segments, Route::Public))
        .map(|found| Routed { version, ..found })
        .ok_or_else(|| {
            let name = not_a_number(segments);
            name.map_or(Error::NotFound("path"), Error::NotANumber)
        })
}

/// The id that a path of a partner would have if one of its segments were digits.
fn not_a_number(segments: &[String]) -> Option<&'static str> {
    let paths = PARTNER.iter().copied().flatten();
    paths.map(|(template, _)| *template).find_map(|template| {
        let expected = template.split('/').skip(1);
        if expected.clone().count() != segments.len() {
            return None;
        }
        let mut wrong = None;
        for (expected, segment) in expected.zip(segments) {
            match captured(expected) {
                Some(name) if !segment.is_empty() => {
                    if !fits(name, segment) {
                        wrong = wrong.or(Some(name));
                    }
                }
                None if expected == segment => {}
                _ => return None,
            }
        }
        wrong
    })
}

fn find<R: Copy>(
    tables: &[Table<R>],
    method: &str,
    segments: &[String],
    route: impl Fn(R) -> Route,
) -> Option<Routed> {
    let (template, captures, methods) =
        tables
            .iter()
            .copied()
            .flatten()
            .find_map(|(template, methods)| {
                Some((*template, captures(template, segments)?, *methods))
            })?;
    let routed_as = if method == "HEAD" { "GET" } else { method };
    let found = methods.iter().find(|(name, _)| *name == routed_as);
    let action = match found {
        Some((_, found)) => Action::Serve(route(*found)),
        None if method == "OPTIONS" => Action::Options(allow(methods)),
        None => Action::Refuse(allow(methods)),
    };
    Some(Routed {
        version: Version::Bare,
        template,
        captures,
        action,
    })
}

impl Routed {
    /// Whether the path belongs to the operator API. Without the operator's secret, that API does not exist.
    pub fn is_operator(&self) -> bool {
        self.template.starts_with("/operator/")
    }
}

/// `2`, `2.4`, `v3`, `2.5.0-beta` look like versions; `customers` does not.
fn looks_like_a_version(segment: &str) -> bool {
    let digits = segment.strip_prefix(['v', 'V']).unwrap_or(segment);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

fn captures(template: &'static str, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
    let mut captures = Vec::new();
    let mut given = segments.iter();
    let path = template.strip_suffix('/').unwrap_or(template);
    for expected in path.split('/').skip(1) {
        let segment = given.next()?;
        match captured(expected) {
            Some(name) => {
                if segment.is_empty() || !fits(name, segment) {
                    return None;
                }
                captures.push((name, segment.clone()));
            }
            None if expected == segment => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(captures)
}

/// Whether a segment can stand for the `{name}` of a template.
fn fits(name: &str, segment: &str) -> bool {
    match routes::segment(name) {
        Some(Segment::Text | Segment::Name) => true,
        Some(Segment::Id | Segment::Number) => segment.bytes().all(|byte| byte.is_ascii_digit()),
        None => false,
    }
}

/// The name in a segment of a template: `customer_id` for `{customer_id}`.
fn captured(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn allow<R>(methods: &[(&str, R)]) -> String {
    let mut names = Vec::new();
    for (name, _) in methods {
        names.push(*name);
        if *name == "GET" {
            names.push("HEAD");
        }
    }
    names.push("OPTIONS");
    names.join(", ")
}

#[cfg(test)]
mod tests;
