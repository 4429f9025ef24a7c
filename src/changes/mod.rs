//! What has changed at a partner's customers, for whoever keeps a copy. It is read from the audit trail.

pub mod sql;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
