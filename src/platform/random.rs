//! Random bytes from the platform's cryptographic source.

use crate::http::error::Error;

/// `N` random bytes.
///
/// # Errors
/// 500 if the platform supplies none.
pub fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Internal(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// A UUID, version 4 (RFC 9562 §5.4).
///
/// # Errors
/// 500 as for [`bytes`].
pub fn uuid() -> Result<String, Error> {
    let uuid = uuid::Builder::from_random_bytes(bytes()?).into_uuid();
    Ok(uuid.to_string())
}
