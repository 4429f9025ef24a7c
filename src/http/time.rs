//! The time of a request, which the platform's clock provides.

/// When a request arrived.
#[derive(Clone, Debug)]
pub struct Now {
    /// Milliseconds since 1970.
    pub millis: i64,
    /// UTC as `YYYY-MM-DD HH:MM:SS`. The store and the API have every time in this form.
    pub utc: String,
    /// The same a day later.
    pub utc_in_a_day: String,
}

impl Now {
    /// Seconds since 1970.
    pub fn seconds(&self) -> u64 {
        (self.millis / 1000).cast_unsigned()
    }
}
