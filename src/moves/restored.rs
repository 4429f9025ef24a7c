//! What a restore of a database has undone of moves, done again while no batch of a partner runs in it.

use super::{ledger, sql};
use crate::http::error::Error;
use crate::ledger::trips::{Row, Trips};
use crate::partners::placement::Database;

/// Has the moves from and to a restored database begin anew, and puts right what it does for each partner that it has: one
/// that lives elsewhere is served nothing there. It does so only while the database has not counted `head`.
///
/// # Errors
/// 503 if a database does not answer. What was done stays done.
pub async fn put_right(trips: &impl Trips, database: Database, head: i64) -> Result<(), Error> {
    let anew = ledger::begin_anew_after_restore(database, &trips.now());
    trips.ledger(vec![anew]).await?;
    let mut after = 0;
    loop {
        let page = trips
            .run(database, vec![sql::partners_after(after)])
            .await?;
        let ids = page.iter().flatten().map(|row| row.integer("partner_id"));
        let ids: Vec<String> = ids
            .map(|id| id.inspect(|id| after = *id).map(|id| id.to_string()))
            .collect::<Result<_, _>>()?;
        if ids.is_empty() {
            return Ok(());
        }
        let partners = format!("[{}]", ids.join(","));
        let stays = ledger::stays(database, &partners);
        let stays = trips.ledger(vec![stays]).await?;
        let stays = stays.iter().flatten().map(|row| row.text("stay"));
        let stays = stays.collect::<Result<Vec<_>, _>>()?.join(",");
        let right = sql::put_stays_right(&format!("[{stays}]"), head);
        trips.run(database, right.into()).await?;
    }
}
