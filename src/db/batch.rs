//! A batch: statements that run as one transaction in one round trip, and names for the results that the caller reads.

use super::audit::Entry;
use super::sql::Statement;

/// Which statement of a batch it is.
#[derive(Clone, Copy, Debug)]
pub struct At(usize);

impl At {
    /// How many statements stand before it.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Statements in their order. `names` is a struct with an [`At`] for each whose rows are looked at.
#[derive(Debug)]
pub struct Batch<N> {
    /// The statements.
    pub statements: Vec<Statement>,
    /// The names.
    pub names: N,
}

impl Batch<At> {
    /// One statement.
    pub fn of(statement: Statement) -> Self {
        let mut steps = Steps::default();
        let only = steps.add(statement);
        steps.named(only)
    }
}

/// A batch that is being put together.
#[derive(Debug, Default)]
pub struct Steps(Vec<Statement>);

impl Steps {
    /// Adds a statement.
    pub fn add(&mut self, statement: Statement) -> At {
        self.0.push(statement);
        At(self.0.len() - 1)
    }

    /// Adds statements that no result is read of.
    pub fn extend(&mut self, statements: impl IntoIterator<Item = Statement>) {
        self.0.extend(statements);
    }

    /// Adds a change together with its entry in the audit trail, which asks `changes()` whether there was one. No
    /// statement can slip in between the two.
    pub fn change(&mut self, change: Statement, entry: Entry) -> At {
        let at = self.add(change);
        self.add(entry.if_changed());
        at
    }

    /// The same with a count between the two: a statement that changes exactly one row if the change before it did, and
    /// none if it did not.
    pub fn counted_change(&mut self, change: Statement, count: Statement, entry: Entry) -> At {
        let at = self.add(change);
        self.add(count);
        self.add(entry.if_changed());
        at
    }

    /// The same with the `Idempotency-Key` that is kept, if one came: a statement that changes exactly one row if the
    /// count before it did, and none if it did not.
    pub fn keyed_change(
        &mut self,
        change: Statement,
        count: Statement,
        keep: Option<Statement>,
        entry: Entry,
    ) -> At {
        let at = self.add(change);
        self.add(count);
        self.0.extend(keep);
        self.add(entry.if_changed());
        at
    }

    /// The whole batch.
    pub fn named<N>(self, names: N) -> Batch<N> {
        let statements = self.0;
        Batch { statements, names }
    }
}
