//! The SQL of the records of a customer.
//!
//! Every statement finds and writes only rows of a live customer of the partner. Each statement has that condition
//! itself, so an erasure that runs at the same time cannot leave a record behind.

use super::given::Given;
use super::kind::{EXPIRES, Kind, Order, Removal};
use crate::db::audit::{Context, Entry, Record};
use crate::db::batch::{At, Batch, Steps};
use crate::db::blocks::List;
use crate::db::json::json_object;
use crate::db::sql::{Sql, Statement};
use crate::db::tenant::{live_customer, of_live_customer};
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::http::version::Version;
use crate::sql;

/// The customer whose records a request reads or writes.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Who makes the request, and when.
    pub audit: Context<'a>,
    /// The partner that the customer belongs to.
    pub partner_id: i64,
    /// The customer's id.
    pub customer_id: i64,
    /// The version decides how integers are written.
    pub version: Version,
}

/// The results of [`Scope::page`].
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// One row: the number of records, as `total`. No row if there is no such customer.
    pub total: At,
    /// The records.
    pub rows: At,
}

impl Scope<'_> {
    /// The condition that a row of `customers` is the customer.
    pub(super) fn live(&self) -> Sql {
        live_customer(self.partner_id, self.customer_id)
    }

    /// The condition that a row of another table belongs to the customer.
    pub(super) fn of_live(&self) -> Sql {
        of_live_customer(self.partner_id, self.customer_id)
    }

    /// The list of the customer's records of a kind.
    pub fn list(&self, kind: &Kind) -> List {
        List {
            name: kind.name,
            id: kind.id,
            order: kind.order,
            rows: self.of_live(),
            owner: sql!("customers WHERE {live}", live = self.live()),
            owner_id: sql!("customer_id"),
            total: Sql::name(kind.total),
        }
    }

    /// The condition that a row of a kind's table is the customer's record with this id.
    fn record(&self, kind: &Kind, record_id: i64) -> Sql {
        sql!(
            "{id} = {record_id} AND {of_live}",
            id = Sql::name(kind.id),
            record_id = record_id,
            of_live = self.of_live(),
        )
    }

    fn entry(&self, action: &'static str, kind: &Kind, record_id: i64, fields: Vec<Json>) -> Entry {
        let record = Record::OfCustomer(record_id, self.customer_id);
        self.audit.entry(action, kind.name, record, fields)
    }

    /// The columns that a statement answers for a record: `json` and `id`.
    pub(super) fn row(&self, kind: &Kind) -> Sql {
        sql!(
            "{json} AS json, {id} AS id",
            json = json_object(&kind.output(self.version, self.audit.now)),
            id = Sql::name(kind.id),
        )
    }

    /// Reads a page of the records, and their number. It reads what [`List::begin`] reads, the rows that it answers, and
    /// one row of `customers`.
    pub fn page(&self, kind: &Kind, paging: Paging) -> Batch<Page> {
        let total = sql!(
            "SELECT {total} AS total FROM customers WHERE {live}",
            total = Sql::name(kind.total),
            live = self.live(),
        );
        let (columns, order) = match kind.order {
            Order::Id => (sql!(""), sql!("id")),
            Order::NewestFirst => (sql!(", start"), sql!("start DESC, id DESC")),
        };
        let begin = self.list(kind).begin(paging);
        let selects = begin.past.into_iter().map(|past| {
            sql!(
                "SELECT {row}{columns} FROM {name} WHERE {of_live} AND {past}",
                row = self.row(kind),
                columns = &columns,
                name = Sql::name(kind.name),
                of_live = self.of_live(),
                past = past,
            )
        });
        let rows = sql!(
            "{with}{selects} ORDER BY {order} LIMIT {limit} OFFSET {skip}",
            with = begin.with,
            selects = Sql::join(selects, " UNION ALL "),
            order = order,
            limit = paging.limit(),
            skip = begin.skip,
        );
        let mut steps = Steps::default();
        let total = steps.add(total.named("records::total"));
        let rows = steps.add(rows.named("records::page"));
        steps.named(Page { total, rows })
    }

    /// Finds one record.
    pub fn find(&self, kind: &Kind, record_id: i64) -> Statement {
        sql!(
            "SELECT {row} FROM {name} WHERE {record}",
            row = self.row(kind),
            name = Sql::name(kind.name),
            record = self.record(kind, record_id),
        )
        .named("records::find")
    }

    /// Changes the given columns of a record, and adds an entry to the audit trail. Without given columns it only reads
    /// the record. It writes one row in each of two tables, and one of `customers` if the record ends now or does not any more.
    pub fn change(&self, kind: &Kind, record_id: i64, given: Given) -> Batch<At> {
        let fields = fields(std::slice::from_ref(&given));
        if fields.is_empty() {
            return Batch::of(self.find(kind, record_id));
        }
        let is_endless = given.is_endless();
        let given = given.to_json().to_string();
        let changes = kind.columns.iter().map(|(column, _)| {
            let column = Sql::name(column);
            sql!(
                "{column} = COALESCE(given.value ->> '{column}', {column})",
                column = column
            )
        });
        let change = sql!(
            "UPDATE {name} SET {changes} FROM (SELECT {given} AS value) AS given \
             WHERE {record} RETURNING {row}",
            name = Sql::name(kind.name),
            changes = Sql::join(changes, ", "),
            given = given,
            record = self.record(kind, record_id),
            row = self.row(kind),
        );
        let mut steps = Steps::default();
        steps.extend(is_endless.and_then(|is| self.count_endless(kind, record_id, is)));
        let entry = self.entry("change", kind, record_id, fields);
        let changed = steps.change(change.named("records::change"), entry);
        steps.named(changed)
    }

    /// Counts a record that is about to end, or not to end any more, if its kind counts those and this one is not so yet.
    fn count_endless(&self, kind: &Kind, record_id: i64, is_endless: bool) -> Option<Statement> {
        let count = sql!(
            "UPDATE customers SET {endless} = {endless} + {more} WHERE {live} \
             AND EXISTS (SELECT 1 FROM {name} WHERE {record} AND ({expires} = '') <> {is_endless})",
            endless = Sql::name(kind.endless?),
            more = if is_endless { 1 } else { -1 },
            live = self.live(),
            name = Sql::name(kind.name),
            record = self.record(kind, record_id),
            expires = Sql::name(EXPIRES),
            is_endless = i64::from(is_endless),
        );
        Some(count.named("records::count_endless"))
    }

    /// Removes a record, and adds an entry to the audit trail if that changed anything. The named result is the expired
    /// record, or the deleted record as it was. It writes at most one row in each of three tables, and
    /// three rows of `blocks`.
    pub fn remove(&self, kind: &Kind, removal: Removal, record_id: i64) -> Batch<At> {
        let name = Sql::name(kind.name);
        let record = self.record(kind, record_id);
        let mut steps = Steps::default();
        let removed = match removal {
            Removal::Set(column, expression) => {
                let set = sql!(
                    "UPDATE {name} SET {column} = {value} WHERE {record} AND {column} IS NOT {value}",
                    name = name,
                    column = Sql::name(column),
                    value = expression(self.audit.now),
                    record = record,
                );
                steps.extend(self.count_endless(kind, record_id, false));
                let entry = self.entry("expire", kind, record_id, Vec::new());
                steps.change(set.named("records::expire"), entry);
                steps.add(self.find(kind, record_id))
            }
            Removal::DeleteRow => {
                let delete = sql!(
                    "DELETE FROM {name} WHERE {record} RETURNING {row}",
                    name = name,
                    record = record,
                    row = self.row(kind),
                );
                let count = sql!(
                    "UPDATE customers SET {total} = {total} - 1 WHERE {live} AND changes() = 1",
                    total = Sql::name(kind.total),
                    live = self.live(),
                );
                let entry = self.entry("remove", kind, record_id, Vec::new());
                let deleted = steps.counted_change(
                    delete.named("records::delete"),
                    count.named("records::count"),
                    entry,
                );
                steps.extend(self.list(kind).count_removed(record_id));
                deleted
            }
        };
        steps.named(removed)
    }

    /// Reads the allowed numbers in their order, as one list in `json`. No row if there is no such customer. It reads
    /// at most [`ALLOWED_NUMBERS_MAX`](super::allowed_numbers::ALLOWED_NUMBERS_MAX) numbers.
    pub fn allowed_numbers(&self) -> Statement {
        sql!(
            "SELECT (SELECT json_group_array(phonenr) FROM \
             (SELECT phonenr FROM allowed_numbers \
             WHERE allowed_numbers.customer_id = customers.customer_id ORDER BY position)) AS json \
             FROM customers WHERE {live}",
            live = self.live()
        )
        .named("records::allowed_numbers")
    }

    /// Replaces the allowed numbers, and adds an entry to the audit trail. The named result is that of
    /// [`Scope::allowed_numbers`]. It deletes at most
    /// [`ALLOWED_NUMBERS_MAX`](super::allowed_numbers::ALLOWED_NUMBERS_MAX) rows and writes at most as many.
    pub fn replace_allowed_numbers(&self, numbers: Vec<Json>) -> Batch<At> {
        let delete = sql!(
            "DELETE FROM allowed_numbers WHERE {of_live}",
            of_live = self.of_live()
        );
        let insert = sql!(
            "INSERT INTO allowed_numbers (customer_id, position, phonenr) \
             SELECT customer_id, given.key, given.value \
             FROM customers CROSS JOIN json_each({numbers}) AS given WHERE {live}",
            numbers = Json::List(numbers).to_string(),
            live = self.live(),
        );
        let record = Record::OfCustomer(self.customer_id, self.customer_id);
        let entry = self.audit.entry(
            "replace",
            "allowed_numbers",
            record,
            vec!["phonenrs".into()],
        );
        // The trail also records a request that replaces an empty list by an empty list. It changes no row, so
        // `changes()` cannot be the condition.
        let customer_lives = sql!(
            "EXISTS (SELECT 1 FROM customers WHERE {live})",
            live = self.live()
        );
        let mut steps = Steps::default();
        steps.add(delete.named("records::clear_allowed_numbers"));
        steps.add(insert.named("records::add_allowed_numbers"));
        steps.add(entry.when(customer_lives));
        let numbers = steps.add(self.allowed_numbers());
        steps.named(numbers)
    }
}

/// The names of the parameters that any of these records has, for the audit trail.
pub(super) fn fields(records: &[Given]) -> Vec<Json> {
    let mut names: Vec<&str> = Vec::new();
    for name in records.iter().flat_map(Given::fields) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names.into_iter().map(Json::from).collect()
}
