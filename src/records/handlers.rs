//! The handlers of the records of a customer. They are the same for every [`Kind`] of record.

use super::kind::{Creation, Kind, Removal};
use super::places::Places;
use super::sql::Scope;
use crate::auth::login::Partner;
use crate::auth::secrets::Secrets;
use crate::db::audit::{Actor, Context};
use crate::db::idempotency::Keyed;
use crate::http::batch;
use crate::http::call::{Call, Taken};
use crate::http::error::Error;
use crate::http::intent::Intent;
use crate::http::paging::Paging;
use crate::http::params::Params;
use crate::platform::d1::Store;
use crate::platform::reply::Reply;
use crate::platform::retry;
use crate::platform::rows::Row;

pub mod allowed_numbers;
mod created;
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
/// 1. takes the fingerprints of the `Idempotency-Key`, and validates the parameters (400);
/// 2. looks at the key, and inserts and counts all the records or none;
/// 3. answers the records, with the `Location` of the one record or of the list; or those that the key created before
///    (400 for other parameters, 404); or says why it created none (404; 400 if the customer does not have a named
///    measure; 409 if a call has the `external_id` of another).
pub async fn create(
    partner: &Partner,
    store: &Store,
    secrets: &Secrets,
    kind: &Kind,
    mut call: Call,
) -> Result<Reply, Error> {
    let partner_id = partner.partner_id;
    let fingerprints = retry::fingerprints(&mut call, secrets, partner_id, kind.name);
    let customer_id = call.params.required_id("customer_id");
    let now = call.now().clone();
    let take = |params: &mut Params| (kind.take)(params, Intent::Create, &now);
    let records = match kind.creation {
        Creation::One => vec![take(&mut call.params)],
        Creation::Batch => batch::take(&mut call.params, kind.name, take),
    };
    let (call, judged) = call.judged();

    let keyed = fingerprints.as_ref().map(|fingerprints| Keyed {
        partner_id,
        fingerprints,
        kind: kind.name,
        now: &call.now.utc,
    });
    let scope = scope(partner, &call, customer_id);
    if let Err(invalid) = judged {
        let look_up = keyed.map(|keyed| scope.look_up(kind, &keyed));
        let given = fingerprints.as_ref();
        let rows = retry::repeated_although(invalid, store, look_up, given).await?;
        return located(&scope, kind, &rows);
    }
    let places = Places::of(kind, records);
    let create = scope.create(kind, &places, keyed.as_ref());
    let results = store.run(create).await?;

    let repeat = results.names.repeat.zip(fingerprints.as_ref());
    if let Some((repeat, given)) = repeat
        && let Some(rows) = retry::repeated(&results, repeat, given)?
    {
        return located(&scope, kind, &rows);
    }
    located(&scope, kind, &created::in_order(kind, &places, &results)?)
}

/// An answer with new records, and the `Location` of the one record or of the list.
fn located(scope: &Scope<'_>, kind: &Kind, rows: &[Row]) -> Result<Reply, Error> {
    let (prefix, id) = (scope.version.prefix(), scope.customer_id);
    let mut location = format!("{prefix}/customers/{id}/{}", kind.name);
    if let (Creation::One, [row]) = (kind.creation, rows) {
        location.push_str(&format!("/{}", row.integer("id")?));
    }
    Ok(Reply::rows(kind.name, rows)?.with("Location", location))
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
