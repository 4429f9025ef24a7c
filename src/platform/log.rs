//! The one line of log that a request writes: never a credential, a body, a query string or anything personal.

use super::clock::elapsed_millis;
use super::d1::Cost;
use crate::http::json::Json;
use crate::http::time::Now;

/// What the log is told of a request besides its outcome.
#[derive(Debug, Default)]
pub struct Trace {
    /// The path as it stands in the route table.
    pub route: &'static str,
    /// The partner that was let in.
    pub partner_id: Option<i64>,
    /// Where its profile was found.
    pub profile_from: Option<&'static str>,
    /// What the request has cost the store.
    pub cost: Cost,
}

impl Trace {
    /// Writes the line. `internal` is what went wrong here and is never sent.
    pub fn write(
        &self,
        now: &Now,
        request_id: &str,
        method: &str,
        status: u16,
        internal: Option<&str>,
    ) {
        let Cost {
            trips,
            rows_read,
            rows_written,
        } = self.cost;
        let line = Json::object([
            ("request_id", request_id.into()),
            ("partner_id", self.partner_id.into()),
            ("profile", self.profile_from.into()),
            ("method", method.into()),
            ("route", self.route.into()),
            ("status", i64::from(status).into()),
            ("ms", elapsed_millis(now).into()),
            ("d1_trips", trips.into()),
            ("d1_rows_read", rows_read.into()),
            ("d1_rows_written", rows_written.into()),
            ("error", internal.into()),
        ]);
        web_sys::console::log_1(&line.to_string().into());
    }
}
