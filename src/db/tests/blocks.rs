//! Every page of every list, held against the whole list, after creations, erasures and deletions in a random order.

use std::ops::Range;

use rusqlite::{Connection, params_from_iter};

use super::{database, samples};
use crate::customers::batch::{self, New};
use crate::customers::sql as customers;
use crate::customers::upsert;
use crate::db::audit::{Actor, Context};
use crate::db::batch::Batch;
use crate::db::blocks::List;
use crate::db::idempotency::{Fingerprints, Keyed};
use crate::db::sql::Statement;
use crate::erasure::sql::Target;
use crate::http::etag::IfMatch;
use crate::http::intent::Intent;
use crate::http::paging::Paging;
use crate::http::version::Version::Bare;
use crate::operator::input::PartnerInput;
use crate::operator::sql as operator;
use crate::partners::placement::Database;
use crate::partners::profile::Profile;
use crate::records::calls::CALLS;
use crate::records::given::Given;
use crate::records::kind::Kind;
use crate::records::measures::MEASURES;
use crate::records::places::Places;
use crate::records::sql::Scope;
use crate::records::users::USERS;

/// The customer of the samples has the records.
const CUSTOMER: i64 = 1;

/// A generator of numbers (Knuth, MMIX), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: i64) -> i64 {
        let Self(state) = self;
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(*state >> 33).unwrap() % limit
    }
}

struct World {
    database: Connection,
    random: Random,
    partner: Profile,
}

/// Lets a list have stretches from its first block on, of at most two blocks, so that short lists have many.
fn small_stretches(database: &Connection) {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('blocks', 'stretches')";
    let mut prepared = database.prepare(sql).unwrap();
    let triggers = prepared.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let triggers: Vec<(String, String)> = triggers.unwrap().map(Result::unwrap).collect();
    assert_eq!(triggers.len(), 4);
    for (name, sql) in triggers {
        let small = sql.replace("128", "1").replace("256", "2");
        let anew = format!("DROP TRIGGER {name}; {small};");
        database.execute_batch(&anew).unwrap();
    }
}

/// What a statement answers in its column `id`.
fn ids(database: &Connection, statement: &Statement) -> Vec<i64> {
    let mut prepared = database.prepare_cached(statement.sql()).unwrap();
    let has_id = prepared.column_names().any(|name| name == "id");
    let mut rows = prepared.query(params_from_iter(statement.args())).unwrap();
    let mut ids = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        if has_id {
            ids.push(row.get("id").unwrap());
        }
    }
    ids
}

impl World {
    fn new(seed: u64) -> Self {
        let database = database();
        database.set_prepared_statement_cache_capacity(200);
        small_stretches(&database);
        // The rows of the samples are not counted.
        let clear = "DELETE FROM calls; DELETE FROM users; INSERT INTO blocks VALUES ('measures', 1, '', 1, 1); \
             UPDATE customers SET users_total = 0, calls_total = 0";
        database.execute_batch(clear).unwrap();
        let world = Self {
            database,
            random: Random(seed),
            partner: samples::partner(),
        };
        for username in ["one", "two", "one"] {
            let input = PartnerInput::default();
            let audit = context(Actor::Operator(username));
            world.run(operator::put(
                username,
                Database::DIRECTORY,
                "",
                &input,
                audit,
            ));
        }
        world
    }

    /// Runs a batch. Returns the ids that it answers.
    fn run<N>(&self, batch: Batch<N>) -> Vec<i64> {
        let transaction = self.database.unchecked_transaction().unwrap();
        let statements = batch.statements.iter();
        let ids = statements
            .flat_map(|statement| ids(&transaction, statement))
            .collect();
        transaction.commit().unwrap();
        ids
    }

    fn scope(&self) -> Scope<'static> {
        Scope {
            audit: context(Actor::Partner(1)),
            partner_id: 1,
            customer_id: CUSTOMER,
            version: Bare,
        }
    }

    /// Creates customers with these numbers, of one of two partners, whose ids alternate.
    fn create_customers(&mut self, custnrs: Range<i64>, key: Option<&Fingerprints>) {
        let partner_id = self.partner.partner_id;
        let new: Vec<New> = custnrs.map(new).collect();
        let keyed = key.map(|key| keyed(partner_id, key, "customers"));
        let audit = context(Actor::Partner(partner_id));
        let create = batch::create(Bare, &self.partner, &new, keyed.as_ref(), audit);
        self.run(create);
    }

    fn put_customer(&mut self, custnr: i64) {
        let audit = context(Actor::Partner(self.partner.partner_id));
        let any = &IfMatch::Any;
        let put = upsert::put(Bare, &self.partner, &new(custnr), true, any, audit);
        self.run(put);
    }

    /// Creates some 2,400 customers, their numbers from `first` on, in each way that there is. Most requests come twice:
    /// the repeat creates nothing.
    fn create_customers_in_every_way(&mut self, first: i64) {
        let mut next = first;
        while next < first + 2_400 {
            self.partner.partner_id = 2 + self.random.below(2);
            let count = match self.random.below(12) {
                0 => 1 + self.random.below(400),
                _ => 1,
            };
            let custnrs = next..next + count;
            match self.random.below(3) {
                0 => {
                    self.create_customers(custnrs.clone(), None);
                    // A `custnr` of the list is taken, so none is created.
                    self.create_customers(custnrs.start..custnrs.end + 5, None);
                }
                1 => {
                    let key = fingerprints(next);
                    self.create_customers(custnrs.clone(), Some(&key));
                    self.create_customers(custnrs.clone(), Some(&key));
                }
                _ => {
                    for custnr in custnrs.clone() {
                        self.put_customer(custnr);
                    }
                    self.put_customer(custnrs.start);
                }
            }
            next = custnrs.end;
        }
    }

    fn erase_customer(&self, partner_id: i64, customer_id: i64) {
        let target = Target {
            partner_id,
            customer_id,
            if_match: &IfMatch::Any,
            version: Bare,
            audit: context(Actor::Partner(partner_id)),
            again: None,
        };
        self.run(target.erase());
    }

    fn create(&self, kind: &'static Kind, records: &[String], key: Option<&Fingerprints>) {
        let given = |json: &String| -> Given {
            let mut params = samples::params(json);
            let given = (kind.take)(&mut params, Intent::Create, &samples::now());
            params.finish().unwrap();
            given
        };
        let places = Places::of(kind, records.iter().map(given).collect());
        let keyed = key.map(|key| keyed(1, key, kind.name));
        self.run(self.scope().create(kind, &places, keyed.as_ref()));
    }

    /// Creates a batch of calls. Many of them begin at the same time. Some batches are sent again, as they were or under a
    /// key: the repeat creates nothing that has an `external_id`, and nothing at all under a key.
    fn create_calls(&mut self, count: i64, starts: i64) {
        let way = self.random.below(4);
        let call = |start: i64, measure_id: i64, external_id: &str| {
            format!(
                r#"{{"measure_id":{measure_id},"start":"2026-01-{:02} 00:{:02}:{:02}","bnum":"+46890510","external_id":"{external_id}"}}"#,
                1 + start / 3_600,
                start / 60 % 60,
                start % 60
            )
        };
        let mut calls: Vec<String> = (0..count)
            .map(|_| {
                let start = self.random.below(starts);
                // Calls with the same external_id have the same values.
                match self.random.below(3) {
                    0 if way == 1 => call(start % 5, 1, &format!("id-{}", start % 5)),
                    1 if way == 1 => call(start, 1, &format!("id of {start}")),
                    _ => call(start, 1, ""),
                }
            })
            .collect();
        match way {
            0 => self.create(&CALLS, &calls, None),
            1 => {
                self.create(&CALLS, &calls, None);
                calls.truncate(calls.len() / 2 + 1);
                self.create(&CALLS, &calls, None);
                // A value that differs: nothing is created.
                calls.push(call(6, 1, "id-1"));
                self.create(&CALLS, &calls, None);
            }
            2 => {
                let key = fingerprints(self.random.below(i64::MAX));
                self.create(&CALLS, &calls, Some(&key));
                self.create(&CALLS, &calls, Some(&key));
            }
            _ => {
                self.create(&CALLS, &calls, None);
                // A measure that the customer does not have: nothing is created.
                calls.push(call(0, 99, ""));
                self.create(&CALLS, &calls, None);
            }
        }
    }

    /// Any of these ids.
    fn any(&mut self, ids: &[i64]) -> i64 {
        let count = i64::try_from(ids.len()).unwrap();
        ids[usize::try_from(self.random.below(count)).unwrap()]
    }

    /// Holds the list's pages and blocks against all its rows.
    fn check(
        &mut self,
        list: &List,
        owner_id: i64,
        all: &str,
        page: &dyn Fn(Paging) -> Statement,
    ) -> Vec<i64> {
        let mut prepared = self.database.prepare(all).unwrap();
        let rows = prepared.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        let rows: Vec<(String, i64)> = rows.unwrap().map(Result::unwrap).collect();
        drop(prepared);
        let all: Vec<i64> = rows.iter().map(|(_, id)| *id).collect();

        for pagesize in [313, 1_000] {
            let past_the_end = (i64::try_from(all.len()).unwrap() / pagesize) + 2;
            for number in 0..=past_the_end {
                for after in [0, 1] {
                    let after = if after == 1 && !all.is_empty() {
                        self.any(&all)
                    } else {
                        0
                    };
                    let place = all.iter().position(|id| *id == after);
                    let past = &all[place.map_or(0, |place| place + 1)..];
                    let first = usize::try_from(number * pagesize).unwrap();
                    let expected = past.iter().skip(first);
                    let expected = expected.take(usize::try_from(pagesize).unwrap() + 1);
                    let paging = Paging {
                        page: number,
                        pagesize,
                        after,
                    };
                    let expected: Vec<i64> = expected.copied().collect();
                    assert_eq!(
                        ids(&self.database, &page(paging)),
                        expected,
                        "{}: {paging:?}",
                        list.name
                    );
                }
            }
        }

        let blocks = self.blocks(list.name, owner_id);
        let is_in = |row: &(String, i64), block: usize| {
            let begins = |(start, id, _): &(String, i64, i64)| *row >= (start.clone(), *id);
            begins(&blocks[block]) && !blocks.get(block + 1).is_some_and(begins)
        };
        for (at, block) in blocks.iter().enumerate() {
            let count = rows.iter().filter(|row| is_in(row, at)).count();
            assert_eq!(
                block.2,
                i64::try_from(count).unwrap(),
                "{}: {block:?}",
                list.name
            );
        }
        let sum: i64 = blocks.iter().map(|(.., live)| live).sum();
        assert_eq!(sum, i64::try_from(all.len()).unwrap(), "{}", list.name);
        self.check_stretches(list.name, owner_id, &blocks);
        // Neighbours are never few together, so blocks are few.
        let most = 2 * sum / 1_024 + 2;
        assert!(i64::try_from(blocks.len()).unwrap() <= most, "{blocks:?}");
        all
    }

    /// Holds the stretches of a list against its blocks.
    fn check_stretches(&self, kind: &str, owner_id: i64, blocks: &[(String, i64, i64)]) {
        let sql = "SELECT start, id, blocks, live, LEAD(start, 1, '~') OVER (ORDER BY start, id), \
             LEAD(id, 1, 0) OVER (ORDER BY start, id) FROM stretches WHERE kind = ?1 AND owner_id = ?2";
        let mut prepared = self.database.prepare(sql).unwrap();
        let mut rows = prepared.query((kind, owner_id)).unwrap();
        let mut seen = 0;
        while let Some(row) = rows.next().unwrap() {
            let place = |at| -> (String, i64) { (row.get(at).unwrap(), row.get(at + 1).unwrap()) };
            let (from, to) = (place(0), place(4));
            let lives = blocks.iter().filter_map(|(start, id, live)| {
                let at = (start.clone(), *id);
                (from <= at && at < to).then_some(*live)
            });
            let lives: Vec<i64> = lives.collect();
            let sums: (i64, i64) = (row.get(2).unwrap(), row.get(3).unwrap());
            let count = i64::try_from(lives.len()).unwrap();
            assert_eq!(sums, (count, lives.iter().sum()), "{kind}: {from:?}");
            assert!(lives.len() <= 2, "{kind}: {from:?}");
            seen += lives.len();
        }
        assert_eq!(seen, blocks.len(), "{kind}");
    }

    fn blocks(&self, kind: &str, owner_id: i64) -> Vec<(String, i64, i64)> {
        let sql =
            "SELECT start, id, live FROM blocks WHERE kind = ?1 AND owner_id = ?2 ORDER BY 1, 2";
        let mut prepared = self.database.prepare(sql).unwrap();
        let rows = prepared.query_map((kind, owner_id), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn check_customers(&mut self, partner_id: i64) -> Vec<i64> {
        let all = format!(
            "SELECT '', customer_id FROM customers WHERE partner_id = {partner_id} AND removed_at = '' ORDER BY 2"
        );
        let partner = Profile {
            partner_id,
            ..samples::partner()
        };
        let page = |paging| {
            let page = customers::page(Bare, &partner, paging);
            page.statements[page.names.rows.index()].clone()
        };
        self.check(&customers::list(partner_id), partner_id, &all, &page)
    }

    fn check_records(&mut self, kind: &Kind) -> Vec<i64> {
        let all = match kind.name {
            "calls" => {
                "SELECT start, call_id FROM calls WHERE customer_id = 1 ORDER BY start DESC, call_id DESC"
            }
            "measures" => "SELECT '', measure_id FROM measures WHERE customer_id = 1 ORDER BY 2",
            _ => "SELECT '', user_id FROM users WHERE customer_id = 1 ORDER BY 2",
        };
        let scope = self.scope();
        let page = |paging| {
            let page = scope.page(kind, paging);
            page.statements[page.names.rows.index()].clone()
        };
        self.check(&scope.list(kind), CUSTOMER, all, &page)
    }
}

fn context(actor: Actor<'_>) -> Context<'_> {
    Context {
        now: "2026-11-24 00:00:00",
        request_id: "r-1",
        actor,
        login: "one",
    }
}

fn new(custnr: i64) -> New {
    New {
        uuid: "u".into(),
        input: samples::customer(&custnr.to_string()),
    }
}

/// Any key.
fn fingerprints(of: i64) -> Fingerprints {
    Fingerprints {
        key: of.to_string(),
        params: "p".into(),
    }
}

fn keyed<'a>(partner_id: i64, fingerprints: &'a Fingerprints, kind: &'static str) -> Keyed<'a> {
    Keyed {
        partner_id,
        fingerprints,
        kind,
        now: "2026-11-24 00:00:00",
    }
}

#[test]
#[ignore = "it takes long; `npm test` runs it"]
fn every_page_of_customers_is_the_page_of_the_whole_list() {
    let mut world = World::new(1);
    let mut live = [Vec::new(), Vec::new()];
    for round in 0..2 {
        world.create_customers_in_every_way(round * 10_000);
        for partner_id in [2, 3] {
            let mut all = world.check_customers(partner_id);
            assert!(all.len() > 1_024);
            // In the last round nearly all of them go.
            let left = if round == 1 { 10 } else { all.len() * 2 / 3 };
            while all.len() > left {
                let id = world.any(&all);
                all.retain(|live| *live != id);
                world.erase_customer(partner_id, id);
                if id % 16 == 0 {
                    world.erase_customer(partner_id, id);
                }
            }
            live[usize::try_from(partner_id).unwrap() - 2] = world.check_customers(partner_id);
        }
    }
    assert!(live.iter().all(|live| live.len() == 10));
    assert_eq!(world.blocks("directory", 0), [(String::new(), 2, 2)]);
}

#[test]
#[ignore = "it takes long; `npm test` runs it"]
fn every_page_of_users_is_the_page_of_the_whole_list() {
    let mut world = World::new(2);
    for round in 0..3 {
        for _ in 0..1_500 {
            world.create(&USERS, &[r#"{"email":"a@b.example"}"#.to_owned()], None);
        }
        let mut all = world.check_records(&USERS);
        // Oldest first, newest first, and any.
        let left = [1_100, 1_300, 3][round];
        while all.len() > left {
            let id = match round {
                0 => all[0],
                1 => all[all.len() - 1],
                _ => world.any(&all),
            };
            all.retain(|live| *live != id);
            let removal = USERS.removal.unwrap();
            world.run(world.scope().remove(&USERS, removal, id));
            if id % 16 == 0 {
                world.run(world.scope().remove(&USERS, removal, id));
            }
        }
        assert_eq!(world.check_records(&USERS), all);
    }
}

#[test]
#[ignore = "it takes long; `npm test` runs it"]
fn every_page_of_measures_is_the_page_of_the_whole_list() {
    let mut world = World::new(6);
    let measure = [r#"{"name":"m","phonenr":"+46890510","destnr":"+46890510"}"#.to_owned()];
    for n in 0..1_200 {
        let key = fingerprints(n);
        let key = (n % 3 == 0).then_some(&key);
        world.create(&MEASURES, &measure, key);
        if key.is_some() {
            world.create(&MEASURES, &measure, key);
        }
    }
    let all = world.check_records(&MEASURES);
    assert_eq!(all.len(), 1_201);
    // A measure that expires stays in the list.
    let removal = MEASURES.removal.unwrap();
    world.run(world.scope().remove(&MEASURES, removal, all[7]));
    assert_eq!(world.check_records(&MEASURES), all);
}

#[test]
#[ignore = "it takes long; `npm test` runs it"]
fn every_page_of_calls_is_the_page_of_the_whole_list() {
    // Each second has a call; or many calls begin at once; or all of them.
    for (seed, starts) in [(3, 30_000), (4, 7), (5, 1)] {
        let mut world = World::new(seed);
        for _ in 0..10 {
            let count = 1 + world.random.below(1_000);
            world.create_calls(count, starts);
        }
        world.check_records(&CALLS);
        for _ in 0..40 {
            world.create_calls(1, starts);
        }
        let all = world.check_records(&CALLS);
        assert!(all.len() > 3_500, "{}", all.len());
        let largest = world.blocks("calls", CUSTOMER).into_iter();
        let largest = largest.map(|(.., live)| live).max().unwrap();
        assert!(largest <= 2_048, "{largest}");
    }
}
