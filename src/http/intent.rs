//! What a request does with its parameters.

/// Whether a request creates or changes a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// `POST`: required parameters must be present.
    Create,
    /// `PUT`: required parameters may be absent, but must not be empty.
    Change,
    /// `PUT` by the partner's own number: whether it creates or changes shows only in the database.
    Upsert,
}

impl Intent {
    /// Whether the request may create a record.
    pub fn may_create(self) -> bool {
        self != Self::Change
    }

    /// Whether the request may change a record.
    pub fn may_change(self) -> bool {
        self != Self::Create
    }
}
