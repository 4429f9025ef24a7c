//! Unicode's normalization, which comes from JavaScript on this platform. Its tables would be large in the wasm.

use js_sys::JsString;

/// A text in NFC.
pub fn nfc(text: &str) -> String {
    JsString::from(text).normalize("NFC").into()
}
