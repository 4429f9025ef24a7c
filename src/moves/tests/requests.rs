//! What partners and the operator ask for.

use super::story::{Story, context, username};
use super::world::all;
use crate::changes::sql as changes;
use crate::customers::batch::{self, New};
use crate::customers::model::CustomerInput;
use crate::customers::sql as customers;
use crate::db::audit::{Actor, Context};
use crate::db::idempotency::{Fingerprints, Keyed};
use crate::db::tests::{moment, params, partner};
use crate::erasure::sql::Target;
use crate::http::error::Error;
use crate::http::etag::IfMatch;
use crate::http::intent::Intent;
use crate::http::json::Json;
use crate::http::version::Version::Bare;
use crate::ledger::replay::{close, keep_doors, record};
use crate::ledger::tests::world::now;
use crate::ledger::trips::{Row, Trips, first};
use crate::operator::input::{FieldNumber, PartnerInput};
use crate::operator::sql::logins::Login;
use crate::operator::sql::{self as operator, delete_custom_field};
use crate::partners::placement::Database;
use crate::partners::sql::find;
use crate::records::calls::CALLS;
use crate::records::kind::Kind;
use crate::records::measures::MEASURES;
use crate::records::places::Places;
use crate::records::sql::Scope;
use crate::records::users::USERS;

/// Later than any story.
const LATER: &str = "2099-01-01 00:00:00";

impl Story {
    pub(super) fn create(&mut self, partner_id: i64) -> Result<(), Error> {
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

    pub(super) fn furnish(&mut self, partner_id: i64) -> Result<(), Error> {
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
            0 | 3 => {
                let expires = if self.below(2) == 0 { "" } else { LATER };
                let json = format!(
                    r#"{{"name":"m","phonenr":"+46890510","destnr":"+46890510","expires":"{expires}"}}"#
                );
                let one = Places::of(&MEASURES, vec![given(&MEASURES, &json)]);
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
                match self.below(4) {
                    0 => {
                        let expires = if self.below(2) == 0 { "" } else { LATER };
                        let ends = given(&MEASURES, &format!(r#"{{"expires":"{expires}"}}"#));
                        scope.change(&MEASURES, measure, ends).statements
                    }
                    1 => {
                        let removal = MEASURES.removal.unwrap();
                        scope.remove(&MEASURES, removal, measure).statements
                    }
                    _ => {
                        let how_many = 1 + self.below(6);
                        let calls = (0..how_many).map(|_| {
                            let minute = self.below(3);
                            let external_id = match self.below(1_000_000) {
                                n if n % 2 == 0 => String::new(),
                                n => n.to_string(),
                            };
                            let json = format!(
                                r#"{{"measure_id":{measure},"start":"2026-01-01 00:0{minute}:00","bnum":"+46890510",
                                "external_id":"{external_id}"}}"#
                            );
                            given(&CALLS, &json)
                        });
                        let calls = Places::of(&CALLS, calls.collect());
                        scope.create(&CALLS, &calls, None).statements
                    }
                }
            }
        };
        self.change(partner_id, &statements).map(drop)
    }

    pub(super) fn rename(&mut self, partner_id: i64) -> Result<(), Error> {
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
    pub(super) fn call_often(&mut self, partner_id: i64) -> Result<(), Error> {
        let home = all().find(|database| self.serves(*database, partner_id) == "all");
        let (Some((_, customer_id)), Some(home)) = (self.somebody(partner_id), home) else {
            return Ok(());
        };
        // A restore may have ended with the customer erased again.
        let lives = format!(
            "SELECT COUNT(*) AS n FROM customers WHERE customer_id = {customer_id} AND removed_at = ''"
        );
        if self.world.number(home, &lives) == 0 {
            return Ok(());
        }
        let last = self.world.number(
            home,
            "SELECT seq AS n FROM sqlite_sequence WHERE name = 'calls'",
        );
        let sql = format!(
            "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n <= 20000)
             INSERT INTO calls (call_id, customer_id, measure_id, start, bnum, bnum_ccndc, external_id)
             SELECT {last} + n, {customer_id}, 1, '2026-01-01 00:00:0' || n % 9, '+46890510', 3,
             iif(n % 3 = 0, '', n * 7919 % 20011 || '-' || {last}) FROM seed;
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

    pub(super) fn erase(&mut self, partner_id: i64) -> Result<(), Error> {
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

    pub(super) fn end_field(&mut self, partner_id: i64) -> Result<(), Error> {
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

    /// Renames a partner and sets its country, as the operator does.
    pub(super) fn put(&mut self, partner_id: i64) -> Result<(), Error> {
        self.count += 1;
        let name = username(partner_id);
        let at = self.world.now();
        let audit = Context {
            actor: Actor::Operator(&name),
            ..context(&at, partner_id)
        };
        let input = PartnerInput {
            name: Some(format!("name-{}", self.count)),
            country: Some(["DE", "SE"][self.below(2) as usize].to_owned()),
            ..PartnerInput::default()
        };
        let found = first(self.world.operate(&[find(&name)])?, 0).unwrap();
        let home = Database::parse(&found.text("database")?).unwrap();
        let put = operator::put(&name, home, "sealed", &input, audit);
        self.watch(partner_id, |world| {
            let rows = match home {
                Database::DIRECTORY => world.fenced(home, partner_id, &put.statements)?,
                _ => world.operate(&put.statements)?,
            };
            let doors = first(rows, put.names.doors.index()).unwrap();
            now(keep_doors(world, &doors.text("doors")?))?;
            if home != Database::DIRECTORY {
                let there = operator::put_tenant(partner_id, &name, &input, false, audit);
                world.fenced(home, partner_id, &there.statements)?;
            }
            Ok(())
        })
    }

    pub(super) fn new_password(&mut self, partner_id: i64) -> Result<(), Error> {
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
    pub(super) fn follow(&mut self, partner_id: i64) -> Result<bool, Error> {
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
}
