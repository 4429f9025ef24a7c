//! The SQL of the export, which reads a customer in pages.

use std::ops::RangeInclusive;

use super::sql::Scope;
use crate::db::batch::{At, Batch, Steps};
use crate::db::json::{Member, json_object};
use crate::db::schema::{CUSTOMER_TABLES, Table, exported_tables};
use crate::db::sql::{Sql, Statement};
use crate::db::tenant::{live_customer, of_live_customer};
use crate::sql;

/// The rows of each table that the first read of an export takes. Most customers have no more, so they are exported in
/// one transaction.
pub const FIRST_ROWS: i64 = 1_000;

/// The least and the most rows of a later page. A row of the export has at most 1 KB and a call some 250 bytes, so a page has
/// at most 10 MB; D1 answers 50 MB at most.
pub const PAGE_ROWS: RangeInclusive<i64> = 2_500..=10_000;

/// How many pages of calls an export has, unless their limits stand against it. D1 runs at most 1,000 statements for a
/// request; so an export can have some 9,000,000 rows.
const PAGES: i64 = 400;

/// The rows of a page of the export of a customer with so many calls. The fewer they are, the less memory a page takes.
pub fn page_rows(calls: i64) -> i64 {
    (calls / PAGES).clamp(*PAGE_ROWS.start(), *PAGE_ROWS.end())
}

/// The results of [`Scope::export`].
#[derive(Debug)]
pub struct Export {
    /// The customer itself, with `calls`: how many it has; no row if there is no such customer.
    pub customer: At,
    /// The labels of the custom fields.
    pub custom_fields: At,
    /// The first rows of each of [`exported_tables`].
    pub lists: Vec<At>,
}

impl Scope<'_> {
    /// Reads the customer, the labels of the partner's custom fields, and the first [`FIRST_ROWS`] rows of each list.
    pub fn export(&self) -> Batch<Export> {
        let customers = CUSTOMER_TABLES
            .iter()
            .filter(|table| table.name == "customers");
        let customers = customers.map(|table| {
            sql!(
                "SELECT {json} AS json, calls_total AS calls FROM customers WHERE {live}",
                json = self.exported(table),
                live = live_customer(self.partner_id, self.customer_id),
            )
        });
        let custom_fields = sql!(
            "SELECT {json} AS json FROM custom_fields WHERE partner_id = {partner_id} ORDER BY n",
            json = json_object(&[Member::integer(self.version, "n"), Member::column("label")]),
            partner_id = self.partner_id,
        );
        let mut steps = Steps::default();
        let customer = steps.add(Sql::join(customers, "").named("export::customer"));
        let custom_fields = steps.add(custom_fields.named("export::custom_fields"));
        let lists = exported_tables();
        let lists = lists.map(|table| steps.add(self.export_page(table, None, FIRST_ROWS)));
        let lists = lists.collect();
        steps.named(Export {
            customer,
            custom_fields,
            lists,
        })
    }

    /// Reads the next `limit` rows of a list, as `json`, and no others: those after a row whose `json` is given.
    ///
    /// For a comparison of several columns at once SQLite would seek by the first alone. So there is one seek for each
    /// column, and SQLite merges their results as it reads them.
    pub fn export_page(&self, table: &Table, after: Option<&str>, limit: i64) -> Statement {
        let order = || Sql::join(table.order.iter().map(|column| Sql::name(column)), ", ");
        let select = |seek: Sql| {
            sql!(
                "SELECT {json} AS json, {order} FROM {name} WHERE {of_live} AND {seek}",
                json = self.exported(table),
                order = order(),
                name = Sql::name(table.name),
                of_live = of_live_customer(self.partner_id, self.customer_id),
                seek = seek,
            )
        };
        let selects = match after {
            None => vec![select(sql!("TRUE"))],
            Some(after) => {
                let columns = (1..=table.order.len()).rev();
                let seeks = columns.filter_map(|count| seek(table.order.get(..count)?, after));
                seeks.map(select).collect()
            }
        };
        sql!(
            "SELECT json FROM ({selects} ORDER BY {order} LIMIT {limit})",
            selects = Sql::join(selects, " UNION ALL "),
            order = order(),
            limit = limit,
        )
        .named("export::page")
    }

    /// Reads whether the customer still lives: one row if it does.
    pub fn export_end(&self) -> Statement {
        sql!(
            "SELECT customer_id FROM customers WHERE {live}",
            live = live_customer(self.partner_id, self.customer_id),
        )
        .named("export::end")
    }

    /// The JSON text of a row with every column that is not only ours.
    fn exported(&self, table: &Table) -> Sql {
        // `Member::integer` suits every column: it leaves a text as it is. The names of fields in the audit trail are
        // stored as JSON.
        let member = |column: &'static str| match column {
            "fields" => Member::json(column, Sql::name(column)),
            _ => Member::integer(self.version, column),
        };
        json_object(&table.exported().map(member).collect::<Vec<_>>())
    }
}

/// The condition that a row equals the row `after` in all of these columns but the last, and has a greater value there.
/// The column makes a number of the value, which a version may write as a text.
fn seek(columns: &[&'static str], after: &str) -> Option<Sql> {
    let (last, equal) = columns.split_last()?;
    let equal = equal.iter().map(|column| {
        sql!(
            "{column} = {after} ->> '{column}' AND ",
            column = Sql::name(column),
            after = after
        )
    });
    Some(sql!(
        "{equal}{last} > {after} ->> '{last}'",
        equal = Sql::join(equal, ""),
        last = Sql::name(last),
        after = after,
    ))
}
