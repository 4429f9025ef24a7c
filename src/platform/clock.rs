//! The time, which comes from JavaScript on this platform.

use crate::http::time::Now;

const MILLIS_OF_A_DAY: i64 = 24 * 60 * 60 * 1000;

/// The present time. On Workers the clock advances only after I/O.
pub fn now() -> Now {
    let millis = millis();
    Now {
        millis,
        utc: utc(millis),
        utc_in_a_day: utc(millis + MILLIS_OF_A_DAY),
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

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of this age are below 2^53"
)]
fn utc(millis: i64) -> String {
    let date = js_sys::Date::new(&(millis as f64).into());
    let iso = String::from(date.to_iso_string());
    iso.replace('T', " ").chars().take(19).collect()
}
