//! How much room the database has, and what must still fit in.

/// What a D1 database holds at most, in bytes. Cloudflare does not raise it, and in a full one every write fails.
pub const DATABASE_MAX: i64 = 10_000_000_000;

/// The parts of 1,000 of a database in which creations are refused, so that every erasure still has room there: 1.2 GB.
const FREE_OF_CREATIONS: i64 = 120;

/// The same for changes, each of which adds an entry to the audit trail: 950 MB. An erasure makes the rows that are there
/// smaller, and adds a receipt, an entry of the audit trail and one of an index, together some 180 bytes. So this is room for
/// 5,200,000 erasures. The rest of the database, 9.05 GB, holds fewer customers if each takes 1,750 bytes with its records,
/// which is one with a user, a measure and ten calls.
const FREE_OF_CHANGES: i64 = 95;

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

    /// Whether a database of this size takes what a request writes.
    pub fn takes(self, need: Need, size: i64) -> bool {
        match need {
            Need::None => true,
            Need::Change => size < self.without(FREE_OF_CHANGES),
            Need::Creation => size < self.without(FREE_OF_CREATIONS),
        }
    }

    /// Whether the operator must see to a database of this size.
    pub fn is_short(self, size: i64) -> bool {
        size >= self.without(FREE_OF_WORRY)
    }

    /// How full a database of this size is, in percent.
    pub fn share(self, size: i64) -> i64 {
        size.saturating_mul(100) / self.max.max(1)
    }

    fn without(self, parts: i64) -> i64 {
        self.max / 1_000 * (1_000 - parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creations_end_before_changes_and_changes_before_the_database_does() {
        let room = Room::of(DATABASE_MAX);
        let takes =
            |size| [Need::None, Need::Change, Need::Creation].map(|need| room.takes(need, size));
        assert_eq!(takes(8_799_999_999), [true, true, true]);
        assert_eq!(takes(8_800_000_000), [true, true, false]);
        assert_eq!(takes(9_049_999_999), [true, true, false]);
        assert_eq!(takes(9_050_000_000), [true, false, false]);
        assert_eq!(takes(DATABASE_MAX), [true, false, false]);
        assert_eq!(room.share(DATABASE_MAX / 4), 25);
        assert!(!room.is_short(7_999_999_999) && room.is_short(8_000_000_000));
    }
}
