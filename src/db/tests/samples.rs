//! A batch of every kind that the service can send, with every branch of the code that makes them.

use super::Sample;
use crate::changes::sql as changes;
use crate::customers::batch::{self, New};
use crate::customers::model::{CustomerInput, Kept};
use crate::customers::sql as customers;
use crate::customers::upsert;
use crate::db::audit::{Actor, Context};
use crate::db::batch::{Batch, Steps};
use crate::db::idempotency::{Fingerprints, Keyed, forget_keys};
use crate::db::room;
use crate::db::schema::applied_migrations;
use crate::db::schema::exported_tables;
use crate::db::sql::Statement;
use crate::db::tenant::live_customer;
use crate::erasure::evidence::{PublicKey, Signed};
use crate::erasure::sql::{self as erasure, Target};
use crate::erasure::steps::{self, Passed, Work};
use crate::http::etag::IfMatch;
use crate::http::intent::Intent;
use crate::http::paging::Paging;
use crate::http::params::Params;
use crate::http::time::Now;
use crate::http::version::Version::{self, Bare, Published};
use crate::ledger::{sql as ledger, state, undo};
use crate::moves::pages::{self, Cursor, PACE};
use crate::moves::parts::{Owner, PARTS};
use crate::moves::{leaving, ledger as moves, sql as moving};
use crate::operator::input::{CustomFieldSetUp, FieldNumber, PartnerInput};
use crate::operator::sql as operator;
use crate::operator::sql::databases::summary;
use crate::operator::sql::erasures::erasures;
use crate::operator::sql::logins::{self, Login};
use crate::operator::sql::trail::{Filter, Order, names, trail};
use crate::partners::placement::Database;
use crate::partners::profile::{CUSTOM_FIELDS, CustomField, Profile};
use crate::partners::sql::{find, of_login, of_partner, tenant};
use crate::records::calls::CALLS;
use crate::records::export::page_rows;
use crate::records::kind::Kind;
use crate::records::measures::MEASURES;
use crate::records::places::Places;
use crate::records::sql::Scope;
use crate::records::users::USERS;
use crate::sql;

/// What [`super::database`] holds: the partner and the customer that the samples are about.
pub const ROWS: &str = "
    UPDATE state SET ids_upto = 2000000;
    INSERT INTO directory (username, database, created) VALUES ('acme', 'DB', '2026-01-01 00:00:00');
    INSERT INTO partners (partner_id, username, country) VALUES (1, 'acme', 'DE');
    INSERT INTO logins (username, partner_id, access, ha1_sealed, created)
    VALUES ('acme', 1, 'write', '', '2026-01-01 00:00:00');
    INSERT INTO custom_fields (partner_id, n) VALUES (1, 7);
    INSERT INTO customers (partner_id, uuid, custnr, name, created, measures_total, measures_endless, users_total, calls_total)
    VALUES (1, 'u', 'c', 'n', '2026-01-01 00:00:00', 1, 1, 1, 1);
    INSERT INTO customers (partner_id, uuid, custnr, name, created, removed_at)
    VALUES (1, 'v', '', '', '2026-01-01 00:00:00', '2026-01-02 00:00:00');
    INSERT INTO measures (customer_id, name, phonenr, phonenr_ccndc, destnr, destnr_ccndc, created)
    VALUES (1, 'm', '+46890510', 3, '+46890510', 3, '2026-01-01 00:00:00');
    INSERT INTO users (customer_id, email) VALUES (1, 'a@b.example');
    INSERT INTO allowed_numbers (customer_id, position, phonenr) VALUES (1, 0, '+46890510');
    INSERT INTO erasures (customer_id, completed_at, measures_expired, users_removed, allowed_numbers_removed, phone_numbers_masked)
    VALUES (2, '', 0, 0, 0, 0);
    INSERT INTO maskings (customer_id) VALUES (2);
    INSERT INTO endings (partner_id, n) VALUES (1, 9);
    INSERT INTO calls (customer_id, measure_id, start, bnum, bnum_ccndc) VALUES (1, 1, '2026-01-01 00:00:00', '+46890510', 3);
    ";

const NOW: &str = "2026-11-24 00:00:00";

/// A partner for whom every custom field is set up.
pub fn partner() -> Profile {
    let custom_fields = CUSTOM_FIELDS.into_iter().zip(1..);
    Profile {
        partner_id: 1,
        database: Database::DIRECTORY,
        country: "SE".into(),
        allowed_networks: Vec::new(),
        enabled: true,
        login: String::new(),
        may_write: true,
        ha1_sealed: String::new(),
        ha1_previous_sealed: String::new(),
        previous_until: String::new(),
        custom_fields: custom_fields
            .map(|(name, n)| CustomField {
                n,
                name,
                label: String::new(),
                max_length: 255,
                required: false,
            })
            .collect(),
        read_at: 0,
    }
}

fn context(actor: Actor<'_>) -> Context<'_> {
    Context {
        now: NOW,
        request_id: "r-1",
        actor,
        login: "acme",
    }
}

pub fn now() -> Now {
    Now {
        millis: 0,
        utc: NOW.to_owned(),
        utc_in_a_day: "2026-12-31 00:00:00".to_owned(),
    }
}

pub fn params(json: &str) -> Params {
    let mut params = Params::default();
    params.add_json(json.as_bytes()).unwrap();
    params
}

pub fn customer(custnr: &str) -> CustomerInput {
    CustomerInput {
        name: Some("n".into()),
        custnr: Some(custnr.into()),
        ..CustomerInput::default()
    }
}

/// A customer with all that can be given of one.
fn full_customer() -> CustomerInput {
    let mut members: Vec<String> = CUSTOM_FIELDS.map(|name| format!("\"{name}\":\"x\"")).into();
    members.push(
        "\"name\":\"n\",\"custnr\":\"c2\",\"corporateid\":\"1\",\"email\":\"a@b.example\",\
         \"receive_monthly_report\":1,\"freespee_caller_id\":1,\"address_street\":\"s\",\"address_zip\":\"z\",\
         \"address_city\":\"c\",\"address_state\":\"s\",\"address_country\":\"c\""
            .into(),
    );
    let mut params = params(&format!("{{{}}}", members.join(",")));
    let input = CustomerInput::take(&mut params, &partner(), Intent::Create);
    params.finish().unwrap();
    input
}

pub fn all() -> Vec<Sample> {
    let mut samples = of_customers();
    samples.extend(of_erasures());
    samples.extend(of_records());
    samples.extend(of_the_operator());
    samples.extend(of_logins());
    samples.extend(of_the_trail());
    samples.extend(of_the_ledger());
    samples.extend(of_moves());
    samples
}

/// A page that begins far from `after`.
fn far(after: i64) -> Paging {
    Paging {
        page: 1_000,
        pagesize: 10,
        after,
    }
}

fn of_customers() -> Vec<Sample> {
    let partner = partner();
    let audit = context(Actor::Partner(1));
    let any = IfMatch::Any;
    let at_3 = IfMatch::Versions(vec![3]);
    let full = full_customer();
    let none = CustomerInput::default();
    let keeping = CustomerInput {
        name: Some("n".into()),
        kept: vec![Kept {
            name: "custom_7",
            value: "x".into(),
            faults: Vec::new(),
        }],
        ..CustomerInput::default()
    };
    let fingerprints = Fingerprints {
        key: "k".into(),
        params: "p".into(),
    };
    let page = Paging {
        page: 1,
        pagesize: 10,
        after: 5,
    };
    let keyed = Keyed {
        partner_id: 1,
        fingerprints: &fingerprints,
        kind: "customers",
        now: NOW,
    };
    let new = |input| New {
        uuid: "u".into(),
        input,
    };
    let one = [new(full_customer())];
    let twins = [new(full_customer()), new(full_customer())];
    let two = [new(full_customer()), new(customer("c3"))];
    let few = new(customer("c"));
    let bare = new(CustomerInput {
        custnr: Some("c".into()),
        ..CustomerInput::default()
    });
    let put =
        |new, may_create, if_match| upsert::put(Bare, &partner, new, may_create, if_match, audit);
    let find = |id, custnr| Batch::of(customers::find(Bare, &partner, id, custnr));
    let create = |new, keyed| batch::create(Published, &partner, new, keyed, audit);
    let change = |if_match, input| customers::change(Bare, &partner, 1, if_match, input, audit);
    vec![
        Sample::of("customers_page", customers::page(Published, &partner, page)),
        Sample::of(
            "customers_page_far",
            customers::page(Bare, &partner, far(0)),
        ),
        Sample::of(
            "customers_page_far_after",
            customers::page(Bare, &partner, far(5)),
        ),
        Sample::of("customers_ids", customers::ids(Bare, 1, page)),
        Sample::of("customers_find_by_id", find(Some(1), None)),
        Sample::of("customers_find_by_custnr", find(None, Some("c"))),
        Sample::of("customers_find_by_both", find(Some(1), Some("c"))),
        Sample::of("customers_create", create(&one, None)),
        Sample::of("customers_create_with_key", create(&two, Some(&keyed))),
        Sample::of("customers_create_twins", create(&twins, None)),
        Sample::of("customers_look_up", batch::look_up(Bare, &partner, &keyed)),
        Sample::of("customers_put", put(&few, true, &any)),
        Sample::of("customers_put_nothing", put(&bare, false, &at_3)),
        Sample::of("forget_keys", Batch::of(forget_keys(NOW))),
        Sample::of(
            "customers_there",
            Batch::of(customers::there(live_customer(1, 1), &keeping)),
        ),
        Sample::of("customers_change", change(&at_3, &full)),
        Sample::of("customers_change_nothing", change(&any, &none)),
        Sample::of("customers_change_and_keep", change(&any, &keeping)),
    ]
}

fn of_erasures() -> Vec<Sample> {
    let target = |if_match| Target {
        partner_id: 1,
        customer_id: 1,
        if_match,
        version: Bare,
        audit: context(Actor::Partner(1)),
        again: None,
    };
    let at_1 = IfMatch::Versions(vec![1]);
    vec![
        Sample::of("erasure_preview", target(&IfMatch::Any).preview()),
        Sample::of("erasure_erase", target(&at_1).erase()),
        Sample::of(
            "erasure_receipt",
            Batch::of(erasure::receipt(Published, 1, 1)),
        ),
        Sample::of("steps_next", Batch::of(steps::next(Passed::default()))),
        Sample::of("steps_mask", Work::Masking(1).step(NOW, 400)),
        Sample::of_all("steps_finish", Work::Masking(1).finish(NOW)),
        Sample::of(
            "steps_empty",
            Work::Ending(1, FieldNumber::of(9).unwrap()).step(NOW, 400),
        ),
    ]
}

fn of_records() -> Vec<Sample> {
    let scope = |version: Version| Scope {
        audit: context(Actor::Partner(1)),
        partner_id: 1,
        customer_id: 1,
        version,
    };
    let page = |after| Paging {
        page: 0,
        pagesize: 10,
        after,
    };
    let given = |kind: &Kind, json: &str| {
        let mut params = params(json);
        let given = (kind.take)(&mut params, Intent::Change, &now());
        params.finish().unwrap();
        given
    };
    let measure = || {
        given(
            &MEASURES,
            r#"{"name":"m","phonenr":"+46890510","destnr":"+46890510"}"#,
        )
    };
    let user = || given(&USERS, r#"{"email":"a@b.example"}"#);
    let call = || {
        given(
            &CALLS,
            r#"{"measure_id":1,"start":"2026-01-01 00:00:00","bnum":"+46890510"}"#,
        )
    };
    let call_with_id = || {
        given(
            &CALLS,
            r#"{"measure_id":1,"start":"2026-01-01 00:00:00","bnum":"+46890510","external_id":"x"}"#,
        )
    };
    let fingerprints = Fingerprints {
        key: "k".into(),
        params: "p".into(),
    };
    let keyed = |kind| Keyed {
        partner_id: 1,
        fingerprints: &fingerprints,
        kind,
        now: NOW,
    };
    let create = |kind: &Kind, list, keyed| {
        let places = Places::of(kind, list);
        scope(Bare).create(kind, &places, keyed)
    };
    let remove = |kind: &Kind| scope(Bare).remove(kind, kind.removal.unwrap(), 1);
    let export_after = |name: &str, row: &str| {
        let table = exported_tables().find(|table| table.name == name).unwrap();
        let page = scope(Bare).export_page(table, Some(row), page_rows(0));
        Batch::of(page.and_all(state::fence_of(1, true, 0)))
    };
    vec![
        Sample::of("measures_page", scope(Published).page(&MEASURES, page(0))),
        Sample::of("calls_page", scope(Bare).page(&CALLS, page(0))),
        Sample::of("calls_page_after", scope(Bare).page(&CALLS, page(9))),
        Sample::of("calls_page_far", scope(Bare).page(&CALLS, far(0))),
        Sample::of("calls_page_far_after", scope(Bare).page(&CALLS, far(9))),
        Sample::of("users_page_far", scope(Bare).page(&USERS, far(0))),
        Sample::of("calls_find", Batch::of(scope(Bare).find(&CALLS, 1))),
        Sample::of("measures_create", create(&MEASURES, vec![measure()], None)),
        Sample::of(
            "users_create_with_key",
            create(&USERS, vec![user()], Some(&keyed("users"))),
        ),
        Sample::of(
            "users_look_up",
            scope(Bare).look_up(&USERS, &keyed("users")),
        ),
        Sample::of("calls_create", create(&CALLS, vec![call(), call()], None)),
        Sample::of(
            "calls_create_with_ids",
            create(&CALLS, vec![call(), call_with_id()], Some(&keyed("calls"))),
        ),
        Sample::of("users_change", scope(Bare).change(&USERS, 1, user())),
        Sample::of(
            "users_change_nothing",
            scope(Bare).change(&USERS, 1, given(&USERS, "{}")),
        ),
        Sample::of("measures_expire", remove(&MEASURES)),
        Sample::of(
            "measures_end_never",
            scope(Bare).change(&MEASURES, 1, given(&MEASURES, r#"{"expires":""}"#)),
        ),
        Sample::of("users_delete", remove(&USERS)),
        Sample::of("allowed_numbers", Batch::of(scope(Bare).allowed_numbers())),
        Sample::of(
            "allowed_numbers_replace",
            scope(Bare).replace_allowed_numbers(vec!["+46890510".into()]),
        ),
        Sample::of("export", scope(Published).export()),
        Sample::of(
            "export_calls_after",
            export_after("calls", r#"{"start":"2026-01-01 00:00:00","call_id":"7"}"#),
        ),
        Sample::of(
            "export_audit_after",
            export_after("audit", r#"{"audit_id":7}"#),
        ),
        Sample::of("export_end", Batch::of(scope(Bare).export_end())),
    ]
}

fn of_logins() -> Vec<Sample> {
    let audit = context(Actor::Operator("acme"));
    let login = Login {
        partner: "acme",
        login: "reporting",
    };
    vec![
        Sample::of("logins", Batch::of(logins::list("acme"))),
        Sample::of("logins_put", login.put("read", "sealed", audit)),
        Sample::of("logins_end", login.end(audit)),
        Sample::of(
            "logins_new_password",
            login.new_password("sealed", 60, audit),
        ),
    ]
}

fn of_the_ledger() -> Vec<Sample> {
    let entry = r#"{"sequence":7,"partner_id":1,"username":"acme","customer_id":1,"uuid":"u",
        "removed_at":"2026-01-02 00:00:00","completed_at":"2026-01-02 00:00:00","measures_expired":1,"users_removed":1,
        "allowed_numbers_removed":1,"phone_numbers_masked":2,"backups_until":"2026-02-01 00:00:00","reerased_at":""}"#;
    let doors = r#"{"sequence":8,"partner_id":1,"partner":"acme","home":"DB","passage":0,"enabled":1,"allowed_networks":"[]","logins":
        [{"username":"acme","access":"write","ha1_sealed":"s","ha1_previous_sealed":"","previous_until":"","created":""}]}"#;
    let door = r#"[{"username":"acme","partner_id":1,"partner":"acme","home":"DB","passage":0,"enabled":0,"allowed_networks":"[]","access":"write",
        "ha1_sealed":"s","ha1_previous_sealed":"","previous_until":"","created":"","ended":0}]"#;
    let lives_again = undo::Entry {
        partner_id: 1,
        customer_id: 1,
        uuid: "u".to_owned(),
        removed_at: "2026-01-02 00:00:00".to_owned(),
        json: entry.to_owned(),
    };
    let signed = Signed {
        jws: "j".to_owned(),
        key: PublicKey {
            x: "x".to_owned(),
            y: "y".to_owned(),
        },
    };
    let page = Paging {
        page: 0,
        pagesize: 10,
        after: 0,
    };
    let after = Paging { after: 7, ..page };
    let since = |since, page| erasures(Published, since, page).statements;
    let here = Database::DIRECTORY;
    let advance = ledger::advance(here, sql!("{sequence}", sequence = 7));
    let mut lift: Vec<Statement> = state::lift(9).into();
    lift.push(state::promise(10));
    vec![
        Sample::of_all("state_fence", vec![state::fence(0)]),
        Sample::of_all("state_fence_of", vec![state::fence_of(1, true, 0)]),
        Sample::of_all("state_minute", vec![state::count_minute()]),
        Sample::of_all("state_read", vec![state::read()]),
        Sample::of_all("state_lift", lift),
        Sample::of_all("state_open", vec![state::open(9)]),
        Sample::of_all("state_outbox", vec![state::outbox()]),
        Sample::of_all("state_recorded", state::recorded(entry, entry).into()),
        Sample::of_ledger("ledger_signed", vec![ledger::signed(entry)]),
        Sample::of_all("undo_doors", undo::put_doors_back(door, 9)),
        Sample::of_all("undo_look", undo::look(&format!("[{entry}]"), NOW)),
        Sample::of_all("undo_erase_again", lives_again.erase_again(NOW, 9)),
        Sample::of_ledger(
            "ledger_record",
            ledger::record(here, entry, &signed).statements,
        ),
        Sample::of_ledger(
            "ledger_sign_anew",
            ledger::sign_anew(here, entry, entry, &signed).statements,
        ),
        Sample::of_ledger("ledger_keys", vec![ledger::keys()]),
        Sample::of_ledger("erasures", since("", page)),
        Sample::of_ledger("erasures_after", since(NOW, after)),
        Sample::of_ledger("ledger_head", vec![ledger::head(here)]),
        Sample::of_ledger("ledger_advance", vec![advance]),
        Sample::of_ledger("ledger_allot", vec![ledger::allot(here, 9, false)]),
        Sample::of_ledger("ledger_doors", ledger::doors(doors).statements),
        Sample::of_ledger("ledger_doors_after", vec![ledger::doors_after(0, "")]),
        Sample::of_ledger(
            "ledger_erasures_after",
            vec![ledger::erasures_after(here, 0, 0)],
        ),
    ]
}

fn of_moves() -> Vec<Sample> {
    let db = Database::DIRECTORY;
    let advance = moves::Advance {
        phase: "copying",
        part: "calls".to_owned(),
        place: String::new(),
        hash: String::new(),
        rows: 0,
        tables: "[]".to_owned(),
        total: 9,
        done: 1,
    };
    let mut left = Steps::default();
    leaving::step(&mut left, 1, PACE);
    let mut samples = vec![
        Sample::of_all("moves_here", vec![moving::here(1)]),
        Sample::of_all("moves_fence", vec![moving::fence(1, 2)]),
        Sample::of_all("moves_work", vec![moving::work(1)]),
        Sample::of_all("moves_outbox", vec![moving::outbox(1)]),
        Sample::of_all("moves_send_away", moving::send_away(1, 2).into()),
        Sample::of_all("moves_take_in", vec![moving::take_in(1, "acme", 2)]),
        Sample::of_all("moves_row", vec![moving::row(1, 2)]),
        Sample::of_all(
            "moves_serve_reads",
            vec![moving::serve_reads(1, 2, "n", "SE", 3)],
        ),
        Sample::of_all("moves_flip", vec![moving::flip(1, 2, "DB_2")]),
        Sample::of_all("moves_close", vec![moving::close(1, 2)]),
        Sample::of_all("moves_serve_all", vec![moving::serve_all(1, 2)]),
        Sample::of_all("moves_leave", vec![moving::leave(1, 2)]),
        Sample::of_all("moves_left", left.named(()).statements),
        Sample::of_all("moves_leaving", Work::Leaving(1).step(NOW, 400).statements),
        Sample::of_all("moves_partners_after", vec![moving::partners_after(1)]),
        Sample::of_all(
            "moves_put_stays_right",
            moving::put_stays_right(
                r#"[{"partner_id":1,"is_home":0,"passage":2,"has_arrived":1,"departs":0}]"#,
                9,
            )
            .into(),
        ),
        Sample::of_all(
            "moves_count",
            vec![pages::count(1, &Cursor::of(r#"["",7]"#), PACE)],
        ),
        Sample::of_ledger("moves_begin", vec![moves::begin("acme", db, NOW)]),
        Sample::of_ledger("moves_last", vec![moves::last("acme")]),
        Sample::of_ledger("moves_find", vec![moves::find(1), moves::heads(1)]),
        Sample::of_ledger("moves_unfinished", vec![moves::unfinished()]),
        Sample::of_ledger("moves_take_turns", vec![moves::take_turns(15, NOW)]),
        Sample::of_ledger("moves_advance", vec![moves::advance(1, 2, &advance, NOW)]),
        Sample::of_ledger("moves_turn_back", vec![moves::turn_back(1, 2, NOW)]),
        Sample::of_ledger("moves_could_begin", vec![moves::could_begin("acme", db)]),
        Sample::of_all("moves_expect", vec![moving::expect(1, 2, 3)]),
        Sample::of_all("moves_home", vec![moving::home(1)]),
        Sample::of_all("moves_stay", vec![moving::stay(1, 2)]),
        Sample::of_ledger("moves_begin_anew", vec![moves::begin_anew(1, 2, NOW)]),
        Sample::of_ledger(
            "moves_begin_anew_after_restore",
            vec![moves::begin_anew_after_restore(db, NOW)],
        ),
        Sample::of_ledger("moves_stays", vec![moves::stays(db, "[1]")]),
    ];
    // The first page of each part, one that follows, and, of the records of customers, one that goes on within a customer.
    for (name, cursor, within) in [
        ("moves_page_first", "", None),
        ("moves_page_next", r#"["",7]"#, Some(r#"["",7]"#)),
        ("moves_page_within", r#"["",7]"#, Some(r#"["",7,8,9]"#)),
    ] {
        let pages = PARTS.iter().map(|part| {
            let cursor = match (part.owner, within) {
                (Owner::Customer, Some(within)) => within,
                _ => cursor,
            };
            pages::page(part, 1, &Cursor::of(cursor), PACE)
        });
        samples.push(Sample::of_all(name, pages.collect()));
    }
    let inserts = PARTS.iter().map(|part| pages::insert(part, 1, 2, ""));
    samples.push(Sample::of_all("moves_insert", inserts.collect()));
    samples
}

fn of_the_trail() -> Vec<Sample> {
    let page = Paging {
        page: 0,
        pagesize: 10,
        after: 0,
    };
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default();
    let of_a_partner = Filter {
        partner: text("acme"),
        partner_id: Some(1),
        ..Filter::default()
    };
    let of_a_customer = Filter {
        partner: text("acme"),
        partner_id: Some(1),
        customer_id: Some(1),
        since: text(NOW),
        action: text("erase"),
        order: Order::Oldest,
    };
    let newest_first = Filter {
        order: Order::Newest,
        ..Filter::default()
    };
    let newest_of_a_partner = Filter {
        partner: text("acme"),
        partner_id: Some(1),
        since: text(NOW),
        action: text("erase"),
        order: Order::Newest,
        ..Filter::default()
    };
    vec![
        Sample::of("trail", trail(Published, &all, page)),
        Sample::of("trail_of_partner", trail(Bare, &of_a_partner, page)),
        Sample::of("trail_of_customer", trail(Bare, &of_a_customer, page)),
        Sample::of("trail_names", Batch::of(names("[1]".to_owned()))),
        Sample::of("trail_newest", trail(Bare, &newest_first, page)),
        Sample::of(
            "trail_newest_of_partner",
            trail(Bare, &newest_of_a_partner, page),
        ),
        Sample::of("changes", Batch::of(changes::page(Published, 1, 0, 10))),
    ]
}

fn of_the_operator() -> Vec<Sample> {
    let audit = context(Actor::Operator("acme"));
    let page = Paging {
        page: 0,
        pagesize: 10,
        after: 0,
    };
    let partner = PartnerInput::take(&mut params(
        r#"{"name":"Acme","country":"DE","allowed_networks":["192.0.2.0/24"],"enabled":true}"#,
    ));
    let set_up = CustomFieldSetUp::take(&mut params(
        r#"{"label":"Shop","max_length":9,"required":true}"#,
    ));
    let seven = FieldNumber::of(7).unwrap();
    vec![
        Sample::of(
            "operator_put",
            operator::put("acme", Database::DIRECTORY, "sealed", &partner, audit),
        ),
        Sample::of(
            "operator_put_tenant",
            operator::put_tenant(1, "acme", &partner, false, audit),
        ),
        Sample::of(
            "operator_create_tenant",
            Batch::of(operator::create_tenant(2, "beta")),
        ),
        Sample::of(
            "operator_put_custom_field",
            operator::put_custom_field(1, "acme", seven, &set_up, audit),
        ),
        Sample::of(
            "operator_delete_custom_field",
            operator::delete_custom_field(1, "acme", seven, audit),
        ),
        Sample::of("operator_page", operator::page(page)),
        Sample::of("operator_page_far", operator::page(far(0))),
        Sample::of("partner_of_login", Batch::of(of_login("acme"))),
        Sample::of("partner_of_partner", Batch::of(of_partner("acme"))),
        Sample::of(
            "operator_tenants",
            Batch::of(operator::tenants("[1]".into())),
        ),
        Sample::of("room_look", Batch::of(room::look())),
        Sample::of("room_customers", Batch::of(room::customers(0))),
        Sample::of("databases_summary", Batch::of(summary())),
        Sample::of("partner_tenant", Batch::of(tenant(1))),
        Sample::of("partner_find", Batch::of(find("acme"))),
        Sample::of("migrations", Batch::of(applied_migrations())),
    ]
}
