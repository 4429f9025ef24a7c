//! How much room the database has, and what must still fit in.
//!
//! No erasure may be refused for want of room. So a database is as full as its size and what the erasures of all its living
//! customers will add say together.

use super::sql::Statement;
use crate::sql;

/// What a D1 database holds at most, in bytes. Cloudflare does not raise it, and in a full one every write fails.
pub const DATABASE_MAX: i64 = 10_000_000_000;

/// What the erasure of a customer adds at most, in bytes: a receipt, a time in the customer's row and in an index, an entry
/// of the audit trail with one in each of two indexes, and that pages which were full are split. Measured in
/// `src/db/tests/full.rs`, for erasures in a random order and entries with the longest user name: 294 for a bare customer,
/// fewer for one with longer fields, which become empty. Users, numbers and calls add nothing. Measures do: see
/// [`FREE_OF_CREATIONS`].
pub const RESERVE: i64 = 350;

/// What a customer takes at least, in bytes, with its entry of the audit trail and the indexes. Measured: 315 with a name of
/// one letter, a `custnr` of six and a user name of four.
const SMALLEST: i64 = 300;

/// The parts of 1,000 of a database in which creations are refused. An erasure adds some 30 bytes for each measure, which
/// has taken 255 at least: where a database has hardly anything else, 12 % of its size, that is 10 % of 85 %.
const FREE_OF_CREATIONS: i64 = 150;

/// The same for changes, each of which adds an entry to the audit trail. What is left besides those 10 % is for what the
/// operator does, and for what is under way when the isolates hear of the size.
const FREE_OF_CHANGES: i64 = 120;

/// The parts of 1,000 of a database that are left when the operator must see to it.
const FREE_OF_WORRY: i64 = 200;

/// What a request writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing, or it removes more than it adds. It is never refused.
    None,
    /// A change of what is there. It adds an entry to the audit trail.
    Change,
    /// Something new.
    Creation,
}

/// The limits of a database of a given size.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    max: i64,
}

impl Room {
    /// The limits of a database that holds at most this many bytes.
    pub fn of(max: i64) -> Self {
        Self { max }
    }

    /// Whether a database of this size has room, however many customers it has: no more than [`SMALLEST`] allows. That is so
    /// up to 36.9 % of what it may hold: with 350 bytes for each 300, that is 80 %.
    pub fn is_ample(self, size: i64) -> bool {
        !self.is_short(size, size / SMALLEST)
    }

    /// Whether a database of this size, with so many living customers, takes what a request writes.
    pub fn takes(self, need: Need, size: i64, customers: i64) -> bool {
        match need {
            Need::None => true,
            Need::Change => taken(size, customers) < self.without(FREE_OF_CHANGES),
            Need::Creation => taken(size, customers) < self.without(FREE_OF_CREATIONS),
        }
    }

    /// Whether the operator must see to a database of this size, with so many living customers.
    pub fn is_short(self, size: i64, customers: i64) -> bool {
        taken(size, customers) >= self.without(FREE_OF_WORRY)
    }

    /// How full such a database is, in percent.
    pub fn share(self, size: i64, customers: i64) -> i64 {
        taken(size, customers).saturating_mul(100) / self.max.max(1)
    }

    fn without(self, parts: i64) -> i64 {
        self.max / 1_000 * (1_000 - parts)
    }
}

/// What a database has, and what the erasures of its customers will add.
fn taken(size: i64, customers: i64) -> i64 {
    size.saturating_add(customers.saturating_mul(RESERVE))
}

/// Reads how many living customers the partners of a database have, as `customers`; those of one partner, if `but` is its id,
/// are left out. It reads a row for each partner: some thousands, where each has some hundred customers.
pub fn customers(but: i64) -> Statement {
    sql!(
        "SELECT COALESCE(SUM(customers), 0) AS customers FROM partners WHERE partner_id <> {but}",
        but = but
    )
    .named("room::customers")
}

/// Learns the size of a database, which every answer of D1 tells.
pub fn look() -> Statement {
    sql!("SELECT state_id FROM state WHERE state_id = 1").named("room::look")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creations_end_before_changes_and_changes_before_the_database_does() {
        let room = Room::of(DATABASE_MAX);
        let takes = |size| {
            [Need::None, Need::Change, Need::Creation].map(|need| room.takes(need, size, 1_000_000))
        };
        let reserved = RESERVE * 1_000_000;
        for (taken, expected) in [
            (8_499_999_999, [true, true, true]),
            (8_500_000_000, [true, true, false]),
            (8_799_999_999, [true, true, false]),
            (8_800_000_000, [true, false, false]),
            (DATABASE_MAX, [true, false, false]),
        ] {
            assert_eq!(takes(taken - reserved), expected, "{taken}");
        }
        assert_eq!(room.share(DATABASE_MAX / 4 - reserved, 1_000_000), 25);
        assert!(!room.is_short(7_999_999_999, 0) && room.is_short(8_000_000_000, 0));
        assert!(!room.is_short(0, 22_000_000) && room.is_short(0, 23_000_000));
    }

    #[test]
    fn up_to_the_floor_nothing_needs_to_be_asked() {
        let room = Room::of(DATABASE_MAX);
        assert!(room.is_ample(3_692_000_000) && !room.is_ample(3_693_000_000));
    }
}
