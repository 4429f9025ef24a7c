//! The `/operator` paths. The operator creates and disables partners, sets up their custom fields, gives them new
//! passwords, and reads the audit trail.

pub mod country;
pub mod input;
pub mod sql;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
