//! The handlers of the erasure and its receipt.

use super::sql::{self, Target};
use crate::auth::login::Partner;
use crate::db::audit::{Actor, Context};
use crate::http::call::Call;
use crate::http::error::{Error, Fault};
use crate::ledger::keep;
use crate::platform::reply::Reply;
use crate::platform::rows::Row;
use crate::platform::scheduled;
use crate::platform::site::Site;

/// Erases a customer, or says what the erasure would do:
/// 1. reads the id and whether this is a dry run (400);
/// 2. applies every rule to every row of the customer in one transaction, if the customer is live and `If-Match` allows
///    its version; a dry run only counts what the rules would change;
/// 3. records the erasure in the ledger;
/// 4. answers the receipt, which is that of the first erasure if the customer was erased before (404, 412). If calls
///    remain to be masked, that goes on after the answer.
///
/// `actor` is the partner, or the operator on the partner's behalf.
pub async fn erase(
    partner_id: i64,
    actor: Actor<'_>,
    site: &Site<'_>,
    mut call: Call,
) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    call.take_version();
    let dry_run = call.params.flag("dry_run").unwrap_or(0);
    if !(0..=1).contains(&dry_run) {
        let message = "must be 0 or 1";
        call.params.fault(Fault::of("dry_run", "range", message));
    }
    let call = call.finish()?;

    let target = Target {
        partner_id,
        customer_id,
        if_match: &call.if_match,
        version: call.version,
        audit: Context::of(&call, actor),
        again: None,
    };
    if dry_run == 1 {
        preview(site, target).await
    } else {
        carry_out(site, target).await
    }
}

async fn preview(site: &Site<'_>, target: Target<'_>) -> Result<Reply, Error> {
    let results = site.store.run(target.preview()).await?;
    let receipt = results.first(|at| at.receipt);
    let receipt = receipt.ok_or(Error::NotFound("customer"))?;
    if is_erased(&receipt)? {
        return recorded(site, &receipt).await;
    }
    let preview = results.first(|at| at.preview);
    answer(&preview.ok_or(Error::PreconditionFailed)?, "")
}

async fn carry_out(site: &Site<'_>, target: Target<'_>) -> Result<Reply, Error> {
    let results = site.store.run(target.erase()).await?;
    let receipt = results.first(|at| at.receipt);
    let receipt = receipt.ok_or(Error::NotFound("customer"))?;
    if is_erased(&receipt)? {
        let reply = recorded(site, &receipt).await?;
        if receipt.text("completed_at")?.is_empty() {
            scheduled::after_the_answer(site);
        }
        return Ok(reply);
    }
    Err(Error::PreconditionFailed)
}

/// The answer with a receipt, once the ledger has it, signed.
async fn recorded(site: &Site<'_>, receipt: &Row) -> Result<Reply, Error> {
    let entry = receipt.text("entry")?;
    let signed = match receipt.integer("recorded")? {
        0 => None,
        _ => keep::signed(site, &entry).await?,
    };
    let jws = match signed {
        Some(jws) => jws,
        None => keep::record_erasure(site, entry).await?,
    };
    answer(receipt, &jws)
}

/// The answer with a receipt and its signature, which comes last.
fn answer(receipt: &Row, jws: &str) -> Result<Reply, Error> {
    Reply::object_and("erasure", receipt, "jws", jws)
}

/// Reads the receipt of an erasure:
/// 1. reads the id (400);
/// 2. finds the receipt, if the customer belonged to the partner and was erased (404);
/// 3. takes the signature from the ledger, and records the erasure there if the ledger does not have it yet (503);
/// 4. answers the receipt.
pub async fn read(partner: &Partner, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let call = call.finish()?;

    let receipt = sql::receipt(call.version, partner.partner_id, customer_id);
    match site.store.read(receipt).await?.first() {
        Some(row) if is_erased(&row)? => recorded(site, &row).await,
        Some(_) => Err(Error::NotErased(customer_id)),
        None => Err(Error::NotFound("customer")),
    }
}

fn is_erased(receipt: &Row) -> Result<bool, Error> {
    Ok(!receipt.text("removed_at")?.is_empty())
}
