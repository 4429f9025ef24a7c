//! The log: one line for each request, and one for each binding that was passed over. None holds a credential, a body, a
//! query string or personal data.

use worker::Env;

use super::clock::elapsed_millis;
use super::d1::Cost;
use super::room;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::http::time::Now;
use crate::partners::placement::Database;

/// The facts about a request that its log line holds, besides the outcome.
#[derive(Debug, Default)]
pub struct Trace {
    /// The path's template in the route table.
    pub route: &'static str,
    /// The authenticated partner.
    pub partner_id: Option<i64>,
    /// The partner's home.
    pub database: Option<Database>,
    /// Where the partner's profile came from.
    pub profile_from: Option<&'static str>,
    /// What the request cost the database.
    pub cost: Cost,
    /// How long the probe of `/health` took, in milliseconds. `None` if nothing was probed.
    pub probe_ms: Option<i64>,
}

/// Writes a further line when a stream has ended: the line of its request was written when it began. `error` says why the
/// stream is not complete.
pub fn stream_ended(
    request_id: &str,
    rows: i64,
    cost: Cost,
    level: &'static str,
    error: Option<&str>,
) {
    let stream = if error.is_none() {
        "complete"
    } else {
        "broken off"
    };
    let line = Json::object([
        ("stream", stream.into()),
        ("request_id", request_id.into()),
        ("level", level.into()),
        ("rows", rows.into()),
        ("d1_trips", cost.trips.into()),
        ("d1_rows_read", cost.rows_read.into()),
        ("error", error.into()),
    ]);
    web_sys::console::log_1(&line.to_string().into());
}

impl Trace {
    /// Writes the line. `status` is the one that is sent. `internal` is the text of an internal error, which no caller sees.
    pub fn write(
        &self,
        env: &Env,
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
            size_after,
            ..
        } = self.cost;
        let database = self.database.unwrap_or(Database::DIRECTORY);
        let is_short = room::is_short(env, database, size_after);
        let line = Json::object([
            ("request_id", request_id.into()),
            ("level", level(status, is_short).into()),
            ("partner_id", self.partner_id.into()),
            (
                "database",
                self.database.map(|database| database.to_string()).into(),
            ),
            ("profile", self.profile_from.into()),
            ("method", method.into()),
            ("route", self.route.into()),
            ("status", i64::from(status).into()),
            ("ms", elapsed_millis(now).into()),
            ("probe_ms", self.probe_ms.into()),
            ("d1_trips", trips.into()),
            ("d1_rows_read", rows_read.into()),
            ("d1_rows_written", rows_written.into()),
            ("size_after", size_after.into()),
            ("error", internal.into()),
        ]);
        web_sys::console::log_1(&line.to_string().into());
    }
}

/// How urgent the line of work is that nobody waits for: as that of a request with this error.
pub fn level_of(error: Option<&Error>, is_short_of_room: bool) -> &'static str {
    level(error.map_or(200, Error::status), is_short_of_room)
}

/// How urgent a line is. An alarm does not pass by itself; a warning does, unless there are many.
fn level(status: u16, is_short_of_room: bool) -> &'static str {
    match status {
        503 => "warning",
        500.. => "alarm",
        _ if is_short_of_room => "warning",
        _ => "info",
    }
}
