//! The erasure: one transaction, made from the rules of [`crate::schema`].

use crate::auth::Partner;
use crate::call::Call;
use crate::error::{Error, Fault};
use crate::etag::IfMatch;
use crate::json::Json;
use crate::partners::Profile;
use crate::reply::Reply;
use crate::schema::{CUSTOMER_TABLES, MEASURE_IS_ACTIVE};
use crate::sql::{Arg, Statement};
use crate::store::{Row, Store};
use crate::version::Version;

/// What an erasure has done. It holds nothing personal.
#[derive(Debug)]
struct Receipt {
    customer_id: i64,
    uuid: String,
    /// When, UTC, `YYYY-MM-DD HH:MM:SS`; `""` in a dry run.
    removed_at: String,
    measures_expired: i64,
    users_removed: i64,
    allowed_numbers_removed: i64,
    phone_numbers_masked: i64,
}

impl TryFrom<Row> for Receipt {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            customer_id: row.integer("customer_id")?,
            uuid: row.text("uuid")?,
            removed_at: row.text("removed_at")?,
            measures_expired: row.integer("measures_expired")?,
            users_removed: row.integer("users_removed")?,
            allowed_numbers_removed: row.integer("allowed_numbers_removed")?,
            phone_numbers_masked: row.integer("phone_numbers_masked")?,
        })
    }
}

/// Erases a customer:
/// 1. reads the id and whether this is a dry run (400);
/// 2. in one transaction applies every rule to every row of the customer, if it lives and its version
///    still matches, or only counts what that would do;
/// 3. answers the receipt, the first one's when the customer was erased before (404, 412).
pub async fn erase(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let dry_run = call.params.integer("dry_run").unwrap_or(0);
    if !(0..=1).contains(&dry_run) {
        call.params
            .fault(Fault::of("dry_run", "range", "must be from 0 to 1"));
    }
    call.params.finish()?;
    let customer_id = customer_id.unwrap_or_default();

    let target = Target {
        partner,
        customer_id,
        if_match: &call.if_match,
        now: call.now.utc(),
    };
    let statements = if dry_run == 1 {
        vec![target.preview(), receipt(partner, customer_id)]
    } else {
        target.transaction()
    };
    let results = store.run(statements).await?;

    let [first, .., last] = results.as_slice() else {
        return Err(Error::Internal("D1 left a statement out".to_owned()));
    };
    let standing = last.first().ok_or(Error::NotFound("customer"))?;
    let standing = Receipt::try_from(standing)?;
    if !standing.removed_at.is_empty() {
        return Ok(answer(call.version, standing));
    }
    let preview = first.first().ok_or(Error::PreconditionFailed)?;
    Ok(answer(call.version, preview.try_into()?))
}

/// Reads the receipt of an erasure:
/// 1. reads the id (400);
/// 2. finds the receipt, if the customer was the partner's and was erased (404);
/// 3. answers it.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    call.params.finish()?;

    let [rows] = store
        .batch([receipt(partner, customer_id.unwrap_or_default())])
        .await?;
    let receipt = rows.first().ok_or(Error::NotFound("erasure"))?;
    let receipt = Receipt::try_from(receipt)?;
    if receipt.removed_at.is_empty() {
        return Err(Error::NotFound("erasure"));
    }
    Ok(answer(call.version, receipt))
}

fn answer(version: Version, receipt: Receipt) -> Reply {
    let Receipt {
        customer_id,
        uuid,
        removed_at,
        measures_expired,
        users_removed,
        allowed_numbers_removed,
        phone_numbers_masked,
    } = receipt;
    let receipt = Json::object([
        ("customer_id", customer_id.into()),
        ("uuid", uuid.into()),
        ("removed_at", removed_at.into()),
        ("measures_expired", measures_expired.into()),
        ("users_removed", users_removed.into()),
        ("allowed_numbers_removed", allowed_numbers_removed.into()),
        ("phone_numbers_masked", phone_numbers_masked.into()),
    ]);
    Reply::json(version.render(Json::object([("erasure", receipt)])))
}

/// The receipt of one of the partner's customers, in the form of [`Receipt`]: all zero, and no
/// `removed_at`, while it lives.
fn receipt(partner: &Profile, customer_id: i64) -> Statement {
    Statement::new(
        "/* erasure::receipt */ SELECT customer_id, uuid, removed_at, \
         COALESCE(measures_expired, 0) AS measures_expired, \
         COALESCE(users_removed, 0) AS users_removed, \
         COALESCE(allowed_numbers_removed, 0) AS allowed_numbers_removed, \
         COALESCE(phone_numbers_masked, 0) AS phone_numbers_masked \
         FROM customers LEFT JOIN erasures USING (customer_id) \
         WHERE customer_id = ?2 AND partner_id = ?1",
        [partner.partner_id.into(), customer_id.into()],
    )
}

/// The customer that is to be erased. In every statement `?1` is the time, `?2` the partner, `?3` the
/// customer and `?4` the versions that it may have.
struct Target<'a> {
    partner: &'a Profile,
    customer_id: i64,
    if_match: &'a IfMatch,
    now: String,
}

impl Target<'_> {
    /// Counts what an erasure would do; no row when the customer is not there to be erased.
    fn preview(&self) -> Statement {
        Statement::new(
            format!(
                "/* erasure::preview */ SELECT customer_id, uuid, removed_at, {} WHERE {}",
                counts(),
                to_be_erased()
            ),
            self.args(),
        )
    }

    /// The erasure. The receipt comes first, because only before the deed can the counts be taken; a
    /// receipt of a customer that still lives is what every later statement asks for, so that all of
    /// them do their work or none does, and a second erasure finds nothing to do.
    fn transaction(&self) -> Vec<Statement> {
        let mut statements = vec![Statement::new(
            format!(
                "/* erasure::transaction */ INSERT INTO erasures (customer_id, measures_expired, \
                 users_removed, allowed_numbers_removed, phone_numbers_masked) \
                 SELECT customer_id, {} WHERE {}",
                counts(),
                to_be_erased()
            ),
            self.args(),
        )];
        let under_way = "EXISTS (SELECT 1 FROM erasures JOIN customers USING (customer_id) \
             WHERE customer_id = ?3 AND partner_id = ?2 AND removed_at = '')";
        statements.extend(CUSTOMER_TABLES.iter().map(|table| {
            Statement::new(
                format!(
                    "/* erasure::transaction */ {} WHERE customer_id = ?3 AND {under_way}",
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
        statements.push(receipt(self.partner, self.customer_id));
        statements
    }

    fn args(&self) -> [Arg; 4] {
        [
            self.now.as_str().into(),
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

/// The counts of a receipt, and the table that the customer is found in.
fn counts() -> String {
    let phone_numbers: Vec<String> = CUSTOMER_TABLES
        .iter()
        .filter_map(|table| Some(count(table.name, &table.phone_numbers_sql()?, "TRUE")))
        .collect();
    format!(
        "{} AS measures_expired, {} AS users_removed, {} AS allowed_numbers_removed, \
         {} AS phone_numbers_masked FROM customers",
        count("measures", "1", MEASURE_IS_ACTIVE),
        count("users", "1", "TRUE"),
        count("allowed_numbers", "1", "TRUE"),
        phone_numbers.join(" + ")
    )
}

/// The sum of an expression over the customer's rows of a table.
fn count(table: &str, expression: &str, condition: &str) -> String {
    format!(
        "(SELECT COALESCE(SUM({expression}), 0) FROM {table} WHERE customer_id = ?3 AND {condition})"
    )
}
