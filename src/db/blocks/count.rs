//! The statements that count a row in or out of its block.

use super::List;
use crate::db::sql::{Sql, Statement};
use crate::sql;

/// The rows of a block in a list by id from which on the next row begins another block. A block that is split keeps as
/// many. A block is split when it has twice as many.
const FULL: i64 = 1_024;

/// How many blocks of calls a creation splits at most, the largest first. A creation adds fewer rows than one block has.
const SPLITS: usize = 2;

impl List {
    /// Counts the last `count` rows of a list by id, if the statement before it changed rows. It writes one row, and a sum
    /// if the list has stretches, and reads a few, or `count` if the block is full.
    pub fn count_new(&self, count: i64) -> Statement {
        sql!(
            "INSERT INTO blocks (kind, owner_id, id, live) SELECT '{name}', (SELECT {owner_id} FROM {owner}), \
             COALESCE((SELECT id FROM (SELECT id, live FROM blocks WHERE {blocks} ORDER BY start DESC, id DESC LIMIT 1) \
             WHERE live < {full}), \
             (SELECT {column} FROM {name} WHERE {rows} ORDER BY {column} DESC LIMIT 1 OFFSET {count} - 1)), {count} \
             WHERE changes() > 0 \
             ON CONFLICT (kind, owner_id, start, id) DO UPDATE SET live = live + excluded.live",
            name = Sql::name(self.name),
            owner_id = &self.owner_id,
            owner = &self.owner,
            blocks = self.blocks(),
            full = FULL,
            column = Sql::name(self.id),
            rows = &self.rows,
            count = count,
        )
        .named("blocks::count_new")
    }

    /// Counts all rows of a list by id anew, if the statement before them changed rows: these may stand anywhere in it. They
    /// read the list, and write its blocks.
    pub fn count_anew(&self) -> [Statement; 2] {
        let blocks = self.blocks();
        let forget = sql!(
            "DELETE FROM blocks WHERE {blocks} AND changes() > 0",
            blocks = &blocks
        );
        let count = sql!(
            "INSERT INTO blocks (kind, owner_id, id, live) \
             SELECT '{name}', (SELECT {owner_id} FROM {owner}), MIN(id), COUNT(*) FROM \
             (SELECT {column} AS id, (ROW_NUMBER() OVER (ORDER BY {column}) - 1) / {full} AS block FROM {name} WHERE {rows}) \
             WHERE NOT EXISTS (SELECT 1 FROM blocks WHERE {blocks}) GROUP BY block",
            name = Sql::name(self.name),
            owner_id = &self.owner_id,
            owner = &self.owner,
            column = Sql::name(self.id),
            full = FULL,
            rows = &self.rows,
            blocks = blocks,
        );
        [
            forget.named("blocks::forget"),
            count.named("blocks::count_anew"),
        ]
    }

    /// Counts new rows in the blocks of their starts, before or after they are inserted. `starts` selects the `start` of
    /// each; their ids are higher than all others. It writes at most one row for each of them, and the sum of a stretch if
    /// the list has any. It reads at most six.
    pub fn count_by_start(&self, starts: &Sql) -> Statement {
        // A block of calls is known by its id: that of a call of this customer, or 0.
        sql!(
            "INSERT INTO blocks (kind, owner_id, start, id, live) \
             SELECT '{name}', (SELECT {owner_id} FROM {owner}), \
             COALESCE((SELECT start FROM {name} WHERE {column} = block), ''), COALESCE(block, 0), COUNT(*) FROM \
             (SELECT (SELECT id FROM blocks WHERE {blocks} AND start <= given.start \
             ORDER BY start DESC, id DESC LIMIT 1) AS block FROM ({starts}) AS given) GROUP BY block \
             ON CONFLICT (kind, owner_id, start, id) DO UPDATE SET live = live + excluded.live",
            name = Sql::name(self.name),
            owner_id = &self.owner_id,
            owner = &self.owner,
            column = Sql::name(self.id),
            blocks = self.blocks(),
            starts = starts,
        )
        .named("blocks::count_by_start")
    }

    /// Splits the largest blocks of calls, if they are too large, after rows were inserted. Each split writes two rows and
    /// reads those of a block.
    pub fn splits(&self) -> impl Iterator<Item = Statement> {
        std::iter::repeat_n(self.split().named("blocks::split"), SPLITS)
    }

    /// Splits the block with the most rows, if it is too large: its first [`FULL`] rows stay in it.
    fn split(&self) -> Sql {
        sql!(
            "WITH big AS MATERIALIZED (SELECT owner_id, start, id, live FROM blocks \
             WHERE {blocks} AND live > 2048 ORDER BY live DESC LIMIT 1), \
             middle AS MATERIALIZED ({from_big} LIMIT 1 OFFSET {full}) \
             INSERT INTO blocks (kind, owner_id, start, id, live) \
             SELECT '{name}', owner_id, big.start, big.id, {full} FROM big CROSS JOIN middle UNION ALL \
             SELECT '{name}', owner_id, middle.start, middle.id, live - {full} FROM big CROSS JOIN middle WHERE TRUE \
             ON CONFLICT (kind, owner_id, start, id) DO UPDATE SET live = excluded.live",
            blocks = self.blocks(),
            from_big = self.from("big"),
            full = FULL,
            name = Sql::name(self.name),
        )
    }

    /// Takes the row with this id out of the count of a list by id, if the statement before it changed a row. Its block
    /// joins the one before it when both are few. It reads some rows, and writes at most three, each with the sum of a
    /// stretch if the list has any.
    pub fn count_removed(&self, id: i64) -> [Statement; 3] {
        let blocks = sql!("{blocks} AND start = ''", blocks = self.blocks());
        let block = sql!(
            "(SELECT MAX(id) FROM blocks WHERE {blocks} AND id <= {id})",
            blocks = &blocks,
            id = id
        );
        let take = sql!(
            "UPDATE blocks SET live = live - 1 WHERE {blocks} AND id = iif(changes() = 1, {block}, NULL)",
            blocks = &blocks,
            block = &block,
        );
        let left = sql!(
            "(SELECT live FROM blocks WHERE {blocks} AND id = {block})",
            blocks = &blocks,
            block = &block,
        );
        let join = sql!(
            "UPDATE blocks SET live = live + {left} WHERE {blocks} \
             AND id = iif(changes() = 1, (SELECT MAX(id) FROM blocks WHERE {blocks} AND id < {block}), NULL) \
             AND live + {left} <= {full}",
            left = left,
            blocks = &blocks,
            block = &block,
            full = FULL,
        );
        let joined = sql!(
            "DELETE FROM blocks WHERE {blocks} AND id = iif(changes() = 1, {block}, NULL)",
            blocks = blocks,
            block = block,
        );
        [
            take.named("blocks::count_removed"),
            join.named("blocks::join"),
            joined.named("blocks::joined"),
        ]
    }
}
