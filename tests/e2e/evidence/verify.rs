//! The program in Rust of site/guide/evidence.md, as it stands there.

use std::error::Error;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

/// The receipt that a JWS holds. `keys` is what `/.well-known/jwks.json` answered.
pub fn verified(jws: &str, keys: &str) -> Result<Value, Box<dyn Error>> {
    let keys: JwkSet = serde_json::from_str(keys)?;
    let header = decode_header(jws)?;
    if header.typ.as_deref() != Some("erasure-receipt+jwt") {
        return Err("this is no receipt".into());
    }
    let key = keys.find(header.kid.as_deref().unwrap_or_default());
    let key = DecodingKey::from_jwk(key.ok_or("the key is not known")?)?;
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&["customers"]);
    // A receipt does not expire.
    rules.set_required_spec_claims(&["iss", "sub"]);
    let claims = decode::<Value>(jws, &key, &rules)?.claims;
    Ok(claims["erasure"].clone())
}
