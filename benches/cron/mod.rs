//! The cron of the Worker. Wrangler's local server has none, so a benchmark starts one every 5 seconds.
//! Cloudflare starts one every minute.

use std::thread;
use std::time::{Duration, Instant};

use crate::client::Request;
use crate::server::Server;

const EVERY: Duration = Duration::from_secs(5);

/// When the last one was started.
pub struct Cron(Instant);

impl Cron {
    /// None is due for 5 seconds.
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// Starts one if it is due, and does not wait for its end.
    pub fn go_on(&mut self, server: &'static Server) {
        if self.0.elapsed() > EVERY {
            self.0 = Instant::now();
            let cron = Request::new(server, "GET", "/cdn-cgi/handler/scheduled");
            thread::spawn(move || cron.try_send());
        }
    }
}
