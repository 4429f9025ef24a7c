//! The SQL of the operator's surface. Pure: text and parameters.

use super::input::{CustomFieldInput, PartnerInput};
use crate::audit::{Change, Condition, Record};
use crate::customers::german;
use crate::json::Json;
use crate::paging::Paging;
use crate::partners;
use crate::sql::{Arg, Statement};
use crate::version::Version;

/// Creates a partner unless there is one (only then the first statement returns a row), changes what is
/// given, sets up the German rule for a German one, and reads the partner. The audit trail has one entry.
pub fn put(
    username: &str,
    sealed: &str,
    input: &PartnerInput,
    change: Change<'_>,
) -> [Statement; 6] {
    let entry = |condition, action| {
        let fields = input.fields().into_iter().map(Json::from).collect();
        let record = Record::Partner;
        change.entry(condition, action, "partners", record, Some(0), fields)
    };
    let PartnerInput {
        name,
        country,
        allowed_networks,
        enabled,
    } = input;
    let networks = allowed_networks.as_ref().map(|networks| {
        let quoted: Vec<String> = networks
            .iter()
            .map(|network| format!("\"{network}\""))
            .collect();
        format!("[{}]", quoted.join(","))
    });
    [
        Statement::new(
            "/* operator::put */ INSERT INTO partners (username, ha1_sealed, created) \
             VALUES (?1, ?2, ?3) ON CONFLICT (username) DO NOTHING RETURNING partner_id",
            [username.into(), sealed.into(), change.now.into()],
        ),
        entry(Condition::Changed, "create"),
        Statement::new(
            "/* operator::put */ UPDATE partners SET name = COALESCE(?2, name), \
             country = COALESCE(?3, country), allowed_networks = COALESCE(?4, allowed_networks), \
             enabled = COALESCE(?5, enabled) WHERE username = ?1",
            [
                username.into(),
                name.as_deref().into(),
                country.as_deref().into(),
                networks.into(),
                enabled.map(i64::from).into(),
            ],
        ),
        entry(Condition::ChangedFirst, "change"),
        german_fields(username),
        partners::select(username),
    ]
}

/// Sets up the fields of the German rule, if the partner is German.
fn german_fields(username: &str) -> Statement {
    let mut args = vec![Arg::from(username), german::COUNTRY.into()];
    let mut rows = Vec::new();
    for field in &german::FIELDS {
        let first = args.len() + 1;
        rows.push(format!("(?{first}, ?{}, ?{})", first + 1, first + 2));
        let max_length = i64::try_from(field.max_length).unwrap_or(i64::MAX);
        args.extend([
            Arg::Integer(field.n.into()),
            field.label.into(),
            max_length.into(),
        ]);
    }
    Statement::new(
        format!(
            "/* operator::german_fields */ WITH rule (n, label, max_length) AS (VALUES {}) \
             INSERT INTO custom_fields (partner_id, n, label, max_length, required) \
             SELECT partner_id, n, rule.label, rule.max_length, 1 FROM partners, rule \
             WHERE username = ?1 AND country = ?2 \
             ON CONFLICT (partner_id, n) DO UPDATE SET label = excluded.label, \
             max_length = excluded.max_length, required = 1",
            rows.join(", ")
        ),
        args,
    )
}

/// Replaces a partner's password, enters that in the audit trail, and reads the partner.
pub fn new_password(username: &str, sealed: &str, change: Change<'_>) -> [Statement; 3] {
    [
        Statement::new(
            "/* operator::new_password */ UPDATE partners SET ha1_sealed = ?2 WHERE username = ?1",
            [username.into(), sealed.into()],
        ),
        change.entry(
            Condition::Changed,
            "new password",
            "partners",
            Record::Partner,
            Some(0),
            Vec::new(),
        ),
        partners::select(username),
    ]
}

/// Sets up a custom field of a partner, or changes its set-up, but for those of the German rule, which
/// stay as the rule has them; enters that in the audit trail, and reads the partner. One that was not set up begins
/// empty: a node that had not yet heard of its end may have stored something since.
pub fn put_custom_field(
    username: &str,
    input: &CustomFieldInput,
    change: Change<'_>,
) -> [Statement; 5] {
    let CustomFieldInput {
        n,
        label,
        max_length,
        required,
    } = input;
    let empty = Statement::new(
        format!(
            "/* operator::put_custom_field */ {} AND NOT EXISTS (SELECT 1 FROM custom_fields AS f \
             WHERE f.partner_id = customers.partner_id AND f.n = ?2)",
            empty(*n)
        ),
        [username.into(), (*n).into()],
    );
    [
        empty,
        Statement::new(
            "/* operator::put_custom_field */ \
             INSERT INTO custom_fields (partner_id, n, label, max_length, required) \
             SELECT partner_id, ?2, ?3, ?4, ?5 FROM partners WHERE username = ?1 \
             ON CONFLICT (partner_id, n) DO UPDATE SET label = excluded.label, \
             max_length = excluded.max_length, required = excluded.required",
            [
                username.into(),
                (*n).into(),
                label.as_str().into(),
                (*max_length).into(),
                i64::from(*required).into(),
            ],
        ),
        custom_field_entry("set up", *n, change),
        german_fields(username),
        partners::select(username),
    ]
}

/// Ends a custom field of a partner, unless it is one of the German rule (only then the first statement returns
/// no row although the last does), and removes what was stored in it, of all customers. The second statement
/// enters it in the audit trail; the fourth returns how many customers had something stored, as `changed`.
pub fn delete_custom_field(username: &str, n: i64, change: Change<'_>) -> [Statement; 5] {
    let german: Vec<String> = german::FIELDS
        .iter()
        .map(|field| field.n.to_string())
        .collect();
    let german = german.join(", ");
    [
        Statement::new(
            format!(
                "/* operator::delete_custom_field */ DELETE FROM custom_fields WHERE n = ?2 \
                 AND partner_id = (SELECT partner_id FROM partners WHERE username = ?1 \
                 AND NOT (country = ?3 AND ?2 IN ({german}))) RETURNING n"
            ),
            [username.into(), n.into(), german::COUNTRY.into()],
        ),
        custom_field_entry("end", n, change),
        // The entry was written only if the field was there.
        Statement::new(
            format!(
                "/* operator::delete_custom_field */ {} AND changes() = 1",
                empty(n)
            ),
            [username.into()],
        ),
        Statement::new(
            "/* operator::delete_custom_field */ SELECT changes() AS changed",
            [],
        ),
        partners::select(username),
    ]
}

/// An `UPDATE` that removes what all living customers of the partner `?1` have in `custom_n`; for more conditions.
fn empty(n: i64) -> String {
    format!(
        "UPDATE customers SET custom_{n} = '', version = version + 1 \
         WHERE partner_id = (SELECT partner_id FROM partners WHERE username = ?1) \
         AND removed_at = '' AND custom_{n} <> ''"
    )
}

fn custom_field_entry(action: &str, n: i64, change: Change<'_>) -> Statement {
    let (kind, record) = ("custom_fields", Record::Id(n));
    let fields = vec![format!("custom_{n}").into()];
    change.entry(Condition::Changed, action, kind, record, Some(0), fields)
}

/// How many partners there are. They are few, and only the operator asks.
pub fn total() -> Statement {
    Statement::new(
        "/* operator::total */ SELECT COUNT(*) AS total FROM partners",
        [],
    )
}

/// A page of the partners, by ascending id.
pub fn page(version: Version, paging: Paging) -> Statement {
    Statement::new(
        format!(
            "/* operator::page */ SELECT {} AS json, partner_id AS id FROM partners AS p \
             WHERE partner_id > ?1 ORDER BY partner_id LIMIT ?2 OFFSET ?3",
            partners::json(version)
        ),
        [
            paging.after.into(),
            paging.limit().into(),
            paging.offset().into(),
        ],
    )
}
