//! All errors that a caller can get: one enum and one envelope.

use super::json::Json;

pub mod codes;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable code for programs: one of [`codes::CODES`].
    pub code: &'static str,
    /// A text for the partner's developer. It names the limit that was broken, but never the value. If a parameter is at
    /// fault, the text continues a sentence that begins with its name.
    pub message: String,
    /// The parameter at fault. `None` if the fault concerns the whole request.
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

    /// The whole sentence.
    pub fn sentence(&self) -> String {
        let Self { message, .. } = self;
        match self.parameter.as_deref() {
            None => message.clone(),
            Some("") => format!("\"\" {message}"),
            Some(parameter) => format!("{parameter} {message}"),
        }
    }
}

/// What is wrong with a `custnr` that another live customer has.
pub const CUSTNR_TAKEN: &str = "is taken: another live customer has it";

/// Why a request fails. The doc of each variant begins with its status.
#[derive(Clone, Debug)]
pub enum Error {
    /// 400: the request is invalid. The list has every fault.
    Invalid(Vec<Fault>),
    /// 401: the credentials are missing or wrong.
    Unauthorized {
        /// Whether only the nonce is too old. The client may then repeat the request with a new nonce without asking
        /// its user again (RFC 7616 §3.3).
        stale: bool,
    },
    /// 401 of the operator API. Its body is JSON; the partner API's is plain text.
    OperatorUnauthorized,
    /// 401: the credentials are of a kind that the service does not take.
    OtherCredentials(OtherKind),
    /// 403: the request came over plain HTTP.
    HttpsRequired {
        /// Whether it had credentials, which everybody on the way could read.
        with_credentials: bool,
    },
    /// 403: the partner is authenticated but may not call. The text says why.
    Forbidden(&'static str),
    /// 404: the thing does not exist, or it belongs to another partner. The text says what kind of thing it is.
    NotFound(&'static str),
    /// 404: the segment of the path is not a number.
    NotANumber(&'static str),
    /// 404: the customer with this id is live, so there is no receipt of its erasure.
    NotErased(i64),
    /// 404: the path begins with an unsupported version.
    UnknownVersion,
    /// 405: the path does not support the method. The text is the value of `Allow`.
    MethodNotAllowed(String),
    /// 409: another live customer of the partner has this `custnr`.
    CustnrTaken,
    /// 409: a partner or a login has the user name already. The text is the parameter that holds it.
    UsernameTaken(&'static str),
    /// 409: records of a batch clash with others. The list has every place.
    Conflict(Vec<Fault>),
    /// 409: values of this custom field remain to be removed, so it cannot be set up yet.
    FieldEnding,
    /// 412: the version of the record is not in `If-Match`. The request changed nothing.
    PreconditionFailed,
    /// 412: the request has this header, but its path cannot evaluate it. The request changed nothing.
    PreconditionUnsupported(&'static str),
    /// 413: the body is larger than this limit, in bytes.
    BodyTooLarge(usize),
    /// 415: the path does not accept the media type of the body. The text names the accepted ones.
    UnsupportedMediaType(&'static str),
    /// 415: the body has this `Content-Encoding`.
    UnsupportedContentEncoding(String),
    /// 429: too many requests. The caller may try again after this many seconds.
    TooManyRequests(u32),
    /// 429: the partner's requests have cost the database too many rows. The caller may try again after this many
    /// seconds.
    TooManyRows(u32),
    /// 500: the service has a fault. The text goes to the log and never to the caller.
    Internal(String),
    /// 503: the store failed or is overloaded. The text goes to the log and never to the caller.
    Unavailable(String),
    /// 503: the store was restored, and what that has undone is being done again. The text goes to the log and never to the
    /// caller.
    Restoring(String),
    /// 503: the partner is being moved to another database. The text goes to the log and never to the caller.
    Moving(String),
    /// 503: the store lacks a migration. The text goes to the log; [`Error::for_caller`] makes it that of the caller.
    Unmigrated(String),
    /// 507: the store is full, or keeps the room that it has for erasures.
    StorageFull,
}

impl Error {
    /// A 400 with one fault, of one parameter.
    pub fn invalid(
        parameter: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![Fault::of(parameter, code, message)])
    }

    /// Adds faults to a 400. Any other error stays as it is.
    #[must_use]
    pub fn and(mut self, more: Vec<Fault>) -> Self {
        if let Self::Invalid(faults) = &mut self {
            faults.extend(more);
        }
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 400,
            Self::Unauthorized { .. } | Self::OtherCredentials(_) | Self::OperatorUnauthorized => {
                401
            }
            Self::HttpsRequired { .. } | Self::Forbidden(_) => 403,
            Self::NotFound(_) | Self::NotANumber(_) | Self::NotErased(_) | Self::UnknownVersion => {
                404
            }
            Self::MethodNotAllowed(_) => 405,
            Self::CustnrTaken | Self::UsernameTaken(_) | Self::Conflict(_) | Self::FieldEnding => {
                409
            }
            Self::PreconditionFailed | Self::PreconditionUnsupported(_) => 412,
            Self::BodyTooLarge(_) => 413,
            Self::UnsupportedMediaType(_) | Self::UnsupportedContentEncoding(_) => 415,
            Self::TooManyRequests(_) | Self::TooManyRows(_) => 429,
            Self::Internal(_) => 500,
            Self::Unavailable(_) | Self::Restoring(_) | Self::Moving(_) | Self::Unmigrated(_) => {
                503
            }
            Self::StorageFull => 507,
        }
    }

    /// The value of the `Retry-After` header, in seconds, if the caller should try again. `pause` is that of a 503.
    pub fn retry_after(&self, pause: impl FnOnce() -> u32) -> Option<u32> {
        match self {
            Self::TooManyRequests(seconds) | Self::TooManyRows(seconds) => Some(*seconds),
            Self::Unavailable(_) | Self::Restoring(_) | Self::Moving(_) | Self::Unmigrated(_) => {
                Some(pause())
            }
            _ => None,
        }
    }

    /// The text that goes to the log but not to the caller.
    pub fn internal_text(&self) -> Option<&str> {
        match self {
            Self::Internal(text)
            | Self::Unavailable(text)
            | Self::Restoring(text)
            | Self::Moving(text)
            | Self::Unmigrated(text) => Some(text),
            Self::StorageFull => Some("the database is full"),
            _ => None,
        }
    }

    /// The error as the caller gets it. `command` is how migrations are applied to a local database: how the service is
    /// set up is nothing to a caller of a deployed Worker.
    #[must_use]
    pub fn for_caller(self, command: Option<String>) -> Self {
        match (self, command) {
            (Self::Unmigrated(_), Some(command)) => Self::Unmigrated(command),
            (Self::Unmigrated(text), None) => Self::Unavailable(text),
            (error, _) => error,
        }
    }

    /// The envelope: `{"errors":[{"code","message","parameter"}]}`.
    pub fn body(&self, request_id: &str) -> Json {
        let errors = self.faults(request_id).into_iter().map(|fault| {
            let mut members = vec![
                ("code".to_owned(), fault.code.into()),
                ("message".to_owned(), fault.sentence().into()),
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
            Self::Invalid(faults) | Self::Conflict(faults) => return faults.clone(),
            Self::CustnrTaken => {
                return vec![Fault::of(
                    "custnr",
                    "custnr_taken",
                    CUSTNR_TAKEN,
                )];
            }
            Self::UsernameTaken(parameter) => {
                let message = "is the user name of a partner or of another partner's login";
                return vec![Fault::of(*parameter, "username_taken", message)];
            }
            Self::FieldEnding => {
                let message = "is the number of a field whose old values are still being removed; try again in a minute";
                return vec![Fault::of("n", "ending", message)];
            }
            Self::Unauthorized { .. } | Self::OtherCredentials(_) | Self::OperatorUnauthorized => {
                ("unauthorized", "valid credentials are required".to_owned())
            }
            Self::HttpsRequired { with_credentials } => (
                "https_required",
                https_required(*with_credentials),
            ),
            Self::Forbidden(why) => ("forbidden", (*why).to_owned()),
            Self::NotFound(what) => ("not_found", format!("there is no such {what}")),
            Self::NotANumber(name) => ("not_found", format!("{name} must be a number")),
            Self::NotErased(id) => (
                "not_found",
                format!("customer {id} has not been erased"),
            ),
            Self::UnknownVersion => (
                "unknown_version",
                format!("the supported version is {}", super::version::PUBLISHED),
            ),
            Self::MethodNotAllowed(allow) => (
                "method_not_allowed",
                format!("this path supports only the methods {allow}"),
            ),
            Self::PreconditionUnsupported(header) => (
                "precondition_unsupported",
                format!(
                    "this request cannot be made to depend on {header}, so nothing was done; leave the header out (PUT and \
                     DELETE of a customer take If-Match)"
                ),
            ),
            Self::PreconditionFailed => (
                "precondition_failed",
                "If-Match or version does not name the current version of the record; read the record again".to_owned(),
            ),
            Self::BodyTooLarge(limit) => (
                "body_too_large",
                format!("the body must be at most {limit} bytes"),
            ),
            Self::UnsupportedMediaType(accepted) => (
                "unsupported_media_type",
                format!("the body must be {accepted}, in UTF-8"),
            ),
            Self::UnsupportedContentEncoding(encoding) => (
                "unsupported_content_encoding",
                format!("the body must be sent as it is, not with the Content-Encoding {encoding}"),
            ),
            Self::TooManyRequests(seconds) => (
                "too_many_requests",
                format!("too many requests; try again in {seconds} seconds"),
            ),
            Self::TooManyRows(seconds) => (
                "too_many_rows",
                format!(
                    "your requests of this minute have read and written more rows than a partner may; try again in {seconds} seconds"
                ),
            ),
            Self::Internal(_) => (
                "internal_error",
                format!("the service failed; quote the request id {request_id} to support"),
            ),
            Self::Unavailable(_) => (
                "unavailable",
                format!(
                    "the store is not available; try again, or quote the request id {request_id} to support"
                ),
            ),
            Self::Unmigrated(command) => (
                "unavailable",
                format!("a local database lacks migrations: `{command}` applies those of DB, and GET /health names the command for each database"),
            ),
            Self::Restoring(_) => (
                "restoring",
                "the store is being put in order after a restore; try again in a few seconds".to_owned(),
            ),
            Self::Moving(_) => (
                "moving",
                "this partner is being moved to another database, and nothing was changed; try again in a few seconds".to_owned(),
            ),
            Self::StorageFull => (
                "storage_full",
                format!(
                    "the store is full, and takes only erasures and removals; quote the request id {request_id} to support"
                ),
            ),
        };
        vec![Fault::of_request(code, message)]
    }
}

/// The message of [`Error::HttpsRequired`].
fn https_required(with_credentials: bool) -> String {
    let seen = if with_credentials {
        "; the credentials in this request could be read on the way: ask for new ones"
    } else {
        ""
    };
    format!("plain HTTP is not served; use https{seen}")
}

/// A kind of credentials that the service does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKind {
    /// HTTP Digest with an algorithm that is not SHA-256.
    Algorithm,
    /// A Bearer token.
    Bearer,
    /// Any other scheme.
    Scheme,
}

impl OtherKind {
    const ALL: [Self; 3] = [Self::Algorithm, Self::Bearer, Self::Scheme];

    fn words(self) -> &'static str {
        match self {
            Self::Algorithm => "a Digest with MD5 or another algorithm",
            Self::Bearer => "a Bearer token",
            Self::Scheme => "of another scheme",
        }
    }
}

/// The line of a 401. `other` is the kind of the credentials, if it is one that the service does not take.
pub fn unauthorized_line(other: Option<OtherKind>) -> String {
    let accepted = "Authentication required: Digest with SHA-256, or Basic over TLS.";
    match other.map(OtherKind::words) {
        Some(kind) => format!("{accepted} The credentials were {kind}."),
        None => accepted.to_owned(),
    }
}

/// Every line that a 401 can have.
pub fn unauthorized_lines() -> Vec<String> {
    let others = OtherKind::ALL.into_iter().map(Some);
    std::iter::once(None)
        .chain(others)
        .map(unauthorized_line)
        .collect()
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
            r#"{"errors":[{"code":"blank","message":"name must not be blank","parameter":"name"}]}"#
        );
        let body = Error::PreconditionFailed.body("r-1").to_string();
        assert!(!body.contains("parameter"), "{body}");
    }
}
