//! What the ledger's work needs of the world: trips to the databases. In workerd these are bindings; in tests on the host they
//! are files of SQLite.

use crate::db::sql::Statement;
use crate::erasure::evidence::Signed;
use crate::http::error::Error;
use crate::partners::placement::Database;

/// A row of an answer.
pub trait Row {
    /// Reads a column that holds an integer.
    ///
    /// # Errors
    /// 500 if it does not hold one.
    fn integer(&self, column: &str) -> Result<i64, Error>;

    /// Reads a column that holds a text.
    ///
    /// # Errors
    /// 500 if it does not hold one.
    fn text(&self, column: &str) -> Result<String, Error>;
}

/// The rows of each statement of a batch.
pub type Rows<R> = Vec<Vec<R>>;

/// The databases, as one run of work sees them.
pub trait Trips {
    /// A row of an answer.
    type Row: Row;

    /// Runs statements as one transaction in a customers' database, without the fence.
    fn run(
        &self,
        database: Database,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<Rows<Self::Row>, Error>>;

    /// Runs statements as one transaction in the ledger.
    fn ledger(
        &self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<Rows<Self::Row>, Error>>;

    /// Signs the receipt of an entry.
    fn sign(&self, entry: &str) -> impl Future<Output = Result<Signed, Error>>;

    /// Remembers that a database has counted at least this far.
    fn hear(&self, database: Database, sequence: i64);

    /// Whether a database has room for what is new if it has so many customers. Its size is what its last answer has told.
    fn has_room(&self, database: Database, customers: i64) -> bool;

    /// The present time, UTC, `YYYY-MM-DD HH:MM:SS`.
    fn now(&self) -> String;
}

/// The first row of a statement, if there is one.
pub fn first<R>(rows: Rows<R>, index: usize) -> Option<R> {
    rows.into_iter().nth(index)?.into_iter().next()
}
