//! Serves an OpenAPI document with the origin that the caller has asked. It is built with another one.

use js_sys::JsString;
use js_sys::futures::JsFuture;
use wasm_bindgen::prelude::*;
use web_sys::{Response, ResponseInit};

use super::reply::{Body, Reply, TextResponse};
use crate::http::error::Error;
use crate::http::origin::BUILT;

/// Puts the origin into a document that was read from the static files. An answer without a body stays as it is.
///
/// # Errors
/// 503 if the file cannot be read.
pub async fn at_origin(reply: Reply, origin: &str) -> Result<Reply, Error> {
    let Reply {
        status: 200,
        body: Body::File(file),
        headers,
    } = reply
    else {
        return Ok(reply);
    };
    let file = rewritten(&file, origin)
        .await
        .map_err(|_| Error::Unavailable("the document cannot be read".to_owned()))?;
    Ok(Reply {
        status: 200,
        body: Body::File(file),
        headers,
    })
}

/// The text stays a JavaScript string, so none of its bytes is copied into wasm and back.
async fn rewritten(file: &Response, origin: &str) -> Result<Response, JsValue> {
    let text: JsString = JsFuture::from(file.text()?).await?.unchecked_into();
    let text = text.split(BUILT).join(origin);
    let init = ResponseInit::new();
    init.set_headers(&file.headers());
    let response = TextResponse::new(&text, &init)?;
    // The length of the file is not that of the text.
    response.headers().delete("Content-Length")?;
    Ok(response.into())
}
