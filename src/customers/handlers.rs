//! The handlers of `/customers`.

use std::collections::BTreeMap;

use super::batch::{self, New};
use super::model::CustomerInput;
use super::sql;
use crate::auth::login::Partner;
use crate::auth::secrets::Secrets;
use crate::db::audit::{Actor, Context};
use crate::db::idempotency::Keyed;
use crate::db::sql::Sql;
use crate::db::tenant::live_customer;
use crate::http;
use crate::http::call::{Call, Taken};
use crate::http::error::{CUSTNR_TAKEN, Error, Fault};
use crate::http::etag::{IfMatch, etag};
use crate::http::intent::Intent;
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::http::params::Params;
use crate::platform::d1::Store;
use crate::platform::random;
use crate::platform::reply::Reply;
use crate::platform::retry;
use crate::platform::rows::Row;

pub mod custnr;

/// Lists the partner's live customers by ascending id:
/// 1. reads the paging and the filters (400);
/// 2. reads the page, one more row to see whether another page follows, and the total;
/// 3. answers the page, with a `Link` to the next page.
pub async fn list(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let paging = Paging::take(&mut call.params);
    let customer_id = call.params.id("customer_id");
    let custnr = call.params.text("custnr");
    let call = call.finish()?;

    let version = call.version;
    let (found, total) = if customer_id.is_some() || custnr.is_some() {
        let found = sql::find(version, partner, customer_id, custnr.as_deref());
        let mut found = store.read(found).await?.all();
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        found.retain(|row| paging.page == 0 && row.integer("id").is_ok_and(|id| id > paging.after));
        (found, total)
    } else {
        let results = store.run(sql::page(version, partner, paging)).await?;
        let total = results.first(|at| at.total);
        let total = total.map_or(Ok(0), |row| row.integer("total"))?;
        (results.all(|at| at.rows), total)
    };
    Reply::page(version, "/customers", "customers", paging, &found, total)
}

/// Reads one customer:
/// 1. reads the id (400);
/// 2. finds the customer, if it belongs to the partner and is not erased (404);
/// 3. answers the customer with its `ETag`; or only that it has not changed, if `If-None-Match` names its version (304).
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let call = call.finish()?;

    let found = sql::find(call.version, partner, Some(customer_id), None);
    unless_known(&call, store.read(found).await?.first())
}

/// Answers a customer that was found, or a 304 if the caller has this version of it.
fn unless_known(call: &Taken, found: Option<Row>) -> Result<Reply, Error> {
    let found = found.ok_or(Error::NotFound("customer"))?;
    let version = found.integer("version")?;
    if call.known_versions.allows(version) {
        return Ok(Reply::not_modified(etag(version)));
    }
    one(&found)
}

/// Creates a customer, or a list of customers:
/// 1. takes the fingerprints of the `Idempotency-Key`, and validates the parameters (400);
/// 2. looks at the key, and inserts and counts all the customers or none;
/// 3. answers the new customers; or those that the key created before (400 for other parameters, 404); or says which
///    `custnr` is taken (409).
pub async fn create(
    partner: &Partner,
    store: &Store,
    secrets: &Secrets,
    mut call: Call,
) -> Result<Reply, Error> {
    let partner_id = partner.partner_id;
    let fingerprints = retry::fingerprints(&mut call, secrets, partner_id, NAME);
    let (form, inputs) = take(&mut call.params, partner);
    let (call, judged) = call.judged();

    let keyed = fingerprints.as_ref().map(|fingerprints| Keyed {
        partner_id,
        fingerprints,
        kind: NAME,
        now: &call.now.utc,
    });
    if let Err(invalid) = judged {
        let look_up = keyed.map(|keyed| batch::look_up(call.version, partner, &keyed));
        let given = fingerprints.as_ref();
        let rows = retry::repeated_although(invalid, store, look_up, given).await?;
        return answer(&call, form, &rows);
    }
    let new = with_uuids(inputs)?;
    let audit = Context::of(&call, Actor::Partner(partner_id));
    let create = batch::create(call.version, partner, &new, keyed.as_ref(), audit);
    let results = store.run(create).await?;

    let repeat = results.names.repeat.zip(fingerprints.as_ref());
    if let Some((repeat, given)) = repeat
        && let Some(rows) = retry::repeated(&results, repeat, given)?
    {
        return answer(&call, form, &rows);
    }
    match results.all(|at| at.created) {
        created if created.is_empty() => Err(taken(form, &new, &results.all(|at| at.taken))),
        created => answer(&call, form, &created),
    }
}

/// The name of a list of customers: in an envelope, and as a parameter.
const NAME: &str = "customers";

/// Whether a request creates one customer or a list.
#[derive(Clone, Copy)]
enum Form {
    One,
    List,
}

fn take(params: &mut Params, partner: &Partner) -> (Form, Vec<CustomerInput>) {
    let one = |params: &mut Params| CustomerInput::take(params, partner, Intent::Create);
    if params.chooses(NAME) {
        (Form::List, http::batch::take(params, NAME, one))
    } else {
        (Form::One, vec![one(params)])
    }
}

fn with_uuids(inputs: Vec<CustomerInput>) -> Result<Vec<New>, Error> {
    let new = inputs.into_iter().map(|input| {
        let uuid = random::uuid()?;
        Ok(New { uuid, input })
    });
    new.collect()
}

/// The answer to a creation.
fn answer(call: &Taken, form: Form, rows: &[Row]) -> Result<Reply, Error> {
    match (form, rows) {
        (Form::One, [row]) => located(call, row),
        _ => {
            let location = format!("{}/customers", call.version.prefix());
            Ok(Reply::rows(NAME, rows)?.with("Location", location))
        }
    }
}

/// The error that names each place whose `custnr` is taken, or stands in the list twice.
fn taken(form: Form, new: &[New], taken: &[Row]) -> Error {
    let taken = taken.iter().filter_map(|row| row.integer("place").ok());
    let mut places: BTreeMap<i64, &str> = taken.map(|place| (place, CUSTNR_TAKEN)).collect();
    for twin in batch::twins(new) {
        let place = i64::try_from(twin).unwrap_or(i64::MAX);
        places
            .entry(place)
            .or_insert("stands in the list more than once");
    }
    let faults = places.into_iter().map(|(place, message)| {
        let parameter = format!("{NAME}[{place}].custnr");
        Fault::of(parameter, "custnr_taken", message)
    });
    match form {
        Form::One => Error::CustnrTaken,
        Form::List => Error::Conflict(faults.collect()),
    }
}

/// Changes a customer:
/// 1. reads the id and validates the given fields (400: a value that today's set-up refuses is a fault only if the customer
///    does not have it);
/// 2. changes only those fields, if `If-Match` allows the version and if the values that today's set-up refuses are stored
///    already;
/// 3. answers the customer, or says why it was not changed (404, 412, 400, 409).
pub async fn change(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    call.take_version();
    let input = CustomerInput::take(&mut call.params, partner, Intent::Change);
    let (call, judged) = call.judged();
    if let Err(invalid) = judged {
        let customer = live_customer(partner.partner_id, customer_id);
        let there = look_up(store, customer, &input, !input.kept.is_empty()).await?;
        return Err(invalid.and(kept_faults(there.as_ref(), &input)?));
    }

    let (version, if_match) = (call.version, &call.if_match);
    let audit = Context::of(&call, Actor::Partner(partner.partner_id));
    let change = sql::change(version, partner, customer_id, if_match, &input, audit);
    let results = store.run(change).await?;

    if let Some(changed) = results.first(|at| at.changed) {
        return one(&changed);
    }
    let why = results
        .first(|at| at.why)
        .ok_or(Error::NotFound("customer"))?;
    let taken = why.integer("custnr_taken")? == 1;
    let refusal = refusal(&why, &input, if_match)?.or(taken.then_some(Error::CustnrTaken));
    Err(refusal.unwrap_or_else(without_reason))
}

/// Why a customer was not changed, from its `version` and which of the input's values are `kept`; `None` if neither
/// forbids the change.
fn refusal(why: &Row, input: &CustomerInput, if_match: &IfMatch) -> Result<Option<Error>, Error> {
    if !if_match.allows(why.integer("version")?) {
        return Ok(Some(Error::PreconditionFailed));
    }
    let faults = kept_faults(Some(why), input)?;
    Ok((!faults.is_empty()).then_some(Error::Invalid(faults)))
}

/// The faults of the values that a `PUT` may only keep, of which the customer does not have them. `there` is what
/// [`sql::there`] reads.
fn kept_faults(there: Option<&Row>, input: &CustomerInput) -> Result<Vec<Fault>, Error> {
    let kept = there.map(|row| row.text("kept")).transpose()?;
    let kept = kept.and_then(|kept| Json::parse(kept.as_bytes()).ok());
    let is_kept = |place: usize| kept.as_ref()?.as_list()?.get(place)?.as_integer();
    Ok(input.kept_faults(|place| is_kept(place) == Some(1)))
}

/// Reads for an invalid request what decides about the rest of its faults, if there is a rest: most requests make no trip.
async fn look_up(
    store: &Store,
    customer: Sql,
    input: &CustomerInput,
    has_rest: bool,
) -> Result<Option<Row>, Error> {
    if !has_rest {
        return Ok(None);
    }
    Ok(store.read(sql::there(customer, input)).await?.first())
}

fn without_reason() -> Error {
    Error::Internal("a change was refused without a reason".to_owned())
}

/// An answer with one customer and its `ETag`.
fn one(row: &Row) -> Result<Reply, Error> {
    let etag = etag(row.integer("version")?);
    Ok(Reply::one("customers", row)?.with("ETag", etag))
}

/// An answer with one customer, its `ETag` and its `Location`.
fn located(call: &Taken, row: &Row) -> Result<Reply, Error> {
    let location = format!("{}/customers/{}", call.version.prefix(), row.integer("id")?);
    Ok(one(row)?.with("Location", location))
}
