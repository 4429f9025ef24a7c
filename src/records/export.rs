//! The SQL of the export, which reads a customer in pages.

use super::sql::Scope;
use crate::db::batch::{At, Batch, Steps};
use crate::db::json::{Member, json_object};
use crate::db::schema::{CUSTOMER_TABLES, Table, exported_tables};
use crate::db::sql::{Arg, Sql, Statement};
use crate::db::tenant::{live_customer, of_live_customer};
use crate::http::json::Json;
use crate::sql;

/// The rows of each table that the first read of an export takes. Most customers have no more, so they are exported in
/// one transaction.
pub const FIRST_ROWS: i64 = 1_000;

/// The rows of a later page. A row of the export has at most 1 KB and a call some 250 bytes, so a page has at most
/// 10 MB; D1 answers 50 MB at most. D1 runs at most 1,000 statements for a request, so an export can have some
/// 10,000,000 rows.
pub const PAGE_ROWS: i64 = 10_000;

/// The results of [`Scope::export`].
#[derive(Debug)]
pub struct Export {
    /// The customer itself; no row if there is no such customer.
    pub customer: At,
    /// The labels of the custom fields.
    pub custom_fields: At,
    /// The first rows of each of [`exported_tables`].
    pub lists: Vec<At>,
}

/// Where the next page begins: after the row with these values in the columns of the table's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After(Vec<Arg>);

impl After {
    /// Reads the place of a row out of its `json`. `None` if the row lacks it.
    pub fn row(table: &Table, json: &str) -> Option<Self> {
        let row = Json::parse(json.as_bytes()).ok()?;
        let value = |column: &&str| {
            let value = row.get(column)?;
            let text = value.as_text().map(Arg::from);
            text.or_else(|| value.as_integer().map(Arg::from))
        };
        table
            .order
            .iter()
            .map(value)
            .collect::<Option<_>>()
            .map(Self)
    }
}

impl Scope<'_> {
    /// Reads the customer, the labels of the partner's custom fields, and the first [`FIRST_ROWS`] rows of each list.
    pub fn export(&self) -> Batch<Export> {
        let customers = CUSTOMER_TABLES
            .iter()
            .filter(|table| table.name == "customers");
        let customers = customers.map(|table| {
            sql!(
                "SELECT {json} AS json FROM customers WHERE {live}",
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

    /// Reads the next `limit` rows of a list, as `json`, and no others.
    ///
    /// For a comparison of several columns at once SQLite would seek by the first alone. So there is one seek for each
    /// column, and SQLite merges their results as it reads them.
    pub fn export_page(&self, table: &Table, after: Option<&After>, limit: i64) -> Statement {
        let seeks = match after {
            None => vec![sql!("TRUE")],
            Some(After(values)) => {
                let seek = |last: usize| {
                    let columns = table.order.iter().zip(values).take(last + 1);
                    let conditions = columns.enumerate().map(|(at, (column, value))| {
                        let (column, value) = (Sql::name(column), value.clone());
                        if at == last {
                            sql!("{column} > {value}", column = column, value = value)
                        } else {
                            sql!("{column} = {value}", column = column, value = value)
                        }
                    });
                    Sql::join(conditions, " AND ")
                };
                (0..table.order.len()).rev().map(seek).collect()
            }
        };
        let order = || Sql::join(table.order.iter().map(|column| Sql::name(column)), ", ");
        let selects = seeks.into_iter().map(|seek| {
            sql!(
                "SELECT {json} AS json, {order} FROM {name} WHERE {of_live} AND {seek}",
                json = self.exported(table),
                order = order(),
                name = Sql::name(table.name),
                of_live = of_live_customer(self.partner_id, self.customer_id),
                seek = seek,
            )
        });
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
