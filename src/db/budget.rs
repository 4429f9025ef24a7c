//! How many rows the requests of one partner may cost the database in a minute, in one isolate. Pure.
//!
//! The database is one thread, which all partners share. The limit on requests does not protect it: one request may
//! read 1,000 rows or write 10,000.

/// How much more a written row (or index entry) counts than a row that is read. In plain SQLite, an insert took 3.0 µs
/// for each row or index entry and a scan 0.2 µs for each row.
const WRITTEN: i64 = 10;

/// What a busy partner needs in a minute: 2,000 calls that come one by one (59 rows read, 9 written: 149 each, 298,000),
/// 100 pages of 1,000 records (100,000), 200 customers created or changed (29 and 10: 129 each, 25,800), and the erasure
/// of a customer with 20,000 calls (80,000 read, 20,000 written: 280,000). Together 703,800.
const BUSY: i64 = 700_000;

/// The budget of a partner.
const BUDGET: i64 = 10 * BUSY;

/// What the partners have cost in the present minute.
#[derive(Debug, Default)]
pub struct Budget {
    minute: i64,
    /// Ids of partners, and what each has spent. Only partners that are logged in are in it.
    spent: Vec<(i64, i64)>,
}

impl Budget {
    /// Nobody has spent anything.
    pub const fn new() -> Self {
        Self {
            minute: 0,
            spent: Vec::new(),
        }
    }

    /// Charges a partner with rows. `now` is in milliseconds since 1970.
    pub fn charge(&mut self, now: i64, partner_id: i64, rows_read: i64, rows_written: i64) {
        if self.minute != minute(now) {
            self.minute = minute(now);
            self.spent.clear();
        }
        let cost = rows_read.saturating_add(rows_written.saturating_mul(WRITTEN));
        match self.spent.iter_mut().find(|(id, _)| *id == partner_id) {
            Some((_, spent)) => *spent = spent.saturating_add(cost),
            None => self.spent.push((partner_id, cost)),
        }
    }

    /// The seconds until the next minute, if a partner has spent its budget of this one.
    pub fn wait(&self, now: i64, partner_id: i64) -> Option<u32> {
        let spent = self.spent.iter().find(|(id, _)| *id == partner_id);
        let is_over =
            self.minute == minute(now) && spent.is_some_and(|(_, spent)| *spent >= BUDGET);
        let left = MINUTE_MS - now.rem_euclid(MINUTE_MS);
        is_over.then(|| u32::try_from((left + 999) / 1_000).unwrap_or(60))
    }
}

const MINUTE_MS: i64 = 60_000;

fn minute(now: i64) -> i64 {
    now.div_euclid(MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_that_has_spent_its_budget_waits_for_the_next_minute() {
        let mut budget = Budget::new();
        let now = 7 * MINUTE_MS + 15_000;
        budget.charge(now, 1, BUDGET - 1, 0);
        assert_eq!(budget.wait(now, 1), None);
        budget.charge(now, 1, 1, 0);
        assert_eq!(budget.wait(now, 1), Some(45));
        assert_eq!(budget.wait(now + 44_999, 1), Some(1));
        // Another partner, and another minute.
        assert_eq!(budget.wait(now, 2), None);
        assert_eq!(budget.wait(now + 45_000, 1), None);
        budget.charge(now + 45_000, 1, 1, 0);
        assert_eq!(budget.wait(now + 45_000, 1), None);
    }

    #[test]
    fn a_written_row_weighs_more() {
        let mut budget = Budget::new();
        budget.charge(0, 1, 0, BUDGET / WRITTEN - 1);
        assert_eq!(budget.wait(0, 1), None);
        budget.charge(0, 1, 0, 1);
        assert_eq!(budget.wait(0, 1), Some(60));
        budget.charge(0, 1, i64::MAX, i64::MAX);
        assert_eq!(budget.wait(0, 1), Some(60));
    }
}
