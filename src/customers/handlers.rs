//! The handlers of `/customers`.

use super::model::{CustomerInput, IDEMPOTENCY_KEY_MAX};
use super::sql::{self, Fingerprints};
use crate::auth::login::Partner;
use crate::auth::secrets::Secrets;
use crate::db::audit::{Actor, Context};
use crate::http::call::{Call, Taken};
use crate::http::error::{Error, Fault};
use crate::http::etag::etag;
use crate::http::intent::Intent;
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::platform::d1::{Row, Store};
use crate::platform::random;
use crate::platform::reply::Reply;

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
    let found = store.read(found).await?.first();
    let found = found.ok_or(Error::NotFound("customer"))?;
    let version = found.integer("version")?;
    if call.known_versions.allows(version) {
        return Ok(Reply::not_modified(etag(version)));
    }
    one(&found)
}

/// Creates a customer:
/// 1. validates the parameters and the `Idempotency-Key` (400);
/// 2. inserts and counts the customer; with a key, also looks for the customer that the key created before;
/// 3. answers the new customer; or the earlier one, if the parameters are the same (else 400); or says that the
///    `custnr` is taken (409).
pub async fn create(
    partner: &Partner,
    store: &Store,
    secrets: &Secrets,
    mut call: Call,
) -> Result<Reply, Error> {
    let input = CustomerInput::take(&mut call.params, partner, Intent::Create);
    let fault = call.idempotency_key().and_then(idempotency_key_fault);
    call.params.faults(fault);
    let call = call.finish()?;

    let key = call.idempotency_key.as_deref();
    let fingerprints = key.map(|key| fingerprints(secrets, partner, key, &input));
    let fingerprints = fingerprints.transpose()?;
    let uuid = random::uuid()?;
    let audit = Context::of(&call, Actor::Partner(partner.partner_id));
    let create = sql::create(
        call.version,
        partner,
        &input,
        &uuid,
        fingerprints.as_ref(),
        audit,
    );
    let results = store.run(create).await?;

    if let Some(created) = results.first(|at| at.created) {
        return located(&call, &created);
    }
    let earlier = results.names.earlier.and_then(|at| results.first(|_| at));
    match (earlier, fingerprints) {
        (Some(earlier), Some(given)) => replay(&call, &earlier, &given.params),
        _ => Err(Error::CustnrTaken),
    }
}

/// Answers the customer that an `Idempotency-Key` created before, in its present state.
fn replay(call: &Taken, earlier: &Row, params: &str) -> Result<Reply, Error> {
    if !earlier.text("removed_at")?.is_empty() {
        return Err(Error::NotFound(
            "customer: the customer that this Idempotency-Key created was erased",
        ));
    }
    if earlier.text("idempotency_params")? != params {
        return Err(Error::invalid(
            "Idempotency-Key",
            "idempotency_key_reused",
            "was used before with other parameters",
        ));
    }
    located(call, earlier)
}

/// Changes a customer:
/// 1. reads the id and validates the given fields (400);
/// 2. changes only those fields, if `If-Match` allows the version and if the values that today's set-up refuses are stored
///    already;
/// 3. answers the customer, or says why it was not changed (404, 412, 400, 409).
pub async fn change(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    call.take_version();
    let input = CustomerInput::take(&mut call.params, partner, Intent::Change);
    let call = call.finish();
    let call = call.map_err(|error| error.and(input.kept_faults(|_| false)))?;

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
    if !if_match.allows(why.integer("version")?) {
        return Err(Error::PreconditionFailed);
    }
    let kept = Json::parse(why.text("kept")?.as_bytes()).unwrap_or(Json::Null);
    let is_kept = |place: usize| kept.as_list()?.get(place)?.as_integer();
    let faults = input.kept_faults(|place| is_kept(place) == Some(1));
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if why.integer("custnr_taken")? == 1 {
        return Err(Error::CustnrTaken);
    }
    let refused = "a change was refused without a reason";
    Err(Error::Internal(refused.to_owned()))
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

fn idempotency_key_fault(key: &str) -> Option<Fault> {
    let printable = key
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) && printable {
        return None;
    }
    let message = format!("must be 1 to {IDEMPOTENCY_KEY_MAX} printable ASCII characters");
    Some(Fault::of("Idempotency-Key", "idempotency_key", message))
}

/// The HMACs of an `Idempotency-Key` and its parameters. The database keeps only these, because a key can hold
/// personal data.
fn fingerprints(
    secrets: &Secrets,
    partner: &Partner,
    key: &str,
    input: &CustomerInput,
) -> Result<Fingerprints, Error> {
    let params = serde_json::to_vec(input)
        .map_err(|error| Error::Internal(format!("an input cannot be written as JSON: {error}")))?;
    let partner_id = partner.partner_id.to_be_bytes();
    let key = key.as_bytes();
    Ok(Fingerprints {
        key: secrets.fingerprint(&[b"idempotency key", &partner_id, key]),
        params: secrets.fingerprint(&[b"idempotency params", &partner_id, key, b"\n", &params]),
    })
}
