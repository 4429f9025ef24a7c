//! What a request does with its parameters.

/// Whether a request creates or changes a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// `POST`: required parameters must be present.
    Create,
    /// `PUT`: required parameters may be absent, but must not be empty.
    Change,
}
