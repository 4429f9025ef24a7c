//! Reads a request's body once, up to a limit, and decodes it by its media type.

use js_sys::futures::JsFuture;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStream, ReadableStreamDefaultReader, Request};

use crate::http::body::BodyRules;
use crate::http::decode::{MediaType, looks_like_json, media_type, unsupported_encoding};
use crate::http::error::{Error, Fault};
use crate::http::params::Params;

/// How many bytes of a body are read even if it is over its limit.
const DISCARD_LIMIT: usize = 16 * 1024 * 1024;

/// The media types that a body may have, as a 415 names them.
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const FORM_OR_JSON: &str = "application/x-www-form-urlencoded or application/json";

/// Adds the parameters in a request's body. A `POST` or `PUT` may send a form or JSON. A `DELETE` may send only a form,
/// because the published PHP client does. A `GET` or `HEAD` may send none: a filter in it would be lost.
///
/// # Errors
/// 400 for a malformed body, or if the query of a `POST` or `PUT` holds more than ids; 413; 415.
pub async fn read(request: &Request, rules: BodyRules, params: &mut Params) -> Result<(), Error> {
    let method = request.method();
    let accepted = match method.as_str() {
        "POST" | "PUT" if rules.takes_forms => FORM_OR_JSON,
        "POST" | "PUT" => JSON,
        "DELETE" => FORM,
        _ => {
            params.faults(misplaced(request).await);
            return Ok(());
        }
    };
    if method != "DELETE" {
        params.expect_ids_only_in_query();
    }
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let (content_type, encoding) = (header("Content-Type"), header("Content-Encoding"));
    let media_type = content_type.as_deref().and_then(media_type);
    let limit = match (rules.list, &media_type) {
        (Some(_), Some(MediaType::Json)) => BodyRules::BATCH.limit,
        _ => rules.limit,
    };
    let body = read_capped(request, limit).await?;
    if body.is_empty() {
        return Ok(());
    }
    if let Some(encoding) = encoding.as_deref().and_then(unsupported_encoding) {
        return Err(Error::UnsupportedContentEncoding(encoding));
    }
    match media_type {
        Some(MediaType::Form) if looks_like_json(&body) => {
            let message = if accepted == FORM {
                "the body is JSON; send its parameters in the query, or as a form"
            } else {
                "the body is JSON, but was sent as a form; send the header Content-Type: application/json"
            };
            let fault = Fault::of_request("looks_like_json", message);
            return Err(Error::Invalid(vec![fault]));
        }
        Some(MediaType::Form) if accepted != JSON => params.add_form(&body)?,
        Some(MediaType::Json) if accepted != FORM => params.add_json(&body)?,
        _ => return Err(Error::UnsupportedMediaType(accepted)),
    }
    let is_batch = rules.list.is_some_and(|list| params.has(list));
    if body.len() > rules.limit && !is_batch {
        return Err(Error::BodyTooLarge(rules.limit));
    }
    Ok(())
}

/// Checks that a `GET` or `HEAD` has no body.
///
/// # Errors
/// 400 if it has one.
pub async fn expect_none(request: &Request) -> Result<(), Error> {
    let fault = misplaced(request).await;
    fault.map_or(Ok(()), |fault| Err(Error::Invalid(vec![fault])))
}

/// The fault of a `GET` or `HEAD` that has a body.
async fn misplaced(request: &Request) -> Option<Fault> {
    let body = read_capped(request, 0).await;
    let message = "this request has its parameters in the query, not in a body";
    let fault = || Fault::of_request("misplaced_parameter", message);
    (!body.is_ok_and(|body| body.is_empty())).then(fault)
}

/// Reads a body up to the limit. It does not trust `Content-Length`.
async fn read_capped(request: &Request, limit: usize) -> Result<Vec<u8>, Error> {
    let too_large = || Error::BodyTooLarge(limit);
    let declared = request.headers().get("Content-Length").ok().flatten();
    if declared.and_then(|length| length.parse().ok()) > Some(limit) {
        return Err(too_large());
    }
    let Some(stream) = request.body() else {
        return Ok(Vec::new());
    };
    let broken = |_| {
        let message = "the body ended too early";
        Error::Invalid(vec![Fault::of_request("incomplete_body", message)])
    };
    read_stream(&stream, limit)
        .await
        .map_err(broken)?
        .ok_or_else(too_large)
}

/// Reads and drops a body that nobody has read, up to [`DISCARD_LIMIT`]: a request that is refused before its body is read has
/// one too. The platform's router before the Worker loses the answer while the client still sends.
pub async fn discard(request: &Request) {
    if let Some(stream) = request.body().filter(|_| !request.body_used()) {
        // The client may have gone.
        let _ = read_stream(&stream, 0).await;
    }
}

/// Reads a whole stream; `None` if it has more bytes than the limit. It reads and drops the bytes over the limit, up to
/// [`DISCARD_LIMIT`], because a client that is still sending would not see an answer.
async fn read_stream(stream: &ReadableStream, limit: usize) -> Result<Option<Vec<u8>>, JsValue> {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut body = Vec::new();
    let mut length = 0;
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        let is_over = length > DISCARD_LIMIT;
        if is_over || Reflect::get(&chunk, &"done".into())?.is_truthy() {
            return Ok((length <= limit).then_some(body));
        }
        let bytes = Uint8Array::new(&Reflect::get(&chunk, &"value".into())?);
        length += bytes.length() as usize;
        if length <= limit {
            body.extend_from_slice(&bytes.to_vec());
        }
    }
}
