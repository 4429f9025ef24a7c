//! The HTTP rules of this API: routes, parameters, errors, versions, paging. No I/O.

pub mod batch;
pub mod body;
pub mod call;
pub mod canonical;
pub mod decode;
pub mod error;
pub mod etag;
pub mod intent;
pub mod json;
pub mod near;
pub mod origin;
pub mod paging;
pub mod params;
pub mod router;
pub mod routes;
pub mod time;
pub mod unicode;
pub mod validation;
pub mod version;
