//! Decides whether an authenticated partner may call.

use std::net::IpAddr;

use super::networks;
use crate::http::error::Error;
use crate::partners::profile::Profile;

/// Applies the operator's settings to a partner.
///
/// # Errors
/// 403 when the partner is disabled, or calls from outside its networks.
pub fn admit(profile: &Profile, address: Option<IpAddr>) -> Result<(), Error> {
    if !profile.enabled {
        return Err(Error::Forbidden("this partner is disabled"));
    }
    let networks = &profile.allowed_networks;
    let is_inside = |address| networks::contain(networks, address);
    if networks.is_empty() || address.is_some_and(is_inside) {
        return Ok(());
    }
    let why = "this partner is not allowed to call from this network";
    Err(Error::Forbidden(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(networks: &[&str], enabled: bool) -> Profile {
        Profile {
            partner_id: 1,
            username: "p".into(),
            country: String::new(),
            allowed_networks: networks.iter().map(ToString::to_string).collect(),
            enabled,
            ha1_sealed: String::new(),
            custom_fields: Vec::new(),
            read_at: 0,
        }
    }

    #[test]
    fn a_partner_is_held_to_its_networks_if_it_has_any() {
        let inside = Some("192.0.2.7".parse().unwrap());
        let outside = Some("192.0.3.7".parse().unwrap());
        let fenced = profile(&["192.0.2.0/24"], true);
        assert!(admit(&fenced, inside).is_ok());
        assert!(admit(&fenced, outside).is_err());
        assert!(admit(&fenced, None).is_err());
        assert!(admit(&profile(&[], true), outside).is_ok());
        assert!(admit(&profile(&[], true), None).is_ok());
        assert!(admit(&profile(&[], false), None).is_err());
    }
}
