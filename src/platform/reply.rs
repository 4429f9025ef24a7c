//! Turns a value or an error into a `Response`.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;
use web_sys::{Response, ResponseInit};
use worker::Context;

use super::d1;
use super::rows::Row;
use super::stream::Stream;
use crate::auth::digest::REALM;
use crate::http::error::{Error, unauthorized_line};
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::http::version::Version;

/// The most memory that the records of a page take as JavaScript strings, at 2 bytes a UTF-16 unit. It is enough for 1,000
/// customers with every field full of ASCII. With every field full of four-byte characters they would take 27 MB, and each
/// copy on the way to the caller as much again; an isolate has 128 MB for all of its requests.
const PAGE_BYTES: u32 = 16_000_000;

/// The answer to a request.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Body,
    /// The headers besides `Content-Type`.
    pub headers: Vec<(&'static str, String)>,
}

/// The body of a [`Reply`].
#[derive(Debug)]
pub enum Body {
    /// No body.
    Empty,
    /// `text/plain`
    Text(String),
    /// JSON that the Worker made.
    Json(Json),
    /// JSON around objects that the database assembled. The objects stay JavaScript strings, so none of their bytes is
    /// copied into wasm and back.
    Rows {
        /// Lists of objects as strings, each with the text that comes before it.
        parts: Vec<(String, Array)>,
        /// The text that comes after the last list.
        after: String,
    },
    /// JSON of any length, written while it is sent.
    Stream(Stream),
    /// A static file with its own headers.
    File(Response),
}

impl Reply {
    /// A 200 with a JSON body.
    pub fn json(value: Json) -> Self {
        Self::ok(Body::Json(value))
    }

    /// A 200.
    pub fn ok(body: Body) -> Self {
        Self {
            status: 200,
            body,
            headers: Vec::new(),
        }
    }

    /// A 200 with one record in the envelope of its kind. The database assembled the row's `json`.
    ///
    /// # Errors
    /// 500 if the row has no `json`.
    pub fn one(name: &str, row: &Row) -> Result<Self, Error> {
        Self::rows(name, std::slice::from_ref(row))
    }

    /// A 200 with any number of records in the envelope of their kind.
    ///
    /// # Errors
    /// 500 if a row has no `json`.
    pub fn rows(name: &str, rows: &[Row]) -> Result<Self, Error> {
        Self::enveloped(name, rows, Vec::new())
    }

    /// A 200 with a page of a list, and a `Link` to the next page if there is one. `rows` holds at most
    /// [`Paging::limit`] rows, each with its `json` and its `id`. The page ends before [`PAGE_BYTES`], but not before its
    /// first record. `path` is the path of the list without the version, and may end with a query.
    ///
    /// # Errors
    /// 500 if a row does not have these columns.
    pub fn page(
        version: Version,
        path: &str,
        name: &str,
        paging: Paging,
        rows: &[Row],
        total: i64,
    ) -> Result<Self, Error> {
        let mut bytes = 0;
        let fits = |row: &&Row| {
            bytes += row
                .js_text("json")
                .map_or(0, |text| 2 * JsString::from(text).length());
            bytes <= PAGE_BYTES
        };
        let shown = rows.iter().take_while(fits).count().max(1);
        let shown = shown.min(usize::try_from(paging.pagesize).unwrap_or(usize::MAX));
        let (shown, rest) = rows.split_at_checked(shown).unwrap_or((rows, &[]));
        let reply = Self::enveloped(name, shown, paging.members(version, total))?;
        Ok(match (shown.last(), rest) {
            (Some(last), [_, ..]) => reply.with_next(version, path, paging, last.integer("id")?),
            _ => reply,
        })
    }

    /// Adds a `Link` to the page of a list that begins after the record with this id. `path` is as in [`Reply::page`].
    #[must_use]
    pub fn with_next(self, version: Version, path: &str, paging: Paging, after: i64) -> Self {
        let (prefix, pagesize) = (version.prefix(), paging.pagesize);
        let separator = if path.contains('?') { '&' } else { '?' };
        let next = format!("{prefix}{path}{separator}pagesize={pagesize}&after={after}");
        self.with("Link", format!("<{next}>; rel=\"next\""))
    }

    /// A 200 with records in the envelope of their kind, and further members after the records.
    ///
    /// # Errors
    /// 500 if a row has no `json`.
    pub fn enveloped(name: &str, rows: &[Row], members: Vec<(&str, Json)>) -> Result<Self, Error> {
        let texts = rows.iter().map(|row| row.js_text("json"));
        let mut after = "]".to_owned();
        for (name, value) in members {
            after.push_str(&format!(",\"{name}\":{value}"));
        }
        after.push('}');
        Ok(Self::ok(Body::Rows {
            parts: vec![(format!("{{\"{name}\":["), texts.collect::<Result<_, _>>()?)],
            after,
        }))
    }

    /// Adds a member after the records of an envelope.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Json) -> Self {
        if let Body::Rows { after, .. } = &mut self.body {
            after.pop();
            after.push_str(&format!(",\"{name}\":{value}}}"));
        }
        self
    }

    /// A 200 with one object under a name. The database assembled the row's `json`.
    ///
    /// # Errors
    /// 500 if the row has no `json`.
    pub fn object(name: &str, row: &Row) -> Result<Self, Error> {
        Ok(Self::ok(Body::Rows {
            parts: vec![(format!("{{\"{name}\":"), Array::of1(&row.js_text("json")?))],
            after: "}".to_owned(),
        }))
    }

    /// The same with a further member at its end. Both its name and its value are texts that JSON need not escape.
    ///
    /// # Errors
    /// 500 if the row has no `json`.
    pub fn object_and(name: &str, row: &Row, member: &str, value: &str) -> Result<Self, Error> {
        let json = row.text("json")?;
        let members = json.strip_suffix('}').unwrap_or(&json);
        Ok(Self::ok(Body::Rows {
            parts: vec![(format!("{{\"{name}\":"), Array::of1(&members.into()))],
            after: format!(",\"{member}\":\"{value}\"}}}}"),
        }))
    }

    /// A 304: the caller has the record with this `ETag` already.
    pub fn not_modified(etag: String) -> Self {
        Self {
            status: 304,
            body: Body::Empty,
            headers: vec![("ETag", etag)],
        }
    }

    /// A 204 that says which methods the path has.
    pub fn options(allow: String) -> Self {
        Self {
            status: 204,
            body: Body::Empty,
            headers: vec![("Allow", allow)],
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer for an error. `nonce` makes a new nonce for the challenge of a 401.
    pub fn of_error(error: &Error, request_id: &str, nonce: impl FnOnce() -> String) -> Self {
        let mut reply = Self {
            status: error.status(),
            body: Body::Json(error.body(request_id)),
            headers: Vec::new(),
        };
        match error {
            Error::Unauthorized { .. } | Error::OtherCredentials(_) => {
                let (stale, other) = match error {
                    Error::Unauthorized { stale: true } => (", stale=true", None),
                    Error::OtherCredentials(kind) => ("", Some(*kind)),
                    _ => ("", None),
                };
                // The published PHP client recognises a refusal by a body that is not JSON.
                reply.body = Body::Text(unauthorized_line(other));
                // curl and PHP use the first challenge. python-requests merges all of them.
                reply = reply
                    .with(
                        "WWW-Authenticate",
                        format!(
                            "Digest realm=\"{REALM}\", qop=\"auth\", algorithm=SHA-256, nonce=\"{}\"{stale}",
                            nonce()
                        ),
                    )
                    .with("WWW-Authenticate", format!("Basic realm=\"{REALM}\", charset=\"UTF-8\""));
            }
            Error::OperatorUnauthorized => {
                reply = reply.with("WWW-Authenticate", "Bearer realm=\"operator\"");
            }
            Error::MethodNotAllowed(allow) => reply = reply.with("Allow", allow.clone()),
            _ => {}
        }
        if let Some(seconds) = error.retry_after(d1::pause) {
            reply = reply.with("Retry-After", seconds.to_string());
        }
        reply
    }

    /// Makes the platform's response. A `HEAD` gets no body, so a stream does not even begin.
    ///
    /// # Errors
    /// The error that JavaScript throws at a text that is too long for it, or at an invalid status or header. The Worker
    /// makes no such status or header.
    pub fn into_response(self, is_head: bool, context: &Context) -> Result<Response, JsValue> {
        let init = ResponseInit::new();
        init.set_status(self.status);
        // Answers hold personal data, so no cache may keep them, unless the handler says so.
        let is_given = self
            .headers
            .iter()
            .any(|(name, _)| *name == "Cache-Control");
        let mut cache_control = (!is_given).then_some("no-store");
        let (content_type, body) = match self.body {
            Body::Empty => (None, JsValue::NULL),
            Body::Text(text) => (Some("text/plain;charset=UTF-8"), text.into()),
            Body::Json(value) => (Some("application/json"), value.to_string().into()),
            Body::Rows { parts, after } => {
                let mut text: Text = JsValue::from_str("").unchecked_into();
                for (before, rows) in parts {
                    let rows = rows.unchecked_ref::<Texts>().join(",")?;
                    text = text.concat(&before.into())?.concat(&rows)?;
                }
                (Some("application/json"), text.concat(&after.into())?.into())
            }
            Body::Stream(_) if is_head => (Some("application/json"), JsValue::NULL),
            Body::Stream(stream) => (Some("application/json"), stream.start(context).into()),
            Body::File(file) => {
                init.set_headers(&file.headers());
                cache_control = None;
                (None, file.body().into())
            }
        };
        let body = if is_head { JsValue::NULL } else { body };
        let response: Response = TextResponse::new(&body, &init)?.into();
        let headers = response.headers();
        if let Some(content_type) = content_type {
            headers.set("Content-Type", content_type)?;
        }
        if let Some(cache_control) = cache_control {
            headers.set("Cache-Control", cache_control)?;
        }
        for (name, value) in &self.headers {
            match *name {
                // A 401 has two challenges under one name.
                "WWW-Authenticate" => headers.append(name, value)?,
                _ => headers.set(name, value)?,
            }
        }
        Ok(response)
    }
}

#[wasm_bindgen]
extern "C" {
    /// A `Response` whose constructor takes a JavaScript string. The one of `web_sys` takes only a Rust `&str`.
    #[wasm_bindgen(extends = Response, js_name = Response)]
    pub type TextResponse;

    /// Makes a response with a text as its body.
    #[wasm_bindgen(constructor, catch, js_class = "Response")]
    pub fn new(body: &JsValue, init: &ResponseInit) -> Result<TextResponse, JsValue>;

    /// A list of strings. The `join` of `js_sys` ends the Worker's instance when the text gets too long.
    type Texts;

    #[wasm_bindgen(method, catch)]
    fn join(this: &Texts, separator: &str) -> Result<Text, JsValue>;

    /// A string, whose `concat` is here for the same reason.
    type Text;

    #[wasm_bindgen(method, catch)]
    fn concat(this: &Text, text: &JsValue) -> Result<Text, JsValue>;
}
