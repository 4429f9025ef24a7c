//! What can go wrong, as the caller is told it: one enum, one envelope.

use super::json::Json;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable machine word.
    pub code: &'static str,
    /// For the partner's developer; names the limit that was broken, never the value.
    pub message: String,
    /// The parameter at fault, where one is.
    pub parameter: Option<String>,
}

impl Fault {
    /// A fault of the request as a whole.
    pub fn of_request(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            parameter: None,
        }
    }

    /// A fault of one parameter (or header) of the request.
    pub fn of(
        parameter: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            parameter: Some(parameter.into()),
        }
    }
}

/// Why a request is not answered with a 200. Each variant's doc begins with its status.
#[derive(Debug)]
pub enum Error {
    /// 400: all that is wrong with the request, at once.
    Invalid(Vec<Fault>),
    /// 401: no credentials, or wrong ones. `stale` when only the nonce is too old: the client may
    /// repeat the request with a new one without asking its user again (RFC 7616 §3.3).
    Unauthorized {
        /// Whether the answer was right but for the age of its nonce.
        stale: bool,
    },
    /// 401 of the operator's surface, which speaks JSON throughout.
    OperatorUnauthorized,
    /// 403: the partner is known and may not enter; the text says why.
    Forbidden(&'static str),
    /// 404: there is no such thing, or it is somebody else's; the text says what was looked for.
    NotFound(&'static str),
    /// 404: the path begins with a version that is not served.
    UnknownVersion,
    /// 405: the path has no such method; the text is the value of `Allow`.
    MethodNotAllowed(String),
    /// 409: another live customer of the partner has this `custnr`.
    CustnrTaken,
    /// 412: the record has changed since the `If-Match` was read. Nothing was changed.
    PreconditionFailed,
    /// 413: the body has more bytes than this.
    BodyTooLarge(usize),
    /// 415: the body is of a media type that this path does not read; the text names those it does.
    UnsupportedMediaType(&'static str),
    /// 429: too many requests; the caller may try again after this many seconds.
    TooManyRequests(u32),
    /// 500: a fault of ours. The text is for the log and is never sent.
    Internal(String),
    /// 503: the store failed or is overloaded. The text is for the log.
    Unavailable(String),
}

/// How long a caller is asked to wait when the store has failed, in seconds.
const RETRY_AFTER_UNAVAILABLE: u32 = 2;

impl Error {
    /// A 400 with a single fault of one parameter.
    pub fn invalid(
        parameter: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![Fault::of(parameter, code, message)])
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 400,
            Self::Unauthorized { .. } | Self::OperatorUnauthorized => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) | Self::UnknownVersion => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::CustnrTaken => 409,
            Self::PreconditionFailed => 412,
            Self::BodyTooLarge(_) => 413,
            Self::UnsupportedMediaType(_) => 415,
            Self::TooManyRequests(_) => 429,
            Self::Internal(_) => 500,
            Self::Unavailable(_) => 503,
        }
    }

    /// Seconds for the `Retry-After` header, where the caller should come again.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyRequests(seconds) => Some(*seconds),
            Self::Unavailable(_) => Some(RETRY_AFTER_UNAVAILABLE),
            _ => None,
        }
    }

    /// What the log is told and the caller is not.
    pub fn internal_text(&self) -> Option<&str> {
        match self {
            Self::Internal(text) | Self::Unavailable(text) => Some(text),
            _ => None,
        }
    }

    /// The envelope: `{"errors":[{"code","message","parameter"}]}`.
    pub fn body(&self, request_id: &str) -> Json {
        let errors = self.faults(request_id).into_iter().map(|fault| {
            let mut members = vec![
                ("code".to_owned(), fault.code.into()),
                ("message".to_owned(), fault.message.into()),
            ];
            members.extend(
                fault
                    .parameter
                    .map(|name| ("parameter".to_owned(), name.into())),
            );
            Json::Object(members)
        });
        Json::object([("errors", Json::List(errors.collect()))])
    }

    fn faults(&self, request_id: &str) -> Vec<Fault> {
        let (code, message) = match self {
            Self::Invalid(faults) => return faults.clone(),
            Self::CustnrTaken => {
                return vec![Fault::of(
                    "custnr",
                    "custnr_taken",
                    "another live customer has this custnr",
                )];
            }
            Self::Unauthorized { .. } | Self::OperatorUnauthorized => {
                ("unauthorized", "valid credentials are needed".to_owned())
            }
            Self::Forbidden(why) => ("forbidden", (*why).to_owned()),
            Self::NotFound(what) => ("not_found", format!("there is no such {what}")),
            Self::UnknownVersion => (
                "unknown_version",
                format!("the supported version is {}", super::version::PUBLISHED),
            ),
            Self::MethodNotAllowed(allow) => (
                "method_not_allowed",
                format!("the methods of this path are {allow}"),
            ),
            Self::PreconditionFailed => (
                "precondition_failed",
                "the record is not at a version that If-Match names (like \"3\", quotes included); read it again".to_owned(),
            ),
            Self::BodyTooLarge(limit) => (
                "body_too_large",
                format!("a body here has at most {limit} bytes"),
            ),
            Self::UnsupportedMediaType(accepted) => (
                "unsupported_media_type",
                format!("the body must be {accepted}, in UTF-8"),
            ),
            Self::TooManyRequests(seconds) => (
                "too_many_requests",
                format!("too many requests; come again in {seconds} seconds"),
            ),
            Self::Internal(_) => (
                "internal_error",
                format!("something failed here; quote the request id {request_id} to support"),
            ),
            Self::Unavailable(_) => (
                "unavailable",
                format!(
                    "the store is not available; try again, and quote the request id {request_id} if it stays so"
                ),
            ),
        };
        vec![Fault::of_request(code, message)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_text_never_reaches_the_body() {
        for error in [
            Error::Internal("secret".into()),
            Error::Unavailable("secret".into()),
        ] {
            let body = error.body("r-1").to_string();
            assert!(!body.contains("secret") && body.contains("r-1"), "{body}");
        }
    }

    #[test]
    fn a_parameter_stands_only_where_one_is_at_fault() {
        assert_eq!(
            Error::invalid("name", "blank", "must not be blank")
                .body("r-1")
                .to_string(),
            r#"{"errors":[{"code":"blank","message":"must not be blank","parameter":"name"}]}"#
        );
        let body = Error::PreconditionFailed.body("r-1").to_string();
        assert!(!body.contains("parameter"), "{body}");
    }
}
