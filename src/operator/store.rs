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
/// given, sets up the German rule for a German one, and reads the partner. The audit trail has an entry for the
/// partner and one for the rule's fields, each if it is another then than before.
pub fn put(
    username: &str,
    sealed: &str,
    input: &PartnerInput,
    change: Change<'_>,
) -> [Statement; 7] {
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
    let columns = "(name, country, allowed_networks, enabled)";
    let new = "(COALESCE(?2, name), COALESCE(?3, country), COALESCE(?4, allowed_networks), \
         COALESCE(?5, enabled))";
    [
        Statement::new(
            "/* operator::put */ INSERT INTO partners (username, ha1_sealed, created) \
             VALUES (?1, ?2, ?3) ON CONFLICT (username) DO NOTHING RETURNING partner_id",
            [username.into(), sealed.into(), change.now.into()],
        ),
        entry(Condition::Changed, "create"),
        Statement::new(
            format!(
                "/* operator::put */ UPDATE partners SET {columns} = {new} \
                 WHERE username = ?1 AND {columns} IS NOT {new}"
            ),
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
        change.entry(
            Condition::Changed,
            "set up",
            "custom_fields",
            Record::Partner,
            Some(0),
            german::FIELDS
                .iter()
                .map(|field| format!("custom_{}", field.n).into())
                .collect(),
        ),
        partners::select(username),
    ]
}

/// Sets up the fields of the German rule, if the partner is German and they are not yet so.
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
             max_length = excluded.max_length, required = 1 WHERE \
             (label, max_length, required) IS NOT (excluded.label, excluded.max_length, 1)",
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

/// Whose custom field `?2` is the operator's to set up and to end: the partner `?1`, unless the field is one of the
/// German rule, which stays as the rule has it; `?3` is [`german::COUNTRY`].
fn may_set_up() -> String {
    let german = german::FIELDS.iter().map(|field| field.n.to_string());
    let german = german.collect::<Vec<_>>().join(", ");
    format!("username = ?1 AND NOT (country = ?3 AND ?2 IN ({german}))")
}

/// Sets up a custom field of a partner, or changes what is given of its set-up; enters that in the audit trail, and
/// reads the partner.
pub fn put_custom_field(
    username: &str,
    input: &CustomFieldInput,
    change: Change<'_>,
) -> [Statement; 3] {
    let CustomFieldInput {
        n,
        label,
        max_length,
        required,
    } = input;
    let columns = "(label, max_length, required)";
    let new = "(COALESCE(?4, label), COALESCE(?5, max_length), COALESCE(?6, required))";
    [
        Statement::new(
            format!(
                "/* operator::put_custom_field */ \
                 INSERT INTO custom_fields (partner_id, n, label, max_length, required) \
                 SELECT partner_id, ?2, COALESCE(?4, ''), COALESCE(?5, 255), COALESCE(?6, 0) \
                 FROM partners WHERE {} \
                 ON CONFLICT (partner_id, n) DO UPDATE SET {columns} = {new} WHERE {columns} IS NOT {new}",
                may_set_up()
            ),
            [
                username.into(),
                (*n).into(),
                german::COUNTRY.into(),
                label.as_deref().into(),
                (*max_length).into(),
                required.map(i64::from).into(),
            ],
        ),
        custom_field_entry("set up", *n, input.fields(), change),
        partners::select(username),
    ]
}

/// Ends a custom field of a partner, unless it is one of the German rule (only then the first statement returns
/// no row although the last does), and removes what was stored in it, of all customers. The second statement
/// enters it in the audit trail; the fourth returns how many customers had something stored, as `changed`.
pub fn delete_custom_field(username: &str, n: i64, change: Change<'_>) -> [Statement; 5] {
    [
        Statement::new(
            format!(
                "/* operator::delete_custom_field */ DELETE FROM custom_fields WHERE n = ?2 \
                 AND partner_id = (SELECT partner_id FROM partners WHERE {}) RETURNING n",
                may_set_up()
            ),
            [username.into(), n.into(), german::COUNTRY.into()],
        ),
        custom_field_entry("end", n, Vec::new(), change),
        // The entry was written only if the field was there.
        Statement::new(
            format!(
                "/* operator::delete_custom_field */ \
                 UPDATE customers SET custom_{n} = '', version = version + 1 \
                 WHERE partner_id = (SELECT partner_id FROM partners WHERE username = ?1) \
                 AND removed_at = '' AND custom_{n} <> '' AND changes() = 1"
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

/// Enters a change of a custom field in the audit trail, with what was given of its set-up.
fn custom_field_entry(action: &str, n: i64, given: Vec<&str>, change: Change<'_>) -> Statement {
    let (kind, record) = ("custom_fields", Record::Id(n));
    let mut fields = vec![Json::from(format!("custom_{n}"))];
    fields.extend(given.into_iter().map(Json::from));
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
