//! What hangs on a customer. Measures, users and calls are each a [`kind`]: a table, and a constant with an input type
//! beside it. The allowed numbers are one list.

pub mod allowed_numbers;
pub mod calls;
pub mod given;
pub mod kind;
pub mod measures;
pub mod sql;
pub mod users;

#[cfg(target_arch = "wasm32")]
pub mod handlers;
