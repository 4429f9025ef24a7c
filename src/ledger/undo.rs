//! The SQL that undoes a restore. Every statement is sent to the customers' database, and changes nothing where nothing is to
//! be undone.

use crate::db::audit::{Actor, Context};
use crate::db::sql::{Sql, Statement};
use crate::erasure::receipt::{COUNTS, backups_until};
use crate::erasure::sql::Target;
use crate::http::etag::IfMatch;
use crate::http::version::Version;
use crate::operator::sql::list as directory;
use crate::partners::placement::Database;
use crate::sql;

/// Puts logins back as the ledger has them, and what their partners may and where they live: `list` is a JSON list of rows of
/// the ledger. It does so only while the database has not counted `head`: later its own logins are the newer ones. A partner
/// that is lost is put back if another database is its home; then the list of partners is counted anew. It writes one row for
/// each login, and one for each partner, at most [`PAGE`](super::sql::PAGE).
pub fn put_doors_back(list: &str, head: i64) -> Vec<Statement> {
    let is_behind = sql!("(SELECT sequence FROM state) < {head}", head = head);
    let given = sql!("json_each({list}) AS given", list = list);
    let member = |name| sql!("given.value ->> '{name}'", name = Sql::name(name));
    let lost = sql!(
        "INSERT INTO directory (partner_id, username, database, passage, created) \
         SELECT {partner_id}, {partner}, {home}, {passage}, {created} FROM {given} \
         WHERE {partner} = {username} AND {ended} = 0 AND {home} <> {here} AND {is_behind} ON CONFLICT DO NOTHING",
        partner_id = member("partner_id"),
        partner = member("partner"),
        home = member("home"),
        passage = member("passage"),
        created = member("created"),
        given = &given,
        username = member("username"),
        ended = member("ended"),
        here = Database::DIRECTORY.to_string(),
        is_behind = &is_behind,
    );
    let partners = sql!(
        "UPDATE directory SET database = {home}, passage = {passage}, enabled = {enabled}, allowed_networks = {networks} FROM {given} \
         WHERE directory.partner_id = {partner_id} AND directory.username = {partner} \
         AND {partner} = {username} AND {is_behind}",
        home = member("home"),
        passage = member("passage"),
        enabled = member("enabled"),
        networks = member("allowed_networks"),
        given = &given,
        partner_id = member("partner_id"),
        partner = member("partner"),
        username = member("username"),
        is_behind = &is_behind,
    );
    let end = sql!(
        "DELETE FROM logins WHERE username IN \
         (SELECT {username} FROM {given} WHERE {ended} = 1) AND {is_behind}",
        username = member("username"),
        given = &given,
        ended = member("ended"),
        is_behind = &is_behind,
    );
    let columns = [
        "access",
        "ha1_sealed",
        "ha1_previous_sealed",
        "previous_until",
        "created",
    ];
    let names = || columns.into_iter().map(Sql::name);
    let changes = columns.map(|name| sql!("{name} = excluded.{name}", name = Sql::name(name)));
    let put = sql!(
        "INSERT INTO logins (username, partner_id, {names}) \
         SELECT {username}, directory.partner_id, {values} FROM {given} CROSS JOIN directory \
         ON directory.partner_id = {partner_id} AND directory.username = {partner} \
         WHERE {ended} = 0 AND {is_behind} \
         ON CONFLICT (username) DO UPDATE SET partner_id = excluded.partner_id, {changes}",
        names = Sql::join(names(), ", "),
        username = member("username"),
        values = Sql::join(columns.map(member), ", "),
        given = given,
        partner_id = member("partner_id"),
        partner = member("partner"),
        ended = member("ended"),
        is_behind = is_behind,
        changes = Sql::join(changes, ", "),
    );
    let [forget, count] = directory().count_anew();
    vec![
        lost.named("undo::put_lost_partners_back"),
        forget,
        count,
        partners.named("undo::put_partners_back"),
        end.named("undo::end_logins"),
        put.named("undo::put_logins_back"),
    ]
}

/// Looks for the customers of erasures: `list` is a JSON list of entries of the ledger. First it reads those who live again,
/// by number and UUID: one row each. Then it writes an empty row where the whole customer is gone, if its number is free and
/// its partner is there, and receipts where they are gone or older. Of each entry it reads three rows.
pub fn look(list: &str, now: &str) -> Vec<Statement> {
    let given = sql!("json_each({list}) AS given", list = list);
    let member = |name| sql!("given.value ->> '{name}'", name = Sql::name(name));
    let it = sql!(
        "customers ON customers.customer_id = {customer_id} AND uuid = {uuid}",
        customer_id = member("customer_id"),
        uuid = member("uuid"),
    );
    let living = sql!(
        "SELECT partner_id, customer_id, uuid, {removed_at} AS removed_at, given.value AS entry \
         FROM {given} CROSS JOIN {it} WHERE customers.removed_at = '' AND {is_served}",
        removed_at = member("removed_at"),
        given = &given,
        it = &it,
        // Of a partner that lives elsewhere, everything here is deleted.
        is_served = sql!(
            "(SELECT serves FROM partners WHERE partners.partner_id = customers.partner_id) <> 'nothing'"
        ),
    );
    // The ledger does not know when the customer was created, and nobody is told of an erased one.
    let gone = sql!(
        "INSERT INTO customers (customer_id, partner_id, uuid, custnr, name, created, removed_at) \
         SELECT {customer_id}, partner_id, {uuid}, '', '', {removed_at}, {removed_at} \
         FROM {given} CROSS JOIN partners ON partner_id = {partner_id} AND partners.username = {username} \
         WHERE serves <> 'nothing' \
         AND NOT EXISTS (SELECT 1 FROM customers WHERE customer_id = {customer_id}) ON CONFLICT DO NOTHING",
        customer_id = member("customer_id"),
        uuid = member("uuid"),
        removed_at = member("removed_at"),
        given = &given,
        partner_id = member("partner_id"),
        username = member("username"),
    );
    let completed_at = member("completed_at");
    let receipts = sql!(
        "INSERT INTO erasures (customer_id, completed_at, {names}, recorded) \
         SELECT customers.customer_id, iif({completed_at} = '', {now}, {completed_at}), {values}, {completed_at} <> '' \
         FROM {given} CROSS JOIN {it} WHERE customers.removed_at <> '' \
         ON CONFLICT DO UPDATE SET reerased_at = MAX(reerased_at, excluded.reerased_at), \
         backups_until = MAX(backups_until, excluded.backups_until) \
         WHERE excluded.reerased_at > reerased_at OR excluded.backups_until > backups_until",
        names = Sql::join(kept().map(Sql::name), ", "),
        completed_at = completed_at,
        now = now,
        values = Sql::join(kept().map(member), ", "),
        given = given,
        it = it,
    );
    vec![
        living.named("undo::living"),
        gone.named("undo::gone"),
        receipts.named("undo::receipts"),
    ]
}

/// The columns of a receipt that are again what they were.
fn kept() -> impl Iterator<Item = &'static str> {
    let others = ["sequence", "backups_until", "reerased_at"];
    COUNTS.into_iter().chain(others)
}

/// An erasure of somebody who lives again.
#[derive(Debug)]
pub struct Entry {
    /// The partner that the customer belongs to.
    pub partner_id: i64,
    /// The customer's id.
    pub customer_id: i64,
    /// The customer's UUID.
    pub uuid: String,
    /// When the customer was erased first.
    pub removed_at: String,
    /// The whole entry.
    pub json: String,
}

impl Entry {
    /// Erases the customer as the first time, at that time, and makes the receipt what it was. It counts as the erasure with
    /// this `sequence`, so that a later restore to the time before `now` finds it. It costs what the first erasure has cost.
    pub fn erase_again(&self, now: &str, sequence: i64) -> Vec<Statement> {
        let target = Target {
            partner_id: self.partner_id,
            customer_id: self.customer_id,
            if_match: &IfMatch::Any,
            version: Version::Bare,
            audit: Context {
                now: &self.removed_at,
                request_id: "",
                actor: Actor::Service(self.partner_id),
                login: "",
            },
            again: Some(&self.uuid),
        };
        let member = |name| {
            sql!(
                "{json} ->> '{name}'",
                json = self.json.as_str(),
                name = Sql::name(name)
            )
        };
        let counts = COUNTS.map(|name| {
            sql!(
                "{name} = {value}",
                name = Sql::name(name),
                value = member(name)
            )
        });
        let receipt = sql!(
            "UPDATE erasures SET {counts}, sequence = {sequence}, reerased_at = {now}, \
             backups_until = {backups_until}, recorded = 0, \
             completed_at = CASE WHEN completed_at <> '' AND {completed_at} <> '' THEN {completed_at} ELSE completed_at END \
             WHERE customer_id = (SELECT customer_id FROM customers WHERE customer_id = {customer_id} \
             AND uuid = {uuid} AND removed_at = {removed_at})",
            counts = Sql::join(counts, ", "),
            sequence = sequence,
            now = now,
            backups_until = backups_until(now),
            completed_at = member("completed_at"),
            customer_id = self.customer_id,
            uuid = self.uuid.as_str(),
            removed_at = self.removed_at.as_str(),
        );
        let mut statements = target.erase().statements;
        statements.push(receipt.named("undo::receipt"));
        statements
    }
}
