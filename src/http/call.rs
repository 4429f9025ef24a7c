//! A request that has been routed, authenticated and read.

use super::error::{Error, Fault};
use super::etag::IfMatch;
use super::params::{ID_MAX, Params};
use super::time::Now;
use super::version::Version;

/// The input of a handler: the parameters, and the [`Taken`] that [`Call::finish`] returns after the handler has taken
/// them all.
#[derive(Clone, Debug)]
pub struct Call {
    /// The parameters of path, query and body together.
    pub params: Params,
    taken: Taken,
    refusal: Option<Error>,
}

/// The rest of a request whose parameters are all taken and valid. SQL and responses need it, so a handler cannot
/// forget to call [`Call::finish`].
#[derive(Clone, Debug)]
pub struct Taken {
    /// The version of the API that the caller addressed.
    pub version: Version,
    /// The `If-Match` header, and the parameter `version`.
    pub if_match: IfMatch,
    /// The versions that `If-None-Match` names: the caller has them already.
    pub known_versions: IfMatch,
    /// The `Idempotency-Key` header, as sent.
    pub idempotency_key: Option<String>,
    /// The user name of the login that makes the request; `""` for the operator.
    pub login: String,
    /// When the request came in.
    pub now: Now,
    /// The `X-Request-Id` of the response. The caller can quote it to support.
    pub request_id: String,
}

impl Call {
    /// Makes a call from its parts.
    pub fn new(params: Params, taken: Taken) -> Self {
        Self {
            params,
            taken,
            refusal: None,
        }
    }

    /// The request, however valid, cannot be done.
    #[must_use]
    pub fn refused(self, refusal: Option<Error>) -> Self {
        Self { refusal, ..self }
    }

    /// The `Idempotency-Key` header, as sent.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.taken.idempotency_key.as_deref()
    }

    /// When the request came in.
    pub fn now(&self) -> &Now {
        &self.taken.now
    }

    /// Takes `version`, which means what an `If-Match` with that one tag means. If a request has both, both must hold.
    pub fn take_version(&mut self) {
        if let Some(version) = self.params.integer("version") {
            if !(0..=ID_MAX).contains(&version) {
                let message = format!("must be from 0 to {ID_MAX}");
                self.params.fault(Fault::of("version", "range", message));
            }
            self.taken.if_match.narrow(version);
        }
    }

    /// The same as [`Call::finish`] for a handler that answers a repeated request although it is not valid today, or refused.
    pub fn judged(self) -> (Taken, Result<(), Error>) {
        let valid = self.params.finish();
        (self.taken, valid.and(self.refusal.map_or(Ok(()), Err)))
    }

    /// Checks that every parameter was taken and is valid.
    ///
    /// # Errors
    /// 400 as for [`Params::finish`]; the refusal of a valid request that cannot be done.
    pub fn finish(self) -> Result<Taken, Error> {
        let (taken, judged) = self.judged();
        judged.map(|()| taken)
    }
}
