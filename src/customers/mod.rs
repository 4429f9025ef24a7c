//! `/customers`: the handlers, in the order of a customer's life. Each is a short list of steps.

use crate::audit::Actor;
use crate::auth::{Partner, Secrets};
use crate::call::Call;
use crate::error::{Error, Fault};
use crate::etag::etag;
use crate::intent::Intent;
use crate::paging::Paging;
use crate::partners::Profile;
use crate::random;
use crate::reply::Reply;
use crate::store::{Row, Rows, Store};
use model::CustomerInput;
use store::Assigned;

pub mod erasure;
pub mod german;
pub mod model;
pub mod store;

/// Characters of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;

/// Lists the partner's live customers by ascending id:
/// 1. reads the paging and the filters (400);
/// 2. reads the page, and one row more to see whether another follows, and the total;
/// 3. answers the page, with a `Link` to the next.
pub async fn list(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let paging = Paging::take(&mut call.params);
    let customer_id = call.params.id("customer_id");
    let custnr = call.params.text("custnr");
    call.params.finish()?;

    let version = call.version;
    let (found, total) = if customer_id.is_some() || custnr.is_some() {
        let statement = store::find(version, partner, customer_id, custnr.as_deref());
        let [found] = store.batch([statement]).await?;
        let total = i64::from(found.first().is_some());
        let mut found = found.all();
        found.retain(|row| paging.page == 0 && row.integer("id").is_ok_and(|id| id > paging.after));
        (found, total)
    } else {
        let [total, found] = store
            .batch([store::total(partner), store::page(version, partner, paging)])
            .await?;
        let total = total.first().map_or(Ok(0), |row| row.integer("total"))?;
        (found.all(), total)
    };
    paging.reply(version, "/customers", "customers", &found, total)
}

/// Reads one customer:
/// 1. reads the id (400);
/// 2. finds the customer, if it is the partner's and lives (404);
/// 3. answers it with its `ETag`.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    call.params.finish()?;
    let customer_id = customer_id.unwrap_or_default();

    let [rows] = store
        .batch([store::find(call.version, partner, Some(customer_id), None)])
        .await?;
    one(&rows.first().ok_or(Error::NotFound("customer"))?)
}

/// Creates a customer:
/// 1. validates the parameters and the `Idempotency-Key` (400);
/// 2. inserts the customer and counts it; with a key, looks for the one that it has created before;
/// 3. answers the new customer, or the earlier one if its parameters were the same (400), or says that
///    the `custnr` is taken (409).
pub async fn create(
    partner: &Partner,
    store: &Store,
    secrets: &Secrets,
    mut call: Call,
) -> Result<Reply, Error> {
    let input = CustomerInput::take(&mut call.params, partner, Intent::Create);
    if let Some(key) = &call.idempotency_key {
        call.params.faults(idempotency_key_fault(key));
    }
    call.params.finish()?;

    let (key, params) = match &call.idempotency_key {
        Some(key) => fingerprints(secrets, partner, key, &input)?,
        None => Default::default(),
    };
    let now = call.now.utc();
    let assigned = Assigned {
        uuid: random::uuid()?,
        created: now.clone(),
        idempotency_key: key.clone(),
        idempotency_params: params.clone(),
    };
    let change = call.change(Actor::Partner(partner.partner_id), &now);
    let create = store::create(call.version, partner, &input, assigned, change);
    let mut statements = Vec::from(create);
    if call.idempotency_key.is_some() {
        statements.push(store::by_idempotency_key(call.version, partner, &key));
    }
    let results = store.run(statements).await?;

    if let Some(row) = results.first().and_then(Rows::first) {
        return located(&call, &row);
    }
    match results.get(3).and_then(Rows::first) {
        Some(earlier) => replay(&call, &earlier, &params),
        None => Err(Error::CustnrTaken),
    }
}

/// Answers the customer that an `Idempotency-Key` has created before, as it is now.
fn replay(call: &Call, earlier: &Row, params: &str) -> Result<Reply, Error> {
    if !earlier.text("removed_at")?.is_empty() {
        return Err(Error::NotFound(
            "customer: the one that this Idempotency-Key created has been erased",
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
/// 1. reads the id and validates what is given (400);
/// 2. changes those fields and no others, if the version still matches;
/// 3. answers the customer, or says what was in the way (404, 412, 409).
pub async fn change(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let input = CustomerInput::take(&mut call.params, partner, Intent::Change);
    call.params.finish()?;
    let customer_id = customer_id.unwrap_or_default();

    let now = call.now.utc();
    let change = call.change(Actor::Partner(partner.partner_id), &now);
    let statements = store::change(
        call.version,
        partner,
        customer_id,
        &call.if_match,
        &input,
        change,
    );
    let results = store.run(statements).await?;
    let [changed, .., why] = results.as_slice() else {
        return Err(Error::Internal("D1 left a statement out".to_owned()));
    };

    if let Some(row) = changed.first() {
        return one(&row);
    }
    let why = why.first().ok_or(Error::NotFound("customer"))?;
    if !call.if_match.allows(why.integer("version")?) {
        return Err(Error::PreconditionFailed);
    }
    if why.integer("custnr_taken")? == 1 {
        return Err(Error::CustnrTaken);
    }
    Err(Error::Internal(
        "a change was refused for no reason".to_owned(),
    ))
}

/// The envelope of one customer, with its `ETag`.
fn one(row: &Row) -> Result<Reply, Error> {
    let etag = etag(row.integer("version")?);
    Ok(Reply::one("customers", row)?.with("ETag", etag))
}

/// The same, with where to find it.
fn located(call: &Call, row: &Row) -> Result<Reply, Error> {
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

/// What is kept of an `Idempotency-Key` and its parameters: two HMACs, for a key may hold anything.
fn fingerprints(
    secrets: &Secrets,
    partner: &Profile,
    key: &str,
    input: &CustomerInput,
) -> Result<(String, String), Error> {
    let params = serde_json::to_vec(input)
        .map_err(|error| Error::Internal(format!("an input is no JSON: {error}")))?;
    let partner_id = partner.partner_id.to_be_bytes();
    let key = key.as_bytes();
    Ok((
        secrets.fingerprint(&[b"idempotency key", &partner_id, key]),
        secrets.fingerprint(&[b"idempotency params", &partner_id, key, b"\n", &params]),
    ))
}
