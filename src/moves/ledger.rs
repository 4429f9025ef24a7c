//! The moves in the ledger. Every statement is sent to that database.

use crate::db::sql::{Sql, Statement};
use crate::partners::placement::Database;
use crate::sql;

/// The condition that a move has not reached the point from which on the target is the partner's home.
fn is_before_the_flip() -> Sql {
    sql!("phase IN ('draining', 'counting', 'clearing', 'copying', 'comparing', 'flipping')")
}

/// The condition that a move is not over, and that the source is the partner's home.
fn is_home_at_source() -> Sql {
    sql!(
        "({is_before} OR phase = 'returning')",
        is_before = is_before_the_flip()
    )
}

/// The condition that a move is not over.
fn is_unfinished() -> Sql {
    sql!("phase NOT IN ('complete', 'abandoned')")
}

/// The next passage of a partner. An index has the greatest one.
fn next_passage(partner_id: &Sql) -> Sql {
    sql!(
        "1 + COALESCE((SELECT MAX(passage) FROM moves AS m WHERE m.partner_id = {partner_id}), 0)",
        partner_id = partner_id
    )
}

/// What the ledger knows of a partner, unless a move of it is unfinished or it lives in the target.
fn may_move(username: &str, target: Database) -> Sql {
    sql!(
        "FROM doors WHERE username = {username} AND partner = {username} AND home <> {target} \
         AND NOT EXISTS (SELECT 1 FROM moves AS m WHERE m.partner_id = doors.partner_id AND {is_unfinished})",
        username = username,
        target = target.to_string(),
        is_unfinished = is_unfinished(),
    )
}

/// Reads of a partner that can begin to move its `partner_id` and `home`.
pub fn could_begin(username: &str, target: Database) -> Statement {
    sql!(
        "SELECT partner_id, home {may_move}",
        may_move = may_move(username, target)
    )
    .named("moves::could_begin")
}

/// Begins to move a partner, unless a move of it is unfinished or it lives there. It writes one row.
pub fn begin(username: &str, target: Database, now: &str) -> Statement {
    sql!(
        "INSERT INTO moves (partner_id, username, source, target, phase, passage, started_at, changed_at) \
         SELECT partner_id, username, home, {target}, 'draining', {passage}, {now}, {now} {may_move} \
         ON CONFLICT DO NOTHING",
        target = target.to_string(),
        passage = next_passage(&sql!("doors.partner_id")),
        now = now,
        may_move = may_move(username, target),
    )
    .named("moves::begin")
}

/// The columns of a move that the code reads.
const COLUMNS: &[&str] = &[
    "move_id",
    "partner_id",
    "username",
    "source",
    "target",
    "phase",
    "step",
    "passage",
    "part",
    "place",
    "hash",
    "rows",
    "tables",
    "total",
    "done",
    "began_anew",
];

fn columns() -> Sql {
    Sql::join(COLUMNS.iter().map(|name| Sql::name(name)), ", ")
}

/// Reads the last move of a partner. No row if it has never moved.
pub fn last(username: &str) -> Statement {
    sql!(
        "SELECT {columns} FROM moves WHERE partner_id = \
         (SELECT partner_id FROM doors WHERE username = {username} AND partner = {username}) \
         ORDER BY passage DESC LIMIT 1",
        columns = columns(),
        username = username,
    )
    .named("moves::last")
}

/// Reads a move.
pub fn find(move_id: i64) -> Statement {
    sql!(
        "SELECT {columns} FROM moves WHERE move_id = {move_id}",
        columns = columns(),
        move_id = move_id,
    )
    .named("moves::find")
}

/// Reads how far the databases of a move have come, and that with the directory, as `database` and `sequence`.
pub fn heads(move_id: i64) -> Statement {
    let of = |column| {
        sql!(
            "(SELECT {column} FROM moves WHERE move_id = {move_id})",
            column = Sql::name(column),
            move_id = move_id
        )
    };
    sql!(
        "SELECT database, sequence FROM heads WHERE database IN ({source}, {target}, {directory})",
        source = of("source"),
        target = of("target"),
        directory = Database::DIRECTORY.to_string(),
    )
    .named("moves::heads")
}

/// The most moves that are listed.
const UNFINISHED_MAX: i64 = 100;

/// Reads the unfinished moves: at most 100.
pub fn unfinished() -> Statement {
    sql!(
        "SELECT {columns} FROM moves WHERE {is_unfinished} ORDER BY partner_id LIMIT {most}",
        columns = columns(),
        is_unfinished = is_unfinished(),
        most = UNFINISHED_MAX,
    )
    .named("moves::unfinished")
}

/// Takes the next unfinished moves by the time of their last turn or step, at most `most`, and notes that this is their
/// turn. It reads the unfinished moves, and writes those.
pub fn take_turns(most: i64, now: &str) -> Statement {
    sql!(
        "UPDATE moves SET changed_at = {now} WHERE move_id IN \
         (SELECT move_id FROM moves WHERE {is_unfinished} ORDER BY changed_at, move_id LIMIT {most}) RETURNING move_id",
        now = now,
        is_unfinished = is_unfinished(),
        most = most,
    )
    .named("moves::take_turns")
}

/// How far a move comes by a step.
#[derive(Clone, Debug)]
pub struct Advance {
    /// The phase.
    pub phase: &'static str,
    /// The part and the place in it, `""` outside of the phases that go through the parts.
    pub part: String,
    /// See `part`.
    pub place: String,
    /// SHA-256 of the pages of the part so far, in hex.
    pub hash: String,
    /// The rows of the part so far.
    pub rows: i64,
    /// What was compared, as JSON.
    pub tables: String,
    /// See the columns.
    pub total: i64,
    /// See the columns.
    pub done: i64,
}

/// Advances a move, if nobody else has since it was at this step. It writes one row.
pub fn advance(move_id: i64, step: i64, to: &Advance, now: &str) -> Statement {
    sql!(
        "UPDATE moves SET phase = {phase}, step = step + 1, part = {part}, place = {place}, hash = {hash}, \
         rows = {rows}, tables = {tables}, total = {total}, done = {done}, changed_at = {now} \
         WHERE move_id = {move_id} AND step = {step}",
        phase = to.phase,
        part = to.part.as_str(),
        place = to.place.as_str(),
        hash = to.hash.as_str(),
        rows = to.rows,
        tables = to.tables.as_str(),
        total = to.total,
        done = to.done,
        now = now,
        move_id = move_id,
        step = step,
    )
    .named("moves::advance")
}

/// What a move is when it begins anew.
fn anew() -> Sql {
    sql!(
        "phase = 'draining', step = step + 1, passage = {passage}, part = '', place = '', hash = '', rows = 0, \
         tables = '[]', total = 0, done = 0, began_anew = began_anew + 1",
        passage = next_passage(&sql!("moves.partner_id")),
    )
}

/// Begins a move anew, by a new passage, if nobody has advanced it since it was at this step. It writes one row.
pub fn begin_anew(move_id: i64, step: i64, now: &str) -> Statement {
    sql!(
        "UPDATE moves SET {anew}, changed_at = {now} WHERE move_id = {move_id} AND step = {step}",
        anew = anew(),
        now = now,
        move_id = move_id,
        step = step,
    )
    .named("moves::begin_anew")
}

/// Turns a move back, by a new passage, if nobody has advanced it since it was at this step, and if the partner's home is still
/// the source. It writes one row.
pub fn turn_back(move_id: i64, step: i64, now: &str) -> Statement {
    sql!(
        "UPDATE moves SET phase = 'returning', step = step + 1, passage = {passage}, changed_at = {now} \
         WHERE move_id = {move_id} AND step = {step} AND {is_before}",
        passage = next_passage(&sql!("moves.partner_id")),
        now = now,
        move_id = move_id,
        step = step,
        is_before = is_before_the_flip(),
    )
    .named("moves::turn_back")
}

/// Begins the moves from or to a database anew, if the partner's home is still the source: the database was restored. It
/// writes one row for each such move.
pub fn begin_anew_after_restore(database: Database, now: &str) -> Statement {
    sql!(
        "UPDATE moves SET {anew}, changed_at = {now} WHERE move_id IN \
         (SELECT move_id FROM moves WHERE {is_unfinished} AND {is_before} AND {database} IN (source, target))",
        anew = anew(),
        now = now,
        is_unfinished = is_unfinished(),
        is_before = is_before_the_flip(),
        database = database.to_string(),
    )
    .named("moves::begin_anew_after_restore")
}

/// Reads what the ledger knows of partners of a database, as one JSON object in `stay` each: whether it is the home, the
/// passage that has brought the partner there, whether that is over, and whether the partner departs from there. `partners`
/// is a JSON list of ids. It reads the moves of each.
pub fn stays(database: Database, partners: &str) -> Statement {
    let moves = |condition: Sql| {
        sql!(
            "FROM moves AS m WHERE m.partner_id = given.value AND {condition}",
            condition = condition
        )
    };
    let arrival = sql!(
        "m.target = {database} AND phase IN ('opening', 'deleting', 'complete')",
        database = database.to_string()
    );
    let home = sql!(
        "COALESCE((SELECT iif({is_at_source}, source, target) {unfinished}), \
         (SELECT home FROM doors WHERE doors.partner_id = given.value AND partner = username))",
        is_at_source = is_home_at_source(),
        unfinished = moves(is_unfinished()),
    );
    let departure = sql!(
        "m.source = {database} AND {is_at_source} AND {is_unfinished}",
        database = database.to_string(),
        is_at_source = is_home_at_source(),
        is_unfinished = is_unfinished(),
    );
    sql!(
        "SELECT json_object('partner_id', given.value, 'is_home', {home} = {database}, \
         'passage', COALESCE((SELECT MAX(passage) {arrival}), 0), \
         'has_arrived', NOT EXISTS (SELECT 1 {opening}), 'departs', EXISTS (SELECT 1 {departure})) AS stay \
         FROM json_each({partners}) AS given WHERE {home} <> ''",
        home = home,
        database = database.to_string(),
        arrival = moves(arrival),
        opening = moves(sql!("phase = 'opening'")),
        departure = moves(departure),
        partners = partners,
    )
    .named("moves::stays")
}
