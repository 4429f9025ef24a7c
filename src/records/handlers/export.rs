//! Exports everything that the database holds about one customer, as one document (GDPR articles 15 and 20).

use js_sys::Array;

use super::scope;
use crate::auth::login::Partner;
use crate::db::schema::CUSTOMER_TABLES;
use crate::http::call::Call;
use crate::http::error::Error;
use crate::platform::d1::{Row, Store};
use crate::platform::reply::{Body, Reply};

/// Reads everything about a customer:
/// 1. reads the id (400);
/// 2. reads every row of the customer, in one transaction (404);
/// 3. answers a list for each table. An erasure uses the same list of tables and columns.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let call = call.finish()?;

    let results = store
        .run(scope(partner, &call, customer_id).export())
        .await?;

    let mut parts = Vec::new();
    let mut before = "{";
    for (table, at) in CUSTOMER_TABLES.iter().zip(&results.names) {
        let rows = results.all(|_| *at);
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
