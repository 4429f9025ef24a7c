//! The bindings of the Worker, during one request.

use std::cell::Cell;
use std::rc::Rc;

use worker::{Context, Env};

use super::d1::Store;
use crate::auth::secrets::Secrets;
use crate::http::error::Error;
use crate::ledger::keep::expect_no_restore;
use crate::partners::placement::Database;

/// The bindings, ready for use.
pub struct Site<'a> {
    /// The platform's own object with all bindings.
    pub env: &'a Env,
    /// Runs work that the answer does not wait for.
    pub context: &'a Context,
    /// The secrets.
    pub secrets: Rc<Secrets>,
    /// The database that has the directory.
    pub directory: &'a Store,
    /// The database of the request: the directory's until the partner is known, then the partner's home.
    pub store: &'a Store,
    /// Where the caller's profile came from, for the log; `None` if no profile was looked up.
    pub profile_from: Cell<Option<&'static str>>,
}

impl<'a> Site<'a> {
    /// Reads the secrets. `store` is the database that has the directory.
    ///
    /// # Errors
    /// 500 if a secret is missing. The log names it.
    pub fn new(env: &'a Env, context: &'a Context, store: &'a Store) -> Result<Self, Error> {
        Ok(Self {
            env,
            context,
            secrets: Rc::new(Secrets::read(env)?),
            directory: store,
            store,
            profile_from: Cell::default(),
        })
    }

    /// A partner's home. No batch runs there unless it serves the partner, and was not restored.
    ///
    /// # Errors
    /// 500 without the binding; those of [`expect_no_restore`].
    pub async fn home(&self, database: Database, partner_id: i64) -> Result<Store, Error> {
        let home = self.directory.other(self.env, database)?;
        expect_no_restore(self, &home, false).await?;
        home.serve(partner_id);
        Ok(home)
    }

    /// Another database of customers, for what the operator does there. No batch runs there if it was restored; a change
    /// `must_be_sure` of that.
    ///
    /// # Errors
    /// As for [`Site::home`].
    pub async fn other(&self, database: Database, must_be_sure: bool) -> Result<Store, Error> {
        let other = self.directory.other(self.env, database)?;
        expect_no_restore(self, &other, must_be_sure).await?;
        Ok(other)
    }

    /// The same bindings, with this database as that of the request.
    pub fn at<'b>(&self, store: &'b Store) -> Site<'b>
    where
        'a: 'b,
    {
        Site {
            env: self.env,
            context: self.context,
            secrets: Rc::clone(&self.secrets),
            directory: self.directory,
            store,
            profile_from: self.profile_from.clone(),
        }
    }
}
