//! A partner's profile, found in the isolate's memory, then in KV, then in D1, which is the truth.

use std::cell::RefCell;
use std::rc::Rc;

use crate::auth::digest::Ha1;
use crate::auth::{Secrets, seal};
use crate::call::Site;
use crate::clock::Now;
use crate::error::Error;
use crate::json::Json;
use crate::memory::{Memory, is_young};
use crate::platform::{kv_get, kv_put};
use crate::sql::Statement;
use crate::version::Version;

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

/// What a request needs to know of the partner that makes it.
pub struct Profile {
    /// The tenant in every query.
    pub partner_id: i64,
    /// What the partner authenticates as.
    pub username: String,
    /// ISO 3166-1 alpha-2, or `""`.
    pub country: String,
    /// The CIDR networks that the partner may call from; empty is everywhere.
    pub allowed_networks: Vec<String>,
    /// Whether the partner may call at all.
    pub enabled: bool,
    /// What the partner's password is proved with. KV and D1 have it sealed; `None` when it does not open under
    /// our key, so that no password is right.
    pub ha1: Option<Ha1>,
    /// The custom fields that are set up, by ascending `n`.
    pub custom_fields: Vec<CustomField>,
    /// When this was read from D1, by D1's clock, in milliseconds since 1970.
    pub read_at: i64,
}

impl Profile {
    /// Reads the `partner` of [`select`], and opens the seal of its HA1 if it can.
    async fn decode(text: &str, secrets: &Secrets) -> Result<Self, Error> {
        let json = Json::parse(text.as_bytes()).ok();
        let json = json.ok_or_else(no_profile)?;
        let text = |name| {
            json.get(name)
                .and_then(Json::as_text)
                .ok_or_else(no_profile)
        };
        let list = |name| {
            json.get(name)
                .and_then(Json::as_list)
                .ok_or_else(no_profile)
        };
        let integer = |name| {
            json.get(name)
                .and_then(Json::as_integer)
                .ok_or_else(no_profile)
        };
        let username = text("username")?.to_owned();
        let networks = list("allowed_networks")?.iter().filter_map(Json::as_text);
        let custom_fields = list("custom_fields")?.iter().map(CustomField::decode);
        Ok(Self {
            ha1: seal::open(secrets.ha1_key(), &username, text("ha1_sealed")?).await,
            partner_id: integer("partner_id")?,
            username,
            country: text("country")?.to_owned(),
            allowed_networks: networks.map(str::to_owned).collect(),
            enabled: json
                .get("enabled")
                .and_then(Json::as_bool)
                .ok_or_else(no_profile)?,
            custom_fields: custom_fields
                .collect::<Option<_>>()
                .ok_or_else(no_profile)?,
            read_at: integer("read_at")?,
        })
    }
}

/// A custom field that is set up for a partner.
pub struct CustomField {
    /// The n of `custom_n`, 1 to 20.
    pub n: u8,
    /// What the partner keeps in it.
    pub label: String,
    /// The most characters of a value, 1 to 255.
    pub max_length: usize,
    /// Whether a customer must have it.
    pub required: bool,
}

impl CustomField {
    fn decode(json: &Json) -> Option<Self> {
        Some(Self {
            n: json.get("n")?.as_integer()?.try_into().ok()?,
            label: json.get("label")?.as_text()?.to_owned(),
            max_length: json.get("max_length")?.as_integer()?.try_into().ok()?,
            required: json.get("required")?.as_bool()?,
        })
    }

    /// The parameter and column: `custom_n`.
    pub fn name(&self) -> String {
        format!("custom_{}", self.n)
    }
}

thread_local! {
    static MEMORY: RefCell<Memory<Rc<Profile>>> =
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
pub async fn find(site: &Site<'_>, now: Now, username: &str) -> Result<Option<Rc<Profile>>, Error> {
    let (found, from) = look_for(site, now, username).await?;
    let sealed = found.as_ref().is_some_and(|profile| profile.ha1.is_none());
    site.profile_from
        .set(Some(if sealed { UNOPENED } else { from }));
    Ok(found)
}

/// The same, with where the answer was found.
async fn look_for(
    site: &Site<'_>,
    now: Now,
    username: &str,
) -> Result<(Option<Rc<Profile>>, &'static str), Error> {
    let remembered = MEMORY.with_borrow(|memory| memory.young(now.millis, username));
    if let Some(profile) = remembered {
        return Ok((Some(profile), "memory"));
    }
    if MISSES.with_borrow(|misses| misses.young(now.millis, username).is_some()) {
        return Ok((None, "none"));
    }
    // What KV throws is passed over, here and below: it costs time, not truth.
    if let Ok(Some(text)) = kv_get(site.env, KV, &key(username)).await {
        // So is a profile that cannot be read, of another key or another version of this code.
        let profile = Profile::decode(&text, &site.secrets).await.ok();
        let is_good = |profile: &Profile| {
            is_young(profile.read_at, now.millis, MAX_AGE_MS) && profile.ha1.is_some()
        };
        if let Some(profile) = profile.filter(is_good) {
            return Ok((Some(remember(profile)), "kv"));
        }
    }
    let [rows] = site.store.batch([select(username)]).await?;
    match rows.first() {
        Some(row) => {
            let profile = publish(site, row.text("partner")?).await?;
            Ok((Some(profile), "d1"))
        }
        None => {
            MISSES.with_borrow_mut(|misses| misses.put(username, now.millis, ()));
            Ok((None, "none"))
        }
    }
}

/// Puts a profile that was just read from D1 where the next request, here and elsewhere, finds it.
/// `text` is the `partner` of [`select`].
///
/// # Errors
/// 500 when the text is no profile.
pub async fn publish(site: &Site<'_>, text: String) -> Result<Rc<Profile>, Error> {
    let profile = Profile::decode(&text, &site.secrets).await?;
    let (env, key) = (site.env.clone(), key(&profile.username));
    // Whether a user name is known would else be told by the time that this takes.
    site.context.wait_until(async move {
        let _ = kv_put(&env, KV, &key, &text, KV_TTL).await;
    });
    Ok(remember(profile))
}

/// Keeps a profile in memory.
fn remember(profile: Profile) -> Rc<Profile> {
    let profile = Rc::new(profile);
    // Memory may forget the partner before a minute has passed since there was none.
    MISSES.with_borrow_mut(|misses| misses.forget(&profile.username));
    MEMORY.with_borrow_mut(|memory| {
        memory.put(&profile.username, profile.read_at, Rc::clone(&profile))
    })
}

fn key(username: &str) -> String {
    format!("profile:{username}")
}

fn no_profile() -> Error {
    Error::Internal("a partner's row is no profile".to_owned())
}

/// The SQL expression for a partner as the operator sees it, a JSON object made of a row of `partners AS p`.
pub fn json(version: Version) -> String {
    let integer = |column: &str| version.integer_sql(column);
    format!(
        "json_object('partner_id', {}, 'username', username, 'name', name, \
         'country', country, 'allowed_networks', json(allowed_networks), \
         'enabled', json(iif(enabled, 'true', 'false')), 'custom_fields', \
         (SELECT json_group_array(json_object('n', {}, 'label', label, 'max_length', {}, \
         'required', json(iif(required, 'true', 'false')))) \
         FROM (SELECT * FROM custom_fields AS f WHERE f.partner_id = p.partner_id ORDER BY n)), \
         'customers', {})",
        integer("partner_id"),
        integer("n"),
        integer("max_length"),
        integer("customers")
    )
}

/// Reads a partner by user name as one JSON text, the column `partner`: [`json`] and, for us alone, its sealed HA1
/// and when it was read. This goes into KV as it is, so that one string crosses into wasm.
pub fn select(username: &str) -> Statement {
    Statement::new(
        format!(
            "/* partners::select */ SELECT json_insert({}, '$.ha1_sealed', ha1_sealed, \
             '$.read_at', CAST(1000 * unixepoch('now', 'subsec') AS INTEGER)) \
             AS partner FROM partners AS p WHERE username = ?1",
            json(Version::Bare)
        ),
        [username.into()],
    )
}
