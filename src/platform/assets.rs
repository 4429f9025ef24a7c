//! The static files: the reference page and the OpenAPI documents. `scripts/site.mjs` builds them. All but the
//! operator's document are public.

use web_sys::Request;
use worker::Env;

use super::bindings;
use super::reply::{Body, Reply};
use crate::http::error::Error;

/// The binding of the static files.
const ASSETS: &str = "ASSETS";

/// The page may load and call only this site. The platform serves what it loads, with the headers of `site/headers`.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The reference page.
pub const PAGE: &str = "/index.html";

/// The partners' document, without the version.
pub const DOCUMENT: &str = "/openapi.json";

/// The operator's document, without the version.
pub const OPERATOR_DOCUMENT: &str = "/operator/openapi.json";

/// Answers a file, or a 304 if the caller already has it (404).
pub async fn read(env: &Env, request: &Request, path: &str) -> Result<Reply, Error> {
    let file = bindings::asset(env, ASSETS, path, request).await;
    let file =
        file.map_err(|_| Error::Unavailable("the static files cannot be read".to_owned()))?;
    if file.status() == 404 {
        return Err(Error::NotFound("path"));
    }
    let reply = Reply {
        status: file.status(),
        body: Body::File(file),
        headers: Vec::new(),
    };
    Ok(reply
        .with("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        .with("Referrer-Policy", "no-referrer")
        .with("X-Content-Type-Options", "nosniff"))
}
