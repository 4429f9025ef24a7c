//! The SQL of `PUT /customers/custnr/{custnr}`: it changes the customer with this `custnr`, or creates it.

use super::batch::{Insertion, New};
use super::sql::{at_version, row, value};
use crate::db::audit::{Context, Record};
use crate::db::batch::{At, Batch, Steps};
use crate::db::sql::Sql;
use crate::db::tenant::live_customers;
use crate::http::etag::IfMatch;
use crate::http::json::Json;
use crate::http::version::Version;
use crate::partners::profile::Profile;
use crate::sql;

/// The results of [`put`].
#[derive(Clone, Copy, Debug)]
pub struct Put {
    /// The changed customer; no row if there is none, or if its version forbids the change.
    pub changed: At,
    /// The new customer; no row if there was one, or if `may_create` forbids it.
    pub created: Option<At>,
    /// The customer's present `version`; no row if there is still none.
    pub there: At,
}

/// Changes the given columns of the live customer with this `custnr`; creates it if there is none and `may_create` allows
/// it. Either has its entry in the audit trail. It writes at most one row in each of three tables.
pub fn put(
    version: Version,
    partner: &Profile,
    new: &New,
    may_create: bool,
    if_match: &IfMatch,
    audit: Context<'_>,
) -> Batch<Put> {
    let partner_id = partner.partner_id;
    let customer = sql!(
        "{live} AND custnr = {custnr}",
        live = live_customers(partner_id),
        custnr = new.input.custnr.as_deref(),
    );
    let found = sql!(
        "{customer} AND {at_version}",
        customer = &customer,
        at_version = at_version(if_match)
    );
    let columns = new.input.columns().into_iter();
    let columns: Vec<_> = columns.filter(|column| column.name != "custnr").collect();
    let fields: Vec<Json> = columns.iter().map(|column| column.name.into()).collect();
    let changes: Vec<Sql> = columns
        .into_iter()
        .map(|column| {
            let name = Sql::name(column.name);
            let value = value(partner_id, column, name.clone());
            sql!("{name} = {value}", name = name, value = value)
        })
        .collect();
    let mut steps = Steps::default();
    let changed = if changes.is_empty() {
        let read = sql!(
            "SELECT {row} FROM customers WHERE {found}",
            row = row(version, partner),
            found = found
        );
        steps.add(read.named("customers::unchanged"))
    } else {
        let update = sql!(
            "UPDATE customers SET version = version + 1, {changes} WHERE {found} RETURNING {row}",
            changes = Sql::join(changes, ", "),
            found = found,
            row = row(version, partner),
        );
        let record = Record::Customers(customer.clone());
        let entry = audit.entry("change", "customers", record, fields);
        steps.change(update.named("customers::change"), entry)
    };
    let created = may_create.then(|| {
        let new = std::slice::from_ref(new);
        let insertion = Insertion::of(version, partner, new, &sql!("TRUE"), audit);
        steps.counted_change(insertion.insert, insertion.count, insertion.entry)
    });
    let there = sql!(
        "SELECT version FROM customers WHERE {customer}",
        customer = customer
    );
    let there = steps.add(there.named("customers::there"));
    steps.named(Put {
        changed,
        created,
        there,
    })
}
