//! The `/operator` paths. The operator creates and disables partners, gives them logins and new passwords, sets up their
//! custom fields, erases customers on their behalf, and reads the audit trail.

pub mod country;
pub mod input;
pub mod sql;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
