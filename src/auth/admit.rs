//! Decides whether an authenticated partner may call.

use std::net::IpAddr;

use super::networks;
use crate::http::error::Error;
use crate::partners::profile::Profile;

/// Applies the operator's settings to a partner and to its login.
///
/// # Errors
/// 403 when the partner is disabled, or calls from outside its networks, or when its login may only read and the method
/// does more.
pub fn admit(profile: &Profile, method: &str, address: Option<IpAddr>) -> Result<(), Error> {
    if !profile.enabled {
        return Err(Error::Forbidden("this partner is disabled"));
    }
    let networks = &profile.allowed_networks;
    let is_inside = |address| networks::contain(networks, address);
    if !networks.is_empty() && !address.is_some_and(is_inside) {
        let why = "this partner is not allowed to call from this network";
        return Err(Error::Forbidden(why));
    }
    if !profile.may_write && !matches!(method, "GET" | "HEAD" | "OPTIONS") {
        return Err(Error::Forbidden("this login may only read"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partners::placement::Database;

    fn profile(networks: &[&str], enabled: bool) -> Profile {
        Profile {
            partner_id: 1,
            database: Database::DIRECTORY,
            country: String::new(),
            allowed_networks: networks.iter().map(ToString::to_string).collect(),
            enabled,
            login: "p".into(),
            may_write: true,
            ha1_sealed: String::new(),
            ha1_previous_sealed: String::new(),
            previous_until: String::new(),
            custom_fields: Vec::new(),
            read_at: 0,
        }
    }

    #[test]
    fn a_partner_is_held_to_its_networks_if_it_has_any() {
        let inside = Some("192.0.2.7".parse().unwrap());
        let outside = Some("192.0.3.7".parse().unwrap());
        let fenced = profile(&["192.0.2.0/24"], true);
        assert!(admit(&fenced, "PUT", inside).is_ok());
        assert!(admit(&fenced, "PUT", outside).is_err());
        assert!(admit(&fenced, "PUT", None).is_err());
        assert!(admit(&profile(&[], true), "PUT", outside).is_ok());
        assert!(admit(&profile(&[], true), "PUT", None).is_ok());
        assert!(admit(&profile(&[], false), "PUT", None).is_err());
    }
    #[test]
    fn a_login_that_may_only_read_gets_no_method_but_three() {
        let reader = Profile {
            may_write: false,
            ..profile(&[], true)
        };
        for (method, may) in [
            ("GET", true),
            ("HEAD", true),
            ("OPTIONS", true),
            ("POST", false),
            ("PUT", false),
            ("DELETE", false),
            ("get", false),
        ] {
            assert_eq!(admit(&reader, method, None).is_ok(), may, "{method}");
            assert!(admit(&profile(&[], true), method, None).is_ok());
        }
    }
}
