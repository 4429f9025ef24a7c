//! Repeated requests: the fingerprints of an `Idempotency-Key`, and the first result again.

use super::d1::Store;
use super::rows::{Results, Row};
use crate::auth::secrets::Secrets;
use crate::db::batch::Batch;
use crate::db::idempotency::{Fingerprints, Repeat, Repeated, key_fault};
use crate::http::call::Call;
use crate::http::error::Error;

/// The HMACs of a request's `Idempotency-Key` and of its parameters, as they were given, for a handler that creates
/// records of this kind. Call it before any parameter is taken. `None` without a key, or if the request is malformed.
///
/// The database keeps only these, because a key can hold personal data. The kind and the ids in the parameters stand for
/// the path, which can be written in several ways.
pub fn fingerprints(
    call: &mut Call,
    secrets: &Secrets,
    partner_id: i64,
    kind: &str,
) -> Option<Fingerprints> {
    let key = call.idempotency_key()?.to_owned();
    if let Some(fault) = key_fault(&key) {
        call.params.fault(fault);
        return None;
    }
    let params = call.params.as_given()?.to_string();
    let partner_id = partner_id.to_be_bytes();
    let (key, kind) = (key.as_bytes(), kind.as_bytes());
    let params: [&[u8]; 7] = [
        b"idempotency params",
        &partner_id,
        key,
        b"\n",
        kind,
        b"\n",
        params.as_bytes(),
    ];
    Some(Fingerprints {
        key: secrets.fingerprint(&[b"idempotency key", &partner_id, key]),
        params: secrets.fingerprint(&params),
    })
}

/// The records that the key has created before; `None` if it is not known.
///
/// # Errors
/// 400 for other parameters; 404 if a record was erased or removed.
pub fn repeated<N>(
    results: &Results<N>,
    at: Repeat,
    given: &Fingerprints,
) -> Result<Option<Vec<Row>>, Error> {
    let Some(found) = results.first(|_| at.found) else {
        return Ok(None);
    };
    let records = results.all(|_| at.records);
    let repeated = Repeated {
        params: found.text("params_hmac")?,
        made: usize::try_from(found.integer("made")?).unwrap_or(usize::MAX),
    };
    repeated.judge(&given.params, records.len())?;
    Ok(Some(records))
}

/// The records that the key of a request has created before, although the request is not valid today: a repeat is not
/// judged by rules that came later. `look_up` only looks at the key.
///
/// # Errors
/// `invalid` if no key came, or if it is not known; the errors of [`repeated`].
pub async fn repeated_although(
    invalid: Error,
    store: &Store,
    look_up: Option<Batch<Repeat>>,
    given: Option<&Fingerprints>,
) -> Result<Vec<Row>, Error> {
    let (Some(look_up), Some(given)) = (look_up, given) else {
        return Err(invalid);
    };
    let results = store.run(look_up).await?;
    repeated(&results, results.names, given)?.ok_or(invalid)
}
