//! The evidence of an erasure: its receipt as a compact JWS (RFC 7515), which anybody can verify without this service.
//!
//! ES256, because the common libraries of every language verify it; some refuse EdDSA. The signature of ES256 is random, so
//! it is stored. A receipt has one: it is signed anew only when what it tells has changed.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use super::receipt::{COUNTS, status};
use crate::auth::digest::REALM;
use crate::http::json::Json;

/// The claim `iss`. It is a name and not an address: a service may move to another domain, and its receipts stay valid.
pub const ISSUER: &str = REALM;

/// The `typ` in the header of a receipt, so that no other signed text can be taken for one (RFC 8725 §3.11).
pub const TYPE: &str = "erasure-receipt+jwt";

/// The claim that holds the receipt.
pub const CLAIM: &str = "erasure";

/// The public half of a key that signs receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The coordinates of the point on P-256, in base64url.
    pub x: String,
    /// See `x`.
    pub y: String,
}

impl PublicKey {
    /// The name of the key: its thumbprint (RFC 7638).
    pub fn kid(&self) -> String {
        let Self { x, y } = self;
        // The order of the members is the one that RFC 7638 asks for.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        base64url(&Sha256::digest(members))
    }

    /// The JSON Web Key (RFC 7517).
    pub fn jwk(&self) -> Json {
        Json::object([
            ("kty", "EC".into()),
            ("crv", "P-256".into()),
            ("x", self.x.as_str().into()),
            ("y", self.y.as_str().into()),
            ("kid", self.kid().into()),
            ("use", "sig".into()),
            ("alg", "ES256".into()),
        ])
    }
}

/// A signed receipt, and the key that verifies it.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The receipt as a compact JWS.
    pub jws: String,
    /// The key.
    pub key: PublicKey,
}

/// The receipt of an entry of the ledger, as the bare version of the API answers it, without its `jws`.
pub fn receipt(entry: &Json) -> Json {
    let member = |name| entry.get(name).cloned().unwrap_or(Json::Null);
    let is_masking = member("completed_at").as_text() == Some("");
    let backups_until = match is_masking {
        true => "".into(),
        false => member("backups_until"),
    };
    let mut members = vec![
        ("customer_id", member("customer_id")),
        ("uuid", member("uuid")),
        ("removed_at", member("removed_at")),
        ("status", status(is_masking).into()),
        ("completed_at", member("completed_at")),
        ("reerased_at", member("reerased_at")),
        ("backups_until", backups_until),
    ];
    members.extend(COUNTS.map(|name| (name, member(name))));
    let members = members.into_iter();
    Json::Object(
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// What of a JWS is signed: the header and the claims. `iat` is the time of the signature in seconds since 1970, and `jti` its
/// unique name.
pub fn signing_input(kid: &str, uuid: &str, iat: i64, jti: &str, receipt: Json) -> String {
    let header = Json::object([
        ("alg", "ES256".into()),
        ("typ", TYPE.into()),
        ("kid", kid.into()),
    ]);
    let claims = Json::object([
        ("iss", ISSUER.into()),
        ("sub", uuid.into()),
        ("iat", iat.into()),
        ("jti", jti.into()),
        (CLAIM, receipt),
    ]);
    let part = |part: Json| base64url(part.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

/// The compact JWS of an input and its signature: both numbers of ES256, 64 bytes (RFC 7518 §3.4).
pub fn compact(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", base64url(signature))
}

fn base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and its thumbprint are those of RFC 9449 §6.1, in whose examples the thumbprint stands as `jkt`.
    #[test]
    fn the_name_of_a_key_is_its_thumbprint() {
        let key = PublicKey {
            x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs".to_owned(),
            y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA".to_owned(),
        };
        assert_eq!(key.kid(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        let jwk = key.jwk();
        assert_eq!(jwk.get("kid").and_then(Json::as_text), Some(&*key.kid()));
    }

    #[test]
    fn what_is_signed_is_the_header_and_the_claims() {
        let receipt = Json::object([("customer_id", 7.into())]);
        let jws = compact(&signing_input("k", "u", 9, "j", receipt), &[0xff; 64]);
        let parts: Vec<String> = jws
            .split('.')
            .map(|part| Base64UrlUnpadded::decode_vec(part).unwrap())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        let [header, claims, _] = parts.as_slice() else {
            panic!("{parts:?}");
        };
        assert_eq!(
            header,
            r#"{"alg":"ES256","typ":"erasure-receipt+jwt","kid":"k"}"#
        );
        assert_eq!(
            claims,
            r#"{"iss":"customers","sub":"u","iat":9,"jti":"j","erasure":{"customer_id":7}}"#
        );
    }
}
