//! A user: a person who may log in and see the customer's statistics.

use validator::Validate;

use super::given::Given;
use super::kind::{Creation, Form, Kind, Order, Removal, Unset};
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::time::Now;
use crate::http::validation::{self, faults, not_blank, printable};

/// The users of a customer.
pub const USERS: Kind = Kind {
    name: "users",
    singular: "user",
    id: "user_id",
    total: "users_total",
    endless: None,
    columns: &[
        ("email", Unset::Empty),
        ("name", Unset::Empty),
        ("write_access", Unset::Zero),
        ("receive_monthly_report", Unset::Zero),
    ],
    numbers: &[],
    members: &[
        ("user_id", Form::Integer),
        ("email", Form::Text),
        ("name", Form::Text),
        ("write_access", Form::Integer),
        ("receive_monthly_report", Form::Integer),
    ],
    take,
    #[cfg(not(target_arch = "wasm32"))]
    schema: || schemars::schema_for!(UserInput),
    order: Order::Id,
    creation: Creation::One,
    removal: Some(Removal::DeleteRow),
};

/// The fields of a user that a partner can send. Limits count Unicode characters.
#[derive(Debug, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct UserInput {
    #[validate(
        length(min = 1, max = 60),
        custom(function = "not_blank"),
        custom(function = "printable"),
        custom(function = "validation::email")
    )]
    email: Option<String>,
    #[validate(length(max = 60), custom(function = "printable"))]
    name: Option<String>,
    #[validate(range(min = 0, max = 1))]
    write_access: Option<i64>,
    #[validate(range(min = 0, max = 2))]
    receive_monthly_report: Option<i64>,
}

fn take(params: &mut Params, intent: Intent, _: &Now) -> Given {
    params.require(intent, &["email"]);
    if intent == Intent::Create {
        params.refuse_assigned(&["user_id"]);
    }
    let input = UserInput {
        email: params.text("email"),
        name: params.text("name"),
        write_access: params.flag("write_access"),
        receive_monthly_report: params.integer("receive_monthly_report"),
    };
    if let Err(errors) = input.validate() {
        params.faults(faults(&errors));
    }
    let UserInput {
        email,
        name,
        write_access,
        receive_monthly_report,
    } = input;
    let mut given = Given::default();
    given.set("email", email);
    given.set("name", name);
    given.set("write_access", write_access);
    given.set("receive_monthly_report", receive_monthly_report);
    given
}
