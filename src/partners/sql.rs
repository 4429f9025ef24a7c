//! The SQL that reads a partner.

use crate::db::json::{Member, integer, json_object};
use crate::db::sql::{Sql, Statement};
use crate::http::version::Version;
use crate::sql;

/// The members of a partner as the operator sees it, made of a row of `partners AS p`.
fn members(version: Version) -> Vec<Member> {
    let truth = |column| sql!("iif({column}, 'true', 'false')", column = Sql::name(column));
    let custom_field = json_object(&[
        Member::integer(version, "n"),
        Member::column("label"),
        Member::integer(version, "max_length"),
        Member::json("required", truth("required")),
    ]);
    // At most 20 rows.
    let custom_fields = sql!(
        "(SELECT json_group_array(json({custom_field})) FROM \
         (SELECT * FROM custom_fields AS f WHERE f.partner_id = p.partner_id ORDER BY n))",
        custom_field = custom_field
    );
    vec![
        Member::integer(version, "partner_id"),
        Member::column("username"),
        Member::column("name"),
        Member::column("country"),
        Member::json("allowed_networks", sql!("allowed_networks")),
        Member::json("enabled", truth("enabled")),
        Member::json("custom_fields", custom_fields),
        Member::scalar("customers", integer(version, sql!("customers"))),
    ]
}

/// A partner as the operator sees it, as a JSON object made of a row of `partners AS p`.
pub fn json(version: Version) -> Sql {
    json_object(&members(version))
}

/// Members of [`select`] that are ours alone.
pub const OURS: [&str; 2] = ["ha1_sealed", "read_at"];

/// Reads a partner by user name as one JSON text, the column `partner`: what the operator sees, and for us alone its
/// sealed HA1 and when it was read. The text goes into KV as it is, so one string crosses into wasm. It touches the
/// partner's row and those of its custom fields, 21 at most.
pub fn select(username: &str) -> Statement {
    let mut members = members(Version::Bare);
    let read_at = sql!("CAST(1000 * unixepoch('now', 'subsec') AS INTEGER)");
    members.extend([
        Member::column("ha1_sealed"),
        Member::scalar("read_at", read_at),
    ]);
    sql!(
        "SELECT {partner} AS partner FROM partners AS p WHERE username = {username}",
        partner = json_object(&members),
        username = username
    )
    .named("partners::select")
}
