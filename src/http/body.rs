//! What a route takes for a body.

use super::routes::{PartnerRoute, Resource};

/// The rules that a body is held to.
#[derive(Clone, Copy, Debug)]
pub struct BodyRules {
    /// Whether a `POST` or `PUT` may send a form; JSON it may always send.
    pub takes_forms: bool,
    /// The most bytes.
    pub limit: usize,
}

impl BodyRules {
    /// The partner API.
    pub const PARTNER: Self = Self {
        takes_forms: true,
        limit: 64 * 1024,
    };
    /// A batch of the partner's records: a list of objects, which a form has no way to write.
    pub const BATCH: Self = Self {
        takes_forms: false,
        limit: 1024 * 1024,
    };
    /// The operator's surface: JSON in and out.
    pub const OPERATOR: Self = Self {
        takes_forms: false,
        limit: 64 * 1024,
    };

    /// The rules of a partner's route.
    pub fn of(route: PartnerRoute) -> Self {
        match route {
            PartnerRoute::CreateRecords(Resource::Calls) => Self::BATCH,
            _ => Self::PARTNER,
        }
    }
}
