//! The whole API on one page: every path, its methods, and the route of each. The handler of a route is named after it.

/// What a partner can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum PartnerRoute {
    Ping,
    ListCustomers,
    CreateCustomer,
    ReadCustomer,
    ChangeCustomer,
    EraseCustomer,
    ReadErasure,
    Export,
    ReadRecords(Resource),
    CreateRecords(Resource),
    ChangeRecord(Resource),
    RemoveRecord(Resource),
    ReadAllowedNumbers,
    ReplaceAllowedNumbers,
}

/// The records that hang on a customer and have ids of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the paths are named after them")]
pub enum Resource {
    Measures,
    Users,
    Calls,
}

/// What the operator can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each is")]
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
#[expect(missing_docs, reason = "the table below says what each is")]
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
use Resource::{Calls, Measures, Users};

/// What may stand in a path where its template has a `{name}`; it becomes a parameter of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Digits: the id of a partner's record. It may as well stand in the query or the body, or in all three.
    Id,
    /// Digits.
    Number,
    /// Anything that is not empty.
    Text,
}

/// Every `{name}` of the templates below. Where digits are asked for, words are paths of their own.
pub const SEGMENTS: &[(&str, Segment)] = &[
    ("customer_id", Segment::Id),
    ("measure_id", Segment::Id),
    ("user_id", Segment::Id),
    ("call_id", Segment::Id),
    ("n", Segment::Number),
    ("username", Segment::Text),
    ("file", Segment::Text),
];

/// What a `{name}` stands for.
pub fn segment(name: &str) -> Option<Segment> {
    let found = SEGMENTS.iter().find(|(known, _)| *known == name);
    found.map(|(_, segment)| *segment)
}

/// Whether a parameter names a record of a partner's.
pub fn is_id(name: &str) -> bool {
    segment(name) == Some(Segment::Id)
}

/// A path and its methods.
pub type Table<R> = &'static [(&'static str, Methods<R>)];

/// A method and its route.
pub type Methods<R> = &'static [(&'static str, R)];

/// The paths of a resource. Every one has `GET` and `POST`; then come those that it has besides.
macro_rules! records {
    ($resource:ident, $name:literal, $id:literal $(, $method:literal $route:ident)*) => {
        &[
            (concat!("/customers/", $name), &[
                ("GET", ReadRecords($resource)),
                ("POST", CreateRecords($resource)),
                $(($method, $route($resource)),)*
            ]),
            (concat!("/customers/{customer_id}/", $name), &[
                ("GET", ReadRecords($resource)),
                ("POST", CreateRecords($resource)),
                $(($method, $route($resource)),)*
            ]),
            (concat!("/customers/{customer_id}/", $name, "/{", $id, "}"), &[
                ("GET", ReadRecords($resource)),
                $(($method, $route($resource)),)*
            ]),
        ]
    };
}

/// What anybody can ask for.
pub const PUBLIC: &[Table<PublicRoute>] = &[&[
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

/// What a partner can ask for: customers, and the resources that hang on them.
pub const PARTNER: &[Table<PartnerRoute>] = &[
    CUSTOMERS,
    records!(Measures, "measures", "measure_id", "PUT" ChangeRecord, "DELETE" RemoveRecord),
    records!(Users, "users", "user_id", "PUT" ChangeRecord, "DELETE" RemoveRecord),
    records!(Calls, "calls", "call_id"),
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

/// What the operator can ask for.
pub const OPERATOR: &[Table<OperatorRoute>] = &[&[
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
