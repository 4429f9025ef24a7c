//! The erasure and its receipt. The erasure is one transaction that applies the rules of [`crate::db::schema`].

pub mod receipt;
pub mod sql;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
