//! What a handler gets: the request, decoded, and what the Worker is bound to.

use std::cell::Cell;

use worker::{Context, Env};

use crate::audit::{Actor, Change};
use crate::auth::Secrets;
use crate::clock::Now;
use crate::error::Error;
use crate::etag::IfMatch;
use crate::request::Params;
use crate::store::Store;
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
    /// What the caller can quote it by: the `X-Request-Id` of the answer.
    pub request_id: String,
}

impl Call {
    /// What it changes, for the audit trail. `now` is its time, in UTC.
    pub fn change<'a>(&'a self, actor: Actor<'a>, now: &'a str) -> Change<'a> {
        Change {
            now,
            request_id: &self.request_id,
            actor,
        }
    }
}

/// What the Worker is bound to, for the length of one request.
pub struct Site<'a> {
    /// The bindings.
    pub env: &'a Env,
    /// What the platform is told of work that the answer need not wait for.
    pub context: &'a Context,
    /// The secrets.
    pub secrets: Secrets,
    /// The database.
    pub store: &'a Store,
    /// Where the caller's profile came from, for the log; `None` where nobody was looked for.
    pub profile_from: Cell<Option<&'static str>>,
}

impl<'a> Site<'a> {
    /// Reads the secrets.
    ///
    /// # Errors
    /// 500, naming in the log what is missing.
    pub fn new(env: &'a Env, context: &'a Context, store: &'a Store) -> Result<Self, Error> {
        Ok(Self {
            env,
            context,
            secrets: Secrets::read(env)?,
            store,
            profile_from: Cell::default(),
        })
    }
}
