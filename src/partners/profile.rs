//! A partner's profile: what the service needs to know about the partner that makes a request.

use super::placement::Database;
use crate::http::json::Json;

/// The names of all possible custom fields, as parameters and as columns. The n-th is `custom_n`.
pub const CUSTOM_FIELDS: [&str; 20] = [
    "custom_1",
    "custom_2",
    "custom_3",
    "custom_4",
    "custom_5",
    "custom_6",
    "custom_7",
    "custom_8",
    "custom_9",
    "custom_10",
    "custom_11",
    "custom_12",
    "custom_13",
    "custom_14",
    "custom_15",
    "custom_16",
    "custom_17",
    "custom_18",
    "custom_19",
    "custom_20",
];

/// The most characters that the set-up of a custom field can allow.
pub const CUSTOM_LENGTH_MAX: usize = 255;

/// What the service needs to know about the partner that makes a request, and about the login that it uses.
#[derive(Debug)]
pub struct Profile {
    /// The partner's id. Every query limits its rows to it.
    pub partner_id: i64,
    /// The partner's home.
    pub database: Database,
    /// The country as an ISO 3166-1 alpha-2 code, or `""`.
    pub country: String,
    /// The CIDR networks that the partner may call from. An empty list allows every address.
    pub allowed_networks: Vec<String>,
    /// Whether the partner may call at all.
    pub enabled: bool,
    /// The user name of the login.
    pub login: String,
    /// Whether the login may do more than read.
    pub may_write: bool,
    /// The sealed HA1 of the login's password.
    pub ha1_sealed: String,
    /// The sealed HA1 of the previous password, or `""`.
    pub ha1_previous_sealed: String,
    /// Until when the previous password is good too, UTC; `""` if it ended at once.
    pub previous_until: String,
    /// The custom fields that are set up for the partner, by ascending `n`.
    pub custom_fields: Vec<CustomField>,
    /// When this profile was read from D1, by D1's clock, in milliseconds since 1970.
    pub read_at: i64,
}

impl Profile {
    /// Reads a profile from the two JSON objects of [`of_login`](super::sql::of_login); `None` if they are not one.
    pub fn of(login: &Json, tenant: &Json) -> Option<Self> {
        let text = |name| login.get(name)?.as_text().map(str::to_owned);
        let integer = |name| login.get(name)?.as_integer();
        let networks = login.get("allowed_networks")?.as_list()?.iter();
        let custom_fields = tenant.get("custom_fields")?.as_list()?.iter();
        Some(Self {
            partner_id: integer("partner_id")?,
            database: Database::parse(&text("database")?)?,
            country: tenant.get("country")?.as_text()?.to_owned(),
            allowed_networks: networks
                .filter_map(Json::as_text)
                .map(str::to_owned)
                .collect(),
            enabled: login.get("enabled")?.as_bool()?,
            login: text("login")?,
            may_write: text("access")? == WRITE,
            ha1_sealed: text("ha1_sealed")?,
            ha1_previous_sealed: text("ha1_previous_sealed")?,
            previous_until: text("previous_until")?,
            custom_fields: custom_fields.map(CustomField::of).collect::<Option<_>>()?,
            read_at: integer("read_at")?,
        })
    }
}

/// The `access` of a login that may only read.
pub const READ: &str = "read";

/// The `access` of a login that may do everything.
pub const WRITE: &str = "write";

/// A custom field that is set up for a partner.
#[derive(Debug)]
pub struct CustomField {
    /// The n of `custom_n`, 1 to 20.
    pub n: u8,
    /// The name of the parameter and of the column: `custom_n`.
    pub name: &'static str,
    /// What the partner keeps in the field.
    pub label: String,
    /// The most characters of a value, 1 to 255.
    pub max_length: usize,
    /// Whether a customer must have a value.
    pub required: bool,
}

impl CustomField {
    fn of(json: &Json) -> Option<Self> {
        let n: u8 = json.get("n")?.as_integer()?.try_into().ok()?;
        Some(Self {
            n,
            name: custom_field(n)?,
            label: json.get("label")?.as_text()?.to_owned(),
            max_length: json.get("max_length")?.as_integer()?.try_into().ok()?,
            required: json.get("required")?.as_bool()?,
        })
    }
}

/// The name of the n-th custom field; `None` if there is no such field.
pub fn custom_field(n: u8) -> Option<&'static str> {
    CUSTOM_FIELDS.get(usize::from(n).checked_sub(1)?).copied()
}

/// The most characters of the user name of a partner or a login.
pub const USERNAME_MAX: usize = 45;

/// Whether a text can be the user name of a partner or a login: 1 to [`USERNAME_MAX`] of `[A-Za-z0-9._-]`.
pub fn is_username(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=USERNAME_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_plain_and_at_most_45_characters() {
        for (username, valid) in [
            ("a", true),
            ("A.b_c-9", true),
            (&"a".repeat(45), true),
            (&"a".repeat(46), false),
            ("", false),
            ("a b", false),
            ("a:b", false),
            ("ä", false),
        ] {
            assert_eq!(is_username(username), valid, "{username}");
        }
    }

    #[test]
    fn a_custom_field_is_named_after_its_number() {
        for (name, n) in CUSTOM_FIELDS.into_iter().zip(1..) {
            assert_eq!(name, format!("custom_{n}"));
            assert_eq!(custom_field(n), Some(name));
        }
        assert_eq!(custom_field(0), None);
        assert_eq!(custom_field(21), None);
    }
}
