//! The partners: what a request needs to know of the one that makes it, and how it is read. Pure.

pub mod profile;
pub mod sql;
