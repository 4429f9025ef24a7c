//! The SQL of the changes.

use crate::db::json::{Member, integer, json_object};
use crate::db::sql::Statement;
use crate::http::version::Version;
use crate::sql;

/// Reads the partner's changes after a change, oldest first. It reads the rows that it answers, and skips the operator's
/// entries about the partner and its logins, which are few.
///
/// A cursor never skips a commit. D1 runs one transaction after the other, so no entry gets an id while a transaction
/// that has a smaller one is still to commit: what was committed later has a greater id.
pub fn page(version: Version, partner_id: i64, after: i64, pagesize: i64) -> Statement {
    let json = json_object(&[
        Member::scalar("change_id", integer(version, sql!("audit_id"))),
        Member::column("at"),
        Member::column("action"),
        Member::column("kind"),
        Member::integer(version, "record_id"),
        Member::integer(version, "customer_id"),
        Member::json("fields", sql!("fields")),
    ]);
    sql!(
        "SELECT {json} AS json, audit_id AS id FROM audit WHERE partner_id = {partner_id} AND audit_id > {after} \
         AND kind NOT IN ('partners', 'logins') ORDER BY audit_id LIMIT {pagesize}",
        json = json,
        partner_id = partner_id,
        after = after,
        pagesize = pagesize,
    )
    .named("changes::page")
}
