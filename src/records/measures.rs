//! A measure: a tracked number.

use validator::Validate;

use super::given::Given;
use super::kind::{Creation, EXPIRES, Form, Kind, Order, Removal, Unset};
use crate::db::schema::{measure_expired, measure_status};
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::time::Now;
use crate::http::validation::{self, faults, not_blank, printable};

/// The measures of a customer.
pub const MEASURES: Kind = Kind {
    name: "measures",
    singular: "measure",
    id: "measure_id",
    total: "measures_total",
    endless: Some("measures_endless"),
    columns: &[
        ("name", Unset::Empty),
        ("media", Unset::Empty),
        ("phonenr", Unset::Empty),
        ("phonenr_ccndc", Unset::Zero),
        ("destnr", Unset::Empty),
        ("destnr_ccndc", Unset::Zero),
        ("created", Unset::Now),
        (EXPIRES, Unset::Empty),
    ],
    numbers: &["phonenr", "destnr"],
    members: &[
        ("measure_id", Form::Integer),
        ("name", Form::Text),
        ("media", Form::Text),
        ("phonenr", Form::Text),
        ("destnr", Form::Text),
        ("created", Form::Text),
        (EXPIRES, Form::Text),
        ("status", Form::Computed(measure_status)),
    ],
    take,
    #[cfg(not(target_arch = "wasm32"))]
    schema: || schemars::schema_for!(MeasureInput),
    order: Order::Id,
    creation: Creation::One,
    removal: Some(Removal::Set(EXPIRES, measure_expired)),
};

/// The fields of a measure that a partner can send, except its phone numbers. Limits count Unicode characters.
#[derive(Debug, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct MeasureInput {
    #[validate(
        length(min = 1, max = 60),
        custom(function = "not_blank"),
        custom(function = "printable")
    )]
    name: Option<String>,
    #[validate(length(max = 60), custom(function = "printable"))]
    media: Option<String>,
    #[validate(custom(function = "validation::time_or_none"))]
    expires: Option<String>,
}

fn take(params: &mut Params, intent: Intent, _: &Now) -> Given {
    params.require(intent, &["name", "phonenr", "destnr"]);
    params.refuse_assigned(&["created", "status"]);
    if intent == Intent::Create {
        params.refuse_assigned(&["measure_id"]);
    }
    let input = MeasureInput {
        name: params.text("name"),
        media: params.text("media"),
        expires: params.text(EXPIRES),
    };
    if let Err(errors) = input.validate() {
        params.faults(faults(&errors));
    }
    let MeasureInput {
        name,
        media,
        expires,
    } = input;
    let mut given = Given::default();
    given.set("name", name);
    given.set("media", media);
    given.set(EXPIRES, expires);
    given.number(params, "phonenr", "phonenr_ccndc");
    given.number(params, "destnr", "destnr_ccndc");
    given
}
