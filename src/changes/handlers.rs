//! The handler of the changes.

use super::sql;
use crate::auth::login::Partner;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::http::paging::{AFTER, PAGESIZE};
use crate::platform::d1::Store;
use crate::platform::reply::Reply;

/// Reads what has changed after a change:
/// 1. reads the cursor and the size of the page (400);
/// 2. reads the changes;
/// 3. answers them, with the cursor for the next request.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let after = AFTER.take(&mut call.params);
    let pagesize = PAGESIZE.take(&mut call.params);
    let call = call.finish()?;

    let page = sql::page(call.version, partner.partner_id, after, pagesize);
    let rows = store.read(page).await?.all();
    let after = rows.last().map_or(Ok(after), |row| row.integer("id"))?;
    let members = vec![("after", call.version.render(after.into()))];
    Reply::enveloped("changes", &rows, members)
}
