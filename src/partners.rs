//! A partner's profile, found in the isolate's memory, then in KV, then in D1, which is the truth.

use std::cell::RefCell;
use std::rc::Rc;

use crate::auth::digest::Ha1;
use crate::auth::{Secrets, seal};
use crate::call::Site;
use crate::clock::Now;
use crate::error::Error;
use crate::json::Json;
use crate::platform::{kv_get, kv_put};
use crate::sql::Statement;
use crate::version::Version;

/// How old a profile may be, in milliseconds since it was read from D1: what the operator changes is
/// in force everywhere within this time.
const MAX_AGE_MS: i64 = 60_000;

/// The binding of the KV namespace, and how long it keeps a profile, in seconds (the least it takes).
const KV: &str = "PROFILES";
const KV_TTL: u32 = 60;

/// How many profiles an isolate remembers; at about 1 KB each they take 0.5 MB of its
/// 128, and are looked through faster than KV answers.
const REMEMBERED_MAX: usize = 500;

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
    /// What the partner's password is proved with. KV and D1 have it sealed.
    pub ha1: Ha1,
    /// The custom fields that are set up, by ascending `n`.
    pub custom_fields: Vec<CustomField>,
    /// When this was read from D1, by D1's clock, in milliseconds since 1970.
    pub read_at: i64,
}

impl Profile {
    /// Reads the `partner` of [`select`], and opens the seal of its HA1.
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
            ha1: seal::open(secrets.ha1_key(), &username, text("ha1_sealed")?).await?,
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

    fn is_young(&self, now: Now) -> bool {
        is_young(self.read_at, now)
    }
}

fn is_young(read_at: i64, now: Now) -> bool {
    now.millis.saturating_sub(read_at) < MAX_AGE_MS
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

/// How many unknown user names an isolate remembers.
const MISSES_MAX: usize = 1_000;

thread_local! {
    static MEMORY: RefCell<Vec<Rc<Profile>>> = RefCell::default();
    /// User names that no partner has, each with the time at which D1 said so, in milliseconds since 1970: whoever
    /// asks for one again costs no I/O.
    static MISSES: RefCell<Vec<(String, i64)>> = RefCell::default();
}

/// The profile that this isolate remembers, if it is young enough.
pub fn remembered(now: Now, username: &str) -> Option<Rc<Profile>> {
    let remembered = MEMORY.with_borrow(|memory| {
        let found = memory.iter().find(|profile| profile.username == username);
        found.cloned()
    });
    remembered.filter(|profile| profile.is_young(now))
}

/// Finds a partner's profile, at most a minute old. `None` when there is no such partner.
///
/// # Errors
/// 503 when D1 had to be asked and failed; 500 when the HA1 does not open under its key.
pub async fn find(site: &Site<'_>, now: Now, username: &str) -> Result<Option<Rc<Profile>>, Error> {
    if let Some(profile) = remembered(now, username) {
        return Ok(Some(profile));
    }
    let is_missed = MISSES.with_borrow(|misses| {
        let is_it = |(missed, at): &(String, i64)| missed == username && is_young(*at, now);
        misses.iter().any(is_it)
    });
    if is_missed {
        return Ok(None);
    }
    // What KV throws is passed over, here and below: it costs time, not truth.
    if let Ok(Some(text)) = kv_get(site.env, KV, &key(username)).await {
        // So is a profile that cannot be read, of another key or another version of this code.
        let profile = Profile::decode(&text, &site.secrets).await.ok();
        if let Some(profile) = profile.filter(|profile| profile.is_young(now)) {
            return Ok(Some(remember(profile)));
        }
    }
    let [rows] = site.store.batch([select(username)]).await?;
    match rows.first() {
        Some(row) => publish(site, &row.text("partner")?).await.map(Some),
        None => {
            miss(username, now);
            Ok(None)
        }
    }
}

/// Remembers that no partner has a user name, and forgets the oldest of too many.
fn miss(username: &str, now: Now) {
    MISSES.with_borrow_mut(|misses| {
        misses.retain(|(missed, at)| missed != username && is_young(*at, now));
        if misses.len() >= MISSES_MAX {
            misses.remove(0);
        }
        misses.push((username.to_owned(), now.millis));
    });
}

/// Puts a profile that was just read from D1 where the next request, here and elsewhere, finds it.
/// `text` is the `partner` of [`select`].
///
/// # Errors
/// 500 when the text is no profile, or its HA1 does not open under its key.
pub async fn publish(site: &Site<'_>, text: &str) -> Result<Rc<Profile>, Error> {
    let profile = Profile::decode(text, &site.secrets).await?;
    let _ = kv_put(site.env, KV, &key(&profile.username), text, KV_TTL).await;
    Ok(remember(profile))
}

/// Keeps a profile in memory, and forgets the one that has stood there longest when there are too many.
fn remember(profile: Profile) -> Rc<Profile> {
    let profile = Rc::new(profile);
    // Memory may forget the partner before a minute has passed since there was none.
    MISSES.with_borrow_mut(|misses| misses.retain(|(missed, _)| *missed != profile.username));
    MEMORY.with_borrow_mut(|memory| {
        let known = memory
            .iter()
            .position(|known| known.username == profile.username);
        if let Some(at) = known {
            let known = memory.remove(at);
            // A read that began before a change may end after it.
            if known.read_at > profile.read_at {
                memory.push(Rc::clone(&known));
                return known;
            }
        } else if memory.len() >= REMEMBERED_MAX {
            memory.remove(0);
        }
        memory.push(Rc::clone(&profile));
        profile
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
