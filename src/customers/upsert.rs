//! The SQL of `PUT /customers/custnr/{custnr}`: it changes the customer with this `custnr`, or creates it.

use super::batch::{Insertion, New};
use super::sql::{assignments, list, may_be_changed, of_custnr, row, there};
use crate::db::audit::{Context, Record};
use crate::db::batch::{At, Batch, Steps};
use crate::db::sql::Sql;
use crate::http::etag::IfMatch;
use crate::http::json::Json;
use crate::http::version::Version;
use crate::ledger::state::ids_are_promised;
use crate::partners::profile::Profile;
use crate::sql;

/// The results of [`put`].
#[derive(Clone, Copy, Debug)]
pub struct Put {
    /// The changed customer; no row if there is none, or if its version forbids the change.
    pub changed: At,
    /// The new customer; no row if there was one. `None` if none may be created.
    pub created: Option<At>,
    /// What [`there`] reads; no row if there is still no such customer.
    pub there: At,
}

/// Changes the given columns of the live customer with this `custnr`, if the values that it may only keep are stored
/// already; creates it if there is none and `may_create` allows it. Either has its entry in the audit trail. It writes at
/// most one row in each of four tables.
pub fn put(
    version: Version,
    partner: &Profile,
    new: &New,
    may_create: bool,
    if_match: &IfMatch,
    audit: Context<'_>,
) -> Batch<Put> {
    let partner_id = partner.partner_id;
    let customer = of_custnr(partner_id, &new.input);
    let found = sql!(
        "{customer} AND {may_be_changed}",
        customer = &customer,
        may_be_changed = may_be_changed(&new.input, if_match)
    );
    let columns = new.input.columns().into_iter();
    let columns: Vec<_> = columns.filter(|column| column.name != "custnr").collect();
    let fields: Vec<Json> = columns.iter().map(|column| column.name.into()).collect();
    let changes = assignments(partner_id, columns);
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
        let created = steps.counted_change(insertion.insert, insertion.count, insertion.entry);
        steps.add(list(partner_id).count_new(1));
        steps.add(ids_are_promised("customers", "customer_id"));
        created
    });
    let there = steps.add(there(customer, &new.input));
    steps.named(Put {
        changed,
        created,
        there,
    })
}
