//! The handlers of the allowed numbers.

use super::scope;
use crate::auth::login::Partner;
use crate::db::room::Need;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::platform::d1::Store;
use crate::platform::reply::Reply;
use crate::platform::room;
use crate::platform::rows::Row;
use crate::platform::site::Site;
use crate::records::allowed_numbers::take;

/// Reads the list:
/// 1. reads the customer's id (400);
/// 2. reads the numbers, if the customer exists (404);
/// 3. answers the numbers.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let call = call.finish()?;

    let scope = scope(partner, &call, customer_id);
    answer(store.read(scope.allowed_numbers()).await?.first())
}

/// Replaces the list:
/// 1. reads the customer's id and validates every number (400);
/// 2. replaces the numbers, if the customer exists (404) and there is room for the new ones (507);
/// 3. answers the numbers.
pub async fn replace(partner: &Partner, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let numbers = take(&mut call.params);
    let call = call.finish()?;
    if !numbers.is_empty() {
        room::admit(site, site.store.database(), Need::Creation).await?;
    }

    let scope = scope(partner, &call, customer_id);
    let results = site
        .store
        .run(scope.replace_allowed_numbers(numbers))
        .await?;
    answer(results.first(|at| *at))
}

fn answer(numbers: Option<Row>) -> Result<Reply, Error> {
    let row = numbers.ok_or(Error::NotFound("customer"))?;
    Reply::object("allowed_numbers", &row)
}
