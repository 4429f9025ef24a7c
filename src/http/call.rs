//! A request after it was routed, authenticated and read.

use super::error::Error;
use super::etag::IfMatch;
use super::params::Params;
use super::time::Now;
use super::version::Version;

/// What a handler gets: the parameters, and what [`Call::finish`] hands out once all of them are taken.
#[derive(Debug)]
pub struct Call {
    /// Path, query and body in one.
    pub params: Params,
    taken: Taken,
}

/// The rest of a request whose parameters were taken and found right. Without it there is no SQL and no answer, so a
/// handler cannot forget to end the reading.
#[derive(Debug)]
pub struct Taken {
    /// How the caller has addressed the API.
    pub version: Version,
    /// The `If-Match` header.
    pub if_match: IfMatch,
    /// The `Idempotency-Key` header, as sent.
    pub idempotency_key: Option<String>,
    /// When the request came in.
    pub now: Now,
    /// What the caller can quote it by: the `X-Request-Id` of the answer.
    pub request_id: String,
}

impl Call {
    /// A request with these parameters.
    pub fn new(params: Params, taken: Taken) -> Self {
        Self { params, taken }
    }

    /// The `Idempotency-Key` header, as sent.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.taken.idempotency_key.as_deref()
    }

    /// Ends the reading of the parameters.
    ///
    /// # Errors
    /// 400 as for [`Params::finish`].
    pub fn finish(self) -> Result<Taken, Error> {
        self.params.finish()?;
        Ok(self.taken)
    }
}
