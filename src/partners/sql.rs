//! The SQL that reads a partner.

use crate::db::json::{Member, integer, json_object};
use crate::db::sql::{Sql, Statement};
use crate::http::version::Version;
use crate::sql;

/// The members of a partner that the operator sees, from a row of `partners AS p`.
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

/// The JSON object of a partner that the operator sees, from a row of `partners AS p`.
pub fn json(version: Version) -> Sql {
    json_object(&members(version))
}

/// The members of [`select`] that no caller sees.
pub const OURS: [&str; 2] = ["ha1_sealed", "read_at"];

/// Reads a partner by user name as one JSON text, in the column `partner`. The text holds what the operator sees, and
/// the internal members [`OURS`]. It goes into KV unchanged, so only one string crosses into wasm. It reads the
/// partner's row and the rows of its custom fields, at most 21.
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
