//! Everything that is held about one customer, as one document (GDPR articles 15 and 20).

use js_sys::Array;

use super::store::Scope;
use crate::auth::Partner;
use crate::call::Call;
use crate::error::Error;
use crate::reply::{Body, Reply};
use crate::schema::CUSTOMER_TABLES;
use crate::store::{Row, Store};

/// Reads everything about a customer:
/// 1. reads its id (400);
/// 2. reads every row of it, in one transaction (404);
/// 3. answers them, a list for each table: of the same tables and columns that an erasure is made from.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    call.params.finish()?;

    let now = call.now.utc();
    let scope = Scope::of(partner, &call, customer_id, &now);
    let results = store.run(scope.export()).await?;

    let mut parts = Vec::new();
    let mut before = "{";
    for (table, rows) in CUSTOMER_TABLES.iter().zip(results) {
        let rows = rows.all();
        if table.name == "customers" && rows.is_empty() {
            return Err(Error::NotFound("customer"));
        }
        let texts = rows.iter().map(|row: &Row| row.js_text("json"));
        let texts: Array = texts.collect::<Result<_, _>>()?;
        parts.push((format!("{before}\"{}\":[", table.name), texts));
        before = "],";
    }
    Ok(Reply::ok(Body::Rows {
        parts,
        after: "]}".to_owned(),
    }))
}
