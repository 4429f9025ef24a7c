//! HTTP Basic (RFC 7617).

use base64ct::{Base64Unpadded, Encoding};

/// Parses the text after `Basic `: base64 of `username:password` in UTF-8. `None` if it is malformed.
pub fn parse(credentials: &str) -> Option<(String, String)> {
    let encoded = credentials.trim().trim_end_matches('=');
    let decoded = Base64Unpadded::decode_vec(encoded).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_colons() {
        assert_eq!(parse("dTpwOnE="), Some(("u".into(), "p:q".into())));
        assert_eq!(parse(" dTpwOnE "), Some(("u".into(), "p:q".into())));
    }

    #[test]
    fn what_is_no_pair_is_none() {
        for malformed in ["", "dXA=", "%%%", "/////w=="] {
            assert_eq!(parse(malformed), None, "{malformed}");
        }
    }
}
