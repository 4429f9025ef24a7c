//! The reserve of [`crate::db::room`], held against databases that are really full.

use rusqlite::{Connection, params_from_iter};

use super::{database, samples};
use crate::customers::batch::{self, New};
use crate::customers::model::CustomerInput;
use crate::customers::sql as changing;
use crate::db::audit::{Actor, Context};
use crate::db::room::{Need, Room};
use crate::db::sql::Statement;
use crate::erasure::sql::Target;
use crate::erasure::steps::{ROWS_MOST, Work};
use crate::http::etag::IfMatch;
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::version::Version::Bare;
use crate::ledger::state;
use crate::records::calls::CALLS;
use crate::records::kind::Kind;
use crate::records::measures::MEASURES;
use crate::records::places::Places;
use crate::records::sql::Scope;
use crate::records::users::USERS;

const PAGE_BYTES: i64 = 4_096;

/// The ids of a service that has given many: their length is a part of each row.
const IDS_FROM: i64 = 200_000_000;

const NOW: &str = "2026-11-24 00:00:00";

/// What the entries of the audit trail have.
fn audit(login: &str) -> Context<'_> {
    Context {
        now: NOW,
        request_id: "00000000-0000-4000-8000-000000000000",
        actor: Actor::Partner(1),
        login,
    }
}

fn empty() -> Connection {
    let database = database();
    database.set_prepared_statement_cache_capacity(200);
    run(&database, &state::lift(IDS_FROM)).unwrap();
    database
        .execute("UPDATE state SET ids_upto = 2 * ids_upto + ?1", [IDS_FROM])
        .unwrap();
    database
}

/// Runs a batch as D1 does.
fn run(database: &Connection, statements: &[Statement]) -> rusqlite::Result<()> {
    let transaction = database.unchecked_transaction()?;
    for statement in statements {
        let mut prepared = transaction.prepare_cached(statement.sql())?;
        let mut rows = prepared.query(params_from_iter(statement.args()))?;
        while rows.next()?.is_some() {}
    }
    transaction.commit()
}

/// The bytes in use, as D1 tells them.
fn size(database: &Connection) -> i64 {
    let pages = |pragma| database.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    PAGE_BYTES * (pages("page_count").unwrap() - pages("freelist_count").unwrap())
}

fn number(database: &Connection, sql: &str) -> i64 {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// What a customer is and has.
#[derive(Clone, Copy, Debug)]
struct Shape {
    fields: fn(i64) -> String,
    measures: usize,
    users: usize,
    calls: usize,
    /// Whose requests they are.
    login: &'static str,
}

const BARE: Shape = Shape {
    fields: |id| format!(r#"{{"name":"n","custnr":"{id}"}}"#),
    measures: 0,
    users: 0,
    calls: 0,
    login: "a-user-name-of-45-characters-0000000000000000",
};

const FULL: Shape = Shape {
    fields: |id| {
        let custom: Vec<String> = (1..=20)
            .map(|n| format!(r#""custom_{n}":"{}""#, "v".repeat(100)))
            .collect();
        format!(
            r#"{{"name":"{}","custnr":"{id}","corporateid":"SE556677889901","email":"somebody@company.example",
            "address_street":"Kungsgatan 1","address_zip":"11143","address_city":"Stockholm","address_state":"Stockholm",
            "address_country":"Sweden",{}}}"#,
            "n".repeat(100),
            custom.join(",")
        )
    },
    measures: 1,
    users: 2,
    calls: 3,
    ..BARE
};

/// Creates a customer, as the requests of a partner do.
fn create(database: &Connection, shape: Shape) -> rusqlite::Result<i64> {
    let partner = samples::partner();
    let custnr = number(database, "SELECT COUNT(*) FROM customers");
    let mut params = params(&(shape.fields)(custnr));
    let input = CustomerInput::take(&mut params, &partner, Intent::Create);
    let uuid = format!("00000000-0000-4000-8000-{custnr:012}");
    let customer = batch::create(
        Bare,
        &partner,
        &[New { uuid, input }],
        None,
        audit(shape.login),
    );
    run(database, &customer.statements)?;
    let customer_id = number(database, "SELECT MAX(customer_id) FROM customers");
    let records = |kind: &Kind, json: &str, count| {
        let scope = Scope {
            audit: audit(shape.login),
            partner_id: 1,
            customer_id,
            version: Bare,
        };
        let take = |_| (kind.take)(&mut self::params(json), Intent::Create, &samples::now());
        let places = Places::of(kind, (0..count).map(take).collect());
        run(database, &scope.create(kind, &places, None).statements)
    };
    let measure = r#"{"name":"m","phonenr":"+46890510","destnr":"+46890510"}"#;
    for _ in 0..shape.measures {
        records(&MEASURES, measure, 1)?;
    }
    for _ in 0..shape.users {
        records(&USERS, r#"{"email":"a@b.example"}"#, 1)?;
    }
    if shape.calls > 0 {
        let measure_id = number(database, "SELECT MAX(measure_id) FROM measures");
        let call = format!(
            r#"{{"measure_id":{measure_id},"start":"2026-01-01 00:00:00","anum":"+46890510","bnum":"+46890510"}}"#
        );
        for from in (0..shape.calls).step_by(1_000) {
            records(&CALLS, &call, (shape.calls - from).min(1_000))?;
        }
        let with_id = call.replace('}', r#","external_id":"one"}"#);
        records(&CALLS, &with_id, 1)?;
    }
    Ok(customer_id)
}

/// Erases a customer: the transaction of the request.
fn erase(database: &Connection, shape: Shape, customer_id: i64) -> rusqlite::Result<()> {
    let target = Target {
        partner_id: 1,
        customer_id,
        if_match: &IfMatch::Any,
        version: Bare,
        audit: audit(shape.login),
        again: None,
    };
    run(database, &target.erase().statements)
}

/// Takes an erasure from the outbox, as the ledger has it.
fn record(database: &Connection, customer_id: i64) -> rusqlite::Result<()> {
    let entry = "SELECT json_object('customer_id', customer_id, 'uuid', uuid, 'removed_at', removed_at, \
         'completed_at', completed_at, 'reerased_at', reerased_at, 'backups_until', backups_until, \
         'measures_expired', measures_expired, 'users_removed', users_removed, \
         'allowed_numbers_removed', allowed_numbers_removed, 'phone_numbers_masked', phone_numbers_masked) \
         FROM erasures JOIN customers USING (customer_id) WHERE customer_id = ?1";
    let entry: String = database.query_row(entry, [customer_id], |row| row.get(0))?;
    run(database, &state::recorded(&entry, &entry))
}

/// Does all work in steps.
fn mask(database: &Connection) -> rusqlite::Result<()> {
    while let Ok(masking_id) =
        database.query_row("SELECT masking_id FROM maskings", [], |row| row.get(0))
    {
        let work = Work::Masking(masking_id);
        run(database, &work.step(NOW, ROWS_MOST).statements)?;
        run(database, &work.finish(NOW))?;
    }
    Ok(())
}

fn params(json: &str) -> Params {
    let mut params = Params::default();
    params.add_json(json.as_bytes()).unwrap();
    params
}

/// Creates customers of a shape until the service refuses it, lets the changes go on until they are refused too, and then
/// erases every customer, in a random order, while the database may not grow beyond its limit.
#[track_caller]
fn fill_and_erase(pages: i64, first: Option<Shape>, shape: Shape, least: usize) {
    let database = empty();
    database
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    let room = Room::of(pages * PAGE_BYTES);
    let takes = |need| {
        let customers = number(&database, "SELECT SUM(customers) FROM partners");
        room.takes(need, size(&database), customers)
    };
    let first = first.map(|shape| create(&database, shape).unwrap());
    let mut ids: Vec<i64> = first.into_iter().collect();
    while takes(Need::Creation) {
        ids.push(create(&database, shape).unwrap());
    }
    while takes(Need::Change) {
        run(&database, &change(1)).unwrap();
    }
    assert!(ids.len() > least, "{} customers", ids.len());

    let mut seed: usize = 7;
    for at in (1..ids.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ids.swap(at, (seed >> 33) % (at + 1));
    }
    for (count, id) in ids.iter().enumerate() {
        let erased = erase(&database, shape, *id).and_then(|()| record(&database, *id));
        let erased = erased.and_then(|()| mask(&database));
        erased.unwrap_or_else(|error| panic!("customer {count} of {}: {error}", ids.len()));
        record(&database, *id).unwrap();
    }
    let sql = "SELECT COUNT(*) FROM erasures WHERE completed_at <> '' AND recorded = 1";
    assert_eq!(number(&database, sql), i64::try_from(ids.len()).unwrap());
    assert_eq!(number(&database, "SELECT customers FROM partners"), 0);

    // The database really ends where its limit is.
    let full = (0..pages * PAGE_BYTES).find_map(|_| run(&database, &change(1)).err());
    assert_eq!(full.unwrap().to_string(), "database or disk is full");
}

#[test]
fn a_database_full_of_bare_customers_has_room_to_erase_every_one() {
    fill_and_erase(250, None, BARE, 700);
}

#[test]
fn a_database_full_of_customers_with_all_that_one_can_have_has_room_to_erase_every_one() {
    fill_and_erase(300, None, FULL, 200);
}

#[test]
fn a_database_full_of_measures_has_room_to_erase_every_customer() {
    let shape = Shape {
        measures: 50,
        login: "n",
        ..BARE
    };
    fill_and_erase(300, None, shape, 40);
}

#[test]
fn calls_that_are_masked_in_steps_need_no_room_that_is_kept_for_others() {
    let first = Shape {
        measures: 1,
        calls: 20_001,
        ..BARE
    };
    fill_and_erase(800, Some(first), BARE, 100);
}

fn change(customer_id: i64) -> Vec<Statement> {
    let partner = samples::partner();
    let input = CustomerInput::take(&mut params(r#"{"name":"m"}"#), &partner, Intent::Change);
    let audit = audit(BARE.login);
    changing::change(Bare, &partner, customer_id, &IfMatch::Any, &input, audit).statements
}
