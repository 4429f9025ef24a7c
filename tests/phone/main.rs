//! Compares how the service and libphonenumber split phone numbers, for every region and kind in the world.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod oracle;
mod generator;
mod numbers;
mod peer;
