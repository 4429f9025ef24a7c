//! Who is calling: a [`Partner`] *value*, without which no handler of the partner API can be called.

use std::net::IpAddr;
use std::ops::Deref;
use std::rc::Rc;

use subtle::ConstantTimeEq;
use worker::Env;

use crate::call::Site;
use crate::clock::Now;
use crate::error::Error;
use crate::partners::{self, Profile};
use crate::platform;

pub mod basic;
pub mod digest;
mod limits;
mod networks;
pub mod seal;

use digest::{Ha1, NonceState, hmac};

/// A partner whose credentials, network and rate were found in order. Only this module makes one.
pub struct Partner(Rc<Profile>);

impl Deref for Partner {
    type Target = Profile;
    fn deref(&self) -> &Profile {
        &self.0
    }
}

/// The operator: whoever has the `OPERATOR_TOKEN`. Only this module makes one.
#[derive(Debug)]
pub struct Operator(());

/// The Worker's secrets, without which nobody can be let in.
pub struct Secrets {
    nonce_secret: [u8; 32],
    /// The one before, whose nonces are still good while it is being replaced.
    nonce_secret_previous: Option<[u8; 32]>,
    ha1_key: [u8; 32],
}

impl Secrets {
    /// Reads the secrets.
    ///
    /// # Errors
    /// 500, naming in the log the one that is missing or malformed.
    pub fn read(env: &Env) -> Result<Self, Error> {
        let read = |name: &str| {
            let wrong = |what: &str| Error::Internal(format!("secret {name} is {what}"));
            let secret = platform::secret(env, name).ok_or_else(|| wrong("missing"))?;
            let bytes = base16ct::mixed::decode_vec(secret).ok();
            bytes
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| wrong("not 64 hex digits"))
        };
        const PREVIOUS: &str = "NONCE_SECRET_PREVIOUS";
        let previous = platform::secret(env, PREVIOUS).filter(|secret| !secret.is_empty());
        let previous = previous.map(|_| read(PREVIOUS));
        Ok(Self {
            nonce_secret: read("NONCE_SECRET")?,
            nonce_secret_previous: previous.transpose()?,
            ha1_key: read("HA1_KEY")?,
        })
    }

    /// The key that HA1 is sealed with.
    pub fn ha1_key(&self) -> &[u8; 32] {
        &self.ha1_key
    }

    /// A fingerprint that says nothing of what it was made from without the secrets.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> String {
        base16ct::lower::encode_string(&hmac(&self.ha1_key, parts))
    }

    /// What a nonce that came back is worth.
    fn nonce_state(&self, nonce: &str, now: Now) -> NonceState {
        let state = |secret: &[u8; 32]| digest::nonce_state(secret, nonce, now.seconds());
        match (state(&self.nonce_secret), &self.nonce_secret_previous) {
            (NonceState::Forged, Some(previous)) => state(previous),
            (state, _) => state,
        }
    }

    /// A nonce for a challenge.
    pub fn nonce(&self, now: Now) -> String {
        digest::nonce(&self.nonce_secret, now.seconds())
    }
}

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
/// 2. the partner's HA1, or one that nobody has, so that an unknown user's answer is judged like any; where too
///    many logins have failed, only who is remembered is looked for;
/// 3. the right answer, with a nonce made here, else 401, or 429 when it is one of too many, whoever's it is; `stale`
///    when only the nonce is too old;
/// 4. enabled, and calling from one of its networks, else 403;
/// 5. within its rate, else 429.
///
/// # Errors
/// As listed; 503 when the store has to be asked and fails.
pub async fn partner(site: &Site<'_>, now: Now, caller: &Caller<'_>) -> Result<Partner, Error> {
    let secrets = &site.secrets;
    const REFUSED: Error = Error::Unauthorized { stale: false };
    let credentials = Credentials::parse(caller).ok_or(REFUSED)?;
    let username = credentials.username();
    let limited = limits::has_failed(now, caller.address);
    let profile = if is_username(username) && (!limited || partners::is_remembered(username)) {
        partners::find(site, now, username).await?
    } else {
        None
    };
    let nobody = Ha1(hmac(&secrets.ha1_key, &[b"nobody", username.as_bytes()]));
    let ha1 = profile.as_ref().and_then(|profile| profile.ha1.as_ref());
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
    let Some(profile) = profile.filter(|_| right) else {
        // Not even how it is counted may tell who is known.
        if limited {
            return Err(limits::too_many());
        }
        return Err(limits::failed_login(site.env, now, caller.address, REFUSED).await);
    };
    if !fresh {
        return Err(Error::Unauthorized { stale: true });
    }
    admit(&profile, caller.address)?;
    limits::request(site.env, profile.partner_id).await?;
    Ok(Partner(profile))
}

/// Step 4: a partner that is known may still not be let in.
fn admit(profile: &Profile, address: Option<IpAddr>) -> Result<(), Error> {
    if !profile.enabled {
        return Err(Error::Forbidden("this partner is disabled"));
    }
    let networks = &profile.allowed_networks;
    let is_inside = |address| networks::contain(networks, address);
    if networks.is_empty() || address.is_some_and(is_inside) {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "this partner may not call from this network",
        ))
    }
}

/// Authenticates the operator by its bearer token, in constant time.
///
/// # Errors
/// 404 when no `OPERATOR_TOKEN` is set: there is no operator's surface then. 401 for another token, or 429 when it is
/// one of too many.
pub async fn operator(env: &Env, now: Now, caller: &Caller<'_>) -> Result<Operator, Error> {
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

/// The operator's token; `None` when it is not set, or set to nothing.
pub fn operator_token(env: &Env) -> Option<String> {
    platform::secret(env, "OPERATOR_TOKEN").filter(|token| !token.is_empty())
}

/// The most characters of a partner's user name.
pub const USERNAME_MAX: usize = 45;

/// Whether a text can be a partner's user name: 1 to [`USERNAME_MAX`] of `[A-Za-z0-9._-]`.
pub fn is_username(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=USERNAME_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_plain_and_at_most_45_characters() {
        for (username, valid) in [
            ("a", true),
            ("A.b_c-9", true),
            (&"a".repeat(45), true),
            (&"a".repeat(46), false),
            ("", false),
            ("a b", false),
            ("a:b", false),
            ("ä", false),
        ] {
            assert_eq!(is_username(username), valid, "{username}");
        }
    }

    fn profile(networks: &[&str], enabled: bool) -> Profile {
        Profile {
            partner_id: 1,
            username: "p".into(),
            country: String::new(),
            allowed_networks: networks.iter().map(ToString::to_string).collect(),
            enabled,
            ha1: None,
            custom_fields: Vec::new(),
            read_at: 0,
        }
    }

    #[test]
    fn a_partner_is_held_to_its_networks_if_it_has_any() {
        let inside = Some("192.0.2.7".parse().unwrap());
        let outside = Some("192.0.3.7".parse().unwrap());
        let fenced = profile(&["192.0.2.0/24"], true);
        assert!(admit(&fenced, inside).is_ok());
        assert!(admit(&fenced, outside).is_err());
        assert!(admit(&fenced, None).is_err());
        assert!(admit(&profile(&[], true), outside).is_ok());
        assert!(admit(&profile(&[], true), None).is_ok());
        assert!(admit(&profile(&[], false), None).is_err());
    }
}
