//! What a request wants to do with what it gives.

/// Whether a record is created or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// `POST`: what is required must be there.
    Create,
    /// `PUT`: what is required may be changed, not emptied.
    Change,
}
