//! `/customers`: what a customer is, its SQL, and the handlers.

pub mod german;
pub mod model;
pub mod sql;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
