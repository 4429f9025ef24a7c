//! A random order of events, and what must be true after it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::holds::{Holding, after_erasures, assert_sound, holding, left_behind, orphans};
use super::world::{Last, World, all};
use crate::changes::sql as changes;
use crate::customers::batch::{self, New};
use crate::customers::model::CustomerInput;
use crate::customers::sql as customers;
use crate::db::audit::{Actor, Context};
use crate::db::idempotency::{Fingerprints, Keyed};
use crate::db::sql::Statement;
use crate::db::tests::{moment, params, partner};
use crate::erasure::sql::Target;
use crate::http::error::Error;
use crate::http::etag::IfMatch;
use crate::http::intent::Intent;
use crate::http::json::Json;
use crate::http::version::Version::Bare;
use crate::ledger::replay::{close, keep_doors, record};
use crate::ledger::state;
use crate::ledger::tests::world::{Seeded, copy, now, rows};
use crate::ledger::trips::{Row, Trips, first};
use crate::moves::engine::{begin, step, unfinished};
use crate::moves::pages::{PACE, Pace};
use crate::operator::input::FieldNumber;
use crate::operator::sql::delete_custom_field;
use crate::operator::sql::logins::Login;
use crate::partners::placement::Database;
use crate::records::calls::CALLS;
use crate::records::kind::Kind;
use crate::records::measures::MEASURES;
use crate::records::places::Places;
use crate::records::sql::Scope;
use crate::records::users::USERS;

const PARTNERS: i64 = 8;
const WHAT: [&str; 32] = [
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
];
const ISOLATES: usize = 3;

/// What is known of a partner.
#[derive(Clone, Default)]
struct Known {
    holds: Holding,
    /// How far its copy of the changes has come, and which it has seen.
    after: i64,
    seen: BTreeSet<i64>,
    password: u64,
    unanswered: BTreeSet<u64>,
}

struct Snapshot {
    of: Database,
    database: Connection,
    /// Where each partner lived, by which passage, and what it had.
    stays: BTreeMap<i64, (String, i64)>,
    holds: BTreeMap<i64, Holding>,
}

pub(super) struct Story {
    world: World,
    seeded: Seeded,
    known: BTreeMap<i64, Known>,
    /// Every record that was ever given an id, by kind and id, with whose it is.
    given: BTreeMap<(&'static str, i64), String>,
    /// The last call and the last entry of each partner.
    last: BTreeMap<(&'static str, i64), i64>,
    /// The `removed_at` of each erasure that was answered, by UUID.
    answered: BTreeMap<String, String>,
    snapshots: Vec<Snapshot>,
    count: u64,
    counts: BTreeMap<String, u64>,
    told: Vec<String>,
}

fn username(partner_id: i64) -> String {
    format!("partner-{partner_id}")
}

fn context(now: &str, partner_id: i64) -> Context<'_> {
    Context {
        now,
        request_id: "r",
        actor: Actor::Partner(partner_id),
        login: "",
    }
}

impl Story {
    pub fn new(seed: u64) -> Self {
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

    fn tell(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.seeded.below(limit)
    }

    /// Sends a batch of a partner, and holds what has changed anywhere against who may change it.
    fn change(
        &mut self,
        partner_id: i64,
        statements: &[Statement],
    ) -> Result<(Database, Vec<Vec<crate::ledger::tests::world::Cells>>), Error> {
        self.watch(partner_id, |world| world.request(partner_id, statements))
    }

    /// Does something that may change rows of a partner. Only the one database may that serves it all.
    fn watch<T>(&mut self, partner_id: i64, work: impl FnOnce(&World) -> T) -> T {
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
    fn serves(&self, database: Database, partner_id: i64) -> String {
        let sql = format!("SELECT serves FROM partners WHERE partner_id = {partner_id}");
        let found = self.world.query(database, &sql);
        match found.first() {
            Some(row) if !self.world.is_restored(database) => row.text("serves").unwrap(),
            _ => "nothing".to_owned(),
        }
    }

    /// Notes what a partner has now, and that no id was given twice.
    fn observe(&mut self, database: Database, partner_id: i64) {
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
    fn give(&mut self, kind: &'static str, id: i64, whose: String) {
        let given = self.given.insert((kind, id), whose.clone());
        assert!(
            given.as_ref().is_none_or(|given| *given == whose),
            "{kind} {id} is given twice, to {given:?} and {whose}: {:#?}",
            self.told
        );
    }

    /// A live customer of a partner, if it has one.
    fn somebody(&mut self, partner_id: i64) -> Option<(String, i64)> {
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

    fn create(&mut self, partner_id: i64) -> Result<(), Error> {
        let mut tenant = partner();
        tenant.partner_id = partner_id;
        let how_many = 1 + self.below(3);
        let new: Vec<New> = (0..how_many)
            .map(|_| {
                self.count += 1;
                let mut params = params(&format!(
                    r#"{{"name":"name-{0}","custnr":"custnr-{0}","custom_7":"\"[7]\" é"}}"#,
                    self.count
                ));
                let input = CustomerInput::take(&mut params, &tenant, Intent::Create);
                let uuid = format!("uuid-{}", self.count);
                New { uuid, input }
            })
            .collect();
        let at = self.world.now();
        let fingerprints = Fingerprints {
            key: format!("key-{}", self.count),
            params: "p".to_owned(),
        };
        let keyed = Keyed {
            partner_id,
            fingerprints: &fingerprints,
            kind: "customers",
            now: &at,
        };
        let keyed = Some(&keyed).filter(|_| self.below(2) == 0);
        let batch = batch::create(Bare, &tenant, &new, keyed, context(&at, partner_id));
        self.change(partner_id, &batch.statements).map(drop)
    }

    fn furnish(&mut self, partner_id: i64) -> Result<(), Error> {
        let Some((_, customer_id)) = self.somebody(partner_id) else {
            return Ok(());
        };
        let at = self.world.now();
        let scope = Scope {
            audit: context(&at, partner_id),
            partner_id,
            customer_id,
            version: Bare,
        };
        let given = |kind: &Kind, json: &str| {
            let mut params = params(json);
            (kind.take)(&mut params, Intent::Create, &moment())
        };
        let statements = match self.below(8) {
            0 => {
                let json = r#"{"name":"m","phonenr":"+46890510","destnr":"+46890510"}"#;
                let one = Places::of(&MEASURES, vec![given(&MEASURES, json)]);
                scope.create(&MEASURES, &one, None).statements
            }
            1 => {
                let one = Places::of(&USERS, vec![given(&USERS, r#"{"email":"a@b.example"}"#)]);
                scope.create(&USERS, &one, None).statements
            }
            2 => {
                let numbers = vec![Json::from("+46890510"), "+46890511".into()];
                scope.replace_allowed_numbers(numbers).statements
            }
            _ => {
                let sql =
                    format!("SELECT measure_id FROM measures WHERE customer_id = {customer_id}");
                let measures = all()
                    .flat_map(|database| self.world.query(database, &sql))
                    .next();
                let Some(measure) = measures.map(|row| row.integer("measure_id").unwrap()) else {
                    return Ok(());
                };
                let how_many = 1 + self.below(6);
                let calls = (0..how_many).map(|_| {
                    let minute = self.below(3);
                    let json = format!(
                        r#"{{"measure_id":{measure},"start":"2026-01-01 00:0{minute}:00","bnum":"+46890510"}}"#
                    );
                    given(&CALLS, &json)
                });
                let calls = Places::of(&CALLS, calls.collect());
                scope.create(&CALLS, &calls, None).statements
            }
        };
        self.change(partner_id, &statements).map(drop)
    }

    fn rename(&mut self, partner_id: i64) -> Result<(), Error> {
        let Some((_, customer_id)) = self.somebody(partner_id) else {
            return Ok(());
        };
        self.count += 1;
        let mut tenant = partner();
        tenant.partner_id = partner_id;
        let input = CustomerInput {
            name: Some(format!("name-{}", self.count)),
            ..CustomerInput::default()
        };
        let at = self.world.now();
        let audit = context(&at, partner_id);
        let batch = customers::change(Bare, &tenant, customer_id, &IfMatch::Any, &input, audit);
        self.change(partner_id, &batch.statements).map(drop)
    }

    /// Gives somebody so many calls that an erasure goes in steps.
    fn call_often(&mut self, partner_id: i64) -> Result<(), Error> {
        let home = all().find(|database| self.serves(*database, partner_id) == "all");
        let (Some((_, customer_id)), Some(home)) = (self.somebody(partner_id), home) else {
            return Ok(());
        };
        let last = self.world.number(
            home,
            "SELECT seq AS n FROM sqlite_sequence WHERE name = 'calls'",
        );
        let sql = format!(
            "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n <= 20000)
             INSERT INTO calls (call_id, customer_id, measure_id, start, bnum, bnum_ccndc)
             SELECT {last} + n, {customer_id}, 1, '2026-01-01 00:00:0' || n % 9, '+46890510', 3 FROM seed;
             UPDATE customers SET calls_total = calls_total + 20001, numbers_total = numbers_total + 20001
             WHERE customer_id = {customer_id};
             INSERT INTO blocks VALUES ('calls', {customer_id}, '', 0, 20001)
             ON CONFLICT DO UPDATE SET live = live + 20001;"
        );
        self.watch(partner_id, |world| {
            world.databases[home.index()]
                .borrow()
                .execute_batch(&sql)
                .unwrap();
        });
        Ok(())
    }

    fn erase(&mut self, partner_id: i64) -> Result<(), Error> {
        let Some((uuid, customer_id)) = self.somebody(partner_id) else {
            return Ok(());
        };
        let at = self.world.now();
        let target = Target {
            partner_id,
            customer_id,
            if_match: &IfMatch::Any,
            version: Bare,
            audit: context(&at, partner_id),
            again: None,
        };
        let batch = target.erase();
        let receipt = batch.names.receipt.index();
        let (home, rows) = self.change(partner_id, &batch.statements)?;
        let Some(row) = first(rows, receipt) else {
            return Ok(());
        };
        let (entry, removed_at) = (row.text("entry")?, row.text("removed_at")?);
        if !entry.is_empty() {
            let kept = now(record(&self.world, home, &entry))?;
            if kept.is_first {
                self.answered.entry(uuid).or_insert(removed_at);
            }
            now(close(&self.world, home, &entry, &kept))?;
        }
        Ok(())
    }

    fn end_field(&mut self, partner_id: i64) -> Result<(), Error> {
        let name = username(partner_id);
        let at = self.world.now();
        let audit = Context {
            actor: Actor::Operator(&name),
            ..context(&at, partner_id)
        };
        let seven = FieldNumber::of(7).unwrap();
        let batch = delete_custom_field(partner_id, &name, seven, audit);
        self.change(partner_id, &batch.statements).map(drop)
    }

    fn new_password(&mut self, partner_id: i64) -> Result<(), Error> {
        self.count += 1;
        let (count, name) = (self.count, username(partner_id));
        let at = self.world.now();
        let login = Login {
            partner: &name,
            login: &name,
        };
        let audit = Context {
            actor: Actor::Operator(&name),
            ..context(&at, partner_id)
        };
        self.known
            .get_mut(&partner_id)
            .unwrap()
            .unanswered
            .insert(count);
        let batch = login.new_password(&format!("sealed {count}"), 0, audit);
        let doors = batch.names.doors.index();
        let doors = first(self.world.operate(&batch.statements)?, doors).unwrap();
        now(keep_doors(&self.world, &doors.text("doors")?))?;
        let known = self.known.get_mut(&partner_id).unwrap();
        known.password = count;
        known.unanswered.clear();
        Ok(())
    }

    /// Reads what has changed since, as whoever keeps a copy does.
    fn follow(&mut self, partner_id: i64) -> Result<bool, Error> {
        let after = self.known[&partner_id].after;
        let page = vec![changes::page(Bare, partner_id, after, 5)];
        let (home, rows) = self.world.request(partner_id, &page)?;
        assert_ne!(self.serves(home, partner_id), "nothing", "{:#?}", self.told);
        let known = self.known.get_mut(&partner_id).unwrap();
        let ids = rows
            .into_iter()
            .flatten()
            .map(|row| row.integer("id").unwrap());
        for id in ids {
            assert!(id > known.after, "{:#?}", self.told);
            known.after = id;
            known.seen.insert(id);
        }
        Ok(known.after > after)
    }

    fn go_on(&mut self, how_far: u64) -> Result<(), Error> {
        for move_id in now(unfinished(&self.world))? {
            for _ in 0..how_far {
                let pace = self.pace();
                let it = now(step(&self.world, pace, move_id))?;
                self.assert_one_place(it.partner_id);
                if it.is_over() {
                    self.tell("moved");
                    for _ in 0..it.began_anew {
                        self.tell("began anew");
                    }
                    break;
                }
            }
        }
        Ok(())
    }

    fn pace(&mut self) -> Pace {
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
    fn assert_one_place(&self, partner_id: i64) {
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

    /// Where each partner lives, and by which passage, as the ledger knows it.
    fn stays(&self) -> BTreeMap<i64, (String, i64)> {
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

    fn snapshot(&mut self) {
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
    fn restore(&mut self) {
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
        // A restore takes longer than an isolate goes without asking the ledger.
        self.world
            .isolates
            .borrow_mut()
            .iter_mut()
            .for_each(|isolate| isolate.heard.clear());
        self.tell("restored");
    }

    pub fn go(&mut self, most: u64) {
        for _ in 0..most {
            let what = self.below(32);
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
    fn arrive(&mut self) {
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

    /// Lets the service finish, and holds the world against what was promised. Returns how often things have happened.
    pub fn end(mut self) -> BTreeMap<String, u64> {
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

    fn at_the_end(&mut self, partner_id: i64, home: Database) {
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
