//! The fields of a partner, and its creation.

use clap::Args;
use customers_api::http::json::Json;
use customers_api::operator::input::PartnerInput;

use crate::failure::Failure;
use crate::partner_path;
use crate::service::Worker;

/// The fields of a partner that `add` and `change` can set.
#[derive(Args)]
pub struct Partner {
    /// The partner's name, up to 60 characters.
    #[arg(long)]
    name: Option<String>,
    /// The ISO 3166-1 code of the partner's country, such as SE. DE puts the German rule in force.
    #[arg(long)]
    country: Option<String>,
    /// A network that the partner may call from, such as 192.0.2.0/24 or 2001:db8::/32. Repeat the option for more
    /// networks. They replace all earlier ones.
    #[arg(long = "network")]
    networks: Vec<String>,
    /// The partner may call from anywhere.
    #[arg(long, conflicts_with = "networks")]
    anywhere: bool,
}

impl From<Partner> for PartnerInput {
    fn from(partner: Partner) -> Self {
        let Partner {
            name,
            country,
            networks,
            anywhere,
        } = partner;
        Self {
            name,
            country,
            allowed_networks: (anywhere || !networks.is_empty()).then_some(networks),
            ..Self::default()
        }
    }
}

/// Creates a partner, which must be new. The Worker's `PUT` would change one that is there.
pub fn add(
    worker: &Worker,
    username: &str,
    partner: Partner,
    database: Option<String>,
) -> Result<Json, Failure> {
    if worker.has(username)? {
        return Err(format!("{username} already exists: use `change`").into());
    }
    let partner = PartnerInput {
        database,
        ..PartnerInput::from(partner)
    };
    worker.put(&partner_path(username), &partner)
}

/// What disables a partner, or enables it.
pub fn enabled(enabled: bool) -> PartnerInput {
    PartnerInput {
        enabled: Some(enabled),
        ..PartnerInput::default()
    }
}
