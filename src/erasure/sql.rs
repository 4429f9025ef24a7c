//! The SQL of the erasure.

use super::receipt::{self, COUNTS, backups_until, goes_in_steps};
use crate::customers::sql::{at_version, list};
use crate::db::audit::{Context, Record};
use crate::db::batch::{At, Batch, Steps};
use crate::db::idempotency;
use crate::db::schema::CUSTOMER_TABLES;
use crate::db::sql::{Sql, Statement};
use crate::db::tenant::live_customer;
use crate::http::etag::IfMatch;
use crate::http::version::Version;
use crate::ledger::state;
use crate::records::calls::{CALLS, EXTERNAL_IDS};
use crate::sql;

/// The customer that a request erases.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The partner that the customer belongs to.
    pub partner_id: i64,
    /// The customer's id.
    pub customer_id: i64,
    /// The versions that the customer may have.
    pub if_match: &'a IfMatch,
    /// The version decides how integers are written.
    pub version: Version,
    /// Who makes the request, and when.
    pub audit: Context<'a>,
    /// The customer's UUID, if the erasure is done again after a restore. Then it is not counted again.
    pub again: Option<&'a str>,
}

/// The results of [`Target::preview`].
#[derive(Clone, Copy, Debug)]
pub struct Preview {
    /// The receipt that an erasure would answer; no row if the customer cannot be erased.
    pub preview: At,
    /// See [`receipt()`].
    pub receipt: At,
}

/// The results of [`Target::erase`].
#[derive(Clone, Copy, Debug)]
pub struct Erasure {
    /// See [`receipt()`].
    pub receipt: At,
}

/// Reads the receipt of one of the partner's customers, as `json`, with its `removed_at` and `completed_at`. For a live
/// customer `removed_at` is `""` and all counts are 0. `entry` is what the ledger knows the erasure by, and `recorded` says
/// whether it has the erasure as it is. It reads three rows.
pub fn receipt(version: Version, partner_id: i64, customer_id: i64) -> Statement {
    let counts = COUNTS.map(|name| sql!("COALESCE({name}, 0)", name = Sql::name(name)));
    let completed_at = sql!("COALESCE(completed_at, '')");
    let is_masking = sql!("{completed_at} = ''", completed_at = &completed_at);
    let reerased_at = sql!("COALESCE(reerased_at, '')");
    let backups_until = sql!("COALESCE(backups_until, '')");
    sql!(
        "SELECT {json} AS json, removed_at, {completed_at} AS completed_at, \
         COALESCE(recorded, 0) AS recorded, {entry} AS entry \
         FROM customers LEFT JOIN erasures USING (customer_id) \
         WHERE customer_id = {customer_id} AND partner_id = {partner_id}",
        json = receipt::json(
            version,
            is_masking,
            completed_at.clone(),
            reerased_at,
            backups_until,
            counts
        ),
        completed_at = completed_at,
        entry = state::entry(),
        customer_id = customer_id,
        partner_id = partner_id,
    )
    .named("erasure::receipt")
}

impl Target<'_> {
    /// Counts what an erasure would change, and changes nothing. It reads what [`receipt::counts`] reads, and few rows besides.
    pub fn preview(&self) -> Batch<Preview> {
        let counts = receipt::counts(self.audit.now);
        let json = receipt::json(
            self.version,
            goes_in_steps(),
            sql!("''"),
            sql!("''"),
            sql!("''"),
            counts,
        );
        let preview = sql!(
            "SELECT {json} AS json FROM customers WHERE {erasable}",
            json = json,
            erasable = self.erasable(),
        );
        let mut steps = Steps::default();
        let preview = steps.add(preview.named("erasure::preview"));
        let receipt = steps.add(self.receipt());
        steps.named(Preview { preview, receipt })
    }

    /// Erases the customer. It writes every row of the customer: at most [`RECORDS_MAX`](crate::records::kind::RECORDS_MAX)
    /// measures, as many users, and [`CALLS_AT_ONCE`](receipt::CALLS_AT_ONCE) calls with their
    /// `external_ids`; if there are more, it leaves all of them to [`super::steps`]. After the commit no request finds these calls.
    ///
    /// The receipt comes first, because only then can the rows still be counted. Every later statement requires a
    /// receipt whose customer is still live. So either all of them do their work or none does, and a second erasure
    /// changes nothing.
    pub fn erase(&self) -> Batch<Erasure> {
        let columns = COUNTS.map(Sql::name);
        let begin = sql!(
            "INSERT INTO erasures (customer_id, completed_at, sequence, backups_until, {columns}) \
             SELECT customer_id, CASE WHEN {goes_in_steps} THEN '' ELSE {now} END, \
             (SELECT sequence + 1 FROM state), {backups_until}, {counts} FROM customers WHERE {erasable}",
            columns = Sql::join(columns, ", "),
            goes_in_steps = goes_in_steps(),
            now = self.audit.now,
            backups_until = backups_until(self.audit.now),
            counts = Sql::join(receipt::counts(self.audit.now), ", "),
            erasable = self.erasable(),
        );
        // Without an erasure under way the subquery is NULL. NULL equals nothing, so no row is read.
        let under_way = sql!(
            "SELECT customer_id FROM erasures JOIN customers USING (customer_id) WHERE {live}",
            live = self.live()
        );
        let customer_id = sql!("({under_way})", under_way = &under_way);
        // Where keys alone are left, the calls are masked in this transaction: the steps begin after the last one.
        let leave_rest = sql!(
            "INSERT INTO maskings (customer_id, start) SELECT customer_id, CASE WHEN {goes_in_steps} THEN '' ELSE '~' END \
             FROM customers WHERE customer_id = ({under_way}) AND ({goes_in_steps} OR EXISTS ({keys}))",
            under_way = &under_way,
            goes_in_steps = goes_in_steps(),
            keys = idempotency::of_customer(
                &sql!("customers.partner_id"),
                &sql!("customers.customer_id")
            ),
        );
        let its_rows = sql!("customer_id = {customer_id}", customer_id = &customer_id);
        let its_calls = sql!(
            "customer_id = ({under_way} AND NOT {goes_in_steps})",
            under_way = under_way,
            goes_in_steps = goes_in_steps(),
        );
        let mut steps = Steps::default();
        steps.add(begin.named("erasure::begin"));
        if self.again.is_none() {
            steps.add(state::count());
        }
        for keys in idempotency::erase(self.partner_id, &customer_id, self.audit.now) {
            steps.add(keys);
        }
        steps.add(leave_rest.named("erasure::leave_rest"));
        let mut tables = CUSTOMER_TABLES.iter().map(|table| {
            let rows = match table.name {
                name if name == CALLS.name || name == EXTERNAL_IDS => &its_calls,
                _ => &its_rows,
            };
            table.erase(self.audit.now, rows).named("erasure::erase")
        });
        // `customers` is the last table, and `partners` counts its rows.
        if let Some(customer) = tables.next_back() {
            for table in tables {
                steps.add(table);
            }
            let count = sql!(
                "UPDATE partners SET customers = customers - 1 \
                 WHERE partner_id = {partner_id} AND changes() = 1",
                partner_id = self.partner_id
            );
            let record = Record::OfCustomer(self.customer_id, self.customer_id);
            let entry = self.audit.entry("erase", "customers", record, Vec::new());
            steps.counted_change(customer, count.named("erasure::count"), entry);
            steps.extend(list(self.partner_id).count_removed(self.customer_id));
        }
        let receipt = steps.add(self.receipt());
        steps.named(Erasure { receipt })
    }

    fn receipt(&self) -> Statement {
        receipt(self.version, self.partner_id, self.customer_id)
    }

    fn live(&self) -> Sql {
        live_customer(self.partner_id, self.customer_id)
    }

    fn erasable(&self) -> Sql {
        let it = self.again.map_or(at_version(self.if_match), |uuid| {
            sql!("uuid = {uuid}", uuid = uuid)
        });
        sql!("{live} AND {it}", live = self.live(), it = it)
    }
}
