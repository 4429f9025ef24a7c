//! How much a caller may ask of us: a partner so many requests, an address so many failed logins.

use std::cell::RefCell;
use std::net::IpAddr;

use worker::Env;

use super::networks::caller;
use crate::db::memory::Memory;
use crate::http::error::Error;
use crate::http::time::Now;
use crate::platform::bindings::within_limit;

/// How long a caller that has sent too much is asked to wait: the period of the rate limits, in seconds.
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
pub async fn failed_login(env: &Env, now: &Now, address: Option<IpAddr>, refusal: Error) -> Error {
    let key = caller(address);
    if let Ok(true) | Err(_) = within_limit(env, "LOGIN_LIMIT", &key).await {
        return refusal;
    }
    FAILED.with_borrow_mut(|failed| failed.put(&key, now.millis, ()));
    too_many()
}

/// Whether an address has failed too often lately. Then only partners that are remembered are still looked for. Whoever
/// tries one user name after the other costs no more trips to KV and D1, and a partner with the right password behind the
/// same address is mostly let in.
pub fn has_failed(now: &Now, address: Option<IpAddr>) -> bool {
    FAILED.with_borrow(|failed| failed.young(now.millis, &caller(address)).is_some())
}

/// What a caller is told that has sent too much.
pub fn too_many() -> Error {
    Error::TooManyRequests(RETRY_AFTER)
}
