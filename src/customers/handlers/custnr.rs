//! The handlers of `/customers/custnr/{custnr}`: a customer by the partner's own number.

use super::{kept_faults, located, look_up, one, refusal, unless_known, without_reason};
use crate::auth::login::Partner;
use crate::customers::batch::New;
use crate::customers::model::CustomerInput;
use crate::customers::{sql, upsert};
use crate::db::audit::{Actor, Context};
use crate::db::room::Need;
use crate::http::call::Call;
use crate::http::error::{Error, Fault};
use crate::http::etag::IfMatch;
use crate::http::intent::Intent;
use crate::http::json::Json;
use crate::platform::d1::Store;
use crate::platform::random;
use crate::platform::reply::Reply;
use crate::platform::room;
use crate::platform::site::Site;

/// Reads the customer with this `custnr`:
/// 1. finds it, if it belongs to the partner and is not erased (404);
/// 2. answers it with its `ETag`, or says that the caller has this version of it (304).
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let custnr = call.params.text("custnr").unwrap_or_default();
    let call = call.finish()?;

    let found = sql::find(call.version, partner, None, Some(&custnr));
    unless_known(&call, store.read(found).await?.first())
}

/// Changes the customer with this `custnr`, or creates it:
/// 1. validates the given fields (400), and sets aside what only a creation requires, also room in the database, and what
///    only a customer may keep;
/// 2. changes the given fields if there is such a customer, `If-Match` allows its version, and the values that today's
///    set-up refuses are stored already; creates it if there is none and nothing is lacking or refused;
/// 3. answers the customer, a new one with `"created":true` and its `Location`; or says why not (412, 400, 507).
pub async fn put(partner: &Partner, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    call.take_version();
    let input = CustomerInput::take(&mut call.params, partner, Intent::Upsert);
    let lacking = call.params.set_aside("required");
    let (call, judged) = call.judged();
    if let Err(invalid) = judged {
        // With a precondition it only changes.
        let lacking = match call.if_match {
            IfMatch::Any => lacking,
            _ => Vec::new(),
        };
        return Err(all_faults(partner, site.store, &input, lacking, invalid).await?);
    }

    let uuid = random::uuid()?;
    let new = New { uuid, input };
    let room = room::admit(site, partner.database, Need::Creation).await;
    let may_create = room.is_ok()
        && lacking.is_empty()
        && new.input.kept.is_empty()
        && call.if_match == IfMatch::Any;
    let audit = Context::of(&call, Actor::Partner(partner.partner_id));
    let put = upsert::put(
        call.version,
        partner,
        &new,
        may_create,
        &call.if_match,
        audit,
    );
    let results = site.store.run(put).await?;

    if let Some(changed) = results.first(|at| at.changed) {
        return one(&changed);
    }
    let created = results.names.created.and_then(|at| results.first(|_| at));
    if let Some(created) = created {
        return Ok(located(&call, &created)?.with_member("created", Json::Bool(true)));
    }
    match results.first(|at| at.there) {
        Some(there) => {
            let refusal = refusal(&there, &new.input, &call.if_match)?;
            Err(refusal.unwrap_or_else(without_reason))
        }
        None if call.if_match != IfMatch::Any => Err(Error::PreconditionFailed),
        None if lacking.is_empty() && new.input.kept.is_empty() => {
            Err(room.err().unwrap_or_else(without_reason))
        }
        None => Err(Error::Invalid(lacking).and(new.input.kept_faults(|_| false))),
    }
}

/// The faults of an invalid request together with those that depend on whether there is such a customer: what a creation
/// lacks, and what a customer may only keep.
async fn all_faults(
    partner: &Partner,
    store: &Store,
    input: &CustomerInput,
    lacking: Vec<Fault>,
    invalid: Error,
) -> Result<Error, Error> {
    let customer = sql::of_custnr(partner.partner_id, input);
    let has_rest = !(lacking.is_empty() && input.kept.is_empty());
    let there = look_up(store, customer, input, has_rest).await?;
    let kept = kept_faults(there.as_ref(), input)?;
    let lacking = if there.is_some() { Vec::new() } else { lacking };
    Ok(invalid.and(lacking).and(kept))
}
