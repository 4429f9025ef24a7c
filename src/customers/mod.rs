//! `/customers`: the model of a customer, its SQL and its handlers.

pub mod german;
pub mod model;
pub mod sql;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
