//! Reads a request's body: once, capped, and by its media type.

use js_sys::futures::JsFuture;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStream, ReadableStreamDefaultReader, Request};

use crate::http::body::BodyRules;
use crate::http::decode::{MediaType, media_type};
use crate::http::error::{Error, Fault};
use crate::http::params::Params;

/// How many bytes of a body that is too large are read all the same.
const DISCARD_LIMIT: usize = 16 * 1024 * 1024;

/// Which media types a body may have, as a 415 names them.
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const FORM_OR_JSON: &str = "application/x-www-form-urlencoded or application/json";

/// Adds the parameters in a request's body: of a `POST` or `PUT` a form or JSON, of a `DELETE` a form
/// alone (the published PHP client sends it one). A `GET` has none.
///
/// # Errors
/// 400 for a malformed body, or parameters of a `POST` or `PUT` in its query; 413; 415.
pub async fn read(request: &Request, rules: BodyRules, params: &mut Params) -> Result<(), Error> {
    let method = request.method();
    let accepted = match method.as_str() {
        "POST" | "PUT" if rules.takes_forms => FORM_OR_JSON,
        "POST" | "PUT" => JSON,
        "DELETE" => FORM,
        _ => return Ok(()),
    };
    if method != "DELETE" {
        params.expect_ids_only_in_query();
    }
    let content_type = request.headers().get("Content-Type").ok().flatten();
    let body = read_capped(request, rules.limit).await?;
    if body.is_empty() {
        return Ok(());
    }
    match content_type.as_deref().and_then(media_type) {
        Some(MediaType::Form) if accepted != JSON => params.add_form(&body),
        Some(MediaType::Json) if accepted != FORM => params.add_json(&body),
        _ => Err(Error::UnsupportedMediaType(accepted)),
    }
}

/// Reads no more than the cap, whatever the request says of its length.
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
        let message = "the body broke off before its end";
        Error::Invalid(vec![Fault::of_request("incomplete_body", message)])
    };
    read_stream(&stream, limit)
        .await
        .map_err(broken)?
        .ok_or_else(too_large)
}

/// The whole of a stream; `None` when it has more bytes than the cap. What is over it is read and
/// dropped, up to [`DISCARD_LIMIT`]: a client that is still sending would not see an answer.
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
