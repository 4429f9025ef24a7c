//! Bindings that call the platform directly.
//!
//! `worker` wraps them too, but it uses `serde_wasm_bindgen`, which adds 14 KB of wasm (gzip) for two options, a
//! boolean and two counts.

use js_sys::futures::JsFuture;
use js_sys::{Array, Error as JsError, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};
use worker::Env;
use worker::worker_sys::types::D1Database;

use crate::db::trouble::LATE;
use crate::http::json::Json;
use crate::partners::placement::Database;

/// How long a request waits for KV, in milliseconds. Then it goes on without KV: D1 has the profiles too.
const KV_DEADLINE_MS: i32 = 1_000;

/// How long a request waits for a rate limit, in milliseconds. Then it counts as within the limit.
const LIMIT_DEADLINE_MS: i32 = 1_000;

#[wasm_bindgen]
extern "C" {
    /// A KV namespace.
    type KvNamespace;

    #[wasm_bindgen(method, catch)]
    fn get(this: &KvNamespace, key: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn put(
        this: &KvNamespace,
        key: &str,
        value: &str,
        options: &Object,
    ) -> Result<Promise, JsValue>;

    /// The static files.
    type Assets;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &Assets, url: &str, init: &Request) -> Result<Promise, JsValue>;

    /// A rate limit.
    type RateLimit;

    #[wasm_bindgen(method, catch)]
    fn limit(this: &RateLimit, options: &Object) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(call: &Function, millis: i32, argument: &JsValue) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// Waits for a promise, but not longer than a deadline.
///
/// # Errors
/// The error of the promise, or one that says [`LATE`].
pub async fn within(deadline_ms: i32, promise: Promise) -> Result<JsValue, JsValue> {
    let mut timer = JsValue::UNDEFINED;
    let late = Promise::new(&mut |_, reject| {
        timer = set_timeout(&reject, deadline_ms, &JsError::new(LATE));
    });
    let outcome = JsFuture::from(Promise::race(&Array::of2(&promise, &late))).await;
    clear_timeout(&timer);
    outcome
}

/// Waits so many milliseconds. The event loop turns meanwhile.
pub async fn pause(ms: i32) {
    let over = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, ms, &JsValue::UNDEFINED);
    });
    // A timer never fails.
    let _ = JsFuture::from(over).await;
}

/// The text of a secret or a variable; `None` if it is not set.
pub fn secret(env: &Env, name: &str) -> Option<String> {
    Reflect::get(env, &name.into()).ok()?.as_string()
}

/// The D1 database of this binding.
///
/// # Errors
/// If there is no such binding.
pub fn d1(env: &Env, binding: &str) -> Result<D1Database, JsValue> {
    let database = Reflect::get(env, &binding.into())?;
    if database.is_undefined() {
        return Err(database);
    }
    Ok(database.unchecked_into())
}

/// The databases of customers that are bound: `DB` and any further ones.
pub fn databases(env: &Env) -> Vec<Database> {
    let is_bound = |database: &Database| d1(env, &database.to_string()).is_ok();
    Database::all().filter(is_bound).collect()
}

/// Reads a text from KV; `None` if KV does not have the key, fails, or does not answer in time.
pub async fn kv_get(env: &Env, binding: &str, key: &str) -> Option<String> {
    let read = try_kv_get(env, binding, key).await;
    read.unwrap_or_else(|_| {
        passed_over(binding);
        None
    })
}

async fn try_kv_get(env: &Env, binding: &str, key: &str) -> Result<Option<String>, JsValue> {
    let kv: KvNamespace = Reflect::get(env, &binding.into())?.unchecked_into();
    Ok(within(KV_DEADLINE_MS, kv.get(key)?).await?.as_string())
}

/// Writes a text to KV. KV deletes it after `ttl` seconds (at least 60).
///
/// # Errors
/// Any error that KV throws; a `TypeError` without the binding.
pub async fn kv_put(
    env: &Env,
    binding: &str,
    key: &str,
    value: &str,
    ttl: u32,
) -> Result<(), JsValue> {
    let kv: KvNamespace = Reflect::get(env, &binding.into())?.unchecked_into();
    let options = Object::new();
    Reflect::set(&options, &"expirationTtl".into(), &ttl.into())?;
    JsFuture::from(kv.put(key, value, &options)?).await?;
    Ok(())
}

/// Counts a request with this key, and says whether it is within a rate limit. If the limiter fails or does not answer in
/// time, it is: the service must still work.
pub async fn within_limit(env: &Env, binding: &str, key: &str) -> bool {
    let counted = try_limit(env, binding, key).await;
    counted.unwrap_or_else(|_| {
        passed_over(binding);
        true
    })
}

async fn try_limit(env: &Env, binding: &str, key: &str) -> Result<bool, JsValue> {
    let limit: RateLimit = Reflect::get(env, &binding.into())?.unchecked_into();
    let options = Object::new();
    Reflect::set(&options, &"key".into(), &key.into())?;
    let outcome = within(LIMIT_DEADLINE_MS, limit.limit(&options)?).await?;
    Ok(Reflect::get(&outcome, &"success".into())?.is_truthy())
}

/// Reads a static file; `path` begins with a slash. It passes on the method and headers of `request`, so that `HEAD`
/// and `If-None-Match` work.
///
/// # Errors
/// As for [`kv_put`].
pub async fn asset(
    env: &Env,
    binding: &str,
    path: &str,
    request: &Request,
) -> Result<Response, JsValue> {
    let assets: Assets = Reflect::get(env, &binding.into())?.unchecked_into();
    // The platform ignores the host.
    let url = format!("https://assets.invalid{path}");
    Ok(JsFuture::from(assets.fetch(&url, request)?)
        .await?
        .unchecked_into())
}

/// Writes a line of its own: a binding failed, or did not answer in time, and the request went on without it.
fn passed_over(binding: &str) {
    let line = Json::object([("level", "warning".into()), ("passed_over", binding.into())]);
    web_sys::console::log_1(&line.to_string().into());
}
