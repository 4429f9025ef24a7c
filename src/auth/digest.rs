//! HTTP Digest (RFC 7616) with `qop="auth"` and SHA-256, and stateless nonces.

use base16ct::lower as hex;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

/// The realm. Every stored HA1 contains it, so it must never change.
pub const REALM: &str = "customers";

/// How long a nonce is valid, in seconds.
pub const NONCE_LIFETIME: u64 = 300;

/// The most parameters of credentials. RFC 7616 knows 12.
pub const PARAMETERS_MAX: usize = 16;

/// Bytes of a nonce: 8 for the time, 32 for the HMAC. A nonce is sent as twice as many hexadecimal digits.
const NONCE_BYTES: usize = 8 + 32;

/// HA1 = SHA-256(username:realm:password), RFC 7616 §3.4.2. It is as secret as the password: a client can log in with
/// either.
pub struct Ha1(pub [u8; 32]);

impl Ha1 {
    /// Computes the HA1 of a user name and password in [`REALM`].
    pub fn of(username: &str, password: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [username, ":", REALM, ":", password] {
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The parameters of `Authorization: Digest …`, with the names of RFC 7616 §3.4.
#[expect(missing_docs, reason = "RFC 7616 §3.4 defines each")]
pub struct Response {
    pub username: String,
    pub realm: String,
    pub nonce: String,
    pub uri: String,
    pub nc: String,
    pub cnonce: String,
    pub response: String,
}

impl Response {
    /// Parses the text after `Digest `. `None` unless it is a complete response with `qop=auth` and SHA-256 that has
    /// each parameter at most once, and at most [`PARAMETERS_MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        let mut given = parameters(text)?;
        let mut take = |name: &str| {
            let at = given.iter().position(|(given, _)| given == name)?;
            Some(given.swap_remove(at).1)
        };
        let algorithm = take("algorithm")?;
        let qop = take("qop")?;
        if !algorithm.eq_ignore_ascii_case("SHA-256") || !qop.eq_ignore_ascii_case("auth") {
            return None;
        }
        Some(Self {
            username: take("username")?,
            realm: take("realm")?,
            nonce: take("nonce")?,
            uri: take("uri")?,
            nc: take("nc")?,
            cnonce: take("cnonce")?,
            response: take("response")?,
        })
    }

    /// Whether this response proves knowledge of `ha1` for this method and target (RFC 7616 §3.4.1).
    /// It does not check the nonce: [`nonce_state`] does.
    pub fn is_right(&self, ha1: &Ha1, method: &str, target: &str) -> bool {
        let ha2 = hex_hash(&[method, ":", &self.uri]);
        let expected = hex_hash(&[
            &hex::encode_string(&ha1.0),
            ":",
            &self.nonce,
            ":",
            &self.nc,
            ":",
            &self.cnonce,
            ":auth:",
            &ha2,
        ]);
        let given = self.response.to_ascii_lowercase();
        let right: bool = expected.as_bytes().ct_eq(given.as_bytes()).into();
        right && self.realm == REALM && normal_target(&self.uri) == normal_target(target)
    }
}

/// Whether these are parameters of a digest with another algorithm. Without a name of one, it is MD5 (RFC 7616 §3.3).
pub fn has_other_algorithm(text: &str) -> bool {
    let is = |name: &str, value: &str| name == "algorithm" && value.eq_ignore_ascii_case("SHA-256");
    parameters(text).is_some_and(|given| {
        !given.is_empty() && !given.iter().any(|(name, value)| is(name, value))
    })
}

/// The names, in lower case, and values of parameters. `None` if they are malformed, too many, or one is given twice.
fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let mut given: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_string(quoted)?,
            None => {
                let (token, after) = after.split_once(',').unwrap_or((after, ""));
                (token.trim().to_owned(), after)
            }
        };
        let is_twice = given.iter().any(|(earlier, _)| *earlier == name);
        if is_twice || given.len() == PARAMETERS_MAX {
            return None;
        }
        given.push((name, value));
        rest = after.trim_start();
    }
    Some(given)
}

/// Reads a quoted string after its first quote. Returns its value and the text after the next comma. A backslash
/// escapes the next character (RFC 9110 §5.6.4).
fn quoted_string(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
    let after = chars.as_str().trim_start();
    if after.is_empty() {
        Some((value, after))
    } else {
        Some((value, after.strip_prefix(',')?))
    }
}

/// Normalises a request target (RFC 3986 §6.2.2): it removes scheme and authority, decodes characters that need no
/// percent-encoding, and encodes those that need it. A client hashes the target that it sent, but the platform only
/// shows the target that its URL parser produced, which may be spelled differently.
fn normal_target(target: &str) -> String {
    const UNRESERVED: &[u8] = b"-._~";
    // The apostrophe is absent: the platform encodes it in a query, but not in a path.
    const LEFT_ALONE: &[u8] = b"/?&=+,:;@!$()*%[]|^";
    let path = if target.starts_with('/') {
        target
    } else {
        let path_start = target.match_indices('/').nth(2);
        path_start
            .and_then(|(at, _)| target.get(at..))
            .unwrap_or("/")
    };
    let mut normal = String::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let mut digit = || char::from(ahead.next()?).to_digit(16);
        let encoded = match (byte, digit(), digit()) {
            (b'%', Some(high), Some(low)) => u8::try_from(high << 4 | low).ok(),
            _ => None,
        };
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || UNRESERVED.contains(&byte);
        match encoded {
            Some(decoded) => {
                rest.next();
                rest.next();
                if unreserved(decoded) {
                    normal.push(char::from(decoded));
                } else {
                    encode(&mut normal, decoded);
                }
            }
            None if unreserved(byte) || LEFT_ALONE.contains(&byte) => normal.push(char::from(byte)),
            None => encode(&mut normal, byte),
        }
    }
    normal
}

fn encode(text: &mut String, byte: u8) {
    text.push('%');
    text.push_str(&hex::encode_string(&[byte]));
}

/// Whether a nonce is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceState {
    /// This service made it at most [`NONCE_LIFETIME`] seconds ago.
    Fresh,
    /// This service made it, but too long ago.
    Expired,
    /// This service did not make it.
    Forged,
}

/// Makes a nonce: the time, and its HMAC with the secret. The service can check it without storing it.
///
/// `now` is in seconds since 1970.
pub fn nonce(secret: &[u8], now: u64) -> String {
    let time = now.to_be_bytes();
    let mut nonce = [0; NONCE_BYTES];
    let (head, tail) = nonce.split_at_mut(time.len());
    head.copy_from_slice(&time);
    tail.copy_from_slice(&hmac(secret, &["nonce".as_bytes(), &time]));
    hex::encode_string(&nonce)
}

/// Checks a nonce that a client sent.
pub fn nonce_state(secret: &[u8], nonce: &str, now: u64) -> NonceState {
    let Some((time, mac)) = hex::decode_vec(nonce)
        .ok()
        .filter(|bytes| bytes.len() == NONCE_BYTES)
        .and_then(|bytes| {
            let (time, mac) = bytes.split_first_chunk::<8>()?;
            Some((*time, mac.to_vec()))
        })
    else {
        return NonceState::Forged;
    };
    let made_here: bool = hmac(secret, &["nonce".as_bytes(), &time])
        .ct_eq(&mac[..])
        .into();
    let age = now.checked_sub(u64::from_be_bytes(time));
    match age {
        _ if !made_here => NonceState::Forged,
        Some(age) if age <= NONCE_LIFETIME => NonceState::Fresh,
        _ => NonceState::Expired,
    }
}

/// HMAC-SHA-256 of the concatenated parts. If the secret serves several purposes, the first part must name the purpose.
pub fn hmac(secret: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104 §2)"
    )]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn hex_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode_string(&hash.finalize())
}

#[cfg(test)]
mod tests;
