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
use crate::sql;

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
        // Neighbours are never few together, so blocks are few.
        let most = 2 * sum / 1_024 + 2;
        assert!(i64::try_from(blocks.len()).unwrap() <= most, "{blocks:?}");
        all
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

/// D1 counts three rows for each block that is added up, as the end-to-end tests of the same list show: the block, and two
/// for the running sum.
#[test]
#[ignore = "it takes long; `npm test` runs it"]
fn a_page_anywhere_in_a_million_calls_adds_up_and_skips_at_most_7000_rows() {
    let world = World::new(7);
    let calls = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < 1000000) \
         INSERT INTO calls (customer_id, measure_id, start, bnum, bnum_ccndc) \
         SELECT 1, 1, datetime(1767225600 + n / 3, 'unixepoch'), '+46890510', 3 FROM seed; \
         UPDATE customers SET calls_total = 1000000 WHERE customer_id = 1";
    world.database.execute_batch(calls).unwrap();
    let list = world.scope().list(&CALLS);
    let first: i64 = ids(
        &world.database,
        &sql!("SELECT MIN(call_id) AS id FROM calls").named(""),
    )[0];
    // The ids ascend with the starts. All blocks are as small as a split leaves them, or as large as it lets them be.
    for rows in [1_024, 2_048] {
        let blocks = format!(
            "DELETE FROM blocks WHERE kind = 'calls'; INSERT INTO blocks SELECT 'calls', 1, \
             iif(call_id = {first}, '', start), iif(call_id = {first}, 0, call_id), min({rows}, {first} + 1000000 - call_id) \
             FROM calls WHERE (call_id - {first}) % {rows} = 0"
        );
        world.database.execute_batch(&blocks).unwrap();
        let blocks = i64::try_from(world.blocks("calls", CUSTOMER).len()).unwrap();
        for (page, passed) in [
            (1, 0),
            (25_000, 0),
            (49_999, 0),
            (12_500, 500_000),
            (24_999, 2_047),
        ] {
            let after = if passed == 0 {
                0
            } else {
                first + 1_000_000 - passed
            };
            let pagesize = 20;
            let begin = list.begin(Paging {
                page,
                pagesize,
                after,
            });
            let skip = sql!(
                "{with}SELECT {skip} AS id",
                with = begin.with,
                skip = begin.skip
            );
            let skip = ids(&world.database, &skip.named(""))[0];
            let of_given = if after == 0 { 0 } else { rows };
            let more = 3 * blocks + of_given + skip;
            assert!(
                more <= 7_000,
                "{page} after {after}: {blocks} blocks, {skip} skipped"
            );
            let rows = world.scope().page(
                &CALLS,
                Paging {
                    page,
                    pagesize,
                    after,
                },
            );
            let rows = ids(&world.database, &rows.statements[rows.names.rows.index()]);
            assert_eq!(rows[0], first + 999_999 - passed - pagesize * page);
        }
    }
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
