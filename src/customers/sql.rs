//! The SQL of `/customers`. Only [`crate::db::tenant`] writes the tenant's condition.

use super::model::{Column, CustomerInput, output};
use crate::db::audit::{Context, Record};
use crate::db::batch::{At, Batch, Steps};
use crate::db::blocks::{List, Order};
use crate::db::json::{Member, json_object};
use crate::db::sql::{Sql, Statement};
use crate::db::tenant::{live_customer, live_customers};
use crate::http::etag::IfMatch;
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::http::version::Version;
use crate::partners::profile::Profile;
use crate::sql;

/// The columns that a statement answers for a customer: `json`, which the database assembles, `id` and `version`.
pub(super) fn row(version: Version, partner: &Profile) -> Sql {
    let json = json_object(&output(version, partner));
    sql!("{json} AS json, customer_id AS id, version", json = json)
}

/// The condition that a customer has one of the versions that an `If-Match` names.
pub fn at_version(if_match: &IfMatch) -> Sql {
    match if_match {
        IfMatch::Any | IfMatch::AnyVersion => sql!("TRUE"),
        IfMatch::Versions(versions) => {
            let versions = versions.iter().map(|version| Json::from(*version));
            sql!(
                "version IN (SELECT value FROM json_each({versions}))",
                versions = Json::List(versions.collect()).to_string()
            )
        }
    }
}

/// The results of [`page`].
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// One row: the number of live customers, as `total`.
    pub total: At,
    /// The customers.
    pub rows: At,
}

/// The list of a partner's live customers.
pub fn list(partner_id: i64) -> List {
    List {
        name: "customers",
        id: "customer_id",
        order: Order::Id,
        rows: live_customers(partner_id),
        owner: sql!(
            "partners WHERE partner_id = {partner_id}",
            partner_id = partner_id
        ),
        owner_id: sql!("partner_id"),
        total: sql!("customers"),
    }
}

/// Reads a page of the partner's live customers by ascending id, and their number. It reads what [`List::begin`] reads,
/// the rows that it answers, and one row of `partners`.
pub fn page(version: Version, partner: &Profile, paging: Paging) -> Batch<Page> {
    page_of(row(version, partner), partner.partner_id, paging)
}

fn page_of(row: Sql, partner_id: i64, paging: Paging) -> Batch<Page> {
    let total = sql!(
        "SELECT customers AS total FROM partners WHERE partner_id = {partner_id}",
        partner_id = partner_id
    );
    let begin = list(partner_id).begin(paging);
    let rows = sql!(
        "{with}SELECT {row} FROM customers WHERE {live} AND {past} \
         ORDER BY customer_id LIMIT {limit} OFFSET {skip}",
        with = begin.with,
        row = row,
        live = live_customers(partner_id),
        past = Sql::join(begin.past, " AND "),
        limit = paging.limit(),
        skip = begin.skip,
    );
    let mut steps = Steps::default();
    let total = steps.add(total.named("customers::total"));
    let rows = steps.add(rows.named("customers::page"));
    steps.named(Page { total, rows })
}

/// The same for whoever looks after a partner without being it: only the ids and when the customer was created.
pub fn ids(version: Version, partner_id: i64, paging: Paging) -> Batch<Page> {
    let json = json_object(&[
        Member::integer(version, "customer_id"),
        Member::column("uuid"),
        Member::column("created"),
    ]);
    let row = sql!("{json} AS json, customer_id AS id", json = json);
    page_of(row, partner_id, paging)
}

/// Finds the live customer with this id, this `custnr`, or both. It answers at most one row.
pub fn find(
    version: Version,
    partner: &Profile,
    customer_id: Option<i64>,
    custnr: Option<&str>,
) -> Statement {
    let mine = match customer_id {
        Some(customer_id) => live_customer(partner.partner_id, customer_id),
        None => live_customers(partner.partner_id),
    };
    let found = match custnr {
        Some(custnr) => sql!("{mine} AND custnr = {custnr}", mine = mine, custnr = custnr),
        None => mine,
    };
    sql!(
        "SELECT {row} FROM customers WHERE {found}",
        row = row(version, partner),
        found = found
    )
    .named("customers::find")
}

/// The new value of a column. A custom field that the operator has ended keeps its old value, `instead`. A node can
/// learn of the end up to a minute late, and a value that it stored would reappear if the field were set up again.
pub(super) fn value(partner_id: i64, column: Column, instead: Sql) -> Sql {
    match column.custom {
        Some(n) => sql!(
            "COALESCE((SELECT {value} FROM custom_fields WHERE partner_id = {partner_id} AND n = {n}), {instead})",
            value = column.value,
            partner_id = partner_id,
            n = i64::from(n),
            instead = instead,
        ),
        None => sql!("{value}", value = column.value),
    }
}

/// The assignments of an `UPDATE` that stores these columns.
pub(super) fn assignments(partner_id: i64, columns: Vec<Column>) -> Vec<Sql> {
    let columns = columns.into_iter();
    let assignments = columns.map(|column| {
        let name = Sql::name(column.name);
        let value = value(partner_id, column, name.clone());
        sql!("{name} = {value}", name = name, value = value)
    });
    assignments.collect()
}

/// For each value that the input may only keep, the condition that it is stored already.
pub(super) fn is_kept(input: &CustomerInput) -> Vec<Sql> {
    let is_kept = input.kept.iter().map(|kept| {
        let (name, value) = (Sql::name(kept.name), kept.value.as_str());
        sql!("{name} = {value}", name = name, value = value)
    });
    is_kept.collect()
}

/// The condition that a customer may be changed: its version is one of these, and what the input may only keep is stored.
pub(super) fn may_be_changed(input: &CustomerInput, if_match: &IfMatch) -> Sql {
    let conditions = is_kept(input).into_iter().chain([at_version(if_match)]);
    Sql::join(conditions, " AND ")
}

/// Reads of the customer that a condition finds its present `version`, and as `kept` a JSON array with 1 for each of the
/// input's kept values that is stored, and 0 for the others. No row if there is no such customer.
pub fn there(customer: Sql, input: &CustomerInput) -> Statement {
    sql!(
        "SELECT version, json_array({is_kept}) AS kept FROM customers WHERE {customer}",
        is_kept = Sql::join(is_kept(input), ", "),
        customer = customer
    )
    .named("customers::there")
}

/// The condition that finds the partner's live customer with the input's `custnr`.
pub fn of_custnr(partner_id: i64, input: &CustomerInput) -> Sql {
    sql!(
        "{live} AND custnr = {custnr}",
        live = live_customers(partner_id),
        custnr = input.custnr.as_deref(),
    )
}

/// The names of the given parameters, for the audit trail.
pub(super) fn fields(input: &CustomerInput) -> Vec<Json> {
    let columns = input.columns().into_iter();
    columns.map(|column| column.name.into()).collect()
}

/// The results of [`change`].
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The changed customer; no row if its version or a taken `custnr` forbids the change.
    pub changed: At,
    /// The reason why there was no change: `version` is the customer's present version; `custnr_taken` is 1 if another
    /// live customer of the partner has the `custnr`; `kept` is a JSON array with 1 for each of the input's kept values
    /// that is stored, and 0 for the others. There is no row if there is no such customer.
    pub why: At,
}

/// Changes the given columns of a live customer, if the values that it may only keep are stored already, and adds an entry
/// to the audit trail. It writes one row in each of two tables.
pub fn change(
    version: Version,
    partner: &Profile,
    customer_id: i64,
    if_match: &IfMatch,
    input: &CustomerInput,
    audit: Context<'_>,
) -> Batch<Change> {
    let partner_id = partner.partner_id;
    let live = live_customer(partner_id, customer_id);
    let custnr_taken = custnr_taken(partner_id, customer_id, input.custnr.as_deref());
    let row = row(version, partner);
    let allowed = may_be_changed(input, if_match);
    let mut steps = Steps::default();
    let changes = assignments(partner_id, input.columns());
    let changed = if changes.is_empty() {
        let read = sql!(
            "SELECT {row} FROM customers WHERE {live} AND {allowed}",
            row = row,
            live = &live,
            allowed = allowed,
        );
        steps.add(read.named("customers::unchanged"))
    } else {
        let update = sql!(
            "UPDATE customers SET version = version + 1, {changes} \
             WHERE {live} AND {allowed} AND NOT {custnr_taken} RETURNING {row}",
            changes = Sql::join(changes, ", "),
            live = &live,
            allowed = allowed,
            custnr_taken = &custnr_taken,
            row = row,
        );
        let record = Record::OfCustomer(customer_id, customer_id);
        let entry = audit.entry("change", "customers", record, fields(input));
        steps.change(update.named("customers::change"), entry)
    };
    let why = sql!(
        "SELECT version, {custnr_taken} AS custnr_taken, json_array({is_kept}) AS kept FROM customers WHERE {live}",
        custnr_taken = custnr_taken,
        is_kept = Sql::join(is_kept(input), ", "),
        live = live,
    );
    let why = steps.add(why.named("customers::why_unchanged"));
    steps.named(Change { changed, why })
}

/// The condition that another live customer of the partner has this `custnr`.
fn custnr_taken(partner_id: i64, customer_id: i64, custnr: Option<&str>) -> Sql {
    sql!(
        "EXISTS (SELECT 1 FROM customers AS other WHERE {live} \
         AND other.custnr = {custnr} AND other.customer_id <> {customer_id})",
        live = live_customers(partner_id),
        custnr = custnr,
        customer_id = customer_id,
    )
}
