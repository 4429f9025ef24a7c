//! What must be true at the end.

use std::collections::BTreeMap;

use super::holds::{after_erasures, assert_sound, holding, left_behind, orphans};
use super::story::{PARTNERS, Story};
use super::world::all;
use crate::ledger::tests::world::{now, rows};
use crate::ledger::trips::Row;
use crate::moves::engine::unfinished;
use crate::partners::placement::Database;

impl Story {
    /// Lets the service finish, and holds the world against what was promised. Returns how often things have happened.
    pub(super) fn end(mut self) -> BTreeMap<String, u64> {
        self.world.remain.set(u64::MAX);
        while !self.world.late.borrow().is_empty() {
            self.arrive();
        }
        self.world
            .isolates
            .borrow_mut()
            .iter_mut()
            .for_each(|isolate| *isolate = Default::default());
        for _ in 0..3 {
            self.world.minute().unwrap();
        }
        let mut rounds = 0;
        while !now(unfinished(&self.world)).unwrap().is_empty() {
            self.go_on(2_000)
                .unwrap_or_else(|error| panic!("{error:?}: {:#?}", self.told));
            rounds += 1;
            assert!(rounds < 50, "a move does not end: {:#?}", self.told);
        }
        self.world.minute().unwrap();
        let stays = self.stays();
        for partner_id in 1..=PARTNERS {
            let (home, _) = &stays[&partner_id];
            let home = Database::parse(home).unwrap();
            self.at_the_end(partner_id, home);
        }
        for database in all() {
            assert_eq!(
                orphans(&self.world, database),
                0,
                "{database}: {:#?}",
                self.told
            );
        }
        self.counts
    }

    pub(super) fn at_the_end(&mut self, partner_id: i64, home: Database) {
        let told = self.told.clone();
        let told = &told;
        let sql = format!("SELECT database FROM directory WHERE partner_id = {partner_id}");
        let directory = self.world.query(Database::DIRECTORY, &sql).remove(0);
        assert_eq!(
            directory.text("database").unwrap(),
            home.to_string(),
            "{told:#?}"
        );
        assert_eq!(
            self.serves(home, partner_id),
            "all",
            "partner {partner_id} in {home}: {told:#?}"
        );
        for database in all().filter(|database| *database != home) {
            let left = left_behind(&self.world, database, partner_id);
            assert!(
                left.is_empty(),
                "partner {partner_id} in {database}: {left:?} {told:#?}"
            );
        }
        assert_sound(&self.world, home, partner_id, told);
        // Nothing is lost, nobody is back, and nobody else was touched.
        let sql = format!(
            "SELECT uuid, customer_id, removed_at, reerased_at FROM erasures WHERE partner_id = {partner_id}"
        );
        let of_ledger = rows(&self.world.ledger, &sql, &[]);
        let erased: BTreeMap<String, i64> = of_ledger
            .iter()
            .map(|row| {
                (
                    row.text("uuid").unwrap(),
                    row.integer("customer_id").unwrap(),
                )
            })
            .collect();
        let again = of_ledger
            .iter()
            .filter(|row| row.text("reerased_at").unwrap() != "")
            .count();
        for _ in 0..again {
            self.tell("erased again");
        }
        let expected = after_erasures(&self.known[&partner_id].holds, &erased);
        let holds = holding(&self.world, home, partner_id);
        let lost: Vec<_> = expected.difference(&holds).take(5).collect();
        let more: Vec<_> = holds.difference(&expected).take(5).collect();
        assert!(
            lost.is_empty() && more.is_empty(),
            "partner {partner_id}: lost {lost:?}, more {more:?}: {told:#?}"
        );
        for row in &of_ledger {
            if let Some(answered) = self.answered.remove(&row.text("uuid").unwrap()) {
                assert_eq!(answered, row.text("removed_at").unwrap(), "{told:#?}");
            }
        }
        let left = self.answered.keys().filter(|uuid| {
            self.given
                .values()
                .any(|whose| *whose == format!("{partner_id} {uuid}"))
        });
        assert_eq!(
            left.count(),
            0,
            "an answered erasure is not in the ledger: {told:#?}"
        );
        // A copy of the changes has no gap.
        while self.follow(partner_id).unwrap() {}
        let sql = format!(
            "SELECT audit_id FROM audit WHERE partner_id = {partner_id} AND kind NOT IN ('partners', 'logins')"
        );
        let known = &self.known[&partner_id];
        for row in self.world.query(home, &sql) {
            let id = row.integer("audit_id").unwrap();
            assert!(
                known.seen.contains(&id),
                "change {id} of {partner_id} was never seen: {told:#?}"
            );
        }
        // The front door is as it was answered last.
        let sql = format!("SELECT ha1_sealed FROM logins WHERE partner_id = {partner_id}");
        let sealed = self
            .world
            .query(Database::DIRECTORY, &sql)
            .remove(0)
            .text("ha1_sealed")
            .unwrap();
        let mut may = known.unanswered.iter().chain([&known.password]);
        assert!(
            may.any(|password| sealed == format!("sealed {password}")),
            "{sealed}: {told:#?}"
        );
    }
}
