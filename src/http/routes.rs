//! The whole API: every path, its methods, and the route of each. A handler has the name of its route.

use crate::db::room::Need;

/// A route of the partner API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum PartnerRoute {
    Ping,
    ListCustomers,
    ReadChanges,
    CreateCustomer,
    ReadCustomer,
    ChangeCustomer,
    EraseCustomer,
    ReadCustnr,
    PutCustnr,
    ReadErasure,
    Export,
    ReadRecords(Resource),
    CreateRecords(Resource),
    ChangeRecord(Resource),
    RemoveRecord(Resource),
    ReadAllowedNumbers,
    ReplaceAllowedNumbers,
}

impl PartnerRoute {
    /// What a request of this route writes. `ReplaceAllowedNumbers` is a creation too, unless the new list is empty, and
    /// `PutCustnr` if there is no such customer; their handlers see to that.
    pub fn need(self) -> Need {
        match self {
            CreateCustomer | CreateRecords(_) => Need::Creation,
            ChangeCustomer | PutCustnr | ChangeRecord(_) => Need::Change,
            Ping
            | ListCustomers
            | ReadChanges
            | ReadCustomer
            | ReadCustnr
            | EraseCustomer
            | ReadErasure
            | Export
            | ReadRecords(_)
            | RemoveRecord(_)
            | ReadAllowedNumbers
            | ReplaceAllowedNumbers => Need::None,
        }
    }
}

/// A kind of record that belongs to a customer and has its own ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the paths are named after them")]
pub enum Resource {
    Measures,
    Users,
    Calls,
}

/// A route of the operator API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum OperatorRoute {
    ListPartners,
    ReadPartner,
    PutPartner,
    NewPassword,
    ListLogins,
    PutLogin,
    EndLogin,
    NewLoginPassword,
    ListCustomersOf,
    EraseOnBehalf,
    PutCustomField,
    DeleteCustomField,
    ReadAudit,
    ListErasures,
    Replay,
    ListDatabases,
    ReadHome,
    MovePartner,
    ReadDocument,
}

/// A route that needs no authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum PublicRoute {
    Health,
    ReadKeys,
    File(File),
}

/// A static file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// The reference page.
    Page,
    /// The partners' OpenAPI document. The version in the path selects the variant.
    Document,
}

/// Any route. The variant says who may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Route {
    Public(PublicRoute),
    Partner(PartnerRoute),
    Operator(OperatorRoute),
}

use OperatorRoute::*;
use PartnerRoute::*;
use PublicRoute::{Health, ReadKeys};
use Resource::{Calls, Measures, Users};

/// What a path may have in place of a template's `{name}`. It becomes the parameter `name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Digits: the id of a record. The query and the body may have it too.
    Id,
    /// Digits.
    Number,
    /// Any text that is not empty.
    Text,
    /// Any text that is not empty: what the partner calls a record. The body may have it too.
    Name,
}

/// Every `{name}` of the templates below. Digits never match a word, so `/customers/erasure` is a path of its own.
pub const SEGMENTS: &[(&str, Segment)] = &[
    ("customer_id", Segment::Id),
    ("measure_id", Segment::Id),
    ("user_id", Segment::Id),
    ("call_id", Segment::Id),
    ("custnr", Segment::Name),
    ("n", Segment::Number),
    ("username", Segment::Text),
    ("login", Segment::Text),
];

/// What a `{name}` may be. `None` for an undeclared name.
pub fn segment(name: &str) -> Option<Segment> {
    let found = SEGMENTS.iter().find(|(known, _)| *known == name);
    found.map(|(_, segment)| *segment)
}

/// Whether a parameter is the id of a record.
pub fn is_id(name: &str) -> bool {
    segment(name) == Some(Segment::Id)
}

/// Whether a parameter may stand in the path and in another place, if the two agree.
pub fn may_repeat(name: &str) -> bool {
    matches!(segment(name), Some(Segment::Id | Segment::Name))
}

/// A path and its methods.
pub type Table<R> = &'static [(&'static str, Methods<R>)];

/// A method and its route.
pub type Methods<R> = &'static [(&'static str, R)];

/// The paths of a resource. Each resource has `GET` and `POST`. The last arguments are its other methods.
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

/// The path of the health check: the only one that is served over plain HTTP too.
pub const HEALTH: &str = "/health";

/// The path of the keys that verify receipts.
pub const KEYS: &str = "/.well-known/jwks.json";

/// The paths that need no authentication.
pub const PUBLIC: &[Table<PublicRoute>] = &[&[
    (HEALTH, &[("GET", Health)]),
    (KEYS, &[("GET", ReadKeys)]),
    ("/", &[("GET", PublicRoute::File(File::Page))]),
    ("/docs", &[("GET", PublicRoute::File(File::Page))]),
    (
        "/openapi.json",
        &[("GET", PublicRoute::File(File::Document))],
    ),
]];

/// The paths of the partner API: customers, and the resources that belong to them.
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
    ("/customers/changes", &[("GET", ReadChanges)]),
    (
        "/customers/custnr/{custnr}",
        &[("GET", ReadCustnr), ("PUT", PutCustnr)],
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

/// The paths of the operator API.
pub const OPERATOR: &[Table<OperatorRoute>] = &[&[
    ("/operator/partners", &[("GET", ListPartners)]),
    ("/operator/audit", &[("GET", ReadAudit)]),
    ("/operator/erasures", &[("GET", ListErasures)]),
    ("/operator/replay", &[("POST", Replay)]),
    ("/operator/databases", &[("GET", ListDatabases)]),
    ("/operator/openapi.json", &[("GET", ReadDocument)]),
    ("/operator/partners/{username}/home", &[("GET", ReadHome)]),
    (
        "/operator/partners/{username}",
        &[("GET", ReadPartner), ("PUT", PutPartner)],
    ),
    (
        "/operator/partners/{username}/password",
        &[("POST", NewPassword)],
    ),
    (
        "/operator/partners/{username}/move",
        &[("POST", MovePartner)],
    ),
    (
        "/operator/partners/{username}/logins",
        &[("GET", ListLogins)],
    ),
    (
        "/operator/partners/{username}/logins/{login}",
        &[("PUT", PutLogin), ("DELETE", EndLogin)],
    ),
    (
        "/operator/partners/{username}/logins/{login}/password",
        &[("POST", NewLoginPassword)],
    ),
    (
        "/operator/partners/{username}/customers",
        &[("GET", ListCustomersOf)],
    ),
    (
        "/operator/partners/{username}/customers/{customer_id}",
        &[("DELETE", EraseOnBehalf)],
    ),
    (
        "/operator/partners/{username}/custom_fields/{n}",
        &[("PUT", PutCustomField), ("DELETE", DeleteCustomField)],
    ),
]];

/// Every method, path and route of the tables.
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
