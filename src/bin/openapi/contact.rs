//! Whom partners write to. The operator says so in `site/contact.json`, before a deployment.

use customers_api::http::origin::BUILT;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contact {
    name: String,
    email: String,
}

/// The contact of a document (OpenAPI 3.1, Contact Object). Its URL is where the reference tells more.
///
/// # Errors
/// The file is not a name and an address for mail.
pub fn contact() -> Result<Value, String> {
    let Contact { name, email } = serde_json::from_str(include_str!("../../../site/contact.json"))
        .map_err(|error| format!("site/contact.json: {error}"))?;
    Ok(json!({ "name": name, "email": email, "url": format!("{BUILT}/#support") }))
}
