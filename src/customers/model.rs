//! The input of a customer, its validation, and its output.

use serde::Serialize;
use validator::Validate;

use super::german;
use crate::db::json::Member;
use crate::db::sql::Arg;
use crate::http::error::Fault;
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::validation::{self, faults, length_fault, not_blank, printable};
use crate::http::version::Version;
use crate::partners::profile::{CUSTOM_FIELDS, CUSTOM_LENGTH_MAX, CustomField, Profile};

/// The fields of a customer that a caller can send. All are optional, because a `PUT` changes only the fields that it
/// has. Limits count Unicode characters.
#[derive(Debug, Default, Serialize, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[expect(
    missing_docs,
    reason = "migrations/0002_customers.sql describes each column"
)]
pub struct CustomerInput {
    #[validate(
        length(min = 1, max = 60),
        custom(function = "not_blank"),
        custom(function = "printable")
    )]
    pub name: Option<String>,
    #[validate(
        length(min = 1, max = 45),
        custom(function = "not_blank"),
        custom(function = "validation::unpadded"),
        custom(function = "printable")
    )]
    pub custnr: Option<String>,
    #[validate(length(max = 40), custom(function = "printable"))]
    pub corporateid: Option<String>,
    #[validate(
        length(max = 150),
        custom(function = "printable"),
        custom(function = "validation::email")
    )]
    pub email: Option<String>,
    #[validate(range(min = 0, max = 2))]
    pub receive_monthly_report: Option<i64>,
    #[validate(range(min = 0, max = 1))]
    pub freespee_caller_id: Option<i64>,
    #[validate(length(max = 255), custom(function = "printable"))]
    pub address_street: Option<String>,
    #[validate(length(max = 255), custom(function = "printable"))]
    pub address_zip: Option<String>,
    #[validate(length(max = 255), custom(function = "printable"))]
    pub address_city: Option<String>,
    #[validate(length(max = 255), custom(function = "printable"))]
    pub address_state: Option<String>,
    #[validate(length(max = 255), custom(function = "printable"))]
    pub address_country: Option<String>,
    /// The values of `custom_1` to `custom_20`. A caller can send only those that are set up for the partner.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    pub custom: [Option<String>; CUSTOM_FIELDS.len()],
    /// The values that a `PUT` may only keep.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    #[serde(skip)]
    pub kept: Vec<Kept>,
}

/// A custom field's value that the present set-up refuses. The set-up may have changed after the value was stored,
/// so a `PUT` with the stored value is right.
#[derive(Debug)]
pub struct Kept {
    /// The name of the field.
    pub name: &'static str,
    /// The value.
    pub value: String,
    /// The faults of the value, unless it is stored already.
    pub faults: Vec<Fault>,
}

/// The parameters that the service assigns, besides `customer_id`.
const ASSIGNED: [&str; 2] = ["uuid", "created"];

impl CustomerInput {
    /// Takes the fields of a customer out of the parameters, and adds their faults to the parameters' faults.
    pub fn take(params: &mut Params, partner: &Profile, intent: Intent) -> Self {
        params.require(intent, &["name", "custnr"]);
        params.refuse_assigned(&ASSIGNED);
        if intent.may_create() {
            params.refuse_assigned(&["customer_id"]);
        }
        let mut input = Self {
            name: params.text("name"),
            custnr: params.text("custnr"),
            corporateid: params.text("corporateid"),
            email: params.text("email"),
            receive_monthly_report: params.integer("receive_monthly_report"),
            freespee_caller_id: params.flag("freespee_caller_id"),
            address_street: params.text("address_street"),
            address_zip: params.text("address_zip"),
            address_city: params.text("address_city"),
            address_state: params.text("address_state"),
            address_country: params.text("address_country"),
            ..Self::default()
        };
        input.take_custom(params, partner, intent);
        if let Err(errors) = input.validate() {
            params.faults(faults(&errors));
        }
        input
    }

    /// The columns of the given fields, with their values.
    pub fn columns(&self) -> Vec<Column> {
        let Self {
            name,
            custnr,
            corporateid,
            email,
            receive_monthly_report,
            freespee_caller_id,
            address_street,
            address_zip,
            address_city,
            address_state,
            address_country,
            custom,
            kept: _,
        } = self;
        let text = |name, value: &Option<String>| (name, Arg::from(value.as_deref()));
        let fixed = [
            text("name", name),
            text("custnr", custnr),
            text("corporateid", corporateid),
            text("email", email),
            text("address_street", address_street),
            text("address_zip", address_zip),
            text("address_city", address_city),
            text("address_state", address_state),
            text("address_country", address_country),
            ("receive_monthly_report", (*receive_monthly_report).into()),
            ("freespee_caller_id", (*freespee_caller_id).into()),
        ];
        let given = fixed.into_iter().filter(|(_, value)| *value != Arg::Null);
        let fixed = given.map(|(name, value)| Column {
            name,
            custom: None,
            value,
        });
        let custom = custom.iter().zip(CUSTOM_FIELDS).zip(1..);
        let custom = custom.filter_map(|((value, name), n)| {
            Some(Column {
                name,
                custom: Some(n),
                value: value.as_deref()?.into(),
            })
        });
        fixed.chain(custom).collect()
    }
}

/// A column of `customers` and its new value.
#[derive(Debug)]
pub struct Column {
    /// The name of the column.
    pub name: &'static str,
    /// The n, if the column is `custom_n`.
    pub custom: Option<u8>,
    /// The new value.
    pub value: Arg,
}

impl CustomerInput {
    fn take_custom(&mut self, params: &mut Params, partner: &Profile, intent: Intent) {
        for (name, place) in CUSTOM_FIELDS.into_iter().zip(&mut self.custom) {
            let is_given = params.has(name);
            let mut set_up = partner.custom_fields.iter();
            let Some(field) = set_up.find(|field| field.name == name) else {
                if is_given {
                    params.value(name);
                    let message = "is not set up for this partner; ask support to set it up";
                    params.fault(Fault::of(name, "custom_field_not_set_up", message));
                }
                continue;
            };
            let Some(value) = params.text(name) else {
                if field.required && intent.may_create() && !is_given {
                    params.fault(required(field));
                }
                continue;
            };
            let faults = custom_faults(field, partner, &value);
            let may_be_stored =
                value.chars().count() <= CUSTOM_LENGTH_MAX && printable(&value).is_ok();
            if faults.is_empty() {
                *place = Some(value);
            } else if intent.may_change() && may_be_stored {
                self.kept.push(Kept {
                    name,
                    value,
                    faults,
                });
            } else {
                params.faults(faults);
            }
        }
    }

    /// The faults of the values that a `PUT` may only keep, by whether each is kept.
    pub fn kept_faults(&self, is_kept: impl Fn(usize) -> bool) -> Vec<Fault> {
        let refused = self.kept.iter().enumerate();
        let refused = refused.filter(|(place, _)| !is_kept(*place));
        refused.flat_map(|(_, kept)| kept.faults.clone()).collect()
    }
}

fn required(field: &CustomField) -> Fault {
    let message = match field.label.as_str() {
        "" => "is required".to_owned(),
        label => format!("is required ({label})"),
    };
    Fault::of(field.name, "required", message)
}

fn custom_faults(field: &CustomField, partner: &Profile, value: &str) -> Vec<Fault> {
    let CustomField {
        name,
        n,
        max_length: max,
        required,
        ..
    } = *field;
    let length = value.chars().count();
    let is_german = partner.country == german::COUNTRY && length > 0;
    let mut faults = Vec::new();
    // The German rule says what a value must be, so it speaks before the limits.
    if let Some(fault) = is_german.then(|| german::fault(n, name, value)).flatten() {
        faults.push(fault);
    } else if length > max || (required && length == 0) {
        faults.push(length_fault(name, usize::from(required), max));
    } else if let (true, Err(error)) = (required, not_blank(value)) {
        faults.push(validation::fault(name, &error));
    }
    if let Err(error) = printable(value) {
        faults.push(validation::fault(name, &error));
    }
    faults
}

/// The members of a customer in an answer, in their order.
pub fn output(version: Version, partner: &Profile) -> Vec<Member> {
    let integer = |name| Member::integer(version, name);
    let mut members = vec![integer("customer_id")];
    members.extend(["name", "custnr", "corporateid", "email", "uuid"].map(Member::column));
    let custom = partner.custom_fields.iter();
    members.extend(custom.map(|field| Member::column(field.name)));
    members.extend(["receive_monthly_report", "freespee_caller_id"].map(integer));
    members.extend(
        [
            "address_street",
            "address_zip",
            "address_city",
            "address_state",
            "address_country",
        ]
        .map(Member::column),
    );
    members
}

#[cfg(test)]
mod tests;
