//! Authentication: who is calling, as a *value*. No handler of the partner API can be called without a [`Partner`].

use std::net::IpAddr;
use std::ops::Deref;
use std::rc::Rc;

use subtle::ConstantTimeEq;
use worker::Env;

use super::admit::admit;
use super::cache::{self, Known};
use super::digest::{self, Ha1, NonceState, hmac};
use super::secrets::operator_token;
use super::{basic, limits};
use crate::http::error::Error;
use crate::http::time::Now;
use crate::partners::profile::{Profile, is_username};
use crate::platform::site::Site;

/// A partner whose credentials, network and rate were found in order. Only this module makes one.
pub struct Partner(Rc<Known>);

impl Deref for Partner {
    type Target = Profile;
    fn deref(&self) -> &Profile {
        &self.0.profile
    }
}

/// The operator: whoever has the `OPERATOR_TOKEN`. Only this module makes one.
#[derive(Debug)]
pub struct Operator(());

/// What a request says of who is calling.
pub struct Caller<'a> {
    /// The method as sent; a digest is made over it.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Whether nobody between can read along: TLS, or the loopback interface.
    pub is_private: bool,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The caller's address, which the platform puts into `CF-Connecting-IP`.
    pub address: Option<IpAddr>,
}

/// The credentials in an `Authorization` header.
enum Credentials {
    Digest(digest::Response),
    Basic { username: String, ha1: Ha1 },
}

impl Credentials {
    /// `None` for a header that is absent, malformed, of another scheme, or sent in the clear: each is
    /// answered with the same challenge, none is let through.
    fn parse(caller: &Caller<'_>) -> Option<Self> {
        let (scheme, rest) = caller.authorization.as_deref()?.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("digest") {
            return digest::Response::parse(rest).map(Self::Digest);
        }
        if scheme.eq_ignore_ascii_case("basic") && caller.is_private {
            let (username, password) = basic::parse(rest)?;
            let ha1 = Ha1::of(&username, &password);
            return Some(Self::Basic { username, ha1 });
        }
        None
    }

    fn username(&self) -> &str {
        match self {
            Self::Digest(response) => &response.username,
            Self::Basic { username, .. } => username,
        }
    }
}

/// Authenticates a partner:
/// 1. credentials that can be read, else 401;
/// 2. the partner's HA1, or one that nobody has, so that the answer of an unknown user is judged like any other; an
///    address that has failed too often makes us look only for partners that are remembered;
/// 3. the right answer, with a nonce made here, else 401, with `stale` when only the nonce is too old; 429 after too many
///    failures, for the known and the unknown alike;
/// 4. enabled, and calling from one of its networks, else 403;
/// 5. within its rate, else 429.
///
/// # Errors
/// As listed; 503 when the store has to be asked and fails.
pub async fn partner(site: &Site<'_>, now: &Now, caller: &Caller<'_>) -> Result<Partner, Error> {
    let secrets = &site.secrets;
    const REFUSED: Error = Error::Unauthorized { stale: false };
    let credentials = Credentials::parse(caller).ok_or(REFUSED)?;
    let username = credentials.username();
    let limited = limits::has_failed(now, caller.address);
    let known = if is_username(username) && (!limited || cache::is_remembered(username)) {
        cache::find(site, now, username).await?
    } else {
        None
    };
    let nobody = Ha1(hmac(secrets.ha1_key(), &[b"nobody", username.as_bytes()]));
    let ha1 = known.as_ref().and_then(|known| known.ha1.as_ref());
    let ha1 = ha1.unwrap_or(&nobody);
    let (right, fresh) = match &credentials {
        Credentials::Basic { ha1: given, .. } => (given.matches(ha1), true),
        Credentials::Digest(response) => {
            let state = secrets.nonce_state(&response.nonce, now);
            let right = response.is_right(ha1, caller.method, caller.target);
            (
                right && state != NonceState::Forged,
                state == NonceState::Fresh,
            )
        }
    };
    let Some(known) = known.filter(|_| right) else {
        // Not even how it is counted may tell who is known.
        if limited {
            return Err(limits::too_many());
        }
        return Err(limits::failed_login(site.env, now, caller.address, REFUSED).await);
    };
    if !fresh {
        return Err(Error::Unauthorized { stale: true });
    }
    admit(&known.profile, caller.address)?;
    limits::request(site.env, known.profile.partner_id).await?;
    Ok(Partner(known))
}

/// Authenticates the operator by its bearer token, in constant time.
///
/// # Errors
/// 404 when no `OPERATOR_TOKEN` is set: there is no operator's surface then. 401 for another token, or 429 when it is
/// one of too many.
pub async fn operator(env: &Env, now: &Now, caller: &Caller<'_>) -> Result<Operator, Error> {
    let token = operator_token(env).ok_or(Error::NotFound("path"))?;
    let given = caller
        .authorization
        .as_deref()
        .and_then(|authorization| authorization.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, token)| token.trim());
    // Comparing fingerprints takes the same time whatever the lengths are.
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
