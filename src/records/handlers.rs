//! The handlers of the records of a customer. They are the same for every [`Kind`] of record.

use super::given::Given;
use super::kind::{BATCH_MAX, Creation, Kind, Removal};
use super::sql::Scope;
use crate::auth::login::Partner;
use crate::db::audit::{Actor, Context};
use crate::http::call::{Call, Taken};
use crate::http::error::{Error, Fault};
use crate::http::intent::Intent;
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::http::params::Params;
use crate::http::time::Now;
use crate::platform::d1::{Row, Store};
use crate::platform::reply::Reply;

pub mod allowed_numbers;
pub mod export;

/// Reads the records of a customer, or one record if its id is given:
/// 1. reads the ids and the paging (400);
/// 2. reads the page and the total, or the record (404);
/// 3. answers the page, with a `Link` to the next page, or the record.
pub async fn read(
    partner: &Partner,
    store: &Store,
    kind: &Kind,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    if let Some(record_id) = call.params.id(kind.id) {
        let call = call.finish()?;
        let found = scope(partner, &call, customer_id).find(kind, record_id);
        return one(kind, store.read(found).await?.first());
    }
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let page = scope(partner, &call, customer_id).page(kind, paging);
    let results = store.run(page).await?;
    let total = results.first(|at| at.total);
    let total = total.ok_or(Error::NotFound("customer"))?.integer("total")?;
    let path = format!("/customers/{customer_id}/{}", kind.name);
    let rows = results.all(|at| at.rows);
    Reply::page(call.version, &path, kind.name, paging, &rows, total)
}

/// Creates a record or a batch of records:
/// 1. reads the customer's id and validates the given fields (400);
/// 2. inserts and counts all the records or none;
/// 3. answers the records, with the `Location` of the one record or of the list; or says why it created none (404, or
///    400 if the customer does not have a named measure).
pub async fn create(
    partner: &Partner,
    store: &Store,
    kind: &Kind,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let now = call.now().clone();
    let records = match kind.creation {
        Creation::One => vec![(kind.take)(&mut call.params, Intent::Create, &now)],
        Creation::Batch => take_batch(kind, &mut call.params, &now),
    };
    let call = call.finish()?;

    let create = scope(partner, &call, customer_id).create(kind, records);
    let results = store.run(create).await?;

    let created = results.all(|at| at.created);
    let Some(first) = created.first() else {
        return Err(not_created(kind, results.all(|at| at.missing)));
    };
    let prefix = call.version.prefix();
    let mut location = format!("{prefix}/customers/{customer_id}/{}", kind.name);
    if kind.creation == Creation::One {
        location.push_str(&format!("/{}", first.integer("id")?));
    }
    Ok(Reply::rows(kind.name, &created)?.with("Location", location))
}

/// Takes the records of a batch. A fault names the place of its record: `calls[3].start`.
fn take_batch(kind: &Kind, params: &mut Params, now: &Now) -> Vec<Given> {
    params.require(Intent::Create, &[kind.name]);
    let Some(list) = params.value(kind.name) else {
        return Vec::new();
    };
    let Json::List(records) = list else {
        params.fault(Fault::of(kind.name, "not_a_list", "must be a list"));
        return Vec::new();
    };
    if !(1..=BATCH_MAX).contains(&records.len()) {
        let message = format!("must have 1 to {BATCH_MAX} elements");
        params.fault(Fault::of(kind.name, "length", message));
        return Vec::new();
    }
    let mut taken = Vec::with_capacity(records.len());
    for (place, record) in records.into_iter().enumerate() {
        let name = format!("{}[{place}]", kind.name);
        let Json::Object(members) = record else {
            params.fault(Fault::of(name, "not_an_object", "must be an object"));
            continue;
        };
        let mut record = Params::of_members(members);
        taken.push((kind.take)(&mut record, Intent::Create, now));
        params.adopt(&name, record);
    }
    taken
}

/// The error that says why no record was created.
fn not_created(kind: &Kind, missing: Vec<Row>) -> Error {
    let fault = |row: Row| {
        let place = row.integer("place")?;
        let parameter = format!("{}[{place}].measure_id", kind.name);
        let message = "is not a measure of this customer";
        Ok(Fault::of(parameter, "unknown_measure", message))
    };
    match missing.into_iter().map(fault).collect() {
        Ok(faults) if Vec::is_empty(&faults) => Error::NotFound("customer"),
        Ok(faults) => Error::Invalid(faults),
        Err(error) => error,
    }
}

/// Changes a record:
/// 1. reads the ids and validates the given fields (400);
/// 2. changes only those columns;
/// 3. answers the record (404).
pub async fn change(
    partner: &Partner,
    store: &Store,
    kind: &Kind,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let record_id = call.params.required_id(kind.id);
    let now = call.now().clone();
    let given = (kind.take)(&mut call.params, Intent::Change, &now);
    let call = call.finish()?;

    let change = scope(partner, &call, customer_id).change(kind, record_id, given);
    let results = store.run(change).await?;
    one(kind, results.first(|at| *at))
}

/// Removes a record:
/// 1. reads the ids (400);
/// 2. expires or deletes the record, as its kind says;
/// 3. answers the expired record, or an empty list (404).
pub async fn remove(
    partner: &Partner,
    store: &Store,
    kind: &Kind,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let record_id = call.params.required_id(kind.id);
    let call = call.finish()?;

    let scope = scope(partner, &call, customer_id);
    let removal = kind.removal.ok_or(Error::NotFound(kind.singular))?;
    let results = store.run(scope.remove(kind, removal, record_id)).await?;
    match (removal, results.first(|at| *at)) {
        (Removal::DeleteRow, Some(_)) => Reply::rows(kind.name, &[]),
        (_, removed) => one(kind, removed),
    }
}

/// An answer with one record.
fn one(kind: &Kind, row: Option<Row>) -> Result<Reply, Error> {
    Reply::one(kind.name, &row.ok_or(Error::NotFound(kind.singular))?)
}

/// The customer that a call is about, limited to this partner.
fn scope<'a>(partner: &Partner, call: &'a Taken, customer_id: i64) -> Scope<'a> {
    Scope {
        audit: Context::of(call, Actor::Partner(partner.partner_id)),
        partner_id: partner.partner_id,
        customer_id,
        version: call.version,
    }
}
