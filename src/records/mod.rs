//! What hangs on a customer: the handlers, the same for every [`Kind`] of record.
//!
//! A kind is a table, a constant with an input type beside it, and a line in the router.

use crate::audit::Actor;
use crate::auth::Partner;
use crate::call::Call;
use crate::error::{Error, Fault};
use crate::intent::Intent;
use crate::json::Json;
use crate::paging::Paging;
use crate::reply::Reply;
use crate::request::Params;
use crate::store::{Row, Rows, Store};
use kind::{BATCH_MAX, Creation, Kind, Removal};
use store::Scope;

pub mod allowed_numbers;
pub mod calls;
pub mod export;
pub mod given;
pub mod kind;
pub mod measures;
pub mod store;
pub mod users;

/// Reads the records of a customer, or one of them if its id is given:
/// 1. reads the ids and the paging (400);
/// 2. reads the page and the total, or the record (404);
/// 3. answers them, a page with a `Link` to the next.
pub async fn read(
    partner: &Partner,
    store: &Store,
    kind: &Kind,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let record_id = call.params.id(kind.id);
    let paging = match record_id {
        Some(_) => None,
        None => Some(Paging::take(&mut call.params)),
    };
    call.params.finish()?;

    let now = call.now.utc();
    let scope = Scope::of(partner, &call, customer_id, &now);
    let Some(paging) = paging else {
        let [rows] = store
            .batch([scope.find(kind, record_id.unwrap_or_default())])
            .await?;
        return one(kind, rows.first());
    };
    let [total, rows] = store
        .batch([scope.total(kind), scope.page(kind, paging)])
        .await?;
    let total = total.first().ok_or(Error::NotFound("customer"))?;
    let path = format!("/customers/{}/{}", scope.customer_id, kind.name);
    paging.reply(
        call.version,
        &path,
        kind.name,
        &rows.all(),
        total.integer("total")?,
    )
}

/// Creates a record, or a batch of them:
/// 1. reads the customer's id and validates what is given (400);
/// 2. inserts and counts them, all or none;
/// 3. answers them, with where to find the record or, of a batch, the list; or says what was in the way (404, or 400
///    for a measure that the customer lacks).
pub async fn create(
    partner: &Partner,
    store: &Store,
    kind: &Kind,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let records = match kind.creation {
        Creation::One => vec![(kind.take)(&mut call.params, Intent::Create).into_json()],
        Creation::Batch => take_batch(kind, &mut call.params),
    };
    call.params.finish()?;

    let now = call.now.utc();
    let scope = Scope::of(partner, &call, customer_id, &now);
    let [created, _, _, missing] = store.batch(scope.create(kind, records)).await?;

    let created = created.all();
    let Some(first) = created.first() else {
        return Err(not_created(kind, &missing));
    };
    let (prefix, customer_id) = (call.version.prefix(), scope.customer_id);
    let mut location = format!("{prefix}/customers/{customer_id}/{}", kind.name);
    if kind.creation == Creation::One {
        location.push_str(&format!("/{}", first.integer("id")?));
    }
    Ok(Reply::rows(kind.name, &created)?.with("Location", location))
}

/// Takes the records of a batch, and tells what is wrong with each by its place: `calls[3].start`.
fn take_batch(kind: &Kind, params: &mut Params) -> Vec<Json> {
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
        taken.push((kind.take)(&mut record, Intent::Create).into_json());
        params.adopt(&name, record);
    }
    taken
}

/// Why nothing was created.
fn not_created(kind: &Kind, missing: &Rows) -> Error {
    let fault = |row: Row| {
        let place = row.integer("place")?;
        let parameter = format!("{}[{place}].measure_id", kind.name);
        let message = "is no measure of this customer";
        Ok(Fault::of(parameter, "unknown_measure", message))
    };
    match missing.all().into_iter().map(fault).collect() {
        Ok(faults) if Vec::is_empty(&faults) => Error::NotFound("customer"),
        Ok(faults) => Error::Invalid(faults),
        Err(error) => error,
    }
}

/// Changes a record:
/// 1. reads the ids and validates what is given (400);
/// 2. changes those columns and no others;
/// 3. answers the record (404).
pub async fn change(
    partner: &Partner,
    store: &Store,
    kind: &Kind,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let record_id = call.params.required_id(kind.id);
    let given = (kind.take)(&mut call.params, Intent::Change).into_json();
    call.params.finish()?;

    let now = call.now.utc();
    let scope = Scope::of(partner, &call, customer_id, &now);
    let change = scope.change(kind, record_id.unwrap_or_default(), given);
    let changed = store.run(change).await?;
    one(kind, changed.first().and_then(Rows::first))
}

/// Removes a record:
/// 1. reads the ids (400);
/// 2. removes it, and counts that;
/// 3. answers what is left of it (404).
pub async fn remove(
    partner: &Partner,
    store: &Store,
    kind: &Kind,
    removal: Removal,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let record_id = call.params.required_id(kind.id);
    call.params.finish()?;

    let now = call.now.utc();
    let scope = Scope::of(partner, &call, customer_id, &now);
    let removed = store
        .run(scope.remove(kind, removal, record_id.unwrap_or_default()))
        .await?;
    let removed = match removal {
        Removal::DeleteRow => removed.first(),
        Removal::Set(..) => removed.last(),
    };
    match (removal, removed.and_then(Rows::first)) {
        (Removal::DeleteRow, Some(_)) => Reply::rows(kind.name, &[]),
        (_, removed) => one(kind, removed),
    }
}

/// The envelope of one record.
fn one(kind: &Kind, row: Option<Row>) -> Result<Reply, Error> {
    Reply::one(kind.name, &row.ok_or(Error::NotFound(kind.singular))?)
}

impl<'a> Scope<'a> {
    /// The customer that a call means, of this partner's.
    fn of(partner: &Partner, call: &'a Call, customer_id: Option<i64>, now: &'a str) -> Self {
        Self {
            change: call.change(Actor::Partner(partner.partner_id), now),
            partner_id: partner.partner_id,
            customer_id: customer_id.unwrap_or_default(),
            version: call.version,
        }
    }
}
