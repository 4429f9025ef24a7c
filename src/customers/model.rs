//! A customer as it comes in, is validated, and goes out. Pure.

use serde::Serialize;
use validator::Validate;

use super::german;
use crate::error::Fault;
use crate::intent::Intent;
use crate::partners::{CustomField, Profile};
use crate::request::Params;
use crate::sql::Arg;
use crate::validation::{self, faults, length_fault, not_blank, printable};
use crate::version::Version;

/// How many custom fields there can be.
pub const CUSTOM_FIELDS: u8 = 20;

/// What a caller gives of a customer: all of it optional, since a `PUT` changes what is given.
/// Limits count Unicode characters.
#[derive(Debug, Default, Serialize, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[expect(
    missing_docs,
    reason = "the columns of migrations/0002_customers.sql say what each is"
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
    /// The values of `custom_n` by ascending n; only those that are set up for the partner.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    pub custom: Vec<(u8, String)>,
}

impl CustomerInput {
    /// Takes what a partner may give of a customer out of a request's parameters, and adds every fault
    /// that it has to theirs.
    pub fn take(params: &mut Params, partner: &Profile, intent: Intent) -> Self {
        params.require(intent, &["name", "custnr"]);
        let input = Self {
            name: params.text("name"),
            custnr: params.text("custnr"),
            corporateid: params.text("corporateid"),
            email: params.text("email"),
            receive_monthly_report: params.integer("receive_monthly_report"),
            freespee_caller_id: params.integer("freespee_caller_id"),
            address_street: params.text("address_street"),
            address_zip: params.text("address_zip"),
            address_city: params.text("address_city"),
            address_state: params.text("address_state"),
            address_country: params.text("address_country"),
            custom: take_custom(params, partner, intent),
        };
        if let Err(errors) = input.validate() {
            params.faults(faults(&errors));
        }
        input
    }

    /// The columns that are given, with their values.
    pub fn columns(&self) -> Vec<(String, Arg)> {
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
        } = self;
        let texts = [
            ("name", name),
            ("custnr", custnr),
            ("corporateid", corporateid),
            ("email", email),
            ("address_street", address_street),
            ("address_zip", address_zip),
            ("address_city", address_city),
            ("address_state", address_state),
            ("address_country", address_country),
        ];
        let integers = [
            ("receive_monthly_report", *receive_monthly_report),
            ("freespee_caller_id", *freespee_caller_id),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(column, value)| Some((column.to_owned(), value.as_deref()?.into())));
        let integers = integers
            .into_iter()
            .filter_map(|(column, value)| Some((column.to_owned(), value?.into())));
        let custom = custom
            .iter()
            .map(|(n, value)| (format!("custom_{n}"), value.as_str().into()));
        texts.chain(integers).chain(custom).collect()
    }
}

fn take_custom(params: &mut Params, partner: &Profile, intent: Intent) -> Vec<(u8, String)> {
    let mut values = Vec::new();
    for n in 1..=CUSTOM_FIELDS {
        let name = format!("custom_{n}");
        let given = params.has(&name);
        match partner.custom_fields.iter().find(|field| field.n == n) {
            Some(field) if given => {
                if let Some(value) = params.text(&name) {
                    params.faults(custom_faults(field, partner, &value));
                    values.push((n, value));
                }
            }
            Some(field) if field.required && intent == Intent::Create => {
                let message = match field.label.as_str() {
                    "" => "is required".to_owned(),
                    label => format!("is required ({label})"),
                };
                params.fault(Fault::of(name, "required", message));
            }
            None if given => {
                params.value(&name);
                params.fault(Fault::of(
                    name,
                    "custom_field_not_set_up",
                    "is not set up for this partner; the operator can set it up",
                ));
            }
            _ => {}
        }
    }
    values
}

fn custom_faults(field: &CustomField, partner: &Profile, value: &str) -> Vec<Fault> {
    let name = field.name();
    let CustomField {
        max_length: max,
        required,
        ..
    } = *field;
    let length = value.chars().count();
    let mut faults = Vec::new();
    if length > max || (required && length == 0) {
        faults.push(length_fault(name.clone(), usize::from(required), max));
    } else if required && value.trim().is_empty() {
        faults.push(Fault::of(name.clone(), "blank", "must not be blank"));
    } else if partner.country == german::COUNTRY {
        faults.extend(german::fault(field.n, &name, value));
    }
    if let Err(error) = printable(value) {
        let message = error.message.unwrap_or_default();
        faults.push(Fault::of(name, "control_character", message));
    }
    faults
}

/// A customer as it goes out: each member and the SQL expression that it is made from.
pub fn output(version: Version, partner: &Profile) -> Vec<(String, String)> {
    let integer = |column: &str| (column.to_owned(), version.integer_sql(column));
    let text = |column: &str| (column.to_owned(), column.to_owned());
    let mut members = vec![integer("customer_id")];
    members.extend(["name", "custnr", "corporateid", "email", "uuid"].map(text));
    members.extend(
        partner
            .custom_fields
            .iter()
            .map(|field| text(&field.name())),
    );
    members.extend(["receive_monthly_report", "freespee_caller_id"].map(integer));
    members.extend(
        [
            "address_street",
            "address_zip",
            "address_city",
            "address_state",
            "address_country",
        ]
        .map(text),
    );
    members
}

#[cfg(test)]
mod tests;
