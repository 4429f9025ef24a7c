//! The SQL that creates customers: one, or a list, created whole or not at all. One is a list of one.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Column, CustomerInput};
use super::sql::{list, row};
use crate::db::audit::{Context, Entry, Record};
use crate::db::batch::{At, Batch, Steps};
use crate::db::idempotency::{Keyed, Repeat};
use crate::db::sql::{Arg, Sql, Statement};
use crate::db::tenant::live_customers;
use crate::http::json::Json;
use crate::http::version::Version;
use crate::ledger::state::ids_are_promised;
use crate::partners::profile::Profile;
use crate::sql;

/// A customer that a request creates.
#[derive(Debug)]
pub struct New {
    /// The UUID that it is assigned.
    pub uuid: String,
    /// Its fields.
    pub input: CustomerInput,
}

/// The results of [`create`].
#[derive(Clone, Copy, Debug)]
pub struct Creation {
    /// What the `Idempotency-Key` has created before.
    pub repeat: Option<Repeat>,
    /// The places in the list, as `place`, of the customers whose `custnr` another live customer has. One such customer
    /// prevents the creation of all.
    pub taken: At,
    /// The new customers, in the order of the list.
    pub created: At,
}

/// Creates all the customers or none, counts them and adds an entry for each to the audit trail. It creates none if a
/// `custnr` or the `Idempotency-Key` is taken, or if the list has a `custnr` twice. For each customer, at most
/// [`BATCH_MAX`](crate::http::batch::BATCH_MAX), it writes one row in each of two tables; besides, one row in each of
/// three others.
pub fn create(
    version: Version,
    partner: &Profile,
    new: &[New],
    keyed: Option<&Keyed<'_>>,
    audit: Context<'_>,
) -> Batch<Creation> {
    let may = match keyed {
        _ if !twins(new).is_empty() => sql!("FALSE"),
        Some(keyed) => keyed.is_new(),
        None => sql!("TRUE"),
    };
    let insertion = Insertion::of(version, partner, new, &may, audit);
    let mut steps = Steps::default();
    let repeat = keyed.map(|keyed| keyed.look_up(&mut steps, repeated(version, partner, keyed)));
    let taken = steps.add(insertion.taken);
    let keep = keyed.map(|keyed| {
        let first = sql!("last_insert_rowid() - {more}", more = count(new.len()) - 1);
        let ids = sql!(
            "(SELECT json_group_array(customer_id) FROM \
             (SELECT customer_id FROM customers WHERE {inserted} ORDER BY customer_id))",
            inserted = inserted(partner.partner_id, new.len()),
        );
        keyed.keep(&first, &ids, &sql!("changes() > 0"))
    });
    let created = steps.keyed_change(insertion.insert, insertion.count, keep, insertion.entry);
    steps.add(list(partner.partner_id).count_new(count(new.len())));
    steps.add(ids_are_promised("customers", "customer_id"));
    steps.named(Creation {
        repeat,
        taken,
        created,
    })
}

/// Looks at an `Idempotency-Key`, and creates nothing.
pub fn look_up(version: Version, partner: &Profile, keyed: &Keyed<'_>) -> Batch<Repeat> {
    let mut steps = Steps::default();
    let repeat = keyed.look_up(&mut steps, repeated(version, partner, keyed));
    steps.named(repeat)
}

/// Reads the live customers that a key has created, in their order: at most as many as a batch has.
fn repeated(version: Version, partner: &Profile, keyed: &Keyed<'_>) -> Statement {
    sql!(
        "SELECT {row} FROM {made} CROSS JOIN customers ON customer_id = made.value WHERE {live}",
        row = row(version, partner),
        made = keyed.made(),
        live = live_customers(partner.partner_id),
    )
    .named("customers::repeated")
}

/// The statements that insert customers.
#[derive(Debug)]
pub(super) struct Insertion {
    /// See [`Creation::taken`]. It comes before the insert.
    pub taken: Statement,
    /// See [`Creation::created`].
    pub insert: Statement,
    /// Counts the customers.
    pub count: Statement,
    /// The entries in the audit trail.
    pub entry: Entry,
}

impl Insertion {
    /// Inserts customers if no `custnr` is taken and `may` holds.
    pub(super) fn of(
        version: Version,
        partner: &Profile,
        new: &[New],
        may: &Sql,
        audit: Context<'_>,
    ) -> Self {
        let partner_id = partner.partner_id;
        let list = Json::List(new.iter().map(as_json).collect()).to_string();
        let columns = given(new);
        let names = columns.iter().map(|column| Sql::name(column.name));
        let values = columns.iter().map(|column| stored(partner_id, column));
        let taken = sql!(
            "SELECT given.key AS place FROM json_each({list}) AS given WHERE EXISTS \
             (SELECT 1 FROM customers WHERE {live} AND custnr = given.value ->> 'custnr')",
            list = list.as_str(),
            live = live_customers(partner_id),
        );
        let insert = sql!(
            "INSERT INTO customers (partner_id, uuid, created, {names}) \
             SELECT {partner_id}, given.value ->> 'uuid', {now}, {values} FROM json_each({list}) AS given \
             WHERE {may} AND NOT EXISTS ({taken}) RETURNING {row}",
            names = Sql::join(names, ", "),
            partner_id = partner_id,
            now = audit.now,
            values = Sql::join(values, ", "),
            list = list.as_str(),
            may = may,
            taken = &taken,
            row = row(version, partner),
        );
        let count = sql!(
            "UPDATE partners SET customers = customers + changes() WHERE partner_id = {partner_id} AND changes() > 0",
            partner_id = partner_id
        );
        let fields = columns.iter().map(|column| column.name.into()).collect();
        let record = Record::Customers(inserted(partner_id, new.len()));
        Self {
            taken: taken.named("customers::taken"),
            insert: insert.named("customers::create"),
            count: count.named("customers::count"),
            entry: audit.entry("create", "customers", record, fields),
        }
    }
}

/// The condition that finds the customers which this transaction has inserted last, if the statement before has changed
/// rows: one statement gives consecutive ids. Otherwise the bound is `NULL`, and no row is looked at. The bound stands in
/// a subquery because an insert of entries moves `last_insert_rowid()`, and a subquery runs once.
fn inserted(partner_id: i64, customers: usize) -> Sql {
    sql!(
        "{live} AND customer_id > (SELECT CASE WHEN changes() > 0 THEN last_insert_rowid() - {count} END)",
        live = live_customers(partner_id),
        count = count(customers),
    )
}

fn count(customers: usize) -> i64 {
    i64::try_from(customers).unwrap_or(i64::MAX)
}

/// A customer as a member of the list that the statements read.
fn as_json(New { uuid, input }: &New) -> Json {
    let columns = input.columns().into_iter();
    let columns = columns.map(|Column { name, value, .. }| {
        let value = match value {
            Arg::Null => Json::Null,
            Arg::Integer(integer) => integer.into(),
            Arg::Text(text) => text.into(),
        };
        (name.to_owned(), value)
    });
    let uuid = ("uuid".to_owned(), uuid.as_str().into());
    Json::Object(columns.chain([uuid]).collect())
}

/// The columns that any of the customers has, each once.
fn given(new: &[New]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for column in new.iter().flat_map(|new| new.input.columns()) {
        if !columns.iter().any(|known| known.name == column.name) {
            columns.push(column);
        }
    }
    columns
}

/// The value to store in a column. A custom field that the operator has ended stays empty: a node can learn of the
/// end up to a minute late, and a value that it stored would reappear if the field were set up again.
fn stored(
    partner_id: i64,
    Column {
        name,
        custom,
        value,
    }: &Column,
) -> Sql {
    let unset = match value {
        Arg::Integer(_) => sql!("0"),
        Arg::Text(_) | Arg::Null => sql!("''"),
    };
    let given = sql!(
        "COALESCE(given.value ->> '{name}', {unset})",
        name = Sql::name(name),
        unset = unset
    );
    match *custom {
        None => given,
        Some(n) => sql!(
            "CASE WHEN EXISTS (SELECT 1 FROM custom_fields WHERE partner_id = {partner_id} AND n = {n}) \
             THEN {given} ELSE '' END",
            partner_id = partner_id,
            n = i64::from(n),
            given = given,
        ),
    }
}

/// The places of the customers whose `custnr` stands in the list more than once.
pub fn twins(new: &[New]) -> BTreeSet<usize> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, new) in new.iter().enumerate() {
        let custnr = new.input.custnr.as_deref().unwrap_or_default();
        places.entry(custnr).or_default().push(place);
    }
    let twins = places.into_values().filter(|places| places.len() > 1);
    twins.flatten().collect()
}
