//! Seals the partners' HA1 with AES-256-GCM, so that a leaked database opens no account. It uses the platform's
//! WebCrypto: the `aes-gcm` crate would add 10 KB to the wasm.

use base16ct::lower as hex;
use js_sys::futures::JsFuture;
use js_sys::{Array, Object, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AesGcmParams, CryptoKey, SubtleCrypto, WorkerGlobalScope};

use super::digest::Ha1;
use crate::http::error::Error;
use crate::platform::random;

/// Bytes of an AES-GCM nonce (NIST SP 800-38D §5.2.1.1).
const NONCE_BYTES: usize = 12;

/// Seals an HA1 with `key` and binds it to its user name. Returns a random nonce, the ciphertext and the tag, in hex.
///
/// # Errors
/// 500 if the platform's cryptography fails.
pub async fn seal(key: &[u8; 32], username: &str, ha1: &Ha1) -> Result<String, Error> {
    let nonce: [u8; NONCE_BYTES] = random::bytes()?;
    let sealed = run(key, &nonce, username, &ha1.0, Direction::Seal)
        .await
        .map_err(|_| Error::Internal("an HA1 could not be sealed".to_owned()))?;
    Ok(hex::encode_string(&[nonce.as_slice(), &sealed].concat()))
}

/// Opens a text that [`seal`] made. `None` if the key or the user name is another, or the text was changed.
pub async fn open(key: &[u8; 32], username: &str, sealed: &str) -> Option<Ha1> {
    let bytes = hex::decode_vec(sealed).ok()?;
    let (nonce, ciphertext) = bytes.split_first_chunk()?;
    let ha1 = run(key, nonce, username, ciphertext, Direction::Open).await;
    Some(Ha1(ha1.ok()?.try_into().ok()?))
}

enum Direction {
    Seal,
    Open,
}

async fn run(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    username: &str,
    data: &[u8],
    direction: Direction,
) -> Result<Vec<u8>, JsValue> {
    let global: WorkerGlobalScope = js_sys::global().unchecked_into();
    let subtle = global.crypto()?.subtle();
    let key = import(&subtle, key).await?;
    let params = AesGcmParams::new("AES-GCM", &Uint8Array::from(nonce.as_slice()));
    params.set_additional_data(&Uint8Array::from(username.as_bytes()));
    let done: Promise = match direction {
        Direction::Seal => subtle.encrypt_with_object_and_u8_array(&params, &key, data)?,
        Direction::Open => subtle.decrypt_with_object_and_u8_array(&params, &key, data)?,
    };
    Ok(Uint8Array::new(&JsFuture::from(done).await?).to_vec())
}

async fn import(subtle: &SubtleCrypto, key: &[u8; 32]) -> Result<CryptoKey, JsValue> {
    let raw: Object = Uint8Array::from(key.as_slice()).into();
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let key = subtle.import_key_with_str("raw", &raw, "AES-GCM", false, &usages)?;
    Ok(JsFuture::from(key).await?.unchecked_into())
}
