//! The erasure and its receipt. The erasure is one transaction that applies the rules of [`crate::db::schema`]. The calls of
//! a customer with very many are masked after it, in [`steps`]. [`evidence`] is what proves an erasure.

pub mod evidence;
pub mod receipt;
pub mod sql;
pub mod steps;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
#[cfg(target_arch = "wasm32")]
pub mod keys;
#[cfg(target_arch = "wasm32")]
pub mod signing;
