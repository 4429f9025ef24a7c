//! The SQL of what hangs on a customer. Pure: text and parameters.
//!
//! In every statement `?1` is the time, `?2` the partner and `?3` the customer, and none finds or writes a
//! row but of a customer that is the partner's and lives: the condition is in the statement itself, so that
//! a record cannot slip in beside an erasure.

use super::kind::{Creation, Kind, Order, Removal};
use crate::audit::{Change, Condition, Record};
use crate::json::Json;
use crate::paging::Paging;
use crate::schema::{CUSTOMER_TABLES, Table};
use crate::sql::{Arg, Statement, json_object};
use crate::version::Version;

/// Whether a row of `customers` is the living customer that is meant.
const IS_CUSTOMER: &str = "customer_id = ?3 AND partner_id = ?2 AND removed_at = ''";

/// The customer's id, or NULL, which equals nothing: then not a row is looked at.
const CUSTOMER: &str = "(SELECT customer_id FROM customers \
     WHERE customer_id = ?3 AND partner_id = ?2 AND removed_at = '')";

/// The customer whose records are meant, for the statements below.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The request, as the audit trail has it.
    pub change: Change<'a>,
    /// Whose the customer is.
    pub partner_id: i64,
    /// The customer.
    pub customer_id: i64,
    /// How integers are written.
    pub version: Version,
}

impl Scope<'_> {
    fn statement(self, sql: String, more: impl IntoIterator<Item = Arg>) -> Statement {
        let scope = [
            self.change.now.into(),
            self.partner_id.into(),
            self.customer_id.into(),
        ];
        Statement::new(sql, scope.into_iter().chain(more))
    }

    fn entry(
        self,
        condition: Condition,
        action: &str,
        kind: &str,
        record: Record,
        fields: Vec<Json>,
    ) -> Statement {
        let customer_id = Some(self.customer_id);
        self.change
            .entry(condition, action, kind, record, customer_id, fields)
    }

    /// The columns of a record's row: its `json`, and its `id`.
    fn row(self, kind: &Kind) -> String {
        let json = json_object(&kind.output(self.version));
        format!("{json} AS json, {} AS id", kind.id)
    }

    /// How many records of a kind there are, as `total`: one row; none without such a customer.
    pub fn total(self, kind: &Kind) -> Statement {
        let total = kind.total();
        self.statement(
            format!(
                "/* records::total */ SELECT {total} AS total FROM customers WHERE {IS_CUSTOMER}"
            ),
            [],
        )
    }

    /// A page of the records.
    pub fn page(self, kind: &Kind, paging: Paging) -> Statement {
        let Kind { name, id, .. } = kind;
        let (key, order) = match kind.order {
            Order::Id => ("", "id"),
            Order::NewestFirst => (", start", "start DESC, id DESC"),
        };
        let seeks = match kind.order {
            Order::Id => vec![format!("{id} > ?4")],
            Order::NewestFirst if paging.after == 0 => vec!["TRUE".to_owned()],
            // The key to seek by is (start, id), of which `after` has the id. Compared as a row, it would be sought
            // by its first part alone, and all that began at the same time read; so there is a seek for each part,
            // and SQLite merges what they find as it is read.
            Order::NewestFirst => {
                let start =
                    format!("(SELECT start FROM {name} WHERE {id} = ?4 AND customer_id = ?3)");
                vec![
                    format!("start = {start} AND {id} < ?4"),
                    format!("start < {start}"),
                ]
            }
        };
        let row = self.row(kind);
        let select = |past| {
            format!("SELECT {row}{key} FROM {name} WHERE customer_id = {CUSTOMER} AND {past}")
        };
        let selects: Vec<String> = seeks.into_iter().map(select).collect();
        self.statement(
            format!(
                "/* records::page */ {} ORDER BY {order} LIMIT ?5 OFFSET ?6",
                selects.join(" UNION ALL ")
            ),
            [
                paging.after.into(),
                paging.limit().into(),
                paging.offset().into(),
            ],
        )
    }

    /// One record.
    pub fn find(self, kind: &Kind, record_id: i64) -> Statement {
        let Kind { name, id, .. } = kind;
        self.statement(
            format!(
                "/* records::find */ SELECT {} FROM {name} \
                 WHERE {id} = ?4 AND customer_id = {CUSTOMER}",
                self.row(kind)
            ),
            [record_id.into()],
        )
    }

    /// Creates records, all or none, and returns each in the order of the list; the second statement counts
    /// them, the third enters them in the audit trail; the last returns the places in the list, as `place`, of
    /// those that name a measure which the customer lacks, because of which none was created.
    pub fn create(self, kind: &Kind, records: Vec<Json>) -> [Statement; 4] {
        let Kind { name, .. } = kind;
        let fields = fields(&records);
        let created = match kind.creation {
            Creation::One => Record::Inserted,
            Creation::Batch => Record::Id(self.customer_id),
        };
        let records = Arg::Text(Json::List(records).to_string());
        let columns = kind.columns.iter();
        let (names, values): (Vec<&str>, Vec<String>) = columns
            .map(|(column, default)| {
                let value = format!("COALESCE(given.value ->> '{column}', {default})");
                (*column, value)
            })
            .unzip();
        let (names, values) = (names.join(", "), values.join(", "));
        let lacks_measure = match kind.creation {
            Creation::One => "FALSE",
            Creation::Batch => {
                "NOT EXISTS (SELECT 1 FROM measures WHERE customer_id = ?3 \
                 AND measure_id = given.value ->> 'measure_id')"
            }
        };
        let insert = format!(
            "/* records::create */ INSERT INTO {name} (customer_id, {names}) \
             SELECT customer_id, {values} FROM customers CROSS JOIN json_each(?4) AS given \
             WHERE {IS_CUSTOMER} AND NOT EXISTS \
             (SELECT 1 FROM json_each(?4) AS given WHERE {lacks_measure}) \
             RETURNING {}",
            self.row(kind)
        );
        let total = kind.total();
        let count = format!(
            "/* records::create */ UPDATE customers SET {total} = {total} + changes() \
             WHERE {IS_CUSTOMER} AND changes() > 0"
        );
        let missing = format!(
            "/* records::create */ SELECT given.key AS place \
             FROM customers CROSS JOIN json_each(?4) AS given WHERE {IS_CUSTOMER} AND {lacks_measure}"
        );
        [
            self.statement(insert, [records.clone()]),
            self.statement(count, []),
            self.entry(Condition::Changed, "create", name, created, fields),
            self.statement(missing, [records]),
        ]
    }

    /// Changes the columns of a record that are given, and enters that in the audit trail; where none is, it is
    /// only read.
    pub fn change(self, kind: &Kind, record_id: i64, given: Json) -> Vec<Statement> {
        let Kind { name, id, .. } = kind;
        let fields = fields(std::slice::from_ref(&given));
        if fields.is_empty() {
            return vec![self.find(kind, record_id)];
        }
        let columns = kind.columns.iter();
        let changes: Vec<String> = columns
            .map(|(column, _)| format!("{column} = COALESCE(?5 ->> '{column}', {column})"))
            .collect();
        let args = [record_id.into(), given.to_string().into()];
        let change = self.statement(
            format!(
                "/* records::change */ UPDATE {name} SET {} \
                 WHERE {id} = ?4 AND customer_id = {CUSTOMER} RETURNING {}",
                changes.join(", "),
                self.row(kind)
            ),
            args,
        );
        let record = Record::Id(record_id);
        vec![
            change,
            self.entry(Condition::Changed, "change", name, record, fields),
        ]
    }

    /// Removes a record, and enters that in the audit trail if it was not so before. Where a row is gone, the first
    /// statement returns it and another counts that; else the last returns it as it is then.
    pub fn remove(self, kind: &Kind, removal: Removal, record_id: i64) -> Vec<Statement> {
        let Kind { name, id, .. } = kind;
        let whose = format!("{id} = ?4 AND customer_id = {CUSTOMER}");
        let statement = |sql: String| self.statement(sql, [record_id.into()]);
        let entry = |action| {
            let record = Record::Id(record_id);
            self.entry(Condition::Changed, action, name, record, Vec::new())
        };
        match removal {
            Removal::Set(column, expression) => vec![
                statement(format!(
                    "/* records::remove */ UPDATE {name} SET {column} = {expression} \
                     WHERE {whose} AND {column} IS NOT {expression}"
                )),
                entry("expire"),
                self.find(kind, record_id),
            ],
            Removal::DeleteRow => {
                let total = kind.total();
                let count = format!(
                    "/* records::remove */ UPDATE customers SET {total} = {total} - 1 \
                     WHERE {IS_CUSTOMER} AND changes() = 1"
                );
                vec![
                    statement(format!(
                        "/* records::remove */ DELETE FROM {name} WHERE {whose} RETURNING {}",
                        self.row(kind)
                    )),
                    self.statement(count, []),
                    entry("remove"),
                ]
            }
        }
    }

    /// The allowed numbers in their order, as one list in `json`; no row without such a customer.
    pub fn allowed_numbers(self) -> Statement {
        self.statement(
            format!(
                "/* records::allowed_numbers */ SELECT (SELECT json_group_array(phonenr) FROM \
                 (SELECT phonenr FROM allowed_numbers WHERE customer_id = customers.customer_id \
                 ORDER BY position)) AS json FROM customers WHERE {IS_CUSTOMER}"
            ),
            [],
        )
    }

    /// Replaces the allowed numbers, and enters that in the audit trail; the last statement is
    /// [`Scope::allowed_numbers`].
    pub fn replace_allowed_numbers(self, numbers: Vec<Json>) -> [Statement; 4] {
        let list = Record::Id(self.customer_id);
        let insert = format!(
            "/* records::replace_allowed_numbers */ \
             INSERT INTO allowed_numbers (customer_id, position, phonenr) \
             SELECT customer_id, given.key, given.value \
             FROM customers CROSS JOIN json_each(?4) AS given WHERE {IS_CUSTOMER}"
        );
        [
            self.statement(
                format!(
                    "/* records::replace_allowed_numbers */ \
                     DELETE FROM allowed_numbers WHERE customer_id = {CUSTOMER}"
                ),
                [],
            ),
            self.statement(insert, [Json::List(numbers).to_string().into()]),
            self.entry(
                Condition::CustomerLives,
                "replace",
                "allowed_numbers",
                list,
                vec!["phonenrs".into()],
            ),
            self.allowed_numbers(),
        ]
    }

    /// All that the database holds of the customer: for each of [`CUSTOMER_TABLES`] its rows with every
    /// column, as `json`, by primary key.
    pub fn export(self) -> Vec<Statement> {
        let export = |table: &Table| {
            let (name, columns) = (table.name, table.columns.iter());
            // Of a text, what stands for an integer makes the same text.
            let members = columns.map(|(column, _)| {
                let column = (*column).to_owned();
                (column.clone(), self.version.integer_sql(&column))
            });
            let members = members.collect::<Vec<_>>();
            // The primary key is the first column, or the first two.
            let key: Vec<&str> = members
                .iter()
                .take(2)
                .map(|(name, _)| name.as_str())
                .collect();
            let (json, key) = (json_object(&members), key.join(", "));
            self.statement(
                format!(
                    "/* records::export */ SELECT {json} AS json FROM {name} \
                     WHERE customer_id = {CUSTOMER} ORDER BY {key}"
                ),
                [],
            )
        };
        CUSTOMER_TABLES.iter().map(export).collect()
    }
}

/// The parameters that were given of any of these records, for the audit trail.
fn fields(records: &[Json]) -> Vec<Json> {
    let mut names: Vec<&str> = Vec::new();
    for record in records {
        let Json::Object(members) = record else {
            continue;
        };
        for (name, _) in members {
            // A length beside a phone number is ours.
            if !names.contains(&name.as_str()) && !name.ends_with("_ccndc") {
                names.push(name);
            }
        }
    }
    names.into_iter().map(Json::from).collect()
}
