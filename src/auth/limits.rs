//! How much a caller may ask of us: requests of a partner, failed logins of an address.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv6Addr};

use worker::Env;

use crate::clock::Now;
use crate::error::Error;
use crate::memory::Memory;
use crate::platform::within_limit;

/// How long whoever has sent too much is asked to wait: the period of the rate limits, in seconds.
const RETRY_AFTER: u32 = 60;

/// How many addresses an isolate remembers to have failed too often; at some 60 bytes each they are no burden.
const REMEMBERED_MAX: usize = 1_000;

thread_local! {
    /// Addresses that have failed too often, for as long as they are asked to wait.
    static FAILED: RefCell<Memory<()>> =
        const { RefCell::new(Memory::new(REMEMBERED_MAX, RETRY_AFTER as i64 * 1_000)) };
}

/// Counts a request of a partner. The binding counts per location and approximately, and tells yes or no, nothing
/// more.
///
/// # Errors
/// 429 when they are too many.
pub async fn request(env: &Env, partner_id: i64) -> Result<(), Error> {
    match within_limit(env, "PARTNER_LIMIT", &partner_id.to_string()).await {
        Ok(false) => Err(too_many()),
        // A limiter that is down must not take the service down with it.
        Ok(true) | Err(_) => Ok(()),
    }
}

/// Counts a failed login, and answers what its caller is told: `refusal`, or a 429 when they are too many.
pub async fn failed_login(env: &Env, now: Now, address: Option<IpAddr>, refusal: Error) -> Error {
    let key = key(address);
    if let Ok(true) | Err(_) = within_limit(env, "LOGIN_LIMIT", &key).await {
        return refusal;
    }
    FAILED.with_borrow_mut(|failed| failed.put(&key, now.millis, ()));
    too_many()
}

/// Whether an address has failed too often lately. Then only who is remembered is still looked for: whoever tries
/// one user name after the other costs no more trips to KV and D1, and who has the right password behind the same
/// address is mostly let in.
pub fn has_failed(now: Now, address: Option<IpAddr>) -> bool {
    FAILED.with_borrow(|failed| failed.young(now.millis, &key(address)).is_some())
}

/// What is told to whoever has sent too much.
pub fn too_many() -> Error {
    Error::TooManyRequests(RETRY_AFTER)
}

/// What failures are counted by: an address of IPv4, or the network of 64 bits that a caller by IPv6 has to itself
/// (RFC 6177 §2).
fn key(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let network = u128::from(address) >> 64 << 64;
            Ipv6Addr::from(network).to_string()
        }
        Some(address) => address.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_network_of_ipv6_is_one_caller() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
            ("2001:db8:1:3::", "2001:db8:1:3::"),
        ] {
            assert_eq!(key(Some(address.parse().unwrap())), expected, "{address}");
        }
        assert_eq!(key(None), "");
    }
}
