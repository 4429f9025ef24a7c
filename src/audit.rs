//! The audit trail: an entry for each change, written in its transaction. Pure.

use crate::json::Json;
use crate::paging::Paging;
use crate::sql::{Arg, Statement, json_object};
use crate::version::Version;

/// Who makes a change.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// A partner, by its id: a record of its own.
    Partner(i64),
    /// The operator: a record of the partner with this user name.
    Operator(&'a str),
}

/// Which record is changed.
#[derive(Clone, Copy, Debug)]
pub enum Record {
    /// The one that was inserted last in this transaction.
    Inserted,
    /// The one with this id.
    Id(i64),
    /// The partner itself.
    Partner,
}

/// When an entry is written.
#[derive(Clone, Copy, Debug)]
pub enum Condition {
    /// When the statement before has changed rows.
    Changed,
    /// The same, unless the request has an entry already.
    ChangedFirst,
    /// When the partner has the customer, and it lives.
    CustomerLives,
}

/// A change, for the trail.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The time of the request.
    pub now: &'a str,
    /// Its id.
    pub request_id: &'a str,
    /// Who makes it.
    pub actor: Actor<'a>,
}

impl Change<'_> {
    /// The statement that writes an entry. `customer_id` is 0 when the record hangs on none, and `None` when it
    /// is the one that is inserted.
    pub fn entry(
        self,
        condition: Condition,
        action: &str,
        kind: &str,
        record: Record,
        customer_id: Option<i64>,
        fields: Vec<Json>,
    ) -> Statement {
        let (actor, whose, partner) = match self.actor {
            Actor::Partner(partner_id) => ("partner", "?3", Arg::from(partner_id)),
            Actor::Operator(username) => (
                "operator",
                "(SELECT partner_id FROM partners WHERE username = ?3)",
                username.into(),
            ),
        };
        let (record, record_id) = match record {
            Record::Inserted => ("last_insert_rowid()", None),
            Record::Id(id) => ("?6", Some(id)),
            Record::Partner => (whose, None),
        };
        let condition = match condition {
            Condition::Changed => "changes() > 0",
            Condition::ChangedFirst => {
                "changes() > 0 AND ?9 NOT IN \
                 (SELECT request_id FROM audit ORDER BY audit_id DESC LIMIT 1)"
            }
            Condition::CustomerLives => {
                "EXISTS (SELECT 1 FROM customers \
                 WHERE customer_id = ?7 AND partner_id = ?3 AND removed_at = '')"
            }
        };
        Statement::new(
            format!(
                "/* audit::entry */ INSERT INTO audit \
                 (at, actor, partner_id, action, kind, record_id, customer_id, fields, request_id) \
                 SELECT ?1, ?2, {whose}, ?4, ?5, {record}, \
                 COALESCE(?7, last_insert_rowid()), ?8, ?9 WHERE {condition}"
            ),
            [
                self.now.into(),
                actor.into(),
                partner,
                action.into(),
                kind.into(),
                record_id.into(),
                customer_id.into(),
                Json::List(fields).to_string().into(),
                self.request_id.into(),
            ],
        )
    }
}

/// How many entries there are: as many as the last one's id, for none is ever removed.
pub fn total() -> Statement {
    Statement::new(
        "/* audit::total */ SELECT COALESCE(MAX(audit_id), 0) AS total FROM audit",
        [],
    )
}

/// A page of the entries, oldest first.
pub fn page(version: Version, paging: Paging) -> Statement {
    let integer = |column: &str| (column.to_owned(), version.integer_sql(column));
    let text = |column: &str| (column.to_owned(), column.to_owned());
    let json = json_object(&[
        integer("audit_id"),
        text("at"),
        text("actor"),
        ("partner".to_owned(), "username".to_owned()),
        text("action"),
        text("kind"),
        integer("record_id"),
        integer("customer_id"),
        ("fields".to_owned(), "json(fields)".to_owned()),
        text("request_id"),
    ]);
    Statement::new(
        format!(
            "/* audit::page */ SELECT {json} AS json, audit_id AS id \
             FROM audit JOIN partners USING (partner_id) \
             WHERE audit_id > ?1 ORDER BY audit_id LIMIT ?2 OFFSET ?3"
        ),
        [
            paging.after.into(),
            paging.limit().into(),
            paging.offset().into(),
        ],
    )
}
