//! The list of records that a request creates, all or none.

use super::error::Fault;
use super::intent::Intent;
use super::json::Json;
use super::params::Params;

/// The most records in a batch.
pub const BATCH_MAX: usize = 1_000;

/// Takes the records of a batch. A fault names the place of its record: `calls[3].start`.
pub fn take<T>(
    params: &mut Params,
    name: &'static str,
    mut take: impl FnMut(&mut Params) -> T,
) -> Vec<T> {
    params.require(Intent::Create, &[name]);
    let Some(list) = params.value(name) else {
        return Vec::new();
    };
    let Json::List(records) = list else {
        params.fault(Fault::of(name, "not_a_list", "must be a list"));
        return Vec::new();
    };
    if !(1..=BATCH_MAX).contains(&records.len()) {
        let message = format!("must have 1 to {BATCH_MAX} elements");
        params.fault(Fault::of(name, "length", message));
        return Vec::new();
    }
    let mut taken = Vec::with_capacity(records.len());
    for (place, record) in records.into_iter().enumerate() {
        let name = format!("{name}[{place}]");
        let Json::Object(members) = record else {
            params.fault(Fault::of(name, "not_an_object", "must be an object"));
            continue;
        };
        let mut record = Params::of_members(members);
        taken.push(take(&mut record));
        params.adopt(&name, record);
    }
    taken
}
