//! The SQL that reads a partner.

use super::placement::Database;
use crate::db::json::{Member, json_object};
use crate::db::sql::{Sql, Statement};
use crate::http::version::Version;
use crate::sql;

/// A member that is true or false, of a column of 0 and 1.
fn truth(column: &'static str) -> Member {
    let truth = sql!("iif({column}, 'true', 'false')", column = Sql::name(column));
    Member::json(column, truth)
}

/// The members of a partner that stand in the directory, from a row of `directory AS d`.
fn directory_members() -> Vec<Member> {
    vec![
        Member::scalar("partner_id", sql!("d.partner_id")),
        Member::scalar("username", sql!("d.username")),
        Member::column("database"),
        Member::json("allowed_networks", sql!("allowed_networks")),
        truth("enabled"),
    ]
}

/// The JSON object of a partner as the directory has it, from a row of `directory AS d`.
pub fn directory_json() -> Sql {
    json_object(&directory_members())
}

/// The JSON object of a partner as its home has it, from a row of `partners AS p`.
pub fn tenant_json() -> Sql {
    let custom_field = json_object(&[
        Member::integer(Version::Bare, "n"),
        Member::column("label"),
        Member::integer(Version::Bare, "max_length"),
        truth("required"),
    ]);
    // At most 20 rows.
    let custom_fields = sql!(
        "(SELECT json_group_array(json({custom_field})) FROM \
         (SELECT * FROM custom_fields AS f WHERE f.partner_id = p.partner_id ORDER BY n))",
        custom_field = custom_field
    );
    json_object(&[
        Member::column("name"),
        Member::column("country"),
        Member::json("custom_fields", custom_fields),
        Member::column("customers"),
    ])
}

/// The condition that a row of `partners` is served by its database, at least to be read.
fn is_served() -> Sql {
    sql!("serves <> 'nothing'")
}

/// Reads a partner as its home has it, in the column `tenant`. No row if the partner is not served here. It reads at most 21
/// rows.
pub fn tenant(partner_id: i64) -> Statement {
    sql!(
        "SELECT {tenant} AS tenant FROM partners AS p WHERE partner_id = {partner_id} AND {is_served}",
        tenant = tenant_json(),
        partner_id = partner_id,
        is_served = is_served(),
    )
    .named("partners::tenant")
}

/// The columns of a login's profile, from rows of `logins AS l` and `directory AS d`: `login` is a JSON object with what the
/// directory has, `tenant` one with what the partner's home has, or `''` if another database is its home.
fn profile() -> Sql {
    let mut members = directory_members();
    let read_at = sql!("CAST(1000 * unixepoch('now', 'subsec') AS INTEGER)");
    members.extend([
        Member::scalar("login", sql!("l.username")),
        Member::column("access"),
        Member::column("ha1_sealed"),
        Member::column("ha1_previous_sealed"),
        Member::column("previous_until"),
        Member::scalar("read_at", read_at),
    ]);
    sql!(
        "{login} AS login, COALESCE((SELECT {tenant} FROM partners AS p \
         WHERE p.partner_id = d.partner_id AND d.database = {here} AND {is_served}), '') AS tenant",
        login = json_object(&members),
        tenant = tenant_json(),
        here = Database::DIRECTORY.to_string(),
        is_served = is_served(),
    )
}

/// Reads the profile of a login by its user name. It reads the rows of the login, of its partner and of the partner's custom
/// fields, at most 23.
pub fn of_login(login: &str) -> Statement {
    sql!(
        "SELECT {profile} FROM logins AS l JOIN directory AS d USING (partner_id) \
         WHERE l.username = {login}",
        profile = profile(),
        login = login
    )
    .named("partners::of_login")
}

/// Reads the profiles of all logins of a partner, as [`of_login`] reads one. Every partner has at least one login, and
/// at most 21, so it reads at most 483 rows.
pub fn of_partner(username: &str) -> Statement {
    sql!(
        "SELECT {profile} FROM directory AS d JOIN logins AS l USING (partner_id) \
         WHERE d.username = {username}",
        profile = profile(),
        username = username
    )
    .named("partners::of_partner")
}

/// Finds a partner in the directory by its user name: `partner_id`, `database`, and `passage`, which is 0 if it never moved. It
/// reads one row.
pub fn find(username: &str) -> Statement {
    sql!(
        "SELECT partner_id, database, passage FROM directory WHERE username = {username}",
        username = username
    )
    .named("partners::find")
}
