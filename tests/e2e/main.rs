//! The service as its callers meet it: real workerd, real D1, HTTP.
//!
//! [`server`] starts one server for all tests; [`partner`] makes each test a partner of its own, so that
//! they run in parallel and in any order; [`client`] is how a request is written, with the status that it
//! expects; [`db`] reaches into the database for what the API does not show. The other modules are the
//! specification, each test named after the promise that it keeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test that panics has failed, which is what it is for"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests run on the host, which has a clock"
)]

mod client;
mod db;
mod partner;
mod server;

mod allowed_numbers;
mod audit;
mod auth;
mod bodies;
mod bundle;
mod calls;
mod canary;
mod change;
mod clients;
mod command;
mod cost;
mod create;
mod custom_fields;
mod deployment;
mod digest;
mod erasure;
mod examples;
mod export;
mod front_door;
mod german;
mod health;
mod idempotency;
mod limits;
mod list;
mod logs;
mod matrix;
mod measures;
mod methods;
mod openapi;
mod operator;
mod page;
mod parameters;
mod rate_limit;
mod receipt;
mod records;
mod schema;
mod subject;
mod tenancy;
mod trouble;
mod users;
mod versions;
