//! Vouches for a text that is kept where others could write: an HMAC goes before it. Pure.

use base16ct::lower as hex;
use subtle::ConstantTimeEq;

use super::digest::hmac;

/// The text with its MAC before it, for this user name. `key` is the `HA1_KEY`; the key of the MAC is derived from it.
pub fn vouch(key: &[u8], username: &str, text: &str) -> String {
    hex::encode_string(&mac(key, username, text)) + text
}

/// The text of [`vouch`]. `None` if another key, another user name or another text was vouched for.
pub fn vouched<'a>(key: &[u8], username: &str, vouched: &'a str) -> Option<&'a str> {
    let (given, text) = vouched.split_at_checked(64)?;
    let given = hex::decode_vec(given).ok()?;
    let is_ours: bool = mac(key, username, text)[..].ct_eq(&given).into();
    is_ours.then_some(text)
}

fn mac(key: &[u8], username: &str, text: &str) -> [u8; 32] {
    let key = hmac(key, &[b"key of the profiles in KV"]);
    // A user name holds no line break, so no other pair gives the same bytes.
    hmac(&key, &[username.as_bytes(), b"\n", text.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_user_name_and_text_are_vouched_for() {
        let good = vouch(b"key", "anna", "{\"a\":1}");
        assert_eq!(vouched(b"key", "anna", &good), Some("{\"a\":1}"));
        assert_eq!(vouched(b"other", "anna", &good), None);
        assert_eq!(vouched(b"key", "berta", &good), None);
        let (mac, text) = good.split_at(64);
        for forged in [
            format!("{mac}{}", text.replace('1', "2")),
            format!("{}{text}", "0".repeat(64)),
            format!("{}{text}", "é".repeat(32)),
            text.to_owned(),
            String::new(),
            mac.to_owned(),
        ] {
            assert_eq!(vouched(b"key", "anna", &forged), None, "{forged}");
        }
    }
}
