//! The SQL of `/customers`. Every statement has the partner in it. Pure: text and parameters.

use super::model::{CustomerInput, output};
use crate::audit::{Change, Condition, Record};
use crate::etag::IfMatch;
use crate::json::Json;
use crate::paging::Paging;
use crate::partners::Profile;
use crate::sql::{Arg, Statement, json_object};
use crate::version::Version;

/// The columns of a customer's row: its `json` as the database assembles it, its `id`, its `version`.
fn row_columns(version: Version, partner: &Profile) -> String {
    let json = json_object(&output(version, partner));
    format!("{json} AS json, customer_id AS id, version")
}

/// How many live customers the partner has: one row, kept by [`create`] and the erasure.
pub fn total(partner: &Profile) -> Statement {
    Statement::new(
        "/* customers::total */ SELECT customers AS total FROM partners WHERE partner_id = ?1",
        [partner.partner_id.into()],
    )
}

/// A page of the partner's live customers, by ascending id.
pub fn page(version: Version, partner: &Profile, paging: Paging) -> Statement {
    Statement::new(
        format!(
            "/* customers::page */ SELECT {} FROM customers \
             WHERE partner_id = ?1 AND removed_at = '' AND customer_id > ?2 \
             ORDER BY customer_id LIMIT ?3 OFFSET ?4",
            row_columns(version, partner)
        ),
        [
            partner.partner_id.into(),
            paging.after.into(),
            paging.limit().into(),
            paging.offset().into(),
        ],
    )
}

/// The live customer with this id, this `custnr`, or both.
pub fn find(
    version: Version,
    partner: &Profile,
    customer_id: Option<i64>,
    custnr: Option<&str>,
) -> Statement {
    let mut conditions = String::new();
    let mut args = vec![Arg::from(partner.partner_id)];
    if let Some(customer_id) = customer_id {
        args.push(customer_id.into());
        conditions.push_str(&format!(" AND customer_id = ?{}", args.len()));
    }
    if let Some(custnr) = custnr {
        args.push(custnr.into());
        conditions.push_str(&format!(" AND custnr = ?{}", args.len()));
    }
    Statement::new(
        format!(
            "/* customers::find */ SELECT {} FROM customers \
             WHERE partner_id = ?1 AND removed_at = ''{conditions}",
            row_columns(version, partner)
        ),
        args,
    )
}

/// What is assigned to a customer when it is created.
#[derive(Debug)]
pub struct Assigned {
    /// A new UUID.
    pub uuid: String,
    /// The time.
    pub created: String,
    /// The fingerprints of the `Idempotency-Key` and of the parameters; both `""` without a key.
    pub idempotency_key: String,
    /// See above.
    pub idempotency_params: String,
}

/// Creates a customer, unless its `custnr` or its `Idempotency-Key` is taken: then no row is returned.
/// The second statement counts it, the third enters it in the audit trail.
pub fn create(
    version: Version,
    partner: &Profile,
    input: &CustomerInput,
    assigned: Assigned,
    change: Change<'_>,
) -> [Statement; 3] {
    let Assigned {
        uuid,
        created,
        idempotency_key,
        idempotency_params,
    } = assigned;
    let mut columns = vec![
        ("partner_id".to_owned(), Arg::from(partner.partner_id)),
        ("uuid".to_owned(), uuid.into()),
        ("created".to_owned(), created.into()),
        ("idempotency_key".to_owned(), idempotency_key.into()),
        ("idempotency_params".to_owned(), idempotency_params.into()),
    ];
    columns.extend(input.columns());
    let (names, args): (Vec<String>, Vec<Arg>) = columns.into_iter().unzip();
    let parameters = names.iter().zip(1..);
    let values: Vec<String> = parameters
        .map(|(column, n)| value(column, n, "''"))
        .collect();
    [
        Statement::new(
            format!(
                "/* customers::create */ INSERT INTO customers ({}) VALUES ({}) \
                 ON CONFLICT DO NOTHING RETURNING {}",
                names.join(", "),
                values.join(", "),
                row_columns(version, partner)
            ),
            args,
        ),
        Statement::new(
            "/* customers::create */ UPDATE partners SET customers = customers + 1 \
             WHERE partner_id = ?1 AND changes() = 1",
            [partner.partner_id.into()],
        ),
        change.entry(
            Condition::Changed,
            "create",
            "customers",
            Record::Inserted,
            None,
            fields(input),
        ),
    ]
}

/// The SQL expression for what a column is given by the parameter `?n`; `?1` is the partner. A custom field that has
/// been ended stays as it is, `instead`: a node may hear of the end up to a minute late, and what it stored
/// would come back with the field.
fn value(column: &str, n: usize, instead: &str) -> String {
    match column.strip_prefix("custom_") {
        Some(field) => format!(
            "COALESCE((SELECT ?{n} FROM custom_fields WHERE partner_id = ?1 AND n = {field}), {instead})"
        ),
        None => format!("?{n}"),
    }
}

/// The parameters that are given, for the audit trail.
fn fields(input: &CustomerInput) -> Vec<Json> {
    let columns = input.columns().into_iter();
    columns.map(|(column, _)| column.into()).collect()
}

/// The customer that was created with this `Idempotency-Key`, whether it lives or not; beside it the
/// fingerprint of the `idempotency_params`, and when it was `removed_at`.
pub fn by_idempotency_key(version: Version, partner: &Profile, key: &str) -> Statement {
    Statement::new(
        format!(
            "/* customers::by_idempotency_key */ SELECT {}, idempotency_params, removed_at \
             FROM customers WHERE partner_id = ?1 AND idempotency_key = ?2 AND idempotency_key <> ''",
            row_columns(version, partner)
        ),
        [partner.partner_id.into(), key.into()],
    )
}

/// Changes the given columns of a live customer, unless its version or a taken `custnr` forbids it:
/// then no row is returned, and the last statement's row says why: `version` is what the customer's is,
/// `custnr_taken` is 1 when another live customer of the partner has the `custnr`; without one there is
/// no such customer. A change is entered in the audit trail.
pub fn change(
    version: Version,
    partner: &Profile,
    customer_id: i64,
    if_match: &IfMatch,
    input: &CustomerInput,
    trail: Change<'_>,
) -> Vec<Statement> {
    const WHOSE: &str = "customer_id = ?2 AND partner_id = ?1 AND removed_at = ''";
    const CUSTNR_TAKEN: &str = "EXISTS (SELECT 1 FROM customers AS other \
         WHERE other.partner_id = ?1 AND other.custnr = ?4 AND other.removed_at = '' \
         AND other.customer_id <> ?2)";
    let whose = [
        Arg::from(partner.partner_id),
        customer_id.into(),
        if_match.arg(),
        input.custnr.as_deref().into(),
    ];
    let (columns, values): (Vec<String>, Vec<Arg>) = input.columns().into_iter().unzip();
    let row = row_columns(version, partner);
    let matches = IfMatch::sql("?3");
    let mut statements = Vec::new();
    if columns.is_empty() {
        statements.push(Statement::new(
            format!(
                "/* customers::change */ SELECT {row} FROM customers WHERE {WHOSE} AND {matches}"
            ),
            whose.iter().take(3).cloned(),
        ));
    } else {
        let changes: Vec<String> = columns
            .iter()
            .zip(whose.len() + 1..)
            .map(|(column, n)| format!("{column} = {}", value(column, n, column)))
            .collect();
        statements.push(Statement::new(
            format!(
                "/* customers::change */ UPDATE customers SET version = version + 1, {} \
                 WHERE {WHOSE} AND {matches} AND NOT {CUSTNR_TAKEN} RETURNING {row}",
                changes.join(", ")
            ),
            whose.iter().cloned().chain(values),
        ));
        statements.push(trail.entry(
            Condition::Changed,
            "change",
            "customers",
            Record::Id(customer_id),
            Some(customer_id),
            fields(input),
        ));
    }
    let why = format!(
        "/* customers::change */ SELECT version, {CUSTNR_TAKEN} AS custnr_taken \
         FROM customers WHERE {WHOSE}"
    );
    statements.push(Statement::new(why, whose));
    statements
}
