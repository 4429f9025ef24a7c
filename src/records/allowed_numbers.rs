//! The allowed numbers of a customer. A partner reads and replaces the list as a whole.

use crate::http::error::Fault;
use crate::http::intent::Intent;
use crate::http::json::Json;
use crate::http::params::Params;
use crate::phone::E164;

/// The most numbers in a list.
pub const ALLOWED_NUMBERS_MAX: usize = 1_000;

/// Takes `phonenrs` out of the parameters: a list, or the text of a JSON array, because a form holds only texts. Adds
/// its faults to the parameters' faults.
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
