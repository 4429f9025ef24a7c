//! The erasure: one transaction, made from the rules of [`crate::schema`].

use crate::audit::{Actor, Change, Condition, Record};
use crate::auth::Partner;
use crate::call::Call;
use crate::error::{Error, Fault};
use crate::etag::IfMatch;
use crate::partners::Profile;
use crate::reply::Reply;
use crate::schema::{CUSTOMER_TABLES, MEASURE_IS_ACTIVE};
use crate::sql::{Arg, Statement, json_object};
use crate::store::{Row, Store};
use crate::version::Version;

/// Erases a customer:
/// 1. reads the id and whether this is a dry run (400);
/// 2. in one transaction applies every rule to every row of the customer, if it lives and its version
///    still matches, or only counts what that would do;
/// 3. answers the receipt, the first one's when the customer was erased before (404, 412).
pub async fn erase(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let dry_run = call.params.integer("dry_run").unwrap_or(0);
    if !(0..=1).contains(&dry_run) {
        let message = "must be from 0 to 1";
        call.params.fault(Fault::of("dry_run", "range", message));
    }
    call.params.finish()?;

    let now = call.now.utc();
    let target = Target {
        partner,
        customer_id: customer_id.unwrap_or_default(),
        if_match: &call.if_match,
        version: call.version,
        change: call.change(Actor::Partner(partner.partner_id), &now),
    };
    let statements = if dry_run == 1 {
        vec![target.preview(), target.receipt()]
    } else {
        target.transaction()
    };
    let results = store.run(statements).await?;

    let [first, .., last] = results.as_slice() else {
        return Err(Error::Internal("D1 left a statement out".to_owned()));
    };
    let standing = last.first().ok_or(Error::NotFound("customer"))?;
    if is_erased(&standing)? {
        return Reply::object("erasure", &standing);
    }
    Reply::object("erasure", &first.first().ok_or(Error::PreconditionFailed)?)
}

/// Reads the receipt of an erasure:
/// 1. reads the id (400);
/// 2. finds the receipt, if the customer was the partner's and was erased (404);
/// 3. answers it.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    call.params.finish()?;

    let customer_id = customer_id.unwrap_or_default();
    let [rows] = store
        .batch([receipt(call.version, partner, customer_id)])
        .await?;
    match rows.first() {
        Some(row) if is_erased(&row)? => Reply::object("erasure", &row),
        _ => Err(Error::NotFound("erasure")),
    }
}

fn is_erased(standing: &Row) -> Result<bool, Error> {
    Ok(!standing.text("removed_at")?.is_empty())
}

/// The receipt of one of the partner's customers, as `json`, and when it was `removed_at`: `""`, and all
/// counts 0, while it lives.
fn receipt(version: Version, partner: &Profile, customer_id: i64) -> Statement {
    let counts = COUNTS.map(|name| (name, format!("COALESCE({name}, 0)")));
    Statement::new(
        format!(
            "/* erasure::receipt */ SELECT {} AS json, removed_at \
             FROM customers LEFT JOIN erasures USING (customer_id) \
             WHERE customer_id = ?2 AND partner_id = ?1",
            receipt_json(version, &counts)
        ),
        [partner.partner_id.into(), customer_id.into()],
    )
}

/// What a receipt counts, as its table has it.
pub const COUNTS: [&str; 4] = [
    "measures_expired",
    "users_removed",
    "allowed_numbers_removed",
    "phone_numbers_masked",
];

/// A receipt, of `customers` and these expressions for its counts.
fn receipt_json(version: Version, counts: &[(&str, String)]) -> String {
    let mut members = vec![
        ("customer_id".to_owned(), version.integer_sql("customer_id")),
        ("uuid".to_owned(), "uuid".to_owned()),
        ("removed_at".to_owned(), "removed_at".to_owned()),
    ];
    let counts = counts.iter();
    members.extend(counts.map(|(name, sql)| ((*name).to_owned(), version.integer_sql(sql))));
    json_object(&members)
}

/// The customer that is to be erased. In every statement `?1` is the time, `?2` the partner, `?3` the
/// customer and `?4` the versions that it may have.
struct Target<'a> {
    partner: &'a Profile,
    customer_id: i64,
    if_match: &'a IfMatch,
    version: Version,
    change: Change<'a>,
}

impl Target<'_> {
    /// Counts what an erasure would do, as `json`; no row when the customer is not there to be erased.
    fn preview(&self) -> Statement {
        Statement::new(
            format!(
                "/* erasure::preview */ SELECT {} AS json FROM customers WHERE {}",
                receipt_json(self.version, &counts()),
                to_be_erased()
            ),
            self.args(),
        )
    }

    /// The erasure. The receipt comes first, because only before the deed can the counts be taken; a
    /// receipt of a customer that still lives is what every later statement asks for, so that all of
    /// them do their work or none does, and a second erasure finds nothing to do.
    fn transaction(&self) -> Vec<Statement> {
        let (names, counts): (Vec<&str>, Vec<String>) = counts().into_iter().unzip();
        let mut statements = vec![Statement::new(
            format!(
                "/* erasure::transaction */ INSERT INTO erasures (customer_id, {}) \
                 SELECT customer_id, {} FROM customers WHERE {}",
                names.join(", "),
                counts.join(", "),
                to_be_erased()
            ),
            self.args(),
        )];
        // NULL, which equals nothing, when no erasure is under way: then not a row is looked at.
        let under_way = "(SELECT customer_id FROM erasures JOIN customers USING (customer_id) \
             WHERE customer_id = ?3 AND partner_id = ?2 AND removed_at = '')";
        statements.extend(CUSTOMER_TABLES.iter().map(|table| {
            Statement::new(
                format!(
                    "/* erasure::transaction */ {} WHERE customer_id = {under_way}",
                    table.erase_sql()
                ),
                self.args().into_iter().take(3),
            )
        }));
        statements.push(Statement::new(
            "/* erasure::transaction */ UPDATE partners SET customers = customers - 1 \
             WHERE partner_id = ?1 AND changes() = 1",
            [self.partner.partner_id.into()],
        ));
        statements.push(self.change.entry(
            Condition::Changed,
            "erase",
            "customers",
            Record::Id(self.customer_id),
            Some(self.customer_id),
            Vec::new(),
        ));
        statements.push(self.receipt());
        statements
    }

    fn receipt(&self) -> Statement {
        receipt(self.version, self.partner, self.customer_id)
    }

    fn args(&self) -> [Arg; 4] {
        [
            self.change.now.into(),
            self.partner.partner_id.into(),
            self.customer_id.into(),
            self.if_match.arg(),
        ]
    }
}

/// What follows the `WHERE` of a statement that takes the customer itself, if it is to be erased.
fn to_be_erased() -> String {
    format!(
        "customer_id = ?3 AND partner_id = ?2 AND removed_at = '' AND {}",
        IfMatch::sql("?4")
    )
}

/// The counts of a receipt before the deed.
fn counts() -> [(&'static str, String); 4] {
    let phone_numbers: Vec<String> = CUSTOMER_TABLES
        .iter()
        .filter_map(|table| Some(count(table.name, &table.phone_numbers_sql()?, "TRUE")))
        .collect();
    let [measures, users, allowed_numbers, masked] = COUNTS;
    [
        (measures, count("measures", "1", MEASURE_IS_ACTIVE)),
        (users, count("users", "1", "TRUE")),
        (allowed_numbers, count("allowed_numbers", "1", "TRUE")),
        (masked, format!("({})", phone_numbers.join(" + "))),
    ]
}

/// The sum of an expression over the customer's rows of a table.
fn count(table: &str, expression: &str, condition: &str) -> String {
    format!(
        "(SELECT COALESCE(SUM({expression}), 0) FROM {table} WHERE customer_id = ?3 AND {condition})"
    )
}
