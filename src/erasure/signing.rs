//! Signs receipts by the platform's WebCrypto: a crate for P-256 would weigh in the wasm.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::futures::JsFuture;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, SubtleCrypto, WorkerGlobalScope};
use worker::Env;

use super::evidence::{PublicKey, Signed, compact, receipt, signing_input};
use crate::auth::secrets::Secrets;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::platform::{clock, random};

thread_local! {
    /// The signer of this isolate. A new secret starts new isolates.
    static SIGNER: RefCell<Option<Rc<Signer>>> = const { RefCell::new(None) };
}

/// The key that signs receipts.
#[derive(Debug)]
pub struct Signer {
    key: CryptoKey,
    /// Its public half.
    pub public: PublicKey,
}

impl Signer {
    /// The signer of the secret `RECEIPT_KEY`.
    ///
    /// # Errors
    /// 500 if the secret is missing or is no private key on P-256. The log says so.
    pub async fn of(env: &Env) -> Result<Rc<Self>, Error> {
        if let Some(signer) = SIGNER.with_borrow(Clone::clone) {
            return Ok(signer);
        }
        let secrets = Secrets::read(env)?;
        let signer = Self::import(secrets.receipt_key()).await.map_err(|_| {
            let wrong = "secret RECEIPT_KEY is no private key on P-256 in PKCS#8";
            Error::Internal(wrong.to_owned())
        })?;
        let signer = Rc::new(signer);
        SIGNER.set(Some(Rc::clone(&signer)));
        Ok(signer)
    }

    async fn import(pkcs8: &[u8]) -> Result<Self, JsValue> {
        let subtle = subtle()?;
        let pkcs8: Object = Uint8Array::from(pkcs8).into();
        let usages = Array::of1(&"sign".into());
        // The platform tells the public half of a private key only by exporting it.
        let key = subtle.import_key_with_object("pkcs8", &pkcs8, &es256()?, true, &usages)?;
        let key: CryptoKey = JsFuture::from(key).await?.unchecked_into();
        let jwk = JsFuture::from(subtle.export_key("jwk", &key)?).await?;
        let coordinate = |name: &str| {
            let value = Reflect::get(&jwk, &name.into())?;
            value.as_string().ok_or(value)
        };
        let public = PublicKey {
            x: coordinate("x")?,
            y: coordinate("y")?,
        };
        Ok(Self { key, public })
    }

    /// Signs the receipt of an entry of the ledger.
    ///
    /// # Errors
    /// 500 if the platform's cryptography fails, or the entry is none.
    pub async fn sign(&self, entry: &str) -> Result<Signed, Error> {
        let entry = Json::parse(entry.as_bytes());
        let entry = entry.map_err(|_| Error::Internal("an entry is not JSON".to_owned()))?;
        let uuid = entry.get("uuid").and_then(Json::as_text);
        let (kid, jti) = (self.public.kid(), random::uuid()?);
        let iat = clock::millis() / 1000;
        let input = signing_input(&kid, uuid.unwrap_or_default(), iat, &jti, receipt(&entry));
        let signature = self.signature(input.as_bytes()).await;
        let signature =
            signature.map_err(|_| Error::Internal("a receipt could not be signed".to_owned()))?;
        Ok(Signed {
            jws: compact(&input, &signature),
            key: self.public.clone(),
        })
    }

    async fn signature(&self, input: &[u8]) -> Result<Vec<u8>, JsValue> {
        let signature = subtle()?.sign_with_object_and_u8_array(&es256()?, &self.key, input)?;
        Ok(Uint8Array::new(&JsFuture::from(signature).await?).to_vec())
    }
}

fn subtle() -> Result<SubtleCrypto, JsValue> {
    let global: WorkerGlobalScope = js_sys::global().unchecked_into();
    Ok(global.crypto()?.subtle())
}

/// The algorithm, both as one imports a key for it and as one signs by it.
fn es256() -> Result<Object, JsValue> {
    let algorithm = Object::new();
    for (name, value) in [
        ("name", "ECDSA"),
        ("namedCurve", "P-256"),
        ("hash", "SHA-256"),
    ] {
        Reflect::set(&algorithm, &name.into(), &value.into())?;
    }
    Ok(algorithm)
}
