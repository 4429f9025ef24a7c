//! The operator's input and its validation.

use ipnet::IpNet;
use serde::Serialize;
use validator::Validate;

use super::country::is_assigned;
use super::sql::trail::{Filter, ORDERS, Order};
use crate::db::audit::ACTIONS;
use crate::http::error::Fault;
use crate::http::intent::Intent;
use crate::http::json::Json;
use crate::http::params::Params;
use crate::http::validation::{faults, printable, time};
use crate::partners::placement::{DATABASES_MAX, Database};
use crate::partners::profile::{CUSTOM_FIELDS, READ, WRITE, custom_field};

/// The most networks of a partner. Every request of the partner is checked against all of them.
pub const NETWORKS_MAX: usize = 100;

/// The fields of a partner that the operator can send. All are optional. `migrations/0001_partners.sql` describes each
/// column.
#[derive(Debug, Default, Serialize, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the migration describes each column")]
pub struct PartnerInput {
    #[validate(length(max = 60), custom(function = "printable"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_networks: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

impl PartnerInput {
    /// Takes the fields of a partner out of the parameters, and adds their faults to the parameters' faults.
    pub fn take(params: &mut Params) -> Self {
        params.refuse_assigned(&["partner_id", "customers"]);
        let input = Self {
            name: params.text("name"),
            country: params.text("country"),
            allowed_networks: take_networks(params),
            enabled: take_bool(params, "enabled"),
            database: take_database(params, "database"),
        };
        if let Err(errors) = input.validate() {
            params.faults(faults(&errors));
        }
        let country = input.country.as_deref();
        if country.is_some_and(|code| !code.is_empty() && !is_assigned(code)) {
            let message = "must be empty or a country's code of two capital letters that ISO 3166-1 has assigned";
            params.fault(Fault::of("country", "country", message));
        }
        input
    }
}

impl PartnerInput {
    /// The home that is wanted for a new partner.
    pub fn home(&self) -> Option<Database> {
        Database::parse(self.database.as_deref()?)
    }

    /// Whether a field is given that stands in the partner's home.
    pub fn is_of_home(&self) -> bool {
        self.name.is_some() || self.country.is_some()
    }

    /// The names of the given fields.
    pub fn fields(&self) -> Vec<&'static str> {
        let Self {
            name,
            country,
            allowed_networks,
            enabled,
            database: _,
        } = self;
        given([
            ("name", name.is_some()),
            ("country", country.is_some()),
            ("allowed_networks", allowed_networks.is_some()),
            ("enabled", enabled.is_some()),
        ])
    }
}

/// Takes the name of a database.
pub fn take_database(params: &mut Params, name: &'static str) -> Option<String> {
    let given = params.text(name)?;
    if Database::parse(&given).is_none() {
        let message = format!("must be the name of a database, DB or DB_2 to DB_{DATABASES_MAX}");
        params.fault(Fault::of(name, "database", message));
    }
    Some(given)
}

/// Takes the database that a partner is to move to, and adds its fault, if any, to the parameters' faults.
pub fn take_move(params: &mut Params) -> Database {
    params.require(Intent::Create, &["to"]);
    let to = take_database(params, "to");
    let to = to.and_then(|name| Database::parse(&name));
    to.unwrap_or(Database::DIRECTORY)
}

/// The names of the given fields.
fn given<const N: usize>(fields: [(&'static str, bool); N]) -> Vec<&'static str> {
    let given = fields.into_iter().filter(|(_, is_given)| *is_given);
    given.map(|(name, _)| name).collect()
}

/// The set-up of a custom field that the operator can send. All of it is optional.
#[derive(Debug, Serialize, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct CustomFieldSetUp {
    /// What the partner keeps in the field.
    #[validate(length(max = 60), custom(function = "printable"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The most characters of a value.
    #[validate(range(min = 1, max = 255))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<i64>,
    /// Whether a customer must have a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
}

impl CustomFieldSetUp {
    /// Takes a set-up out of the parameters, and adds its faults to the parameters' faults.
    pub fn take(params: &mut Params) -> Self {
        let set_up = Self {
            label: params.text("label"),
            max_length: params.integer("max_length"),
            required: take_bool(params, "required"),
        };
        if let Err(errors) = set_up.validate() {
            params.faults(faults(&errors));
        }
        set_up
    }

    /// The names of the given fields.
    pub fn fields(&self) -> Vec<&'static str> {
        let Self {
            label,
            max_length,
            required,
        } = self;
        given([
            ("label", label.is_some()),
            ("max_length", max_length.is_some()),
            ("required", required.is_some()),
        ])
    }
}

/// The values of `status` in the answer that ends a custom field: no value is left; values remain to be removed.
pub const ENDING_STATUSES: [&str; 2] = ["complete", "ending"];

/// The n of `custom_n`: 1 to 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldNumber {
    n: u8,
    name: &'static str,
}

impl FieldNumber {
    /// Takes the number out of the parameters, and adds its fault, if any, to the parameters' faults.
    pub fn take(params: &mut Params) -> Self {
        let given = params
            .integer("n")
            .and_then(|n| Self::of(n.try_into().ok()?));
        given.unwrap_or_else(|| {
            let message = format!("must be from 1 to {}", CUSTOM_FIELDS.len());
            params.fault(Fault::of("n", "range", message));
            let [name, ..] = CUSTOM_FIELDS;
            Self { n: 1, name }
        })
    }

    /// The n-th field; `None` if there is no such field.
    pub fn of(n: u8) -> Option<Self> {
        let name = custom_field(n)?;
        Some(Self { n, name })
    }

    /// The number.
    pub fn n(self) -> i64 {
        self.n.into()
    }

    /// The name: `custom_n`.
    pub fn name(self) -> &'static str {
        self.name
    }
}

/// The access of a login, which the operator must send.
#[derive(Debug, Serialize)]
pub struct LoginInput {
    /// [`READ`] or [`WRITE`].
    pub access: &'static str,
}

impl LoginInput {
    /// Takes the access out of the parameters, and adds its fault, if any, to the parameters' faults.
    pub fn take(params: &mut Params) -> Self {
        params.require(Intent::Create, &["access"]);
        let given = params.text("access");
        let access = [READ, WRITE]
            .into_iter()
            .find(|access| given.as_deref() == Some(access));
        if given.is_some() && access.is_none() {
            params.fault(Fault::of("access", "access", "must be read or write"));
        }
        Self {
            access: access.unwrap_or(READ),
        }
    }
}

/// The most seconds that an old password can stay good: a week.
pub const OVERLAP_MAX: i64 = 7 * 24 * 60 * 60;

/// How long the old password stays good.
#[derive(Debug, Default, Serialize)]
pub struct Overlap {
    /// In seconds. With 0 the old password ends at once.
    pub overlap_seconds: i64,
}

impl Overlap {
    /// Takes the seconds out of the parameters, and adds their fault, if any, to the parameters' faults.
    pub fn take(params: &mut Params) -> Self {
        let overlap_seconds = params.integer("overlap_seconds").unwrap_or(0);
        if !(0..=OVERLAP_MAX).contains(&overlap_seconds) {
            let message = format!("must be from 0 to {OVERLAP_MAX}");
            params.fault(Fault::of("overlap_seconds", "range", message));
        }
        Self { overlap_seconds }
    }
}

impl Filter {
    /// Takes the filters of the audit trail out of the parameters, and adds their faults to the parameters' faults.
    pub fn take(params: &mut Params) -> Self {
        let filter = Self {
            partner: params.text("partner"),
            partner_id: None,
            customer_id: params.id("customer_id"),
            since: take_since(params),
            action: params.text("action"),
            order: take_order(params),
        };
        if let Some(action) = filter.action.as_deref()
            && !ACTIONS.contains(&action)
        {
            let message = format!("must be one of {}", ACTIONS.join(", "));
            params.fault(Fault::of("action", "action", message));
        }
        filter
    }
}

fn take_order(params: &mut Params) -> Order {
    let Some(given) = params.text("order") else {
        return Order::default();
    };
    let found = ORDERS.iter().find(|(name, _)| *name == given);
    found.map_or_else(
        || {
            let message = format!("must be one of {}", ORDERS.map(|(name, _)| name).join(", "));
            params.fault(Fault::of("order", "order", message));
            Order::default()
        },
        |(_, order)| *order,
    )
}

/// Takes the time since when a list goes.
pub fn take_since(params: &mut Params) -> Option<String> {
    let since = params.text("since");
    if let Some(since) = &since
        && time(since).is_err()
    {
        let message = "must be a time in UTC, such as 2026-01-31 13:45:00";
        params.fault(Fault::of("since", "time", message));
    }
    since
}

fn take_bool(params: &mut Params, name: &'static str) -> Option<bool> {
    let value = params.value(name)?;
    if value.as_bool().is_none() {
        params.fault(Fault::of(name, "not_a_boolean", "must be true or false"));
    }
    value.as_bool()
}

fn take_networks(params: &mut Params) -> Option<Vec<String>> {
    let value = params.value("allowed_networks")?;
    let network = |value: &Json| {
        let text = value.as_text()?;
        text.parse::<IpNet>().is_ok().then(|| text.to_owned())
    };
    let networks: Option<Vec<String>> = value
        .as_list()
        .filter(|values| values.len() <= NETWORKS_MAX)
        .and_then(|values| values.iter().map(network).collect());
    if networks.is_none() {
        let message = format!(
            "must be an array of at most {NETWORKS_MAX} networks like 192.0.2.0/24 or 2001:db8::/32"
        );
        params.fault(Fault::of("allowed_networks", "networks", message));
    }
    networks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(json: &str) -> bool {
        let mut params = Params::default();
        params.add_json(json.as_bytes()).unwrap();
        PartnerInput::take(&mut params);
        params.finish().is_ok()
    }

    #[test]
    fn a_partner_is_held_to_its_limits() {
        let networks = |count: usize| {
            format!(
                "{{\"allowed_networks\":[{}\"::/0\"]}}",
                "\"::/0\",".repeat(count - 1)
            )
        };
        for (json, valid) in [
            ("{}", true),
            (&format!("{{\"name\":\"{}\"}}", "ä".repeat(60)), true),
            (&format!("{{\"name\":\"{}\"}}", "ä".repeat(61)), false),
            (r#"{"country":""}"#, true),
            (r#"{"country":"DE"}"#, true),
            (r#"{"country":"GB"}"#, true),
            (r#"{"country":"XX"}"#, false),
            (r#"{"country":"UK"}"#, false),
            (r#"{"country":"ED"}"#, false),
            (r#"{"country":"de"}"#, false),
            (r#"{"country":"DEU"}"#, false),
            (r#"{"enabled":false}"#, true),
            (r#"{"enabled":"no"}"#, false),
            (r#"{"enabled":0}"#, false),
            (r#"{"allowed_networks":[]}"#, true),
            (
                r#"{"allowed_networks":["192.0.2.1/32","2001:db8::/32"]}"#,
                true,
            ),
            (r#"{"allowed_networks":["192.0.2.1/33"]}"#, false),
            (r#"{"allowed_networks":["192.0.2.1"]}"#, false),
            (r#"{"allowed_networks":[1]}"#, false),
            (r#"{"allowed_networks":"192.0.2.0/24"}"#, false),
            (&networks(100), true),
            (&networks(101), false),
        ] {
            assert_eq!(is_valid(json), valid, "{json}");
        }
    }
}
