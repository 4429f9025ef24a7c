//! Decodes percent-encoding, UTF-8 and media types.
//!
//! Decoding is strict. The `form_urlencoded` crate follows its standard and accepts a stray `%` or bytes that are not
//! UTF-8; the store would then hold a text that the caller did not mean.

use super::error::Fault;
use super::near::shown;

/// Decodes `%XX` (RFC 3986 §2.1). If `plus` is set, it also decodes `+` as a space (the URL standard's
/// `application/x-www-form-urlencoded`).
///
/// # Errors
/// A fault whose message completes "the query has …": a `%` without two hexadecimal digits, or
/// bytes that are not UTF-8.
pub fn percent_decode(text: &str, plus: bool) -> Result<String, Fault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let high = digit(rest.next());
                let low = digit(rest.next());
                high.zip(low)
                    .and_then(|(high, low)| u8::try_from(high << 4 | low).ok())
                    .ok_or_else(|| {
                        Fault::of_request(
                            "malformed_percent_encoding",
                            "a % that is not followed by two hexadecimal digits",
                        )
                    })?
            }
            b'+' if plus => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| not_utf8())
}

/// The media types that a body may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
}

/// Reads a `Content-Type`. `None` for an unsupported media type or charset.
pub fn media_type(content_type: &str) -> Option<MediaType> {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => MediaType::Form,
        "application/json" => MediaType::Json,
        _ => return None,
    };
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            let charset = charset.trim().trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    });
    utf8.then_some(media_type)
}

/// The first content coding of a `Content-Encoding` that a body may not have.
pub fn unsupported_encoding(content_encoding: &str) -> Option<String> {
    let mut codings = content_encoding.split(',').map(str::trim);
    let coding =
        codings.find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))?;
    Some(shown(coding))
}

/// Whether a form is JSON that was sent with the wrong header, as `curl -d '{…}'` does. No parameter begins like that.
pub fn looks_like_json(form: &[u8]) -> bool {
    let form = form.strip_prefix("\u{feff}".as_bytes()).unwrap_or(form);
    let start = form.iter().position(|byte| !b" \t\r\n+".contains(byte));
    let form = form.get(start.unwrap_or(0)..).unwrap_or_default();
    let first = form.get(..3).unwrap_or(form).to_ascii_uppercase();
    first.starts_with(b"{") || first.starts_with(b"[") || first == b"%7B" || first == b"%5B"
}

/// A fault whose message completes "the query has …".
pub fn not_utf8() -> Fault {
    Fault::of_request("malformed_utf8", "bytes that are not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_decoded_strictly() {
        for (text, plus, decoded) in [
            ("a%20b+c", true, Some("a b c")),
            ("a%20b+c", false, Some("a b+c")),
            ("%C3%b6", true, Some("ö")),
            ("%", true, None),
            ("%4", true, None),
            ("%4g", true, None),
            ("%+1", true, None),
            ("%ff", true, None),
        ] {
            assert_eq!(
                percent_decode(text, plus).ok().as_deref(),
                decoded,
                "{text}"
            );
        }
    }

    #[test]
    fn only_identity_is_no_encoding() {
        for (header, expected) in [
            ("", None),
            ("identity", None),
            ("Identity, identity", None),
            ("gzip", Some("gzip")),
            ("identity, br", Some("br")),
        ] {
            assert_eq!(
                unsupported_encoding(header).as_deref(),
                expected,
                "{header}"
            );
        }
        assert_eq!(unsupported_encoding(&"x".repeat(100)), Some("x".repeat(64)));
    }

    #[test]
    fn json_is_told_from_a_form() {
        for (body, expected) in [
            ("{\"name\":\"a\"}", true),
            (" \r\n[1]", true),
            ("\u{feff}{}", true),
            ("%7B%22name%22%3A1%7D=", true),
            ("%5b1%5d", true),
            ("{\"name\":\"100 %\"", true),
            ("", false),
            ("name={}", false),
            ("%7C=1", false),
        ] {
            assert_eq!(looks_like_json(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_charset_other_than_utf_8_is_not_read() {
        for (content_type, expected) in [
            ("application/json", Some(MediaType::Json)),
            ("Application/JSON; charset=UTF-8", Some(MediaType::Json)),
            (
                "application/x-www-form-urlencoded;charset=\"utf-8\"",
                Some(MediaType::Form),
            ),
            (
                "application/x-www-form-urlencoded; charset=iso-8859-1",
                None,
            ),
            ("text/plain", None),
            ("multipart/form-data; boundary=x", None),
            ("", None),
        ] {
            assert_eq!(media_type(content_type), expected, "{content_type}");
        }
    }
}
