//! The erasure: one transaction, made from the rules of [`crate::db::schema`], and its receipt.

pub mod receipt;
pub mod sql;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
