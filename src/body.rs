//! Reads a request's body: once, capped, and by its media type.

use js_sys::futures::JsFuture;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStream, ReadableStreamDefaultReader, Request};

use crate::decode::{MediaType, media_type};
use crate::error::{Error, Fault};
use crate::request::{BODY_LIMIT, Params};

/// Which media types a body may have, as a 415 names them.
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const FORM_OR_JSON: &str = "application/x-www-form-urlencoded or application/json";

/// Adds the parameters in a request's body: of a `POST` or `PUT` a form or JSON, of the operator's JSON
/// alone, of a `DELETE` a form alone (the published PHP client sends it one). A `GET` has none.
///
/// # Errors
/// 400 for a malformed body, or parameters of a `POST` or `PUT` in its query; 413; 415.
pub async fn read(request: &Request, is_operator: bool, params: &mut Params) -> Result<(), Error> {
    let method = request.method();
    let accepted = match method.as_str() {
        "POST" | "PUT" if is_operator => JSON,
        "POST" | "PUT" => FORM_OR_JSON,
        "DELETE" => FORM,
        _ => return Ok(()),
    };
    if method != "DELETE" {
        params.expect_ids_only_in_query();
    }
    let content_type = request.headers().get("Content-Type").ok().flatten();
    let body = read_capped(request).await?;
    if body.is_empty() {
        return Ok(());
    }
    let unsupported = Error::UnsupportedMediaType(accepted);
    match content_type.as_deref().and_then(media_type) {
        Some(MediaType::Form) if accepted != JSON => params.add_form(&body),
        Some(MediaType::Json) if accepted != FORM => params.add_json(&body),
        _ => Err(unsupported),
    }
}

/// Reads no more than the cap, whatever the request says of its length.
async fn read_capped(request: &Request) -> Result<Vec<u8>, Error> {
    let too_large = || Error::BodyTooLarge(BODY_LIMIT);
    let declared = request.headers().get("Content-Length").ok().flatten();
    if declared.and_then(|length| length.parse().ok()) > Some(BODY_LIMIT) {
        return Err(too_large());
    }
    let Some(stream) = request.body() else {
        return Ok(Vec::new());
    };
    let broken = |_| {
        let message = "the body broke off before its end";
        Error::Invalid(vec![Fault::of_request("incomplete_body", message)])
    };
    read_stream(&stream)
        .await
        .map_err(broken)?
        .ok_or_else(too_large)
}

/// The whole of a stream; `None` when it has more bytes than the cap.
async fn read_stream(stream: &ReadableStream) -> Result<Option<Vec<u8>>, JsValue> {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut body = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        if Reflect::get(&chunk, &"done".into())?.is_truthy() {
            return Ok(Some(body));
        }
        let bytes = Uint8Array::new(&Reflect::get(&chunk, &"value".into())?);
        if body.len() + bytes.length() as usize > BODY_LIMIT {
            return Ok(None);
        }
        body.extend_from_slice(&bytes.to_vec());
    }
}
