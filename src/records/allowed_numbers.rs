//! The allowed numbers of a customer: one list, read and replaced as a whole.

use super::store::Scope;
use crate::auth::Partner;
use crate::call::Call;
use crate::error::{Error, Fault};
use crate::intent::Intent;
use crate::json::Json;
use crate::phone::E164;
use crate::reply::Reply;
use crate::request::Params;
use crate::store::{Rows, Store};

/// The most numbers of a list.
pub const ALLOWED_NUMBERS_MAX: usize = 1_000;

/// Reads the list:
/// 1. reads the customer's id (400);
/// 2. reads the numbers, if there is such a customer (404);
/// 3. answers them.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    call.params.finish()?;

    let now = call.now.utc();
    let scope = Scope::of(partner, &call, customer_id, &now);
    let [numbers] = store.batch([scope.allowed_numbers()]).await?;
    answer(&numbers)
}

/// Replaces the list:
/// 1. reads the customer's id and validates every number (400);
/// 2. replaces the numbers, if there is such a customer (404);
/// 3. answers them.
pub async fn replace(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let numbers = take(&mut call.params);
    call.params.finish()?;

    let now = call.now.utc();
    let scope = Scope::of(partner, &call, customer_id, &now);
    let [_, _, _, numbers] = store.batch(scope.replace_allowed_numbers(numbers)).await?;
    answer(&numbers)
}

fn answer(numbers: &Rows) -> Result<Reply, Error> {
    let row = numbers.first().ok_or(Error::NotFound("customer"))?;
    Reply::object("allowed_numbers", &row)
}

/// Takes `phonenrs`: a list, or the text of one, as a form holds it. Adds every fault that it has to those of the
/// parameters.
pub fn take(params: &mut Params) -> Vec<Json> {
    const NAME: &str = "phonenrs";
    params.require(Intent::Create, &[NAME]);
    let given = match params.value(NAME) {
        None => return Vec::new(),
        Some(Json::Text(text)) => Json::parse(text.as_bytes()).unwrap_or(Json::Null),
        Some(value) => value,
    };
    let Json::List(numbers) = given else {
        let message = "must be a JSON array of phone numbers";
        params.fault(Fault::of(NAME, "not_a_list", message));
        return Vec::new();
    };
    if numbers.len() > ALLOWED_NUMBERS_MAX {
        let message = format!("must have at most {ALLOWED_NUMBERS_MAX} elements");
        params.fault(Fault::of(NAME, "length", message));
        return Vec::new();
    }
    for (place, number) in numbers.iter().enumerate() {
        let name = format!("{NAME}[{place}]");
        match number.as_text().map(E164::parse) {
            Some(Ok(_)) => {}
            Some(Err(fault)) => params.fault(Fault::of(name, fault.code(), fault.message())),
            None => params.fault(Fault::of(name, "not_a_string", "must be a string")),
        }
    }
    numbers
}
