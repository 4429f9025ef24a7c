//! A random order of events, and what must be true after it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::holds::{Holding, holding};
use super::world::{Last, World, all};
use crate::db::audit::{Actor, Context};
use crate::http::error::Error;
use crate::ledger::replay::keep_doors;
use crate::ledger::state;
use crate::ledger::tests::world::{Seeded, now};
use crate::ledger::trips::{Row, Trips, first};
use crate::moves::engine::{begin, step, unfinished};
use crate::moves::pages::{PACE, Pace};
use crate::partners::placement::Database;

pub(super) const PARTNERS: i64 = 8;
const WHAT: [&str; 33] = [
    "create",
    "create",
    "create",
    "create",
    "create",
    "furnish",
    "furnish",
    "furnish",
    "furnish",
    "rename",
    "rename",
    "erase",
    "erase",
    "erase",
    "password",
    "end field",
    "call often",
    "follow",
    "move",
    "move",
    "go on",
    "go on",
    "go on",
    "go on",
    "go on",
    "go on",
    "minute",
    "snapshot",
    "snapshot",
    "restore",
    "late",
    "late",
    "put",
];
const ISOLATES: usize = 3;

/// What is known of a partner.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) holds: Holding,
    /// How far its copy of the changes has come, and which it has seen.
    pub(super) after: i64,
    pub(super) seen: BTreeSet<i64>,
    pub(super) password: u64,
    pub(super) unanswered: BTreeSet<u64>,
}

pub(super) struct Snapshot {
    pub(super) of: Database,
    pub(super) database: Connection,
    /// Where each partner lived, by which passage, and what it had.
    pub(super) stays: BTreeMap<i64, (String, i64)>,
    pub(super) holds: BTreeMap<i64, Holding>,
}

pub(super) struct Story {
    pub(super) world: World,
    pub(super) seeded: Seeded,
    pub(super) known: BTreeMap<i64, Known>,
    /// Every record that was ever given an id, by kind and id, with whose it is.
    pub(super) given: BTreeMap<(&'static str, i64), String>,
    /// The last call and the last entry of each partner.
    pub(super) last: BTreeMap<(&'static str, i64), i64>,
    /// The `removed_at` of each erasure that was answered, by UUID.
    pub(super) answered: BTreeMap<String, String>,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) count: u64,
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) told: Vec<String>,
}

pub(super) fn username(partner_id: i64) -> String {
    format!("partner-{partner_id}")
}

pub(super) fn context(now: &str, partner_id: i64) -> Context<'_> {
    Context {
        now,
        request_id: "r",
        actor: Actor::Partner(partner_id),
        login: "",
    }
}

impl Story {
    pub(super) fn new(seed: u64) -> Self {
        let world = World::new(ISOLATES);
        let mut seeded = Seeded(seed);
        for database in all() {
            now(crate::ledger::replay::replay(&world, database)).unwrap();
        }
        let mut known = BTreeMap::new();
        for partner_id in 1..=PARTNERS {
            let home = all().nth(seeded.below(3) as usize).unwrap();
            let name = username(partner_id);
            let directory = format!(
                "INSERT INTO directory (username, database, created) VALUES ('{name}', '{home}', '2026-11-01 00:00:00');
                 INSERT INTO logins (username, partner_id, access, ha1_sealed, created)
                 VALUES ('{name}', {partner_id}, 'write', 'sealed 0', '2026-11-01 00:00:00');
                 UPDATE state SET sequence = sequence + 1, doors_sequence = sequence + 1;"
            );
            let tenant = format!(
                "INSERT INTO partners (partner_id, username, name, country) VALUES ({partner_id}, '{name}', 'n', 'SE');
                 INSERT INTO custom_fields (partner_id, n, label) VALUES ({partner_id}, 7, 'seven');"
            );
            let of = |database: Database| world.databases[database.index()].borrow();
            of(Database::DIRECTORY).execute_batch(&directory).unwrap();
            of(home).execute_batch(&tenant).unwrap();
            let doors = now(world.run(Database::DIRECTORY, vec![state::doors(&name)])).unwrap();
            let doors = first(doors, 0).unwrap().text("doors").unwrap();
            now(keep_doors(&world, &doors)).unwrap();
            let holds = holding(&world, home, partner_id);
            known.insert(
                partner_id,
                Known {
                    holds,
                    ..Known::default()
                },
            );
        }
        Self {
            world,
            seeded,
            known,
            given: BTreeMap::new(),
            last: BTreeMap::new(),
            answered: BTreeMap::new(),
            snapshots: Vec::new(),
            count: 0,
            counts: BTreeMap::new(),
            told: vec![format!("seed {seed}")],
        }
    }

    pub(super) fn tell(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.seeded.below(limit)
    }

    pub(super) fn go_on(&mut self, how_far: u64) -> Result<(), Error> {
        for it in now(unfinished(&self.world))? {
            for _ in 0..how_far {
                let pace = self.pace();
                let it = now(step(&self.world, pace, it.move_id))?;
                self.assert_one_place(it.partner_id);
                if it.is_over() {
                    self.tell(&it.phase);
                    for _ in 0..it.began_anew {
                        self.tell("began anew");
                    }
                    break;
                }
            }
        }
        Ok(())
    }

    pub(super) fn pace(&mut self) -> Pace {
        match self.below(3) {
            0 => Pace {
                rows: 3,
                customers: 2,
                chars: 250_000,
            },
            1 => Pace {
                rows: 40,
                customers: 7,
                chars: 400,
            },
            _ => PACE,
        }
    }

    /// One database serves a partner all, or some serve it reads.
    pub(super) fn assert_one_place(&self, partner_id: i64) {
        let serve: Vec<String> = all()
            .map(|database| self.serves(database, partner_id))
            .collect();
        let count = |what: &str| serve.iter().filter(|serves| *serves == what).count();
        let (everything, reads) = (count("all"), count("reads"));
        assert!(
            everything == 0 || (everything == 1 && reads == 0),
            "partner {partner_id}: {serve:?} {:#?}",
            self.told
        );
    }

    pub(super) fn go(&mut self, most: u64) {
        for _ in 0..most {
            let what = self.below(33);
            let partner_id = 1 + self.below(PARTNERS as u64) as i64;
            let is_killed = self.below(3) == 0;
            let trips = if is_killed {
                1 + self.below(14)
            } else {
                u64::MAX
            };
            self.world.remain.set(trips);
            let isolate = self.below(ISOLATES as u64) as usize;
            self.world.at_work.set(isolate);
            let time = self.world.time.get() + self.below(20) as i64;
            self.world.time.set(time);
            let last = [Last::Lost, Last::Done, Last::Late][self.below(3) as usize];
            self.world.last.set(last);
            let done = match what {
                0..5 => self.create(partner_id),
                5..9 => self.furnish(partner_id),
                9 | 10 => self.rename(partner_id),
                11..14 => self.erase(partner_id),
                14 => self.new_password(partner_id),
                15 if self.below(4) == 0 => self.end_field(partner_id),
                16 if self.below(12) == 0 => self.call_often(partner_id),
                15..18 => self.follow(partner_id).map(drop),
                18 | 19 => {
                    let to = all().nth(self.below(3) as usize).unwrap();
                    // A move to where the partner lives turns it back. What was sent half a minute ago has arrived then.
                    if self.stays()[&partner_id].0 == to.to_string() {
                        while !self.world.late.borrow().is_empty() {
                            self.arrive();
                        }
                    }
                    now(begin(&self.world, &username(partner_id), to)).map(drop)
                }
                20..26 => {
                    let how_far = 1 + self.below(60);
                    self.go_on(how_far)
                }
                26 => self.world.minute(),
                27 | 28 => {
                    self.snapshot();
                    Ok(())
                }
                29 => {
                    self.restore();
                    Ok(())
                }
                32 => self.put(partner_id),
                _ => {
                    self.arrive();
                    Ok(())
                }
            };
            if let Err(Error::Internal(text)) = &done {
                panic!("{text}: {:#?}", self.told);
            }
            if matches!(done, Err(Error::Moving(_))) {
                self.tell("believed wrongly");
            }
            let killed = if is_killed {
                format!(" {trips} {last:?}")
            } else {
                String::new()
            };
            let failed = done
                .as_ref()
                .err()
                .and_then(Error::internal_text)
                .unwrap_or_default()
                .to_owned();
            self.told.push(format!(
                "{} {partner_id}{killed}: {failed}",
                WHAT[what as usize]
            ));
            if self.world.remain.get() == 0 {
                let at = self.world.at_work.get();
                self.world.isolates.borrow_mut()[at] = Default::default();
            }
            for partner_id in 1..=PARTNERS {
                self.assert_one_place(partner_id);
            }
        }
    }

    /// Lets a batch arrive that was under way when its run was cut off.
    pub(super) fn arrive(&mut self) {
        let late = self.world.late.borrow().len() as u64;
        if late == 0 {
            return;
        }
        self.tell("late");
        let at = self.below(late) as usize;
        // Whose it is nobody knows, so every partner is watched.
        let may: Vec<(i64, Vec<(bool, Holding)>)> = (1..=PARTNERS)
            .map(|id| {
                let before = all().map(|database| {
                    let may = self.serves(database, id) == "all";
                    (may, holding(&self.world, database, id))
                });
                (id, before.collect())
            })
            .collect();
        self.world.arrive(at);
        for (id, before) in may {
            for (database, (may, before)) in all().zip(before) {
                if may && holding(&self.world, database, id) != before {
                    self.observe(database, id);
                }
            }
        }
    }
}
