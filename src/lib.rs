//! The partner API resource `/customers` of a call-tracking platform, as a Cloudflare Worker. A partner (the tenant) keeps
//! its customers here.
//!
//! The map of this tree:
//!
//! - [`http`]: HTTP as this API speaks it; the route table is [`http::routes`].
//! - [`db`]: how SQL is built, which tables there are, and who may see a row.
//! - [`customers`], [`erasure`], [`records`], [`changes`]: what partners ask for. [`operator`]: what the operator asks for.
//! - [`ledger`]: what outlives a restore of a database, and undoes it. [`moves`]: a partner goes to another database.
//! - [`partners`], [`auth`]: who is calling, where it lives, and whether it may.
//! - [`phone`]: how far a phone number is masked.
//! - `platform`: what talks to workerd. `platform::serve` is the way of a request.
//!
//! There is a wall between pure code and the shell. Pure modules compile on the host, where their tests run, and cannot
//! name the platform: its crates are not there. Shell modules (`platform`, every `handlers`, a part of `auth`) are compiled
//! for wasm32 alone, and tested over HTTP.

pub mod auth;
pub mod changes;
pub mod customers;
pub mod db;
pub mod erasure;
pub mod http;
pub mod ledger;
pub mod moves;
pub mod operator;
pub mod partners;
pub mod phone;
pub mod records;

#[cfg(target_arch = "wasm32")]
pub mod platform;

#[cfg(target_arch = "wasm32")]
mod events {
    use wasm_bindgen::prelude::*;
    use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

    /// Runs once, when the isolate starts: panics are printed with their place, and then cost one request.
    #[wasm_bindgen(start)]
    pub fn start() {
        // `worker` sets a hook too, which re-initialises the isolate after a panic. The hook that is set later calls the
        // earlier one; `console_error_panic_hook::set_once` would drop it.
        let earlier = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            console_error_panic_hook::hook(info);
            earlier(info);
        }));
    }

    /// Answers a request; never an `Err` of ours, whatever goes wrong.
    #[event(fetch)]
    async fn fetch(
        request: web_sys::Request,
        env: Env,
        context: Context,
    ) -> worker::Result<web_sys::Response> {
        Ok(crate::platform::serve::serve(&request, &env, &context).await?)
    }
    /// Continues unfinished work that is done in steps. A cron starts it every minute.
    #[event(scheduled)]
    async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
        crate::platform::scheduled::every_minute(&env).await;
    }
}
