//! What hangs on a customer. Measures, users and calls are each a [`kind`]: a table, and a constant with an input type
//! beside it. The allowed numbers are one list.

use crate::http::routes::Resource;
use calls::CALLS;
use kind::Kind;
use measures::MEASURES;
use users::USERS;

pub mod allowed_numbers;
pub mod calls;
pub mod given;
pub mod kind;
pub mod measures;
pub mod sql;
pub mod users;

#[cfg(target_arch = "wasm32")]
pub mod handlers;

/// The kind of a resource.
pub fn kind(resource: Resource) -> &'static Kind {
    match resource {
        Resource::Measures => &MEASURES,
        Resource::Users => &USERS,
        Resource::Calls => &CALLS,
    }
}
