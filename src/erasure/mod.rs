//! The erasure and its receipt. The erasure is one transaction that applies the rules of [`crate::db::schema`]. The calls of
//! a customer with very many are masked after it, in [`steps`].

pub mod receipt;
pub mod sql;
pub mod steps;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
