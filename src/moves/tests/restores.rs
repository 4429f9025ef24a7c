//! Restores of one database.

use std::collections::BTreeMap;

use super::story::{Snapshot, Story};
use super::world::all;
use crate::ledger::tests::world::{copy, rows};
use crate::ledger::trips::Row;

impl Story {
    /// Where each partner lives, and by which passage, as the ledger knows it.
    pub(super) fn stays(&self) -> BTreeMap<i64, (String, i64)> {
        let sql = "SELECT partner_id, COALESCE((SELECT iif(phase IN ('opening', 'deleting'), target, source) FROM moves AS m \
             WHERE m.partner_id = d.partner_id AND phase NOT IN ('complete', 'abandoned')), home) AS home, \
             COALESCE((SELECT MAX(passage) FROM moves AS m WHERE m.partner_id = d.partner_id \
             AND phase IN ('opening', 'deleting', 'complete')), 0) AS passage FROM doors AS d";
        let stays = rows(&self.world.ledger, sql, &[]);
        let stay = |row: &crate::ledger::tests::world::Cells| {
            let passage = row.integer("passage").unwrap();
            (
                row.integer("partner_id").unwrap(),
                (row.text("home").unwrap(), passage),
            )
        };
        stays.iter().map(stay).collect()
    }

    pub(super) fn snapshot(&mut self) {
        let of = all().nth(self.below(3) as usize).unwrap();
        if self.world.is_restored(of) {
            return;
        }
        let holds = self
            .known
            .iter()
            .map(|(id, known)| (*id, known.holds.clone()));
        self.snapshots.push(Snapshot {
            of,
            database: copy(&self.world.databases[of.index()].borrow()),
            stays: self.stays(),
            holds: holds.collect(),
        });
    }

    /// Takes a database back to a time after the last partner has arrived in it.
    pub(super) fn restore(&mut self) {
        let stays = self.stays();
        let is_late_enough = |snapshot: &&Snapshot| {
            let of = snapshot.of.to_string();
            let mut here = stays.iter().filter(|(_, (home, _))| *home == of);
            here.all(|(id, stay)| snapshot.stays[id] == *stay)
        };
        let may: Vec<usize> = (0..self.snapshots.len())
            .filter(|at| is_late_enough(&&self.snapshots[*at]))
            .collect();
        if may.is_empty() {
            return;
        }
        // A restore goes back by more than a minute.
        self.world.remain.set(u64::MAX);
        self.world.minute().unwrap();
        let at = may[self.below(may.len() as u64) as usize];
        let snapshot = &self.snapshots[at];
        let of = snapshot.of.to_string();
        *self.world.databases[snapshot.of.index()].borrow_mut() = copy(&snapshot.database);
        for (id, (home, _)) in &stays {
            if *home == of {
                self.known.get_mut(id).unwrap().holds = snapshot.holds[id].clone();
            }
        }
        // What was under way to the database is gone. So is what came after: whoever takes a restore back brings changes back
        // that have smaller ids than those that were read since.
        let of = snapshot.of;
        let mut at_now = 0..;
        self.snapshots
            .retain(|other| at_now.next() <= Some(at) || other.of != of);
        self.world
            .late
            .borrow_mut()
            .retain(|(to, _)| *to != Some(of));
        // A restore takes longer than an isolate goes without asking the ledger.
        self.world
            .isolates
            .borrow_mut()
            .iter_mut()
            .for_each(|isolate| isolate.heard.clear());
        self.tell("restored");
    }
}
