//! The bindings of the Worker, during one request.

use std::cell::Cell;

use worker::{Context, Env};

use super::d1::Store;
use crate::auth::secrets::Secrets;
use crate::http::error::Error;

/// The bindings, ready for use.
pub struct Site<'a> {
    /// The platform's own object with all bindings.
    pub env: &'a Env,
    /// Runs work that the answer does not wait for.
    pub context: &'a Context,
    /// The secrets.
    pub secrets: Secrets,
    /// The database.
    pub store: &'a Store,
    /// Where the caller's profile came from, for the log; `None` if no profile was looked up.
    pub profile_from: Cell<Option<&'static str>>,
}

impl<'a> Site<'a> {
    /// Reads the secrets.
    ///
    /// # Errors
    /// 500 if a secret is missing. The log names it.
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
