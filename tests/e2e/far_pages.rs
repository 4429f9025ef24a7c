//! What a page by its number costs in the longest lists. Their blocks and totals are whole; of their rows there are those
//! of the blocks that a page meets.

use serde_json::{Value, json};

use crate::cost::assert_costs;
use crate::db::{db_execute, db_query};
use crate::partner::Partner;

const PAGESIZE: i64 = 20;

/// The most rows that a page reads besides its own.
const MORE: i64 = 7_000;

/// A customer with blocks of so many calls, each of `rows`. The call `n`, from 0, begins `n` seconds after the first.
struct Calls {
    partner: Partner,
    id: i64,
    measure_id: i64,
    count: i64,
    rows: i64,
}

impl Calls {
    fn db_seeded(count: i64, rows: i64) -> Self {
        let partner = Partner::new();
        let id = partner.create_customer("Very many calls", &format!("{count}-{rows}"));
        let measure_id = partner.create_measure(id);
        let blocks = "WITH RECURSIVE seed (n) AS (SELECT 0 UNION ALL SELECT n + ?3 FROM seed WHERE n + ?3 < ?2) \
             INSERT INTO blocks (kind, owner_id, start, id, live) \
             SELECT 'calls', ?1, iif(n = 0, '', datetime(1767225600 + n, 'unixepoch')), 0, min(?3, ?2 - n) FROM seed";
        db_execute(partner.server, blocks, &[&id, &count, &rows]);
        let total = "UPDATE customers SET calls_total = ?2 WHERE customer_id = ?1";
        db_execute(partner.server, total, &[&id, &count]);
        Self {
            partner,
            id,
            measure_id,
            count,
            rows,
        }
    }

    /// Inserts the calls of the block with the call `n` and of its two neighbours.
    fn db_fill(&self, n: i64) {
        let first = (n / self.rows - 1).max(0) * self.rows;
        let last = (first + 3 * self.rows).min(self.count);
        let insert = "WITH RECURSIVE seed (n) AS (SELECT ?3 UNION ALL SELECT n + 1 FROM seed WHERE n + 1 < ?4) \
             INSERT INTO calls (customer_id, measure_id, start, bnum, bnum_ccndc) \
             SELECT ?1, ?2, datetime(1767225600 + n, 'unixepoch') AS at, '+46846500401', 3 FROM seed \
             WHERE NOT EXISTS (SELECT 1 FROM calls WHERE customer_id = ?1 AND start = at)";
        let given: [&dyn rusqlite::ToSql; 4] = [&self.id, &self.measure_id, &first, &last];
        db_execute(self.partner.server, insert, &given);
    }

    /// The id of the call `n`.
    fn db_id(&self, n: i64) -> i64 {
        let sql = "SELECT call_id FROM calls WHERE customer_id = ?1 AND start = datetime(1767225600 + ?2, 'unixepoch')";
        match db_query(self.partner.server, sql, &[&self.id, &n])[0]["call_id"] {
            rusqlite::types::Value::Integer(id) => id,
            ref other => panic!("{other:?}"),
        }
    }

    /// Reads a page. `passed` calls stand before and including the one that `after` names; 0 means no `after`.
    fn assert_page(&self, passed: i64, page: i64) {
        // Newest first.
        let first = self.count - 1 - passed - page * PAGESIZE;
        self.db_fill(first);
        let mut path = format!(
            "/customers/{}/calls?pagesize={PAGESIZE}&page={page}",
            self.id
        );
        if passed > 0 {
            self.db_fill(self.count - passed);
            path += &format!("&after={}", self.db_id(self.count - passed));
        }
        let answer = assert_costs(self.partner.get(&path), 200, PAGESIZE + MORE, 0).json();
        let ids = answer["calls"].as_array().unwrap().iter();
        let ids: Vec<i64> = ids.map(|call| call["call_id"].as_i64().unwrap()).collect();
        let expected: Vec<i64> = (0..PAGESIZE.min(first + 1))
            .map(|past| self.db_id(first - past))
            .collect();
        assert_eq!(ids, expected, "{path}");
    }
}

#[test]
fn a_page_by_its_number_reads_at_most_7000_rows_more_among_20_million_calls() {
    // The blocks are as small as a split leaves them, or as large as it lets them be.
    for (count, rows) in [(5_000_000, 1_024), (20_000_000, 1_024), (20_000_000, 2_048)] {
        let calls = Calls::db_seeded(count, rows);
        let pages = count / PAGESIZE;
        for (passed, page) in [
            (0, 1),
            // The last row of a block, so that all others are skipped.
            (0, (count / 2 / rows * rows + rows - 1) / PAGESIZE),
            (0, pages / 2),
            (0, pages - 1),
            (1, pages / 4),
            (count / 2 + 1, pages / 4),
            (count / 2 + rows - 1, pages / 2 - 2 * rows),
        ] {
            calls.assert_page(passed, page);
        }
        let path = format!("/customers/{}/calls?pagesize={PAGESIZE}", calls.id);
        for past_the_end in [
            format!("{path}&page={pages}"),
            format!("{path}&page=9007199254740991"),
            format!("{path}&page={pages}&after={}", calls.db_id(count / 2)),
        ] {
            let page = assert_costs(calls.partner.get(&past_the_end), 200, MORE, 0).json();
            assert_eq!(page["calls"], json!([]), "{past_the_end}");
            assert_eq!(page["total"], Value::from(count));
        }
    }
}

#[test]
fn a_page_by_its_number_reads_at_most_7000_rows_more_among_5_million_customers() {
    let count = 5_000_000;
    let partner = Partner::new();
    let blocks = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1024 FROM seed WHERE n + 1024 <= ?2) \
         INSERT INTO blocks (kind, owner_id, id, live) \
         SELECT 'customers', ?1, 1000000000 + n, min(1024, ?2 + 1 - n) FROM seed";
    let owner = partner.partner_id;
    db_execute(partner.server, blocks, &[&owner, &count]);
    let total = "UPDATE partners SET customers = ?2 WHERE partner_id = ?1";
    db_execute(partner.server, total, &[&owner, &count]);
    for (page, after) in [
        (1, 0),
        (count / 40, 0),
        (count / 20 - 1, 0),
        (count / 40, 1_000_000_000 + count / 4),
    ] {
        let mut path = format!("/customers?pagesize=20&page={page}");
        if after > 0 {
            path += &format!("&after={after}");
        }
        let page = assert_costs(partner.get(&path), 200, MORE, 0).json();
        assert_eq!(page["total"], Value::from(count));
    }
}
