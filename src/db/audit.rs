//! The audit trail: one entry for each request that changes something, written in the transaction of the change. A
//! request that creates customers has one for each.

use super::sql::{Sql, Statement};
use crate::http::call::Taken;
use crate::http::json::Json;
use crate::sql;

/// What an entry can say that was done.
pub const ACTIONS: [&str; 9] = [
    "create",
    "change",
    "remove",
    "expire",
    "replace",
    "erase",
    "new password",
    "set up",
    "end",
];

/// Who makes a change.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// A partner, by its id: it changes a record of its own.
    Partner(i64),
    /// The operator changes a record of the partner with this user name.
    Operator(&'a str),
    /// The service itself changes a record of the partner with this id.
    Service(i64),
}

/// Which record is changed.
#[derive(Clone, Debug)]
pub enum Record {
    /// Each customer that this condition finds: there is an entry for each. At most
    /// [`BATCH_MAX`](crate::http::batch::BATCH_MAX).
    Customers(Sql),
    /// The record that this transaction has inserted last, of the customer with this id.
    InsertedOf(i64),
    /// The record with this id, of the customer with that id.
    OfCustomer(i64, i64),
    /// A record of the partner itself with this id; no customer is concerned.
    OfPartner(i64),
    /// The partner itself.
    Partner,
}

/// What every entry of a request says.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time of the request, UTC. An entry's own time is that of the database.
    pub now: &'a str,
    /// Its id.
    pub request_id: &'a str,
    /// Who makes the change.
    pub actor: Actor<'a>,
    /// The login that makes the change, or that the operator changes; `""` if no login is concerned.
    pub login: &'a str,
}

impl<'a> Context<'a> {
    /// The context of a request.
    pub fn of(call: &'a Taken, actor: Actor<'a>) -> Self {
        Self {
            now: &call.now.utc,
            request_id: &call.request_id,
            actor,
            login: &call.login,
        }
    }

    /// An entry. `kind` is the table that the record stands in; `fields` are the names of the fields that were given.
    pub fn entry(
        &self,
        action: &'static str,
        kind: &'static str,
        record: Record,
        fields: Vec<Json>,
    ) -> Entry {
        let (actor, partner) = match self.actor {
            Actor::Partner(partner_id) => ("partner", sql!("{id}", id = partner_id)),
            Actor::Service(partner_id) => ("service", sql!("{id}", id = partner_id)),
            Actor::Operator(username) => (
                "operator",
                // The directory has the partner, or, in another database, the partner's home.
                sql!(
                    "COALESCE((SELECT partner_id FROM directory WHERE username = {username}), \
                     (SELECT partner_id FROM partners WHERE username = {username}))",
                    username = username
                ),
            ),
        };
        let inserted = || sql!("last_insert_rowid()");
        let mut from = sql!("");
        let (record_id, customer_id) = match record {
            Record::Customers(condition) => {
                from = sql!(
                    " FROM (SELECT customer_id FROM customers WHERE {condition})",
                    condition = condition
                );
                (sql!("customer_id"), sql!("customer_id"))
            }
            Record::InsertedOf(customer_id) => (inserted(), sql!("{id}", id = customer_id)),
            Record::OfCustomer(id, customer_id) => {
                (sql!("{id}", id = id), sql!("{id}", id = customer_id))
            }
            Record::OfPartner(id) => (sql!("{id}", id = id), sql!("0")),
            Record::Partner => (partner.clone(), sql!("0")),
        };
        Entry {
            request_id: self.request_id.to_owned(),
            once: false,
            insert: sql!(
                "INSERT INTO audit \
                 (at, actor, partner_id, login, action, kind, record_id, customer_id, fields, request_id) \
                 SELECT datetime('now'), {actor}, {partner}, {login}, {action}, {kind}, {record_id}, {customer_id}, \
                 {fields}, {request_id}{from}",
                actor = actor,
                partner = partner,
                login = self.login,
                action = action,
                kind = kind,
                record_id = record_id,
                customer_id = customer_id,
                fields = Json::List(fields).to_string(),
                request_id = self.request_id,
                from = from,
            ),
        }
    }
}

/// An entry, before it is said when it is written. It touches its own row.
#[derive(Clone, Debug)]
pub struct Entry {
    insert: Sql,
    request_id: String,
    once: bool,
}

impl Entry {
    /// Of several changes of one request to the same record, the first entry tells all.
    #[must_use]
    pub fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// The entry is written when the statement before it has changed rows. Only a batch's `Steps` may ask for that.
    pub(super) fn if_changed(self) -> Statement {
        let request_id = self.request_id.as_str();
        let condition = if self.once {
            sql!(
                "changes() > 0 AND {request_id} NOT IN \
                 (SELECT request_id FROM audit ORDER BY audit_id DESC LIMIT 1)",
                request_id = request_id,
            )
        } else {
            sql!("changes() > 0")
        };
        self.when(condition)
    }

    /// The entry is written when this condition holds.
    pub fn when(self, condition: Sql) -> Statement {
        sql!(
            "{insert} WHERE {condition}",
            insert = self.insert,
            condition = condition
        )
        .named("audit::entry")
    }
}
