//! The database: how SQL is built, which tables there are, and who may see a row. Pure.

pub mod audit;
pub mod batch;
pub mod blocks;
pub mod budget;
pub mod idempotency;
pub mod json;
pub mod memory;
pub mod room;
pub mod schema;
pub mod sql;
pub mod tenant;
pub mod trouble;

#[cfg(test)]
pub(crate) mod tests;
