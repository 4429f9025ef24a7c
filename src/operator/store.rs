//! The SQL of the operator's surface. Pure: text and parameters.

use super::input::{CustomFieldInput, PartnerInput};
use crate::customers::german;
use crate::partners;
use crate::sql::{Arg, Statement};

/// Creates a partner unless there is one (only then the first statement returns a row), changes what is
/// given, sets up the German rule for a German one, and reads the partner.
pub fn put(username: &str, sealed: &str, now: &str, input: &PartnerInput) -> [Statement; 4] {
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
            [username.into(), sealed.into(), now.into()],
        ),
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

/// Replaces a partner's password, and reads the partner.
pub fn new_password(username: &str, sealed: &str) -> [Statement; 2] {
    [
        Statement::new(
            "/* operator::new_password */ UPDATE partners SET ha1_sealed = ?2 WHERE username = ?1",
            [username.into(), sealed.into()],
        ),
        partners::select(username),
    ]
}

/// Sets up a custom field of a partner, or changes its set-up, but for those of the German rule, which
/// stay as the rule has them; and reads the partner.
pub fn put_custom_field(username: &str, input: &CustomFieldInput) -> [Statement; 3] {
    let CustomFieldInput {
        n,
        label,
        max_length,
        required,
    } = input;
    [
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
        german_fields(username),
        partners::select(username),
    ]
}
