//! The time of a request. The platform's clock tells it; here it is only carried.

/// The moment at which a request came in.
#[derive(Clone, Debug)]
pub struct Now {
    /// Milliseconds since 1970.
    pub millis: i64,
    /// UTC as `YYYY-MM-DD HH:MM:SS`, the form in which every time is stored and sent.
    pub utc: String,
}

impl Now {
    /// Seconds since 1970.
    pub fn seconds(&self) -> u64 {
        (self.millis / 1000).cast_unsigned()
    }
}
