//! Finding a place in a list: first its stretch, then its block.
//!
//! It is a chain of tables of a `WITH`, of one row each. Each reads the one before it once: SQLite builds a table anew for
//! every mention of it, and so would have too many. An id with a `+` has no affinity: only then does SQLite seek by both
//! parts of (start, id).

use super::{List, Order};
use crate::db::sql::Sql;
use crate::sql;

impl List {
    /// The tables of a `WITH`. The last one is `found`: the place, as `start` and `id`, that the rows of a block follow in the
    /// list, and as `skip` how many of them stand before the page. That is the block with the row that stands `offset` rows
    /// past the row `after`, or past the beginning of the list. No place is past the end of the list.
    pub(super) fn found(&self, after: i64, offset: i64) -> Sql {
        let place = match after {
            0 => sql!(
                "place AS MATERIALIZED (SELECT {offset} AS nth FROM {owner} AND {total} > {offset})",
                offset = offset,
                owner = &self.owner,
                total = &self.total,
            ),
            _ => self.place(after, offset),
        };
        sql!(
            "{place}, stretch AS MATERIALIZED ({stretch}), found AS MATERIALIZED ({found})",
            place = place,
            stretch = self.stretch(),
            found = self.block(),
        )
    }

    /// Selects, of the row `nth` of the list, how many rows of its stretch stand before it, as `rest`, and from where to
    /// where the stretch goes. A short list has no stretches: then that is from its beginning to its end.
    fn stretch(&self) -> Sql {
        let next = |column| {
            sql!(
                "(SELECT {column} FROM stretches WHERE {these} AND (start, id) > (of_start, of_id) \
                 ORDER BY start, id LIMIT 1)",
                column = Sql::name(column),
                these = self.blocks(),
            )
        };
        sql!(
            "SELECT nth, nth - COALESCE(before, 0) AS rest, COALESCE(of_start, '') AS from_start, \
             COALESCE(of_id, 0) AS from_id, COALESCE({next_start}, '~') AS to_start, COALESCE({next_id}, 0) AS to_id \
             FROM (SELECT nth, start AS of_start, +id AS of_id, live, \
             SUM(live) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) - live AS before \
             FROM place LEFT JOIN stretches ON {these}) \
             WHERE of_start IS NULL OR (before <= nth AND nth < before + live)",
            next_start = next("start"),
            next_id = next("id"),
            order = self.order_of_blocks(),
            these = self.blocks(),
        )
    }

    /// Selects the place by the blocks of the stretch.
    ///
    /// A block of calls follows the beginning of the next newer one; the newest of the stretch follows the stretch's end.
    fn block(&self) -> Sql {
        let (columns, before) = match self.order {
            Order::Id => (sql!("id - 1 AS id, rest - sum AS skip"), sql!(" - live")),
            Order::NewestFirst => (
                sql!(
                    "iif(sum IS NULL, to_start, start) AS start, iif(sum IS NULL, to_id, id) AS id, \
                     rest - COALESCE(sum, 0) AS skip"
                ),
                sql!(""),
            ),
        };
        sql!(
            "SELECT {columns} FROM (SELECT start, id, to_start, to_id, rest, MAX(iif(before <= rest, before, NULL)) AS sum \
             FROM (SELECT start, id, to_start, to_id, rest, \
             SUM(live) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING){before} AS before \
             FROM stretch CROSS JOIN blocks WHERE {these} \
             AND (start, id) >= (from_start, from_id) AND (start, id) < (to_start, to_id)))",
            columns = columns,
            order = self.order_of_blocks(),
            before = before,
            these = self.blocks(),
        )
    }

    fn order_of_blocks(&self) -> Sql {
        match self.order {
            Order::Id => sql!("start, id"),
            Order::NewestFirst => sql!("start DESC, id DESC"),
        }
    }

    /// The tables of a `WITH`: `given`, the row `after`; `at`, with the beginnings of its block and of its stretch; `past`, the
    /// number `nth`, from 0, of the row that stands `offset` rows past it, which a call that is not in the list has none of; and
    /// `place`, the same if the list has so many rows.
    fn place(&self, after: i64, offset: i64) -> Sql {
        let last = |column, table| {
            sql!(
                "(SELECT {column} FROM {table} WHERE {these} AND (start, id) <= (given_start, given_id) \
                 ORDER BY start DESC, id DESC LIMIT 1)",
                column = Sql::name(column),
                table = Sql::name(table),
                these = self.blocks(),
            )
        };
        let sum = |table, condition| {
            sql!(
                "COALESCE((SELECT SUM(live) FROM {table} WHERE {these} AND {condition}), 0)",
                table = Sql::name(table),
                these = self.blocks(),
                condition = condition,
            )
        };
        // By ascending start and id.
        let rows_before = sql!(
            "{stretches} + {blocks} + {rows}",
            stretches = sum("stretches", sql!("(start, id) < (of_start, of_id)")),
            blocks = sum(
                "blocks",
                sql!(
                    "(start, id) >= (COALESCE(of_start, ''), COALESCE(of_id, 0)) AND (start, id) < (block_start, block_id)"
                )
            ),
            rows = self.rows_of_block_before(),
        );
        // By id, the rows before the next id are passed. Newest first, those are that are not before `after`.
        let (start, id, passed) = match self.order {
            Order::Id => (sql!("''"), after.saturating_add(1), rows_before),
            Order::NewestFirst => (
                self.start_of(after),
                after,
                sql!(
                    "(SELECT {total} FROM {owner}) - ({rows_before})",
                    total = &self.total,
                    owner = &self.owner,
                    rows_before = rows_before,
                ),
            ),
        };
        sql!(
            "given AS MATERIALIZED (SELECT {start} AS given_start, {id} AS given_id), \
             at AS MATERIALIZED (SELECT given_start, given_id, {block_start} AS block_start, +{block_id} AS block_id, \
             {of_start} AS of_start, +{of_id} AS of_id FROM given), \
             past AS MATERIALIZED (SELECT {offset} + {passed} AS nth FROM at WHERE given_start IS NOT NULL), \
             place AS MATERIALIZED (SELECT nth FROM past WHERE nth < (SELECT {total} FROM {owner}))",
            start = start,
            id = id,
            block_start = last("start", "blocks"),
            block_id = last("id", "blocks"),
            of_start = last("start", "stretches"),
            of_id = last("id", "stretches"),
            offset = offset,
            passed = passed,
            total = &self.total,
            owner = &self.owner,
        )
    }

    /// Counts the rows of the block that stand before the given one. There is one seek for each part of the key: see
    /// [`List::past`].
    fn rows_of_block_before(&self) -> Sql {
        let count = |condition| {
            sql!(
                "(SELECT COUNT(*) FROM {name} WHERE {rows} AND {condition})",
                name = Sql::name(self.name),
                rows = &self.rows,
                condition = condition,
            )
        };
        let id = Sql::name(self.id);
        match self.order {
            Order::Id => count(sql!("{id} >= block_id AND {id} < given_id", id = id)),
            Order::NewestFirst => sql!(
                "{first} + {between} + {last}",
                first = count(sql!(
                    "start = block_start AND {id} >= block_id \
                     AND {id} < iif(block_start = given_start, given_id, 9223372036854775807)",
                    id = &id
                )),
                between = count(sql!("start > block_start AND start < given_start")),
                last = count(sql!(
                    "start = iif(block_start < given_start, given_start, NULL) AND {id} < given_id",
                    id = &id
                )),
            ),
        }
    }
}
