//! The whole API on one page: (method, path) -> [`Route`]. Pure: a 404 or 405 costs no I/O.

use crate::decode::percent_decode;
use crate::error::{Error, Fault};
use crate::records::calls::CALLS;
use crate::records::kind::{Kind, Removal};
use crate::records::measures::{EXPIRY, MEASURES};
use crate::records::users::USERS;
use crate::version::{PUBLISHED, Version};

/// What a partner can ask for. The handler of each is named after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each one is")]
pub enum PartnerRoute {
    Ping,
    ListCustomers,
    CreateCustomer,
    ReadCustomer,
    ChangeCustomer,
    EraseCustomer,
    ReadErasure,
    Export,
    ReadRecords(&'static Kind),
    CreateRecords(&'static Kind),
    ChangeRecord(&'static Kind),
    RemoveRecord(&'static Kind, Removal),
    ReadAllowedNumbers,
    ReplaceAllowedNumbers,
}

/// What the operator can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each one is")]
pub enum OperatorRoute {
    ListPartners,
    ReadPartner,
    PutPartner,
    NewPassword,
    PutCustomField,
    DeleteCustomField,
    ReadAudit,
}

/// What anybody can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each one is")]
pub enum PublicRoute {
    Health,
    File(File),
}

/// A static file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// The reference page.
    Page,
    /// A file that the page loads.
    OfPage,
    /// The OpenAPI document of this name, for the version of the path.
    Document(&'static str),
}

/// What a request asks for, and so who must be calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Route {
    Public(PublicRoute),
    Partner(PartnerRoute),
    Operator(OperatorRoute),
}

use OperatorRoute::*;
use PartnerRoute::*;
use PublicRoute::Health;
use Removal::DeleteRow;

/// Path -> its methods. `{name}` stands for one segment, which becomes a parameter of that name; a
/// `{…_id}` or `{n}` matches digits only, so that words beside it are paths of their own.
type Table<R> = &'static [(&'static str, Methods<R>)];

/// Method -> route.
type Methods<R> = &'static [(&'static str, R)];

/// The paths of a kind of record. `GET` and `POST` are there for every kind; then those that it has.
macro_rules! records {
    ($kind:ident, $name:literal, $id:literal $(, $method:literal $route:expr)*) => {
        &[
            (concat!("/customers/", $name), &[
                ("GET", ReadRecords(&$kind)),
                ("POST", CreateRecords(&$kind)),
                $(($method, $route),)*
            ]),
            (concat!("/customers/{customer_id}/", $name), &[
                ("GET", ReadRecords(&$kind)),
                ("POST", CreateRecords(&$kind)),
                $(($method, $route),)*
            ]),
            (concat!("/customers/{customer_id}/", $name, "/{", $id, "}"), &[
                ("GET", ReadRecords(&$kind)),
                $(($method, $route),)*
            ]),
        ]
    };
}

const PUBLIC: &[Table<PublicRoute>] = &[&[
    ("/health", &[("GET", Health)]),
    ("/", &[("GET", PublicRoute::File(File::Page))]),
    ("/docs", &[("GET", PublicRoute::File(File::Page))]),
    ("/docs/{file}", &[("GET", PublicRoute::File(File::OfPage))]),
    (
        "/openapi.json",
        &[("GET", PublicRoute::File(File::Document("openapi.json")))],
    ),
    (
        "/openapi-operator.json",
        &[(
            "GET",
            PublicRoute::File(File::Document("openapi-operator.json")),
        )],
    ),
]];

/// What a partner can ask for: the records of each kind, and the customers that they hang on.
const PARTNER: &[Table<PartnerRoute>] = &[
    CUSTOMERS,
    records!(MEASURES, "measures", "measure_id",
        "PUT" ChangeRecord(&MEASURES), "DELETE" RemoveRecord(&MEASURES, EXPIRY)),
    records!(USERS, "users", "user_id",
        "PUT" ChangeRecord(&USERS), "DELETE" RemoveRecord(&USERS, DeleteRow)),
    records!(CALLS, "calls", "call_id"),
];

const CUSTOMERS: Table<PartnerRoute> = &[
    ("/miscellaneous/ping", &[("GET", Ping)]),
    (
        "/customers",
        &[
            ("GET", ListCustomers),
            ("POST", CreateCustomer),
            ("PUT", ChangeCustomer),
            ("DELETE", EraseCustomer),
        ],
    ),
    (
        "/customers/{customer_id}",
        &[
            ("GET", ReadCustomer),
            ("PUT", ChangeCustomer),
            ("DELETE", EraseCustomer),
        ],
    ),
    ("/customers/erasure", &[("GET", ReadErasure)]),
    ("/customers/{customer_id}/erasure", &[("GET", ReadErasure)]),
    ("/customers/export", &[("GET", Export)]),
    ("/customers/{customer_id}/export", &[("GET", Export)]),
    ("/customers/allowed_numbers", ALLOWED_NUMBERS),
    ("/customers/{customer_id}/allowed_numbers", ALLOWED_NUMBERS),
];

const ALLOWED_NUMBERS: Methods<PartnerRoute> =
    &[("GET", ReadAllowedNumbers), ("PUT", ReplaceAllowedNumbers)];

const OPERATOR: &[Table<OperatorRoute>] = &[&[
    ("/operator/partners", &[("GET", ListPartners)]),
    ("/operator/audit", &[("GET", ReadAudit)]),
    (
        "/operator/partners/{username}",
        &[("GET", ReadPartner), ("PUT", PutPartner)],
    ),
    (
        "/operator/partners/{username}/password",
        &[("POST", NewPassword)],
    ),
    (
        "/operator/partners/{username}/custom_fields/{n}",
        &[("PUT", PutCustomField), ("DELETE", DeleteCustomField)],
    ),
]];

/// A request whose path is known.
#[derive(Debug, PartialEq, Eq)]
pub struct Routed {
    /// How the caller has addressed the API.
    pub version: Version,
    /// The path as it stands in the table, for the log: it holds no id.
    pub template: &'static str,
    /// The segments that stood for `{name}`, decoded.
    pub captures: Vec<(&'static str, String)>,
    /// What to do.
    pub action: Action,
}

/// What a known path is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Answer this route.
    Serve(Route),
    /// `OPTIONS`: say which methods there are; the text is the value of `Allow`.
    Options(String),
    /// The path lacks the method; the text is the value of `Allow`.
    Refuse(String),
}

/// Finds the route of a request.
///
/// `method` is as sent; `HEAD` is routed as `GET`. `path` is the raw path of the request target; one
/// slash at its end makes no difference.
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
        .ok_or(Error::NotFound("path"))
}

/// Every path and method that there is, as it stands in the tables, with its route.
pub fn routes() -> Vec<(&'static str, &'static str, Route)> {
    fn of<R: Copy>(
        tables: &[Table<R>],
        route: fn(R) -> Route,
    ) -> impl Iterator<Item = (&'static str, &'static str, Route)> {
        let paths = tables.iter().copied().flatten();
        paths.flat_map(move |(path, methods)| {
            let of_path = move |(method, found): &(_, R)| (*method, *path, route(*found));
            methods.iter().map(of_path)
        })
    }
    of(PUBLIC, Route::Public)
        .chain(of(PARTNER, Route::Partner))
        .chain(of(OPERATOR, Route::Operator))
        .collect()
}

/// Whether a parameter names a record of a partner's: a path has a segment for it. Such a one may as well stand in
/// the query or the body, or in all three.
pub fn is_id(name: &str) -> bool {
    let mut segments = PARTNER
        .iter()
        .copied()
        .flatten()
        .flat_map(|(path, _)| path.split('/'));
    segments.any(|segment| captured(segment) == Some(name))
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
    /// Whether the path lies on the operator's surface, which is not there at all without its secret.
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
                let numeric = name == "n" || name.ends_with("_id");
                let fits = !segment.is_empty()
                    && (!numeric || segment.bytes().all(|byte| byte.is_ascii_digit()));
                if !fits {
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

/// `customer_id`, of the segment `{customer_id}` of a template.
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
