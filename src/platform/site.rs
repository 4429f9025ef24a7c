//! What the Worker is bound to, for the length of one request.

use std::cell::Cell;

use worker::{Context, Env};

use super::d1::Store;
use crate::auth::secrets::Secrets;
use crate::http::error::Error;

/// The bindings, opened.
pub struct Site<'a> {
    /// The bindings.
    pub env: &'a Env,
    /// Takes work that the answer need not wait for.
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
    /// 500; the log names what is missing.
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
