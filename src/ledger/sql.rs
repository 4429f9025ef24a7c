//! The SQL of the ledger. Every statement is sent to that database.

use super::state::IDS_AHEAD;
use crate::db::batch::{Batch, Steps};
use crate::db::json::{Member, json_object};
use crate::db::sql::{Sql, Statement};
use crate::erasure::evidence::Signed;
use crate::erasure::receipt::COUNTS;
use crate::partners::placement::Database;
use crate::sql;

/// The columns of an entry, which the customers' database gives as members of a JSON object.
const COLUMNS: [&str; 13] = [
    "sequence",
    "partner_id",
    "username",
    "customer_id",
    "uuid",
    "removed_at",
    "completed_at",
    "measures_expired",
    "users_removed",
    "allowed_numbers_removed",
    "phone_numbers_masked",
    "backups_until",
    "reerased_at",
];

/// Records an erasure. `entry` is a JSON object with the columns. What was recorded first stays, except that a completed
/// erasure replaces one whose calls remained to be masked, and that a later erasure after a restore is noted. It writes one
/// row, the head, and the key if it is new. The last statement is [`kept`].
pub fn record(database: Database, entry: &str, signed: &Signed) -> Batch<()> {
    let names = COLUMNS.map(Sql::name);
    // A database that was restored counts anew, until it hears of it. No count of it was ever above the head.
    let head = sql!(
        "(SELECT sequence FROM heads WHERE database = {database})",
        database = database.to_string()
    );
    let values = COLUMNS.map(|name| {
        let value = sql!("given.value ->> '{name}'", name = Sql::name(name));
        match name {
            "sequence" => sql!(
                "MAX({value}, COALESCE({head}, 0))",
                value = value,
                head = &head
            ),
            _ => value,
        }
    });
    let insert = sql!(
        "INSERT INTO erasures (database, jws, {names}) \
         SELECT {database}, {jws}, {values} FROM json_each({list}) AS given WHERE TRUE \
         ON CONFLICT (uuid) DO UPDATE SET \
         jws = CASE WHEN {is_completed} THEN excluded.jws ELSE jws END, \
         is_signed = CASE WHEN {is_completed} \
         THEN excluded.reerased_at >= reerased_at AND excluded.backups_until >= backups_until \
         ELSE is_signed AND excluded.reerased_at <= reerased_at AND excluded.backups_until <= backups_until END, \
         completed_at = CASE WHEN {is_completed} THEN excluded.completed_at ELSE completed_at END, \
         sequence = MAX(sequence, excluded.sequence), \
         backups_until = MAX(backups_until, excluded.backups_until), \
         reerased_at = MAX(reerased_at, excluded.reerased_at)",
        names = Sql::join(names, ", "),
        database = database.to_string(),
        jws = signed.jws.as_str(),
        values = Sql::join(values, ", "),
        list = format!("[{entry}]"),
        is_completed = sql!(
            "erasures.removed_at = excluded.removed_at \
             AND erasures.completed_at = '' AND excluded.completed_at <> ''"
        ),
    );
    let mut steps = Steps::default();
    steps.add(record_key(signed));
    steps.add(insert.named("ledger::record"));
    steps.add(advance(
        database,
        sql!("{entry} ->> 'sequence'", entry = entry),
    ));
    steps.add(kept(database, entry));
    steps.named(())
}

/// Keeps the receipt that is signed anew, unless another one was meanwhile: an erasure has one. `told` is what the ledger had of
/// the erasure, as [`kept`] has read it, and what is signed. It writes one row, and the key if it is new. The last statement is
/// [`kept`].
pub fn sign_anew(database: Database, entry: &str, told: &str, signed: &Signed) -> Batch<()> {
    let columns = ["uuid", "completed_at", "reerased_at", "backups_until"];
    let are_told = columns.map(|name| {
        sql!(
            "{name} = {told} ->> '{name}'",
            name = Sql::name(name),
            told = told
        )
    });
    let sign = sql!(
        "UPDATE erasures SET jws = {jws}, is_signed = 1 WHERE is_signed = 0 AND {are_told}",
        jws = signed.jws.as_str(),
        are_told = Sql::join(are_told, " AND "),
    );
    let mut steps = Steps::default();
    steps.add(record_key(signed));
    steps.add(sign.named("ledger::sign_anew"));
    steps.add(kept(database, entry));
    steps.named(())
}

/// Reads what the ledger has of the erasure, as JSON in the column `kept`, whether it is this one, as `is_first`, whether the
/// receipt is signed as it is, as `is_signed`, and the `sequence` of the head.
fn kept(database: Database, entry: &str) -> Statement {
    let mut kept = [
        "customer_id",
        "uuid",
        "removed_at",
        "completed_at",
        "reerased_at",
        "backups_until",
        "jws",
    ]
    .map(Member::column)
    .to_vec();
    kept.extend(COUNTS.map(Member::column));
    sql!(
        "SELECT {kept} AS kept, removed_at = {entry} ->> 'removed_at' AS is_first, is_signed, heads.sequence \
         FROM erasures JOIN heads ON heads.database = {database} WHERE uuid = {entry} ->> 'uuid'",
        kept = json_object(&kept),
        database = database.to_string(),
        entry = entry,
    )
    .named("ledger::kept")
}

fn record_key(signed: &Signed) -> Statement {
    sql!(
        "INSERT INTO keys (kid, jwk, added_at) VALUES ({kid}, {jwk}, datetime('now')) ON CONFLICT DO NOTHING",
        kid = signed.key.kid(),
        jwk = signed.key.jwk().to_string(),
    )
    .named("ledger::record_key")
}

/// Reads the signed receipt of an erasure, as `jws`. No row if the ledger does not have it as it is.
pub fn signed(entry: &str) -> Statement {
    sql!(
        "SELECT jws FROM erasures WHERE uuid = {entry} ->> 'uuid' AND is_signed = 1",
        entry = entry
    )
    .named("ledger::signed")
}

/// Reads every public key that has ever signed a receipt, the oldest first, as `jwk` each. A key is added by hand, so there
/// are few.
pub fn keys() -> Statement {
    sql!("SELECT jwk FROM keys ORDER BY added_at, kid").named("ledger::keys")
}

/// Reads how far a database has come, as far as the ledger knows, as `sequence` and `ids_upto`. No row if it knows nothing.
pub fn head(database: Database) -> Statement {
    sql!(
        "SELECT sequence, ids_upto FROM heads WHERE database = {database}",
        database = database.to_string()
    )
    .named("ledger::head")
}

/// Notes how far a database has come. This is never taken back.
pub fn advance(database: Database, sequence: Sql) -> Statement {
    sql!(
        "UPDATE heads SET sequence = MAX(sequence, {sequence}) WHERE database = {database}",
        sequence = sequence,
        database = database.to_string(),
    )
    .named("ledger::advance")
}

/// Allots the next ids to a database, and reads what it then has, as `ids_from` and `ids_upto`. They are above all that were
/// allotted to any database before, and above `least`. If the database has the highest ids already, they go on from those,
/// unless they must be `anew`: then no id that was allotted before is given from now on. It reads a row for each database,
/// and writes one.
pub fn allot(database: Database, least: i64, anew: bool) -> Statement {
    sql!(
        "INSERT INTO heads (database, sequence, ids_from, ids_upto) \
         SELECT {database}, 0, highest, highest + {ahead} FROM \
         (SELECT MAX({least}, COALESCE(MAX(ids_upto), 0)) AS highest FROM heads) WHERE TRUE \
         ON CONFLICT (database) DO UPDATE SET ids_upto = excluded.ids_upto, ids_from = \
         iif({anew} = 0 AND ids_upto = excluded.ids_from, ids_from, excluded.ids_from) \
         RETURNING ids_from, ids_upto",
        database = database.to_string(),
        least = least,
        ahead = IDS_AHEAD,
        anew = i64::from(anew),
    )
    .named("ledger::allot")
}

/// Keeps what lets somebody in as a partner. `doors` is what [`super::state::doors`] has read. Logins of the partner that are
/// not among them have ended. The last statement reads what [`kept`] reads, with an
/// empty one.
pub fn doors(doors: &str) -> Batch<()> {
    let of_partner = [
        "sequence",
        "partner_id",
        "partner",
        "home",
        "passage",
        "enabled",
        "allowed_networks",
    ];
    let of_login = [
        "username",
        "access",
        "ha1_sealed",
        "ha1_previous_sealed",
        "previous_until",
        "created",
    ];
    let all = || of_partner.into_iter().chain(of_login);
    let values = of_partner.map(|name| sql!("doors.value ->> '{name}'", name = Sql::name(name)));
    let values = values
        .into_iter()
        .chain(of_login.map(|name| sql!("login.value ->> '{name}'", name = Sql::name(name))));
    let changes = all()
        .filter(|name| *name != "username")
        .map(|name| sql!("{name} = excluded.{name}", name = Sql::name(name)));
    // A list of one, so that its members have a name.
    let list = format!("[{doors}]");
    let given = sql!(
        "json_each({list}) AS doors, json_each(doors.value, '$.logins') AS login",
        list = list.as_str()
    );
    let keep = sql!(
        "INSERT INTO doors ({names}) SELECT {values} FROM {given} WHERE TRUE \
         ON CONFLICT (username) DO UPDATE SET {changes}, ended = 0 \
         WHERE excluded.sequence >= sequence",
        names = Sql::join(all().map(Sql::name), ", "),
        values = Sql::join(values, ", "),
        given = &given,
        changes = Sql::join(changes, ", "),
    );
    let end = sql!(
        "UPDATE doors SET ended = 1, ha1_sealed = '', ha1_previous_sealed = '', sequence = {doors} ->> 'sequence' \
         WHERE partner_id = {doors} ->> 'partner_id' AND ended = 0 \
         AND sequence < {doors} ->> 'sequence' \
         AND username NOT IN (SELECT value ->> 'username' FROM json_each({doors}, '$.logins'))",
        doors = doors,
    );
    let mut steps = Steps::default();
    let head = sql!(
        "SELECT '' AS kept, 1 AS is_first, 1 AS is_signed, sequence FROM heads WHERE database = {database}",
        database = Database::DIRECTORY.to_string()
    );
    steps.add(keep.named("ledger::keep_doors"));
    steps.add(end.named("ledger::end_doors"));
    let sequence = sql!("{doors} ->> 'sequence'", doors = doors);
    steps.add(advance(Database::DIRECTORY, sequence));
    steps.add(head.named("ledger::kept_doors"));
    steps.named(())
}

/// The most rows of a page that a replay reads. Each has some 500 bytes, and D1 takes a text of 2 MB. A page takes four
/// statements, so a replay passes 200,000 erasures that are done already in one invocation of the Worker.
pub const PAGE: i64 = 1_000;

/// Reads the next logins that were changed after the database had counted `sequence`, in the order of the changes: at most
/// [`PAGE`], each as `door`, a JSON object, with `sequence` and `username`.
pub fn doors_after(sequence: i64, username: &str) -> Statement {
    let members = [
        "username",
        "partner_id",
        "partner",
        "home",
        "passage",
        "enabled",
        "allowed_networks",
        "access",
        "ha1_sealed",
        "ha1_previous_sealed",
        "previous_until",
        "created",
        "ended",
    ];
    sql!(
        "SELECT {door} AS door, sequence, username FROM doors \
         WHERE (sequence, username) > ({sequence}, {username}) \
         ORDER BY sequence, username LIMIT {page}",
        door = json_object(&members.map(Member::column)),
        sequence = sequence,
        username = username,
        page = PAGE,
    )
    .named("ledger::doors_after")
}

/// Reads the next erasures, in the order in which the database has counted them: at most [`PAGE`], each as `entry`, a JSON
/// object, with `sequence` and `erasure_id`.
pub fn erasures_after(database: Database, sequence: i64, erasure_id: i64) -> Statement {
    sql!(
        "SELECT {entry} AS entry, sequence, erasure_id FROM erasures \
         WHERE database = {database} AND (sequence, erasure_id) > ({sequence}, {erasure_id}) \
         ORDER BY sequence, erasure_id LIMIT {page}",
        entry = json_object(&COLUMNS.map(Member::column)),
        database = database.to_string(),
        sequence = sequence,
        erasure_id = erasure_id,
        page = PAGE,
    )
    .named("ledger::erasures_after")
}
