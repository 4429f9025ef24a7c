//! Watching what happens to a partner's rows, wherever they are.

use super::story::Story;

use super::holds::holding;
use super::world::{World, all};
use crate::db::sql::Statement;
use crate::http::error::Error;
use crate::ledger::trips::Row;
use crate::partners::placement::Database;

impl Story {
    /// Sends a batch of a partner, and holds what has changed anywhere against who may change it.
    pub(super) fn change(
        &mut self,
        partner_id: i64,
        statements: &[Statement],
    ) -> Result<(Database, Vec<Vec<crate::ledger::tests::world::Cells>>), Error> {
        self.watch(partner_id, |world| world.request(partner_id, statements))
    }

    /// Does something that may change rows of a partner. Only the one database may that serves it all.
    pub(super) fn watch<T>(&mut self, partner_id: i64, work: impl FnOnce(&World) -> T) -> T {
        let all_of_it = |world: &World| {
            all()
                .map(|database| holding(world, database, partner_id))
                .collect::<Vec<_>>()
        };
        let may: Vec<bool> = all()
            .map(|database| self.serves(database, partner_id) == "all")
            .collect();
        let before = all_of_it(&self.world);
        let done = work(&self.world);
        let after = all_of_it(&self.world);
        for (at, database) in all().enumerate() {
            if before[at] != after[at] {
                assert!(
                    may[at],
                    "partner {partner_id} was changed in {database}: {:#?}",
                    self.told
                );
                self.observe(database, partner_id);
            }
        }
        done
    }

    /// What a database does for a partner; nothing while it was restored.
    pub(super) fn serves(&self, database: Database, partner_id: i64) -> String {
        let sql = format!("SELECT serves FROM partners WHERE partner_id = {partner_id}");
        let found = self.world.query(database, &sql);
        match found.first() {
            Some(row) if !self.world.is_restored(database) => row.text("serves").unwrap(),
            _ => "nothing".to_owned(),
        }
    }

    /// Notes what a partner has now, and that no id was given twice.
    pub(super) fn observe(&mut self, database: Database, partner_id: i64) {
        let holds = holding(&self.world, database, partner_id);
        for (uuid, kind, line) in &holds {
            let id = line.split(' ').next().and_then(|id| id.parse().ok());
            if let Some(id) = id
                && ["customer", "measure", "user"].contains(kind)
            {
                self.give(kind, id, format!("{partner_id} {uuid}"));
            }
        }
        // Of calls and entries, those that are new.
        for (kind, sql) in [
            (
                "call",
                "SELECT call_id AS id, uuid AS whose FROM customers JOIN calls USING (customer_id) \
                 WHERE partner_id = :p AND call_id > :last",
            ),
            (
                "audit",
                "SELECT audit_id AS id, action || kind || record_id AS whose FROM audit WHERE partner_id = :p \
                 AND audit_id > :last AND kind NOT IN ('partners', 'logins')",
            ),
        ] {
            let last = self
                .last
                .get(&(kind, partner_id))
                .copied()
                .unwrap_or_default();
            let sql = sql.replace(":p", &partner_id.to_string());
            for row in self
                .world
                .query(database, &sql.replace(":last", &last.to_string()))
            {
                let id = row.integer("id").unwrap();
                self.give(
                    kind,
                    id,
                    format!("{partner_id} {}", row.text("whose").unwrap()),
                );
                let last = self.last.entry((kind, partner_id)).or_default();
                *last = id.max(*last);
            }
        }
        self.known.get_mut(&partner_id).unwrap().holds = holds;
    }

    /// Notes whose an id is.
    pub(super) fn give(&mut self, kind: &'static str, id: i64, whose: String) {
        let given = self.given.insert((kind, id), whose.clone());
        assert!(
            given.as_ref().is_none_or(|given| *given == whose),
            "{kind} {id} is given twice, to {given:?} and {whose}: {:#?}",
            self.told
        );
    }

    /// A live customer of a partner, if it has one.
    pub(super) fn somebody(&mut self, partner_id: i64) -> Option<(String, i64)> {
        let holds = &self.known[&partner_id].holds;
        let living = holds
            .iter()
            .filter(|(_, kind, line)| *kind == "customer" && !line.ends_with(" erased"));
        let living: Vec<(String, i64)> = living
            .map(|(uuid, _, line)| {
                (
                    uuid.clone(),
                    line.split(' ').next().unwrap().parse().unwrap(),
                )
            })
            .collect();
        let at = self.below(living.len().max(1) as u64) as usize;
        living.get(at).cloned()
    }
}
