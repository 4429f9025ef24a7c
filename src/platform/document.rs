//! Serves an OpenAPI document with the origin that the caller has asked. It is built with another one.

use js_sys::JsString;
use js_sys::futures::JsFuture;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response, ResponseInit};
use worker::Env;

use super::assets;
use super::reply::{Body, Reply, TextResponse};
use super::site::Site;
use crate::auth::login::Operator;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::origin::{BUILT, split_url};
use crate::http::version::Version;

/// Answers an OpenAPI document, or a 304 if the caller already has it (503).
pub async fn read(
    env: &Env,
    request: &Request,
    document: &str,
    version: Version,
) -> Result<Reply, Error> {
    let path = format!("{}{document}", version.prefix());
    let reply = assets::read(env, request, &path).await?;
    let Reply {
        status: 200,
        body: Body::File(file),
        headers,
    } = reply
    else {
        return Ok(reply);
    };
    let url = request.url();
    let (origin, _) = split_url(&url);
    let file = at_origin(&file, origin)
        .await
        .map_err(|_| Error::Unavailable("the document cannot be read".to_owned()))?;
    Ok(Reply {
        status: 200,
        body: Body::File(file),
        headers,
    })
}

/// Answers the operator's own document:
/// 1. refuses parameters (400);
/// 2. answers it, as [`read`] does. No cache may keep it.
pub async fn for_operator(
    _: &Operator,
    site: &Site<'_>,
    request: &Request,
    call: Call,
) -> Result<Reply, Error> {
    let call = call.finish()?;
    let found = read(site.env, request, assets::OPERATOR_DOCUMENT, call.version).await?;
    Ok(found.with("Cache-Control", "no-store"))
}

/// Puts the origin into a document.
///
/// The text stays a JavaScript string, so none of its bytes is copied into wasm and back.
async fn at_origin(file: &Response, origin: &str) -> Result<Response, JsValue> {
    let text: JsString = JsFuture::from(file.text()?).await?.unchecked_into();
    let text = text.split(BUILT).join(origin);
    let init = ResponseInit::new();
    init.set_headers(&file.headers());
    let response = TextResponse::new(&text, &init)?;
    // The length of the file is not that of the text.
    response.headers().delete("Content-Length")?;
    Ok(response.into())
}
