//! The Worker's secrets.

use base64ct::{Base64, Encoding};
use worker::Env;

use super::digest::{self, NonceState, hmac};
use crate::http::error::Error;
use crate::http::time::Now;
use crate::platform::bindings;

/// The secrets that requests need, besides the operator's token.
pub struct Secrets {
    nonce_secret: [u8; 32],
    /// The previous `nonce_secret`. Its nonces stay valid during a rotation.
    nonce_secret_previous: Option<[u8; 32]>,
    ha1_key: [u8; 32],
    receipt_key: Vec<u8>,
}

impl Secrets {
    /// Reads the secrets.
    ///
    /// # Errors
    /// 500 if a secret is missing or malformed. The log names it.
    pub fn read(env: &Env) -> Result<Self, Error> {
        let wrong = |name: &str, what: &str| Error::Internal(format!("secret {name} is {what}"));
        let text = |name: &str| bindings::secret(env, name).ok_or_else(|| wrong(name, "missing"));
        let read = |name: &str| {
            let bytes = base16ct::mixed::decode_vec(text(name)?).ok();
            bytes
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| wrong(name, "not 64 hex digits"))
        };
        const PREVIOUS: &str = "NONCE_SECRET_PREVIOUS";
        let previous = bindings::secret(env, PREVIOUS).filter(|secret| !secret.is_empty());
        let previous = previous.map(|_| read(PREVIOUS));
        Ok(Self {
            nonce_secret: read("NONCE_SECRET")?,
            nonce_secret_previous: previous.transpose()?,
            ha1_key: read("HA1_KEY")?,
            receipt_key: Base64::decode_vec(&text("RECEIPT_KEY")?)
                .map_err(|_| wrong("RECEIPT_KEY", "not in base64"))?,
        })
    }

    /// The key that seals every HA1.
    pub fn ha1_key(&self) -> &[u8; 32] {
        &self.ha1_key
    }

    /// The private key that signs receipts, in PKCS#8.
    pub fn receipt_key(&self) -> &[u8] {
        &self.receipt_key
    }

    /// A fingerprint of the parts. Without the secrets, it reveals nothing about them.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> String {
        base16ct::lower::encode_string(&hmac(&self.ha1_key, parts))
    }

    /// Checks a nonce that a client sent.
    pub fn nonce_state(&self, nonce: &str, now: &Now) -> NonceState {
        let state = |secret: &[u8; 32]| digest::nonce_state(secret, nonce, now.seconds());
        match (state(&self.nonce_secret), &self.nonce_secret_previous) {
            (NonceState::Forged, Some(previous)) => state(previous),
            (state, _) => state,
        }
    }

    /// A fingerprint of a digest's one use: of its nonce, `nc` and `cnonce`. Only we can find two that are alike.
    pub fn use_of(&self, response: &digest::Response) -> u64 {
        let digest::Response {
            nonce, nc, cnonce, ..
        } = response;
        let parts = ["use", nonce, ":", nc, ":", cnonce].map(str::as_bytes);
        let [a, b, c, d, e, f, g, h, ..] = hmac(&self.nonce_secret, &parts);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Makes a nonce for a challenge.
    pub fn nonce(&self, now: &Now) -> String {
        digest::nonce(&self.nonce_secret, now.seconds())
    }
}

/// The operator's token. `None` if it is absent or empty.
pub fn operator_token(env: &Env) -> Option<String> {
    bindings::secret(env, "OPERATOR_TOKEN").filter(|token| !token.is_empty())
}
