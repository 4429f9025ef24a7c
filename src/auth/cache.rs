//! A partner's profile is looked for in the isolate's memory, then in KV, then in D1, which is the truth.

use std::cell::RefCell;
use std::rc::Rc;

use super::digest::Ha1;
use super::seal;
use super::secrets::Secrets;
use crate::db::memory::{Memory, is_young};
use crate::http::error::Error;
use crate::http::json::Json;
use crate::http::time::Now;
use crate::partners::profile::Profile;
use crate::partners::sql::select;
use crate::platform::bindings::{kv_get, kv_put};
use crate::platform::site::Site;

/// How old a profile may be, in milliseconds since it was read from D1: what the operator changes is
/// in force everywhere within this time.
const MAX_AGE_MS: i64 = 60_000;

/// The binding of the KV namespace, and how long it keeps a profile, in seconds (the least it takes).
const KV: &str = "PROFILES";
const KV_TTL: u32 = 60;

/// How many profiles an isolate remembers; at about 1 KB each they take 0.5 MB of its 128.
const REMEMBERED_MAX: usize = 500;

/// How many unknown user names an isolate remembers; at some 80 bytes each they are no burden.
const MISSES_MAX: usize = 1_000;

/// What the log has in place of where a profile came from when its HA1 is sealed with another key.
const UNOPENED: &str = "its HA1 does not open under HA1_KEY";

/// A partner's profile, and the HA1 that its seal held.
pub struct Known {
    /// The profile.
    pub profile: Profile,
    /// What the partner's password is proved with. `None` when the seal does not open under our key: then no password is
    /// right.
    pub ha1: Option<Ha1>,
}

impl Known {
    async fn open(profile: Profile, secrets: &Secrets) -> Self {
        let Profile {
            username,
            ha1_sealed,
            ..
        } = &profile;
        let ha1 = seal::open(secrets.ha1_key(), username, ha1_sealed).await;
        Self { profile, ha1 }
    }
}

thread_local! {
    static MEMORY: RefCell<Memory<Rc<Known>>> =
        const { RefCell::new(Memory::new(REMEMBERED_MAX, MAX_AGE_MS)) };
    /// User names that no partner has: whoever asks for one again costs no I/O.
    static MISSES: RefCell<Memory<()>> = const { RefCell::new(Memory::new(MISSES_MAX, MAX_AGE_MS)) };
}

/// Whether this isolate has seen the partner, however long ago.
pub fn is_remembered(username: &str) -> bool {
    MEMORY.with_borrow(|memory| memory.has(username))
}

/// Finds a partner's profile, at most a minute old. `None` when there is no such partner.
///
/// # Errors
/// 503 when D1 had to be asked and failed; 500 when what it has is no profile.
pub async fn find(site: &Site<'_>, now: &Now, username: &str) -> Result<Option<Rc<Known>>, Error> {
    let (found, from) = look_for(site, now, username).await?;
    let sealed = found.as_ref().is_some_and(|known| known.ha1.is_none());
    site.profile_from
        .set(Some(if sealed { UNOPENED } else { from }));
    Ok(found)
}

/// The same, with where the answer was found.
async fn look_for(
    site: &Site<'_>,
    now: &Now,
    username: &str,
) -> Result<(Option<Rc<Known>>, &'static str), Error> {
    let remembered = MEMORY.with_borrow(|memory| memory.young(now.millis, username));
    if let Some(profile) = remembered {
        return Ok((Some(profile), "memory"));
    }
    if MISSES.with_borrow(|misses| misses.young(now.millis, username).is_some()) {
        return Ok((None, "none"));
    }
    if let Some(known) = look_in_kv(site, now, username).await {
        return Ok((Some(remember(known)), "kv"));
    }
    let Some(row) = site.store.read(select(username)).await?.first() else {
        MISSES.with_borrow_mut(|misses| misses.put(username, now.millis, ()));
        return Ok((None, "none"));
    };
    let text = row.text("partner")?;
    let profile = profile(&text).ok_or_else(no_profile)?;
    Ok((Some(publish(site, &text, profile).await), "d1"))
}

/// What KV has of a partner, if it is young and its seal opens. What KV throws is passed over: that costs time, not truth.
/// So is a text that is no profile: another version of this code wrote it.
async fn look_in_kv(site: &Site<'_>, now: &Now, username: &str) -> Option<Known> {
    let text = kv_get(site.env, KV, &key(username)).await.ok()??;
    let profile =
        profile(&text).filter(|profile| is_young(profile.read_at, now.millis, MAX_AGE_MS))?;
    let known = Known::open(profile, &site.secrets).await;
    known.ha1.is_some().then_some(known)
}

fn profile(text: &str) -> Option<Profile> {
    Profile::of(&Json::parse(text.as_bytes()).ok()?)
}

/// Puts a profile that was just read from D1 where the next request finds it, here and elsewhere. `text` is the `partner`
/// of [`select`], and `profile` what it says.
pub async fn publish(site: &Site<'_>, text: &str, profile: Profile) -> Rc<Known> {
    let known = Known::open(profile, &site.secrets).await;
    let (env, key, text) = (
        site.env.clone(),
        key(&known.profile.username),
        text.to_owned(),
    );
    // In the background: the time that this takes would tell whether a user name is known.
    site.context.wait_until(async move {
        let _ = kv_put(&env, KV, &key, &text, KV_TTL).await;
    });
    remember(known)
}

/// Keeps a profile in memory.
fn remember(known: Known) -> Rc<Known> {
    let known = Rc::new(known);
    let Profile {
        username, read_at, ..
    } = &known.profile;
    // Memory may forget the partner before a minute has passed since there was none.
    MISSES.with_borrow_mut(|misses| misses.forget(username));
    MEMORY.with_borrow_mut(|memory| memory.put(username, *read_at, Rc::clone(&known)))
}

fn key(username: &str) -> String {
    format!("profile:{username}")
}

/// A 500 of a partner's row that is no profile.
pub fn no_profile() -> Error {
    Error::Internal("a partner's row is no profile".to_owned())
}
