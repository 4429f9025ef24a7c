//! The handler of the keys that verify receipts.

use worker::Env;

use std::cell::RefCell;

use super::signing::Signer;
use crate::db::memory::is_young;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::ledger::sql;
use crate::platform::d1::Store;
use crate::platform::reply::Reply;

/// Anybody may keep the answer for five minutes. A key that is not in it is one that has come since.
const CACHE_CONTROL: &str = "public, max-age=300";

/// How long an isolate remembers the keys, in milliseconds. However many callers ask, it makes one trip to the ledger a
/// minute. A new key comes with a new isolate.
const REMEMBERED_MS: i64 = 60_000;

thread_local! {
    /// The keys, and when they were read, in milliseconds since 1970.
    static KEYS: RefCell<Option<(i64, Json)>> = const { RefCell::new(None) };
}

/// Answers the public keys as a JWK Set (RFC 7517 §5), to any caller:
/// 1. refuses parameters (400);
/// 2. reads every key that the ledger has (503), unless that was done a moment ago;
/// 3. answers the key that signs now, and then those that have signed before it.
pub async fn read(env: &Env, store: &Store, call: Call) -> Result<Reply, Error> {
    let now = call.finish()?.now.millis;
    let known = KEYS.with_borrow(|known| known.clone());
    let keys = match known.filter(|(at, _)| is_young(*at, now, REMEMBERED_MS)) {
        Some((_, keys)) => keys,
        None => {
            let keys = all(env, store).await?;
            KEYS.set(Some((now, keys.clone())));
            keys
        }
    };
    let keys = Json::object([("keys", keys)]);
    Ok(Reply::json(keys).with("Cache-Control", CACHE_CONTROL))
}

async fn all(env: &Env, store: &Store) -> Result<Json, Error> {
    let current = Signer::of(env).await?.public.jwk();
    let mut keys = vec![current.clone()];
    for row in store.ledger(env)?.read(sql::keys()).await?.all() {
        let key = Json::parse(row.text("jwk")?.as_bytes());
        let key = key.map_err(|_| Error::Internal("a key is not JSON".to_owned()))?;
        if key != current {
            keys.push(key);
        }
    }
    Ok(Json::List(keys))
}
