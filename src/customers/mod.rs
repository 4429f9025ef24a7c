//! `/customers`: the model of a customer, its SQL and its handlers.

pub mod batch;
pub mod german;
pub mod model;
pub mod sql;
pub mod upsert;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
