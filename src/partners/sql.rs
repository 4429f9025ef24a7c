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
        Member::scalar("partner_id", integer(version, sql!("p.partner_id"))),
        Member::scalar("username", sql!("p.username")),
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

/// The members of [`of_login`] that no caller sees.
pub const OURS: [&str; 6] = [
    "login",
    "access",
    "ha1_sealed",
    "ha1_previous_sealed",
    "previous_until",
    "read_at",
];

/// The JSON object of a login's profile, from a row of `logins AS l JOIN partners AS p`: what the operator sees of the
/// partner, and the internal members [`OURS`].
fn profile() -> Sql {
    let mut members = members(Version::Bare);
    let read_at = sql!("CAST(1000 * unixepoch('now', 'subsec') AS INTEGER)");
    members.extend([
        Member::scalar("login", sql!("l.username")),
        Member::column("access"),
        Member::column("ha1_sealed"),
        Member::column("ha1_previous_sealed"),
        Member::column("previous_until"),
        Member::scalar("read_at", read_at),
    ]);
    json_object(&members)
}

/// Reads the profile of a login by its user name as one JSON text, in the column `partner`. It goes into KV unchanged,
/// so only one string crosses into wasm. It reads the rows of the login, of its partner and of the partner's custom
/// fields, at most 22.
pub fn of_login(login: &str) -> Statement {
    sql!(
        "SELECT {profile} AS partner FROM logins AS l JOIN partners AS p USING (partner_id) \
         WHERE l.username = {login}",
        profile = profile(),
        login = login
    )
    .named("partners::of_login")
}

/// Reads the profiles of all logins of a partner, as [`of_login`] reads one. Every partner has at least one login, and
/// at most 21, so it reads at most 463 rows.
pub fn of_partner(username: &str) -> Statement {
    sql!(
        "SELECT {profile} AS partner FROM partners AS p JOIN logins AS l USING (partner_id) \
         WHERE p.username = {username}",
        profile = profile(),
        username = username
    )
    .named("partners::of_partner")
}

/// Finds the `partner_id` of a user name. It reads one row.
pub fn id(username: &str) -> Statement {
    sql!(
        "SELECT partner_id FROM partners WHERE username = {username}",
        username = username
    )
    .named("partners::id")
}
