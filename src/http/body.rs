//! Which bodies a route accepts.

use super::routes::{PartnerRoute, Resource};

/// The rules for a body.
#[derive(Clone, Copy, Debug)]
pub struct BodyRules {
    /// Whether a `POST` or `PUT` may send a form. It may always send JSON.
    pub takes_forms: bool,
    /// The maximum size, in bytes.
    pub limit: usize,
    /// The parameter with which a JSON body may be as large as a batch.
    pub list: Option<&'static str>,
}

impl BodyRules {
    /// The partner API, except batches.
    pub const PARTNER: Self = Self {
        takes_forms: true,
        limit: 64 * 1024,
        list: None,
    };
    /// A batch of records: a list of objects, which a form cannot express.
    pub const BATCH: Self = Self {
        takes_forms: false,
        limit: 1024 * 1024,
        list: None,
    };
    /// A customer, or a list of customers.
    pub const CUSTOMERS: Self = Self {
        list: Some("customers"),
        ..Self::PARTNER
    };
    /// The operator API, which reads and writes only JSON.
    pub const OPERATOR: Self = Self {
        takes_forms: false,
        limit: 64 * 1024,
        list: None,
    };

    /// The rules for a route of the partner API.
    pub fn of(route: PartnerRoute) -> Self {
        match route {
            PartnerRoute::CreateCustomer => Self::CUSTOMERS,
            PartnerRoute::CreateRecords(Resource::Calls) => Self::BATCH,
            _ => Self::PARTNER,
        }
    }
}
