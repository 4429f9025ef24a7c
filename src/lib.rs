//! The partner API resource `/customers` of a call-tracking platform, as a Cloudflare Worker.
//!
//! A partner (the tenant) keeps its customers here. [`serve`] is the way of a request: it is routed
//! ([`router`]), authenticated ([`auth`]), read ([`body`], [`request`]), handled ([`customers`],
//! [`records`], [`operator`]) with one call to the database ([`store`]), and answered ([`reply`]); what goes wrong on
//! the way is an [`error`].
//!
//! A module whose first lines say "Pure" knows nothing of the platform and is tested on the host.
//! The others are the shell, which talks to it, and are tested over HTTP.

use wasm_bindgen::prelude::*;
use worker::{Context, Env, event};

pub mod assets;
pub mod audit;
pub mod auth;
pub mod body;
pub mod call;
pub mod clock;
pub mod customers;
pub mod decode;
pub mod error;
pub mod etag;
pub mod health;
pub mod intent;
pub mod json;
pub mod memory;
pub mod operator;
pub mod paging;
pub mod partners;
pub mod phone;
pub mod platform;
pub mod random;
pub mod records;
pub mod reply;
pub mod request;
pub mod router;
pub mod schema;
pub mod serve;
pub mod sql;
pub mod store;
pub mod validation;
pub mod version;

/// Runs once, when the isolate starts: panics are printed with their place, and then cost one request.
#[wasm_bindgen(start)]
pub fn start() {
    // `worker` sets a hook as well, which re-initialises the isolate after a panic. Whichever is set later
    // calls the earlier one; `console_error_panic_hook::set_once` would drop it.
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
    Ok(serve::serve(&request, &env, &context).await?)
}
