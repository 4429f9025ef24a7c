//! A call record.

use validator::Validate;

use super::given::Given;
use super::kind::{Creation, Form, Kind, Order, Unset};
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::validation::{faults, time};

/// The calls of a customer.
pub const CALLS: Kind = Kind {
    name: "calls",
    singular: "call",
    id: "call_id",
    total: "calls_total",
    columns: &[
        ("measure_id", Unset::Zero),
        ("start", Unset::Empty),
        ("duration", Unset::Zero),
        ("answered", Unset::Zero),
        ("anum", Unset::Empty),
        ("anum_ccndc", Unset::Zero),
        ("bnum", Unset::Empty),
        ("bnum_ccndc", Unset::Zero),
        ("cnum", Unset::Empty),
        ("cnum_ccndc", Unset::Zero),
    ],
    numbers: &["anum", "bnum", "cnum"],
    members: &[
        ("call_id", Form::Integer),
        ("measure_id", Form::Integer),
        ("start", Form::Text),
        ("duration", Form::Integer),
        ("answered", Form::Integer),
        ("anum", Form::Text),
        ("bnum", Form::Text),
        ("cnum", Form::Text),
    ],
    take,
    #[cfg(not(target_arch = "wasm32"))]
    schema: || schemars::schema_for!(CallInput),
    order: Order::NewestFirst,
    creation: Creation::Batch,
    removal: None,
};

/// The fields of a call that a partner can send, except its phone numbers.
#[derive(Debug, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct CallInput {
    measure_id: Option<i64>,
    #[validate(custom(function = "time"))]
    start: Option<String>,
    /// Seconds.
    #[validate(range(min = 0, max = 2_147_483_647))]
    duration: Option<i64>,
    #[validate(range(min = 0, max = 1))]
    answered: Option<i64>,
}

fn take(params: &mut Params, intent: Intent) -> Given {
    params.require(intent, &["measure_id", "start", "bnum"]);
    let input = CallInput {
        measure_id: params.id("measure_id"),
        start: params.text("start"),
        duration: params.integer("duration"),
        answered: params.integer("answered"),
    };
    if let Err(errors) = input.validate() {
        params.faults(faults(&errors));
    }
    let CallInput {
        measure_id,
        start,
        duration,
        answered,
    } = input;
    let mut given = Given::default();
    given.set("measure_id", measure_id);
    given.set("start", start);
    given.set("duration", duration);
    given.set("answered", answered);
    given.number_or_none(params, "anum", "anum_ccndc");
    given.number(params, "bnum", "bnum_ccndc");
    given.number_or_none(params, "cnum", "cnum_ccndc");
    given
}
