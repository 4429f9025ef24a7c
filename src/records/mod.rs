//! The records of a customer. Measures, users and calls are each a [`Kind`]: a table, a constant and an input type.
//! The allowed numbers are one list.

use crate::http::routes::Resource;
use calls::CALLS;
use kind::Kind;
use measures::MEASURES;
use users::USERS;

pub mod allowed_numbers;
pub mod calls;
pub mod creation;
pub mod export;
pub mod given;
pub mod kind;
pub mod measures;
pub mod places;
pub mod sql;
pub mod users;

#[cfg(target_arch = "wasm32")]
pub mod handlers;

/// The kind of record that a resource holds.
pub fn kind(resource: Resource) -> &'static Kind {
    match resource {
        Resource::Measures => &MEASURES,
        Resource::Users => &USERS,
        Resource::Calls => &CALLS,
    }
}
