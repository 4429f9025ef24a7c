//! The ledger: what has to outlive every restore of the customers' database, in a database of its own.
//!
//! An erasure stands in the ledger before it is answered, and so does every change of what lets somebody in. Both databases
//! count these ([`state`]): a database that has counted less than the ledger was restored. Then no batch of a partner runs in
//! it until [`replay`] has done again what the restore has undone.

pub mod replay;
pub mod sql;
pub mod state;
pub mod trips;
pub mod undo;

#[cfg(test)]
pub(crate) mod tests;

#[cfg(target_arch = "wasm32")]
pub mod keep;
