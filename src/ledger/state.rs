//! The SQL of what the customers' database knows of itself. Every statement is sent to that database.

use crate::db::json::{Member, json_object};
use crate::db::sql::{Sql, Statement};
use crate::erasure::receipt;
use crate::sql;

/// How many ids are allotted at a time. The cron allots more when half of them are left: a million a minute is more than one
/// database can insert.
pub const IDS_AHEAD: i64 = 2_000_000;

/// How much a minute counts. An isolate that has not heard of a restore yet can count an erasure as before; then it hears. So
/// a restore by more than a minute stays behind, whatever such isolates do.
pub const MINUTE: i64 = 1_000;

/// What the database says when it was restored, when a creation has given an id that is not allotted to it, and when it does
/// not serve the partner of a batch. SQLite has no way to fail a `SELECT` but an expression that cannot be evaluated. A
/// `SELECT` keeps a batch that only reads one that only reads, which D1 repeats by itself when the connection is lost.
pub const RESTORED: &str = "database_was_restored";
/// See [`RESTORED`].
pub const IDS_USED_UP: &str = "ids_are_used_up";
/// See [`RESTORED`].
pub const ELSEWHERE: &str = "partner_is_elsewhere";

/// The tables whose ids are never given a second time. An insert looks for its table in `sqlite_sequence` from the first row
/// on, and they stand there in this order: those with the most inserts come first.
pub const TABLES_WITH_IDS: [&str; 6] = [
    "audit",
    "calls",
    "customers",
    "measures",
    "users",
    "directory",
];

/// Fails if the database has counted less than `heard`: it was restored. It reads one row.
pub fn fence(heard: i64) -> Statement {
    sql!(
        "SELECT json_extract('{{}}', '{restored}' || state_id) FROM state \
         WHERE state_id = 1 AND sequence < {heard}",
        restored = Sql::name(RESTORED),
        heard = heard,
    )
    .named("state::fence")
}

/// The same for a batch of a partner. It fails too if the database does not serve the partner: all, or at least `reads` if
/// the batch only reads. It reads two rows.
pub fn fence_of(partner_id: i64, reads: bool, heard: i64) -> Statement {
    sql!(
        "SELECT json_extract('{{}}', iif(sequence < {heard}, '{restored}', '{elsewhere}') || state_id) FROM state \
         WHERE state_id = 1 AND (sequence < {heard} OR NOT EXISTS (SELECT 1 FROM partners \
         WHERE partner_id = {partner_id} AND {serves}))",
        heard = heard,
        restored = Sql::name(RESTORED),
        elsewhere = Sql::name(ELSEWHERE),
        partner_id = partner_id,
        serves = if reads {
            sql!("serves <> 'nothing'")
        } else {
            sql!("serves = 'all'")
        },
    )
    .named("state::fence_of")
}

/// Fails if the transaction has given an id of this table that is not promised. It reads two rows.
pub fn ids_are_promised(table: &'static str, id: &'static str) -> Statement {
    sql!(
        "SELECT json_extract('{{}}', '{used_up}' || state_id) FROM state \
         WHERE state_id = 1 AND ids_upto < (SELECT MAX({id}) FROM {table})",
        used_up = Sql::name(IDS_USED_UP),
        id = Sql::name(id),
        table = Sql::name(table),
    )
    .named("state::ids_are_promised")
}

/// Counts, if the statement before has changed rows.
pub fn count() -> Statement {
    sql!("UPDATE state SET sequence = sequence + 1 WHERE state_id = 1 AND changes() > 0")
        .named("state::count")
}

/// Counts a change of what lets somebody in.
pub fn count_doors() -> Statement {
    sql!(
        "UPDATE state SET sequence = sequence + 1, doors_sequence = sequence + 1 WHERE state_id = 1"
    )
    .named("state::count_doors")
}

/// Counts a minute, and reads the new `sequence`.
pub fn count_minute() -> Statement {
    sql!(
        "UPDATE state SET sequence = sequence + {minute} WHERE state_id = 1 RETURNING sequence",
        minute = MINUTE,
    )
    .named("state::count_minute")
}

/// Reads the numbers of the database, and the highest id that it has given, as `ids`. It reads one row for each table with
/// ids, and one more.
pub fn read() -> Statement {
    sql!(
        "SELECT sequence, doors_sequence, ids_upto, \
         (SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence) AS ids FROM state WHERE state_id = 1"
    )
    .named("state::read")
}

/// Takes over ids that are allotted. The ledger must have them first.
pub fn promise(ids_upto: i64) -> Statement {
    sql!(
        "UPDATE state SET ids_upto = {ids_upto} WHERE state_id = 1 AND ids_upto < {ids_upto}",
        ids_upto = ids_upto,
    )
    .named("state::promise")
}

/// Sees to it that no table gives an id up to this one again. It writes one row for each table with ids, and one more.
pub fn lift(upto: i64) -> [Statement; 3] {
    let names = TABLES_WITH_IDS.map(|name| sql!("('{name}')", name = Sql::name(name)));
    let add = sql!(
        "INSERT INTO sqlite_sequence (name, seq) SELECT column1, 0 FROM (VALUES {names}) \
         WHERE column1 NOT IN (SELECT name FROM sqlite_sequence)",
        names = Sql::join(names, ", "),
    );
    let last = || sql!("(SELECT seq FROM sqlite_sequence WHERE name = 'audit')");
    let skip = sql!(
        "UPDATE state SET audit_skipped = audit_skipped + {upto} - {last} \
         WHERE state_id = 1 AND {last} < {upto}",
        upto = upto,
        last = last(),
    );
    let lift = sql!(
        "UPDATE sqlite_sequence SET seq = {upto} WHERE seq < {upto}",
        upto = upto
    );
    [
        add.named("state::add_sequences"),
        skip.named("state::skip_ids"),
        lift.named("state::lift_ids"),
    ]
}

/// Opens the fence: the last statement of a replay. `sequence` is above what the ledger has.
pub fn open(sequence: i64) -> Statement {
    sql!(
        "UPDATE state SET sequence = {sequence}, doors_sequence = {sequence} \
         WHERE state_id = 1 AND sequence < {sequence}",
        sequence = sequence,
    )
    .named("state::open")
}

/// The JSON text of an entry for the ledger, from a row of `customers JOIN erasures`.
pub fn entry() -> Sql {
    let mut members = vec![
        Member::column("sequence"),
        Member::column("partner_id"),
        Member::scalar(
            "username",
            sql!(
                "(SELECT username FROM partners WHERE partners.partner_id = customers.partner_id)"
            ),
        ),
        Member::scalar("customer_id", sql!("customers.customer_id")),
    ];
    members.extend(["uuid", "removed_at", "completed_at"].map(Member::column));
    members.extend(receipt::COUNTS.map(Member::column));
    members.extend(["backups_until", "reerased_at"].map(Member::column));
    json_object(&members)
}

/// The most erasures that one run takes from the outbox.
const OUTBOX_MAX: i64 = 100;

/// Reads the first erasures that the ledger does not have as they are, as `entry` each: at most [`OUTBOX_MAX`].
pub fn outbox() -> Statement {
    sql!(
        "SELECT {entry} AS entry FROM erasures JOIN customers USING (customer_id) \
         WHERE recorded = 0 ORDER BY customer_id LIMIT {max}",
        entry = entry(),
        max = OUTBOX_MAX,
    )
    .named("state::outbox")
}

/// Takes an erasure from the outbox: the ledger has it as `entry` tells it. `kept` is what the ledger has of it, as JSON: the
/// first times and counts win. If they are another erasure's, the customer had been erased before, and this was done again;
/// then that is noted, and stays in the outbox. So does an erasure that has gone on meanwhile. It writes two rows at most.
pub fn recorded(entry: &str, kept: &str) -> [Statement; 2] {
    let is_first = sql!(
        "{kept} ->> 'removed_at' = {entry} ->> 'removed_at'",
        kept = kept,
        entry = entry
    );
    let counts = receipt::COUNTS.map(|name| {
        sql!(
            "{name} = {kept} ->> '{name}'",
            name = Sql::name(name),
            kept = kept
        )
    });
    let receipt = sql!(
        "UPDATE erasures SET recorded = {is_first}, {counts}, \
         backups_until = {kept} ->> 'backups_until', \
         completed_at = CASE WHEN '' IN (completed_at, {kept} ->> 'completed_at') THEN completed_at \
         ELSE {kept} ->> 'completed_at' END, \
         reerased_at = CASE WHEN {is_first} THEN reerased_at ELSE {entry} ->> 'removed_at' END \
         WHERE customer_id = {entry} ->> 'customer_id' AND recorded = 0 \
         AND (completed_at, reerased_at) = ({entry} ->> 'completed_at', {entry} ->> 'reerased_at')",
        is_first = is_first,
        counts = Sql::join(counts, ", "),
        entry = entry,
        kept = kept,
    );
    let customer = sql!(
        "UPDATE customers SET removed_at = {kept} ->> 'removed_at' \
         WHERE customer_id = {entry} ->> 'customer_id' AND uuid = {entry} ->> 'uuid' \
         AND removed_at <> '' AND removed_at <> {kept} ->> 'removed_at'",
        entry = entry,
        kept = kept,
    );
    [
        receipt.named("state::recorded"),
        customer.named("state::removed_first"),
    ]
}

/// Reads what lets somebody in as this partner, as one JSON text, in the column `doors`. No row if there is no such partner.
/// It reads at most 23 rows.
pub fn doors(username: &str) -> Statement {
    let columns = [
        "access",
        "ha1_sealed",
        "ha1_previous_sealed",
        "previous_until",
    ];
    let mut login = vec![Member::scalar("username", sql!("l.username"))];
    login.extend(columns.map(Member::column));
    login.push(Member::scalar("created", sql!("l.created")));
    let logins = sql!(
        "(SELECT json_group_array(json({login})) FROM logins AS l WHERE l.partner_id = p.partner_id)",
        login = json_object(&login),
    );
    let members = [
        Member::scalar("sequence", sql!("(SELECT sequence FROM state)")),
        Member::column("partner_id"),
        Member::scalar("partner", sql!("username")),
        Member::scalar("home", sql!("database")),
        Member::column("passage"),
        Member::column("enabled"),
        Member::column("allowed_networks"),
        Member::json("logins", logins),
    ];
    sql!(
        "SELECT {doors} AS doors FROM directory AS p WHERE username = {username}",
        doors = json_object(&members),
        username = username,
    )
    .named("state::doors")
}
