//! One request as a handler gets it: decoded, and whatever its headers ask for.

use crate::clock::Now;
use crate::etag::IfMatch;
use crate::request::Params;
use crate::version::Version;

/// A request to the API, after it was routed, authenticated and read.
#[derive(Debug)]
pub struct Call {
    /// How the caller has addressed the API.
    pub version: Version,
    /// Path, query and body in one.
    pub params: Params,
    /// The `If-Match` header.
    pub if_match: IfMatch,
    /// The `Idempotency-Key` header, as sent.
    pub idempotency_key: Option<String>,
    /// When the request came in.
    pub now: Now,
}
