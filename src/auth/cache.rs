//! Finds a partner's profile: first in the isolate's memory, then in KV, then in D1, which is authoritative.

use std::cell::RefCell;
use std::rc::Rc;

use super::digest::Ha1;
use super::seal;
use super::secrets::Secrets;
use super::vouch::{vouch, vouched};
use crate::db::memory::{Memory, SKEW_MS, is_young};
use crate::http::error::Error;
use crate::http::json::Json;
use crate::http::time::Now;
use crate::partners::placement::Database;
use crate::partners::profile::Profile;
use crate::partners::sql::{self, of_login};
use crate::platform::bindings::{kv_get, kv_put};
use crate::platform::clock;
use crate::platform::rows::Row;
use crate::platform::site::Site;

/// The maximum age of a profile, in milliseconds since it was read from D1. A change by the operator takes effect
/// everywhere within this time.
const MAX_AGE_MS: i64 = 60_000;

/// The binding of the KV namespace.
const KV: &str = "PROFILES";

/// How long KV keeps a profile, in seconds. KV accepts no less.
const KV_TTL: u32 = 60;

/// The maximum number of profiles in an isolate's memory. At about 1 KB each, they take 0.5 MB of its 128 MB.
const REMEMBERED_MAX: usize = 500;

/// The maximum number of unknown user names in an isolate's memory. Each takes about 80 bytes.
const MISSES_MAX: usize = 1_000;

/// The log has this text instead of the source of a profile if the HA1 is sealed with another key.
const UNOPENED: &str = "its HA1 does not open under HA1_KEY";

/// The profile of a login, with its HA1s unsealed.
pub struct Known {
    /// The profile.
    pub profile: Profile,
    /// The HA1 that proves the login's password. `None` if the seal does not open with `HA1_KEY`: then every password
    /// is wrong.
    pub ha1: Option<Ha1>,
    /// The HA1 of the password before, if it did not end at once. It may have ended since.
    previous: Option<Ha1>,
}

impl Known {
    async fn open(profile: Profile, secrets: &Secrets) -> Self {
        let open = |sealed| seal::open(secrets.ha1_key(), &profile.login, sealed);
        let ha1 = open(&profile.ha1_sealed).await;
        let previous = match profile.ha1_previous_sealed.as_str() {
            "" => None,
            sealed => open(sealed).await,
        };
        Self {
            profile,
            ha1,
            previous,
        }
    }

    /// The HA1 of the password before, while it is good.
    pub fn previous(&self, now: &Now) -> Option<&Ha1> {
        let is_good = now.utc < self.profile.previous_until;
        self.previous.as_ref().filter(|_| is_good)
    }
}

thread_local! {
    /// `None` for a login that has ended: a read that began before the end must not bring it back.
    static MEMORY: RefCell<Memory<Option<Rc<Known>>>> =
        const { RefCell::new(Memory::new(REMEMBERED_MAX, MAX_AGE_MS)) };
    /// User names that no login has. Another request with such a name needs no I/O.
    static MISSES: RefCell<Memory<()>> = const { RefCell::new(Memory::new(MISSES_MAX, MAX_AGE_MS)) };
    /// Logins whose partner has just moved: KV may have an earlier profile.
    static MOVED: RefCell<Memory<()>> = const { RefCell::new(Memory::new(REMEMBERED_MAX, MAX_AGE_MS)) };
}

/// Whether this isolate's memory has the login, at any age.
pub fn is_remembered(username: &str) -> bool {
    MEMORY.with_borrow(|memory| memory.has(username))
}

/// Finds the profile of a login, at most a minute old. `None` if the login does not exist, or if only D1 has it and
/// `may_ask_d1` is not set.
///
/// # Errors
/// 503 if D1 is needed and fails; 500 if D1's row is not a profile.
pub async fn find(
    site: &Site<'_>,
    now: &Now,
    username: &str,
    may_ask_d1: bool,
) -> Result<Option<Rc<Known>>, Error> {
    let (found, from) = look_for(site, now, username, may_ask_d1).await?;
    let sealed = found.as_ref().is_some_and(|known| known.ha1.is_none());
    site.profile_from
        .set(Some(if sealed { UNOPENED } else { from }));
    Ok(found)
}

/// Finds a profile, and says where.
async fn look_for(
    site: &Site<'_>,
    now: &Now,
    username: &str,
    may_ask_d1: bool,
) -> Result<(Option<Rc<Known>>, &'static str), Error> {
    let remembered = MEMORY.with_borrow(|memory| memory.young(now.millis, username));
    if let Some(profile) = remembered {
        return Ok((profile, "memory"));
    }
    if MISSES.with_borrow(|misses| misses.young(now.millis, username).is_some()) {
        return Ok((None, "none"));
    }
    if let Some(known) = look_in_kv(site, now, username).await {
        return Ok((remember(known), "kv"));
    }
    if !may_ask_d1 {
        return Ok((None, "not looked for in D1"));
    }
    let found = site.directory.read(of_login(username)).await?.first();
    let Some(row) = found else {
        MISSES.with_borrow_mut(|misses| misses.put(username, now.millis, ()));
        return Ok((None, "none"));
    };
    Ok((publish(site, &Found::of(site, &row).await?).await?, "d1"))
}

/// A login as D1 has it: the two JSON texts of [`of_login`].
pub struct Found {
    login: String,
    tenant: String,
}

impl Found {
    /// Reads a row of [`of_login`], and what the partner's home has of it, if that is another database.
    ///
    /// # Errors
    /// 503 if the home is needed and does not serve the partner, or fails.
    pub async fn of(site: &Site<'_>, row: &Row) -> Result<Self, Error> {
        let login = row.text("login")?;
        let mut tenant = row.text("tenant")?;
        if tenant.is_empty() {
            let (partner_id, database) = home_of(&login).ok_or_else(no_profile)?;
            let home = site.home(database, partner_id).await?;
            let row = home.read(sql::tenant(partner_id)).await?.first();
            let elsewhere = || Error::Moving("the home does not have the partner".to_owned());
            tenant = row.ok_or_else(elsewhere)?.text("tenant")?;
        }
        Ok(Self { login, tenant })
    }

    /// The same login with what a partner's home has told of it.
    pub fn with(row: &Row, tenant: String) -> Result<Self, Error> {
        let login = row.text("login")?;
        Ok(Self { login, tenant })
    }

    /// The two JSON objects.
    ///
    /// # Errors
    /// 500 if they are none.
    pub fn objects(&self) -> Result<(Json, Json), Error> {
        let parse = |text: &str| Json::parse(text.as_bytes()).map_err(|_| no_profile());
        Ok((parse(&self.login)?, parse(&self.tenant)?))
    }

    /// The profile.
    ///
    /// # Errors
    /// 500 if they are not one.
    pub fn profile(&self) -> Result<Profile, Error> {
        let (login, tenant) = self.objects()?;
        Profile::of(&login, &tenant).ok_or_else(no_profile)
    }
}

/// Where the partner of a login lives.
fn home_of(login: &str) -> Option<(i64, Database)> {
    let login = Json::parse(login.as_bytes()).ok()?;
    let database = Database::parse(login.get("database")?.as_text()?)?;
    Some((login.get("partner_id")?.as_integer()?, database))
}

/// The login's profile in KV, if we wrote it there for this user name, it is young, and its seal opens. Errors of KV
/// are ignored, because D1 has the profile too. A text that is not a profile is also ignored: another version of this
/// code wrote it.
async fn look_in_kv(site: &Site<'_>, now: &Now, username: &str) -> Option<Known> {
    if MOVED.with_borrow(|moved| moved.young(now.millis, username).is_some()) {
        return None;
    }
    let text = kv_get(site.env, KV, &key(username)).await?;
    let text = vouched(site.secrets.ha1_key(), username, &text)?;
    let (login, tenant) = text.split_once('\n')?;
    let (login, tenant) = (login.to_owned(), tenant.to_owned());
    let profile = Found { login, tenant }.profile().ok()?;
    let profile =
        Some(profile).filter(|profile| is_young(profile.read_at, now.millis, MAX_AGE_MS))?;
    let known = Known::open(profile, &site.secrets).await;
    known.ha1.is_some().then_some(known)
}

/// Puts a profile that was just read from D1 into KV and memory, for later requests. Returns what the memory then has.
///
/// # Errors
/// 500 if it is not a profile.
pub async fn publish(site: &Site<'_>, found: &Found) -> Result<Option<Rc<Known>>, Error> {
    let known = Known::open(found.profile()?, &site.secrets).await;
    // JSON of SQLite has no line break.
    let text = format!("{}\n{}", found.login, found.tenant);
    let text = vouch(site.secrets.ha1_key(), &known.profile.login, &text);
    put_in_kv(site, &known.profile.login, text);
    Ok(remember(known))
}

/// Forgets a profile in this isolate and in KV: the partner has moved. For the next minute, this isolate believes no profile
/// of the login that was read earlier, and KV may still have one.
pub fn forget(site: &Site<'_>, now: &Now, login: &str) {
    put_in_kv(site, login, String::new());
    MEMORY.with_borrow_mut(|memory| memory.forget(login));
    MOVED.with_borrow_mut(|moved| moved.put(login, now.millis, ()));
}

/// Ends a login in this isolate and in KV. `at` is when D1 ended it, in milliseconds since 1970. Other isolates that
/// remember the login forget it within [`MAX_AGE_MS`].
pub fn end(site: &Site<'_>, login: &str, at: i64) {
    // A text that is no profile is ignored, so the next look-up goes to D1.
    put_in_kv(site, login, String::new());
    MEMORY.with_borrow_mut(|memory| memory.put(login, at, None));
}

/// In the background: otherwise the response time would tell whether a user name exists.
fn put_in_kv(site: &Site<'_>, login: &str, text: String) {
    let (env, key) = (site.env.clone(), key(login));
    site.context.wait_until(async move {
        let _ = kv_put(&env, KV, &key, &text, KV_TTL).await;
    });
}

fn remember(known: Known) -> Option<Rc<Known>> {
    let known = Rc::new(known);
    let Profile { login, read_at, .. } = &known.profile;
    // The memory may drop this profile while it still has the user name as a miss.
    MISSES.with_borrow_mut(|misses| misses.forget(login));
    // A profile of D1 whose clock is ahead of ours must not outlive its minute here, nor those that are read later.
    let at = (*read_at).min(clock::millis() + SKEW_MS);
    MEMORY.with_borrow_mut(|memory| memory.put(login, at, Some(Rc::clone(&known))))
}

fn key(username: &str) -> String {
    format!("profile:{username}")
}

/// The 500 for a partner's row that is not a profile.
pub fn no_profile() -> Error {
    Error::Internal("a partner's row is not a profile".to_owned())
}
