//! The codes of errors: whatever a test is answered, its codes are in the list that the documents have.

use customers_api::http::error::codes::find;
use serde_json::Value;

use super::Response;

/// Every code of an error must be listed, with its status and for its audience. Each request of each test passes here.
#[track_caller]
pub fn expect_listed(response: &Response) {
    let body: Option<Value> = serde_json::from_str(&response.text).ok();
    let errors = body.as_ref().and_then(|body| body["errors"].as_array());
    if response.status < 400 {
        return;
    }
    for error in errors.into_iter().flatten() {
        let code = error["code"].as_str().expect("code");
        let listed = find(code);
        let listed = listed.unwrap_or_else(|| panic!("{code} is not listed: {response:#?}"));
        assert_eq!(listed.status, response.status, "{response:#?}");
        let is_met = if response.what.contains("/operator/") {
            listed.is_for_operators()
        } else {
            listed.is_for_partners()
        };
        assert!(is_met, "{code} is listed for others: {response:#?}");
    }
}
