//! The time, which comes from JavaScript on this platform.

use crate::http::time::Now;

/// The present time. On Workers the clock advances only after I/O.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of this age are below 2^53"
)]
pub fn now() -> Now {
    let millis = millis();
    let date = js_sys::Date::new(&(millis as f64).into());
    let iso = String::from(date.to_iso_string());
    Now {
        millis,
        utc: iso.replace('T', " ").chars().take(19).collect(),
    }
}

/// The milliseconds that have passed since a time.
pub fn elapsed_millis(since: &Now) -> i64 {
    millis() - since.millis
}

/// The present time in milliseconds since 1970.
pub fn millis() -> i64 {
    worker::Date::now().as_millis().cast_signed()
}
