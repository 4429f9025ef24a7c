//! The Worker's secrets.

use worker::Env;

use super::digest::{self, NonceState, hmac};
use crate::http::error::Error;
use crate::http::time::Now;
use crate::platform::bindings;

/// The secrets without which nobody can be let in.
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
            let secret = bindings::secret(env, name).ok_or_else(|| wrong("missing"))?;
            let bytes = base16ct::mixed::decode_vec(secret).ok();
            bytes
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| wrong("not 64 hex digits"))
        };
        const PREVIOUS: &str = "NONCE_SECRET_PREVIOUS";
        let previous = bindings::secret(env, PREVIOUS).filter(|secret| !secret.is_empty());
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
    pub fn nonce_state(&self, nonce: &str, now: &Now) -> NonceState {
        let state = |secret: &[u8; 32]| digest::nonce_state(secret, nonce, now.seconds());
        match (state(&self.nonce_secret), &self.nonce_secret_previous) {
            (NonceState::Forged, Some(previous)) => state(previous),
            (state, _) => state,
        }
    }

    /// A nonce for a challenge.
    pub fn nonce(&self, now: &Now) -> String {
        digest::nonce(&self.nonce_secret, now.seconds())
    }
}

/// The operator's token; `None` when it is not set, or set to nothing.
pub fn operator_token(env: &Env) -> Option<String> {
    bindings::secret(env, "OPERATOR_TOKEN").filter(|token| !token.is_empty())
}
