//! Rate limits: requests per partner, failed logins per address, and failed logins in all.

use std::cell::RefCell;
use std::net::IpAddr;

use worker::Env;

use super::networks::caller;
use crate::db::memory::Memory;
use crate::http::error::Error;
use crate::http::time::Now;
use crate::platform::bindings::within_limit;

/// The `Retry-After` of a 429, in seconds: the period of the rate limits.
const RETRY_AFTER: u32 = 60;

/// The key of all addresses together, for the limits of failed logins. No address has it.
const ALL: &str = "all";

/// The maximum number of addresses in `FAILED`. Each takes about 60 bytes.
const REMEMBERED_MAX: usize = 1_000;

thread_local! {
    /// Addresses with too many failed logins, and [`ALL`]. Each stays for `RETRY_AFTER`.
    static FAILED: RefCell<Memory<()>> =
        const { RefCell::new(Memory::new(REMEMBERED_MAX, RETRY_AFTER as i64 * 1_000)) };
}

/// Counts a request of a partner. The binding counts approximately, and per location. It returns only yes or no.
///
/// # Errors
/// 429 if the partner exceeds its limit.
pub async fn request(env: &Env, partner_id: i64) -> Result<(), Error> {
    if within_limit(env, "PARTNER_LIMIT", &partner_id.to_string()).await {
        Ok(())
    } else {
        Err(too_many())
    }
}

/// Counts a failed login, for its address and in all: a caller by IPv6 can use many addresses. Returns the
/// error for the caller: `refusal`, or a 429 after too many failures.
pub async fn failed_login(env: &Env, now: &Now, address: Option<IpAddr>, refusal: Error) -> Error {
    let address = caller(address);
    for (limit, key) in [("LOGIN_LIMIT", address.as_str()), ("ALL_LOGINS_LIMIT", ALL)] {
        if !within_limit(env, limit, key).await {
            FAILED.with_borrow_mut(|failed| failed.put(key, now.millis, ()));
            return too_many();
        }
    }
    refusal
}

/// Whether there were recently too many failed logins in all. Logins then reach only partners in this isolate's memory
/// or in KV, which has everybody that called within a minute. So unknown user names cause no reads of D1,
/// however many addresses they come from.
pub fn have_all_failed(now: &Now) -> bool {
    FAILED.with_borrow(|failed| failed.young(now.millis, ALL).is_some())
}

/// Whether an address recently had too many failed logins. Logins from it then reach only partners in this isolate's
/// memory. So an attacker who tries many user names causes no reads of KV and D1, and most partners with the right
/// password behind the same address can still log in.
pub fn has_failed(now: &Now, address: Option<IpAddr>) -> bool {
    FAILED.with_borrow(|failed| failed.young(now.millis, &caller(address)).is_some())
}

/// The 429 for a caller that exceeds a limit.
pub fn too_many() -> Error {
    Error::TooManyRequests(RETRY_AFTER)
}
