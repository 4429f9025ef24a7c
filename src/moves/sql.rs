//! The SQL of a move in the customers' databases, but for the pages. Every statement is about one partner.
//!
//! A move that begins anew takes a new `passage`, a number that grows with each. What a run of an earlier one still sends
//! does nothing: each change asks for the passage that it belongs to.

use crate::db::sql::{Sql, Statement};
use crate::ledger::state;
use crate::sql;

/// The condition that the database takes the partner in by this passage, and so has no more of it than was copied.
pub fn arrives(partner_id: i64, passage: i64) -> Sql {
    sql!(
        "EXISTS (SELECT 1 FROM partners WHERE partner_id = {partner_id} AND passage = {passage} \
         AND serves = 'nothing') AND {stays}",
        partner_id = partner_id,
        passage = passage,
        stays = stays(partner_id),
    )
}

/// The condition that no rows of the partner are being deleted here.
fn stays(partner_id: i64) -> Sql {
    sql!(
        "NOT EXISTS (SELECT 1 FROM leavings WHERE partner_id = {partner_id})",
        partner_id = partner_id
    )
}

/// Reads what the database does for the partner: `serves`, which is `''` without a row, the `passage`, how many `customers` the
/// partner has, and whether its rows are being deleted, as `leaves`.
pub fn here(partner_id: i64) -> Statement {
    sql!(
        "SELECT COALESCE((SELECT serves FROM partners WHERE partner_id = {partner_id}), '') AS serves, \
         COALESCE((SELECT passage FROM partners WHERE partner_id = {partner_id}), 0) AS passage, \
         COALESCE((SELECT customers FROM partners WHERE partner_id = {partner_id}), 0) AS customers, \
         EXISTS (SELECT 1 FROM leavings WHERE partner_id = {partner_id}) AS leaves",
        partner_id = partner_id,
    )
    .named("moves::here")
}

/// The source serves nothing but reads from now on.
pub fn fence(partner_id: i64, passage: i64) -> Statement {
    sql!(
        "UPDATE partners SET serves = 'reads', passage = {passage} \
         WHERE partner_id = {partner_id} AND passage < {passage} AND serves IN ('all', 'reads')",
        partner_id = partner_id,
        passage = passage,
    )
    .named("moves::fence")
}

/// Finds work in steps of the partner, as [`crate::erasure::steps::next`] does of all. It reads the rows of work that there
/// are: one for each large customer that is being erased, and 20.
pub fn work(partner_id: i64) -> Statement {
    sql!(
        "SELECT id, n FROM (SELECT masking_id AS id, 0 AS n FROM maskings CROSS JOIN customers USING (customer_id) \
         WHERE partner_id = {partner_id} LIMIT 1) \
         UNION ALL \
         SELECT id, n FROM (SELECT ending_id AS id, n FROM endings WHERE partner_id = {partner_id} LIMIT 1) LIMIT 1",
        partner_id = partner_id,
    )
    .named("moves::work")
}

/// The most erasures that a step takes from the outbox. Each is three trips.
const OUTBOX_MAX: i64 = 10;

/// Reads the first erasures of the partner that the ledger does not have as they are. It reads the outbox.
pub fn outbox(partner_id: i64) -> Statement {
    sql!(
        "SELECT {entry} AS entry FROM erasures CROSS JOIN customers USING (customer_id) \
         WHERE recorded = 0 AND partner_id = {partner_id} ORDER BY erasures.customer_id LIMIT {most}",
        entry = state::entry(),
        partner_id = partner_id,
        most = OUTBOX_MAX,
    )
    .named("moves::outbox")
}

/// Has the target delete what it has of the partner from before this passage. The statements write two rows.
pub fn send_away(partner_id: i64, passage: i64) -> [Statement; 2] {
    let close = sql!(
        "UPDATE partners SET serves = 'nothing' \
         WHERE partner_id = {partner_id} AND passage < {passage} AND serves = 'reads'",
        partner_id = partner_id,
        passage = passage,
    );
    let leave = sql!(
        "INSERT INTO leavings (partner_id) SELECT partner_id FROM partners \
         WHERE partner_id = {partner_id} AND passage < {passage} AND serves = 'nothing' ON CONFLICT DO NOTHING",
        partner_id = partner_id,
        passage = passage,
    );
    [
        close.named("moves::close_earlier"),
        leave.named("moves::send_away"),
    ]
}

/// The target takes the partner in, once it has nothing of it.
pub fn take_in(partner_id: i64, username: &str, passage: i64) -> Statement {
    sql!(
        "INSERT INTO partners (partner_id, username, serves, passage) \
         SELECT {partner_id}, {username}, 'nothing', {passage} WHERE {stays} ON CONFLICT DO NOTHING",
        partner_id = partner_id,
        username = username,
        passage = passage,
        stays = stays(partner_id),
    )
    .named("moves::take_in")
}

/// The target counts the partner's customers before they are all there, so that others leave the room that their erasures need.
pub fn expect(partner_id: i64, passage: i64, customers: i64) -> Statement {
    sql!(
        "UPDATE partners SET customers = {customers} \
         WHERE partner_id = {partner_id} AND customers <> {customers} AND {arrives}",
        customers = customers,
        partner_id = partner_id,
        arrives = arrives(partner_id, passage),
    )
    .named("moves::expect")
}

/// Reads where the partner lives, by the directory, as `home`.
pub fn home(partner_id: i64) -> Statement {
    sql!(
        "SELECT database AS home FROM directory WHERE partner_id = {partner_id}",
        partner_id = partner_id
    )
    .named("moves::home")
}

/// The source serves all again: the partner stays.
pub fn stay(partner_id: i64, passage: i64) -> Statement {
    sql!(
        "UPDATE partners SET serves = 'all', passage = {passage} \
         WHERE partner_id = {partner_id} AND passage < {passage} AND serves IN ('all', 'reads')",
        passage = passage,
        partner_id = partner_id,
    )
    .named("moves::stay")
}

/// Reads the partner's row in the source, while that serves reads.
pub fn row(partner_id: i64, passage: i64) -> Statement {
    sql!(
        "SELECT name, country, customers FROM partners \
         WHERE partner_id = {partner_id} AND passage = {passage} AND serves = 'reads'",
        partner_id = partner_id,
        passage = passage,
    )
    .named("moves::row")
}

/// The target serves reads, once everything is there.
pub fn serve_reads(
    partner_id: i64,
    passage: i64,
    name: &str,
    country: &str,
    customers: i64,
) -> Statement {
    sql!(
        "UPDATE partners SET serves = 'reads', name = {name}, country = {country}, customers = {customers} \
         WHERE partner_id = {partner_id} AND passage = {passage} AND {arrives}",
        name = name,
        country = country,
        customers = customers,
        partner_id = partner_id,
        passage = passage,
        arrives = arrives(partner_id, passage),
    )
    .named("moves::serve_reads")
}

/// The directory says where the partner lives now.
pub fn flip(partner_id: i64, passage: i64, target: &str) -> Statement {
    sql!(
        "UPDATE directory SET database = {target}, passage = {passage} \
         WHERE partner_id = {partner_id} AND passage < {passage}",
        target = target,
        passage = passage,
        partner_id = partner_id,
    )
    .named("moves::flip")
}

/// The source serves nothing from now on.
pub fn close(partner_id: i64, passage: i64) -> Statement {
    sql!(
        "UPDATE partners SET serves = 'nothing' \
         WHERE partner_id = {partner_id} AND passage = {passage} AND serves = 'reads'",
        partner_id = partner_id,
        passage = passage,
    )
    .named("moves::close")
}

/// The target serves all from now on. Only then may it do so: the source serves nothing.
pub fn serve_all(partner_id: i64, passage: i64) -> Statement {
    sql!(
        "UPDATE partners SET serves = 'all' \
         WHERE partner_id = {partner_id} AND passage = {passage} AND serves = 'reads' AND {stays}",
        partner_id = partner_id,
        passage = passage,
        stays = stays(partner_id),
    )
    .named("moves::serve_all")
}

/// Has the source delete its rows of the partner.
pub fn leave(partner_id: i64, passage: i64) -> Statement {
    sql!(
        "INSERT INTO leavings (partner_id) SELECT partner_id FROM partners \
         WHERE partner_id = {partner_id} AND passage <= {passage} AND serves = 'nothing' ON CONFLICT DO NOTHING",
        partner_id = partner_id,
        passage = passage,
    )
    .named("moves::leave")
}

/// Reads the partners of a database after one, as `partner_id` each: at most [`PAGE`].
pub fn partners_after(partner_id: i64) -> Statement {
    sql!(
        "SELECT partner_id FROM partners WHERE partner_id > {partner_id} ORDER BY partner_id LIMIT {page}",
        partner_id = partner_id,
        page = PAGE,
    )
    .named("moves::partners_after")
}

/// The most partners that a replay looks at together.
pub const PAGE: i64 = 200;

/// Puts right, after a restore, what the database does for partners. `stays` is a JSON list of what the ledger knows of each
/// ([`super::ledger::stays`]). One that lives elsewhere, or that this database has as it was in an earlier stay, is served
/// nothing, and its rows are deleted. One that has arrived, and does not depart, is served all; one that departs, only reads,
/// because the other database may serve it reads already. They change nothing once the database has counted `head`: then
/// another replay has opened it, and moves have gone on. They write three rows for each partner.
pub fn put_stays_right(stays: &str, head: i64) -> [Statement; 4] {
    let of_given = |condition: Sql| {
        sql!(
            "partner_id IN (SELECT given.value ->> 'partner_id' FROM json_each({stays}) AS given \
             JOIN partners AS p ON p.partner_id = given.value ->> 'partner_id' WHERE {condition}) \
             AND (SELECT sequence FROM state WHERE state_id = 1) < {head}",
            stays = stays,
            condition = condition,
            head = head,
        )
    };
    let is_away = sql!("given.value ->> 'is_home' = 0 OR p.passage < given.value ->> 'passage'");
    let has_arrived = sql!(
        "given.value ->> 'has_arrived' = 1 AND given.value ->> 'is_home' = 1 \
         AND given.value ->> 'departs' = 0 AND p.passage >= given.value ->> 'passage'"
    );
    let close = sql!(
        "UPDATE partners SET serves = 'nothing' WHERE serves <> 'nothing' AND {these}",
        these = of_given(is_away.clone())
    );
    let leave = sql!(
        "INSERT INTO leavings (partner_id) SELECT partner_id FROM partners WHERE {these} ON CONFLICT DO NOTHING",
        these = of_given(is_away)
    );
    let arrive = sql!(
        "UPDATE partners SET serves = 'all' WHERE serves = 'reads' AND {these}",
        these = of_given(has_arrived)
    );
    let depart = sql!(
        "UPDATE partners SET serves = 'reads' WHERE serves = 'all' AND {these}",
        these = of_given(sql!("given.value ->> 'departs' = 1"))
    );
    [
        close.named("moves::close_away"),
        leave.named("moves::leave_away"),
        arrive.named("moves::arrive"),
        depart.named("moves::depart"),
    ]
}
