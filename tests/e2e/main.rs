//! Tests the service over HTTP, with the real workerd and a real D1.
//!
//! [`server`] starts one server for all tests. [`partner`] creates a new partner for each test, so that tests can run
//! in parallel and in any order. [`client`] builds requests and checks their status. [`db`] reads and writes the
//! database directly, for what the API does not show. The other modules are the specification: each test is named after
//! the promise that it checks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test fails by panicking"
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
mod answers;
mod audit;
mod auth;
mod behalf;
mod big_pages;
mod bodies;
mod bundle;
mod by_custnr;
mod calls;
mod canary;
mod cases;
mod change;
mod changes;
mod clients;
mod clients_page;
mod command;
mod command_asks;
mod command_lists;
mod command_moves;
mod command_words;
mod contract;
mod cost;
mod create;
mod credentials;
mod custom_fields;
mod customer_lists;
mod deployment;
mod digest;
mod erasure;
mod erasures;
mod evidence;
mod examples;
mod export;
mod external_ids;
mod far_pages;
mod faults;
mod front_door;
mod generated;
mod german;
mod health;
mod homes;
mod https;
mod idempotency;
mod imports;
mod limits;
mod list;
mod logins;
mod logs;
mod lost_partners;
mod matrix;
mod measures;
mod methods;
mod moves;
mod openapi;
mod operator;
mod over;
mod page;
mod parameters;
mod rate_limit;
mod receipt;
mod records;
mod restores;
mod retries;
mod schema;
mod steps;
mod storage;
mod subject;
mod tenancy;
mod tools;
mod trail;
mod trail_moves;
mod trouble;
mod unmigrated;
mod users;
mod versions;
mod workflows;
