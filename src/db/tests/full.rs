//! The margin of [`crate::db::room`], held against a database that is really full.

use rusqlite::{Connection, params_from_iter};

use super::{database, samples};
use crate::customers::batch::{self, New};
use crate::customers::model::CustomerInput;
use crate::customers::sql as customers;
use crate::db::audit::{Actor, Context};
use crate::db::room::{Need, Room};
use crate::db::sql::Statement;
use crate::erasure::sql::Target;
use crate::http::etag::IfMatch;
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::version::Version::Bare;
use crate::records::calls::CALLS;
use crate::records::kind::Kind;
use crate::records::measures::MEASURES;
use crate::records::places::Places;
use crate::records::sql::Scope;
use crate::records::users::USERS;

const PAGES: i64 = 300;
const PAGE_BYTES: i64 = 4_096;

/// The customers that [`crate::db::room`] reckons with have at least these records.
const CALLS_EACH: usize = 10;

const AUDIT: Context<'_> = Context {
    now: "2026-11-24 00:00:00",
    request_id: "00000000-0000-4000-8000-000000000000",
    actor: Actor::Partner(1),
    login: "",
};

#[test]
fn a_database_that_is_full_up_to_the_margin_has_room_to_erase_every_customer() {
    let database = database();
    database.set_prepared_statement_cache_capacity(100);
    database
        .pragma_update(None, "max_page_count", PAGES)
        .unwrap();
    let room = Room::of(PAGES * PAGE_BYTES);
    let mut last = 2;
    while room.takes(Need::Creation, size(&database)) {
        last += 1;
        for statements in creations(last) {
            run(&database, &statements).unwrap();
        }
    }
    // Changes go on until they are refused too.
    while room.takes(Need::Change, size(&database)) {
        run(&database, &change(last)).unwrap();
    }
    assert!(last > 300, "{last} customers");

    for customer_id in 3..=last {
        let target = Target {
            partner_id: 1,
            customer_id,
            if_match: &IfMatch::Any,
            version: Bare,
            audit: AUDIT,
            again: None,
        };
        let erased = run(&database, &target.erase().statements);
        erased.unwrap_or_else(|error| panic!("customer {customer_id} of {last}: {error}"));
    }
    let sql = "SELECT COUNT(*) FROM erasures WHERE completed_at <> ''";
    let erased: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(erased, last - 2);

    // The database really ends where its limit is.
    let full = (0..PAGES * PAGE_BYTES).find_map(|_| run(&database, &change(1)).err());
    assert_eq!(full.unwrap().to_string(), "database or disk is full");
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

/// The batches that create a customer with a measure, a user and calls.
fn creations(customer_id: i64) -> Vec<Vec<Statement>> {
    let partner = samples::partner();
    let mut params = params(&format!(r#"{{"name":"n","custnr":"{customer_id}"}}"#));
    let input = CustomerInput::take(&mut params, &partner, Intent::Create);
    let uuid = format!("00000000-0000-4000-8000-{customer_id:012}");
    let customer = batch::create(Bare, &partner, &[New { uuid, input }], None, AUDIT);
    let call = format!(
        r#"{{"measure_id":{},"start":"2026-01-01 00:00:00","anum":"+46890510","bnum":"+46890510"}}"#,
        customer_id - 1
    );
    let records = |kind: &Kind, json: &str, count| {
        let scope = Scope {
            audit: AUDIT,
            partner_id: 1,
            customer_id,
            version: Bare,
        };
        let take = |_| (kind.take)(&mut self::params(json), Intent::Create, &samples::now());
        let places = Places::of(kind, (0..count).map(take).collect());
        scope.create(kind, &places, None).statements
    };
    let measure = r#"{"name":"m","phonenr":"+46890510","destnr":"+46890510"}"#;
    vec![
        customer.statements,
        records(&MEASURES, measure, 1),
        records(&USERS, r#"{"email":"a@b.example"}"#, 1),
        records(&CALLS, &call, CALLS_EACH),
    ]
}

fn change(customer_id: i64) -> Vec<Statement> {
    let partner = samples::partner();
    let input = CustomerInput::take(&mut params(r#"{"name":"m"}"#), &partner, Intent::Change);
    customers::change(Bare, &partner, customer_id, &IfMatch::Any, &input, AUDIT).statements
}

fn params(json: &str) -> Params {
    let mut params = Params::default();
    params.add_json(json.as_bytes()).unwrap();
    params
}
