//! Phone numbers, held against libphonenumber: of every region and kind in the world.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test that panics has failed, which is what it is for"
)]

#[macro_use]
mod oracle;
mod generator;
mod numbers;
