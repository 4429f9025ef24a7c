//! The time, which on this platform is JavaScript's to tell.

/// The moment at which a request came in.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Milliseconds since 1970.
    pub millis: i64,
}

impl Now {
    /// The present moment; on Workers it stands still between I/O.
    pub fn read() -> Self {
        Self {
            millis: worker::Date::now().as_millis().cast_signed(),
        }
    }

    /// How long ago that was, in milliseconds.
    pub fn elapsed_millis(self) -> i64 {
        Self::read().millis - self.millis
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> u64 {
        (self.millis / 1000).cast_unsigned()
    }

    /// UTC as `YYYY-MM-DD HH:MM:SS`, the form in which every time is stored and sent.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of this age are below 2^53"
    )]
    pub fn utc(self) -> String {
        let date = js_sys::Date::new(&(self.millis as f64).into());
        let iso = String::from(date.to_iso_string());
        iso.replace('T', " ").chars().take(19).collect()
    }
}
