//! A partner's profile and the SQL that reads it. This module is pure.

pub mod placement;
pub mod profile;
pub mod sql;
