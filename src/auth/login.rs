//! Authentication. Its result is a value: every handler of the partner API needs a [`Partner`].

use std::cell::RefCell;
use std::net::IpAddr;
use std::ops::Deref;
use std::rc::Rc;

use subtle::ConstantTimeEq;
use worker::Env;

use super::admit::admit;
use super::cache::{self, Known};
use super::digest::{self, Ha1, NonceState, hmac};
use super::replay::Used;
use super::secrets::operator_token;
use super::{basic, limits};
use crate::http::error::{Error, OtherKind};
use crate::http::time::Now;
use crate::partners::profile::{Profile, is_username};
use crate::platform::site::Site;

/// A partner whose credentials, network and request rate passed the checks. Only this module makes one.
pub struct Partner(Rc<Known>);

impl Deref for Partner {
    type Target = Profile;
    fn deref(&self) -> &Profile {
        &self.0.profile
    }
}

/// Proof that the caller has the `OPERATOR_TOKEN`. Only this module makes one.
#[derive(Debug)]
pub struct Operator(());

/// The parts of a request that authentication needs.
pub struct Caller<'a> {
    /// The method as sent. A digest covers it.
    pub method: &'a str,
    /// Path and query. A digest covers them.
    pub target: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The caller's address, from the `CF-Connecting-IP` that the platform sets.
    pub address: Option<IpAddr>,
}

impl Caller<'_> {
    /// Whether the method changes nothing.
    pub fn only_reads(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }
}

/// The most bytes of a Digest or Basic `Authorization` header. A digest takes about 400.
const AUTHORIZATION_MAX: usize = 4 * 1024;

/// The refusal of credentials that are missing or wrong.
const REFUSED: Error = Error::Unauthorized { stale: false };

thread_local! {
    /// The digests that this isolate has let in.
    static USED: RefCell<Used> = const { RefCell::new(Used::new()) };
}

/// The credentials in an `Authorization` header.
enum Credentials {
    Digest(digest::Response),
    Basic { username: String, ha1: Ha1 },
}

impl Credentials {
    /// Reads the header.
    ///
    /// # Errors
    /// 401 if it is absent, too long or malformed, or has another scheme or algorithm.
    fn parse(authorization: Option<&str>) -> Result<Self, Error> {
        let header = authorization.ok_or(REFUSED)?;
        let (scheme, rest) = header.split_once(' ').ok_or(REFUSED)?;
        let is = |known: &str| scheme.eq_ignore_ascii_case(known);
        if !is("digest") && !is("basic") {
            return Err(Error::OtherCredentials(if is("bearer") {
                OtherKind::Bearer
            } else {
                OtherKind::Scheme
            }));
        }
        if header.len() > AUTHORIZATION_MAX {
            return Err(REFUSED);
        }
        if is("digest") {
            return digest::Response::parse(rest)
                .map(Self::Digest)
                .ok_or_else(|| {
                    if digest::has_other_algorithm(rest) {
                        Error::OtherCredentials(OtherKind::Algorithm)
                    } else {
                        REFUSED
                    }
                });
        }
        let (username, password) = basic::parse(rest).ok_or(REFUSED)?;
        let ha1 = Ha1::of(&username, &password);
        Ok(Self::Basic { username, ha1 })
    }

    fn username(&self) -> &str {
        match self {
            Self::Digest(response) => &response.username,
            Self::Basic { username, .. } => username,
        }
    }
}

/// Authenticates a partner:
/// 1. It reads the credentials. If it cannot, the result is 401.
/// 2. It finds the login's HA1, and that of the password before while that one is good, unless this service did not make
///    the nonce. For an unknown user it takes an HA1 that nobody has, so that both cases run the same code. For an address
///    with too many failed logins it looks only in this isolate's memory; after too many in all, not in D1.
/// 3. It checks the password or the digest. If it is wrong, or this service did not make the nonce, the result is 401,
///    or 429 after too many failures, for known and unknown users alike. If only the nonce is too old, or the digest
///    was used before, the result is 401 with `stale`.
/// 4. It checks that the partner is enabled and calls from an allowed network, and that the login may use the method.
///    If not, the result is 403.
/// 5. It checks the partner's request rate. If it is too high, the result is 429.
///
/// # Errors
/// As listed; 503 if the store is needed and fails; 500 if its row is not a profile.
pub async fn partner(site: &Site<'_>, now: &Now, caller: &Caller<'_>) -> Result<Partner, Error> {
    let secrets = &site.secrets;
    let credentials = Credentials::parse(caller.authorization.as_deref())?;
    let username = credentials.username();
    let nonce = match &credentials {
        Credentials::Digest(response) => secrets.nonce_state(&response.nonce, now),
        Credentials::Basic { .. } => NonceState::Fresh,
    };
    let is_blocked = limits::has_failed(now, caller.address);
    let are_all_blocked = limits::have_all_failed(now);
    let is_remembered = cache::is_remembered(username);
    let may_look = nonce != NonceState::Forged && (is_remembered || !is_blocked);
    let known = if may_look && is_username(username) {
        cache::find(site, now, username, is_remembered || !are_all_blocked).await?
    } else {
        None
    };
    let nobody = Ha1(hmac(secrets.ha1_key(), &[b"nobody", username.as_bytes()]));
    let ha1 = known.as_ref().and_then(|known| known.ha1.as_ref());
    let previous = known.as_ref().and_then(|known| known.previous(now));
    let ha1s = [ha1, previous].map(|ha1| ha1.unwrap_or(&nobody));
    // Both are always tried, so that the time does not tell whether an old password is still good.
    let is_right = |tried: &dyn Fn(&Ha1) -> bool| ha1s.map(tried).contains(&true);
    let right = match &credentials {
        Credentials::Basic { ha1: given, .. } => is_right(&|ha1| given.matches(ha1)),
        Credentials::Digest(response) => {
            is_right(&|ha1| response.is_right(ha1, caller.method, caller.target))
        }
    };
    let Some(known) = known.filter(|_| right) else {
        // Known and unknown users count alike, so that the count does not tell which user names exist.
        if is_blocked || are_all_blocked {
            return Err(limits::too_many());
        }
        return Err(limits::failed_login(site.env, now, caller.address, REFUSED).await);
    };
    let is_used = match &credentials {
        Credentials::Digest(response) => {
            let fingerprint = secrets.use_of(response);
            !USED.with_borrow_mut(|used| used.is_first(fingerprint))
        }
        Credentials::Basic { .. } => false,
    };
    if is_used || nonce == NonceState::Expired {
        return Err(Error::Unauthorized { stale: true });
    }
    admit(&known.profile, caller.method, caller.address)?;
    limits::request(site.env, known.profile.partner_id).await?;
    Ok(Partner(known))
}

/// Forgets where the partner lives: its home has refused it.
pub fn forget(site: &Site<'_>, now: &Now, partner: &Partner) {
    cache::forget(site, now, &partner.login);
}

/// The same partner with the profile that D1 has now, after its home has refused it: it has moved. `None` if its login has
/// ended.
///
/// # Errors
/// 503 if D1 fails.
pub async fn moved(
    site: &Site<'_>,
    now: &Now,
    partner: &Partner,
) -> Result<Option<Partner>, Error> {
    forget(site, now, partner);
    let known = cache::find(site, now, &partner.login, true).await?;
    Ok(known.map(Partner))
}

/// Authenticates the operator by its bearer token, in constant time.
///
/// # Errors
/// 404 if `OPERATOR_TOKEN` is not set: the operator API does not exist then. 401 for a missing or wrong token, or 429
/// after too many wrong ones.
pub async fn operator(env: &Env, now: &Now, caller: &Caller<'_>) -> Result<Operator, Error> {
    let token = operator_token(env).ok_or(Error::NotFound("path"))?;
    let given = caller
        .authorization
        .as_deref()
        .and_then(|authorization| authorization.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, token)| token.trim());
    // A comparison of the tokens themselves would reveal their lengths by its time.
    let [expected, given] =
        [token.as_str(), given].map(|text| hmac(b"operator", &[text.as_bytes()]));
    if expected.ct_eq(&given).into() {
        return Ok(Operator(()));
    }
    let refusal = Error::OperatorUnauthorized;
    if caller.authorization.is_none() {
        return Err(refusal);
    }
    Err(limits::failed_login(env, now, caller.address, refusal).await)
}
