//! The blocks of a list: how many rows stand in each range of it. By them a page finds its first row wherever it stands.
//!
//! Page 40,000 with 20 rows begins after 800,000 rows. To skip them, SQLite would read them. Instead the page adds up the
//! counts of the blocks until the next block would be too much, begins there, and skips the rest one by one: fewer rows
//! than one block has.
//!
//! Rows stand in ascending order of (start, id), whatever the order of the list. A block has the rows from its own (start,
//! id) up to those of the next block. Whatever adds a row to a list or takes one from it adds a statement from here:
//!
//! - A list by id grows at its end, so [`List::count_new`] counts in the last block, or in a new one if that is full.
//! - Calls come in any order of their start, so [`List::count_by_start`] counts each in its block, and [`List::splits`]
//!   splits the blocks that have grown too far.
//! - [`List::count_removed`] counts down. A block that is left with few rows joins the one before it.
//!
//! So a list of 1,000,000 rows has some 1,000 blocks. To add up all blocks of a list of 20,000,000 would be too much. So a
//! list of 128 blocks or more has stretches of at most 256 blocks, and their sums: at most 153 of 20,000,000 rows, unless rows
//! were removed. A page adds up the stretches, then the blocks of one. Triggers of the table `blocks` keep the sums, so a
//! creation in such a list writes one row more. To sort them and add them up, D1 counts six rows for one. So the worst page of
//! 20,000,000 rows reads 918 rows for the stretches, 1,536 for the blocks of one, and 2,047 that it skips; with `after` as many
//! as another 153, 256 and 2,048. If the list has no more rows than stand before the page, it reads a handful.

use super::sql::Sql;
use crate::http::paging::Paging;
use crate::sql;

mod count;
mod place;

/// Past an id that the request names, so many rows are skipped one by one. Blocks would cost more.
const NEAR: i64 = 1_000;

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By ascending id.
    Id,
    /// By descending `start`, then by descending id.
    NewestFirst,
}

/// A list whose rows are counted in blocks.
#[derive(Debug)]
pub struct List {
    /// The table of its rows.
    pub name: &'static str,
    /// The column of their ids.
    pub id: &'static str,
    /// Their order.
    pub order: Order,
    /// The condition that a row of the table is in the list. The table has an index with the condition's columns, then those
    /// of the order.
    pub rows: Sql,
    /// The table and the condition that find the row of its owner.
    pub owner: Sql,
    /// In that row, the owner's id.
    pub owner_id: Sql,
    /// In that row, how many rows the list has.
    pub total: Sql,
}

/// Where a page begins.
#[derive(Debug)]
pub struct Begin {
    /// What stands before the `SELECT`: `""` or a `WITH`.
    pub with: Sql,
    /// The conditions that together find the rows, each in one range of an index.
    pub past: Vec<Sql>,
    /// How many of these rows the page skips.
    pub skip: Sql,
}

impl List {
    /// The condition that a row of `blocks` or of `stretches` is one of the list's.
    fn blocks(&self) -> Sql {
        sql!(
            "kind = '{name}' AND owner_id = (SELECT {owner_id} FROM {owner})",
            name = Sql::name(self.name),
            owner_id = &self.owner_id,
            owner = &self.owner,
        )
    }

    /// Finds where a page begins. `page` 0, and a page near `after`, skips its rows one by one. Any other page reads blocks
    /// of the list, and skips rows of one block; with `after` it reads the rows of another block too.
    pub fn begin(&self, paging: Paging) -> Begin {
        let offset = paging.offset();
        if offset == 0 || (paging.after > 0 && offset <= NEAR) {
            return Begin {
                with: sql!(""),
                past: self.past_row(paging.after),
                skip: sql!("{offset}", offset = offset),
            };
        }
        Begin {
            with: sql!("WITH {found} ", found = self.found(paging.after, offset)),
            past: self.past(
                &sql!("(SELECT start FROM found)"),
                &sql!("(SELECT id FROM found)"),
            ),
            skip: sql!("COALESCE((SELECT skip FROM found), 0)"),
        }
    }

    /// The conditions that together find the rows that follow the row `after` in the list.
    fn past_row(&self, after: i64) -> Vec<Sql> {
        match self.order {
            Order::NewestFirst if after == 0 => vec![sql!("TRUE")],
            _ => self.past(&self.start_of(after), &sql!("{after}", after = after)),
        }
    }

    /// The conditions that together find the rows that follow this place in the list.
    ///
    /// For a comparison of the pair (start, id) SQLite would seek by `start` alone and read every row with the same
    /// `start`. So there is one seek for each part of the key, and SQLite merges their results as it reads them. Without
    /// the cast it would sort the first ones: it does not trust an expression to be a text.
    fn past(&self, start: &Sql, id: &Sql) -> Vec<Sql> {
        let column = Sql::name(self.id);
        match self.order {
            Order::Id => vec![sql!("{column} > {id}", column = column, id = id)],
            Order::NewestFirst => vec![
                sql!(
                    "start = CAST({start} AS TEXT) AND {column} < {id}",
                    start = start,
                    column = column,
                    id = id
                ),
                sql!("start < {start}", start = start),
            ],
        }
    }

    /// Selects the rows from the first one of a block on, in ascending order, as `start` and `id`. `block` is a table of
    /// one row. See [`List::past`].
    fn from(&self, block: &'static str) -> Sql {
        let (column, block) = (Sql::name(self.id), Sql::name(block));
        let select = |start, condition| {
            sql!(
                "SELECT {start} AS start, {column} AS id FROM {name} WHERE {rows} AND {condition}",
                start = start,
                column = &column,
                name = Sql::name(self.name),
                rows = &self.rows,
                condition = condition,
            )
        };
        let from_id = sql!(
            "{column} >= (SELECT id FROM {block})",
            column = &column,
            block = &block
        );
        let start = sql!("CAST((SELECT start FROM {block}) AS TEXT)", block = &block);
        match self.order {
            Order::Id => sql!("{rows} ORDER BY id", rows = select(sql!("''"), from_id)),
            Order::NewestFirst => sql!(
                "{same} UNION ALL {later} ORDER BY start, id",
                same = select(
                    sql!("start"),
                    sql!(
                        "start = {start} AND {from_id}",
                        start = &start,
                        from_id = from_id
                    )
                ),
                later = select(sql!("start"), sql!("start > {start}", start = &start)),
            ),
        }
    }

    /// The `start` of a row of the list.
    fn start_of(&self, id: i64) -> Sql {
        sql!(
            "(SELECT start FROM {name} WHERE {column} = {id} AND {rows})",
            name = Sql::name(self.name),
            column = Sql::name(self.id),
            id = id,
            rows = &self.rows,
        )
    }
}
