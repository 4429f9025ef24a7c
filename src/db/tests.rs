//! Every statement of this service, held against SQLite with the real migrations: it runs, its text is the one that stands
//! in `golden/`, its plan scans nothing that grows, and the tenant is in it.
//!
//! `UPDATE_GOLDEN=1 cargo test --lib` writes the golden files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::{Null, ToSqlOutput};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::batch::Batch;
use super::idempotency::{FORGET_MAX, forget_keys};
use super::schema::{CUSTOMER_TABLES, LEDGER_MIGRATIONS, MIGRATIONS};
use super::sql::{Arg, Statement};

mod blocks;
mod full;
mod samples;
pub(crate) use samples::{now as moment, params, partner};

impl ToSql for Arg {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Null => Null.to_sql(),
            Self::Integer(integer) => integer.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

/// A batch as some request makes it, under the name of what it does.
struct Sample {
    name: &'static str,
    statements: Vec<Statement>,
    /// Makes the database that it is sent to.
    database: fn() -> Connection,
}

impl Sample {
    fn of<N>(name: &'static str, batch: Batch<N>) -> Self {
        Self::of_all(name, batch.statements)
    }

    fn of_all(name: &'static str, statements: Vec<Statement>) -> Self {
        let database = database;
        Self {
            name,
            statements,
            database,
        }
    }

    fn of_ledger(name: &'static str, statements: Vec<Statement>) -> Self {
        let database = ledger;
        Self {
            name,
            statements,
            database,
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A database as the migrations make it, with a partner, a customer and something of every kind that hangs on it.
pub(crate) fn database() -> Connection {
    let database = empty_database();
    database.execute_batch(samples::ROWS).unwrap();
    database
}

/// A database as the migrations make it.
pub(crate) fn empty_database() -> Connection {
    migrated("migrations", MIGRATIONS)
}

/// The ledger as its migrations make it.
pub(crate) fn ledger() -> Connection {
    migrated("migrations/ledger", LEDGER_MIGRATIONS)
}

fn migrated(directory: &str, names: &[&str]) -> Connection {
    let database = Connection::open_in_memory().unwrap();
    database
        .execute_batch(
            "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT, applied_at TEXT)",
        )
        .unwrap();
    for name in names {
        let migration = fs::read_to_string(root().join(directory).join(name)).unwrap();
        database.execute_batch(&migration).unwrap();
    }
    database
}

fn run(database: &Connection, statement: &Statement) -> rusqlite::Result<usize> {
    let mut prepared = database.prepare(statement.sql())?;
    assert_eq!(
        prepared.parameter_count(),
        statement.args().len(),
        "{}",
        statement.sql()
    );
    let mut rows = prepared.query(params_from_iter(statement.args()))?;
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// How many arguments D1 takes for one statement, and how many bytes of SQL.
const ARGS_MAX: usize = 100;
const SQL_MAX: usize = 100_000;

#[test]
fn every_batch_runs_within_the_limits_of_d1() {
    for Sample {
        name,
        statements,
        database,
    } in samples::all()
    {
        let mut database = database();
        let transaction = database.transaction().unwrap();
        for statement in &statements {
            if let Err(error) = run(&transaction, statement) {
                panic!("{name}: {error}\n{}", statement.sql());
            }
            assert!(statement.args().len() <= ARGS_MAX, "{name}");
            assert!(statement.sql().len() <= SQL_MAX, "{name}");
        }
        transaction.commit().unwrap();
    }
}

#[test]
fn a_run_forgets_the_oldest_keys_up_to_its_bound_and_no_younger_ones() {
    let database = database();
    let keys = |age: &str, count: i64| {
        let insert = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < ?2) \
             INSERT INTO idempotency_keys SELECT 1, ?1 || n, '', 'users', 1, '[]', datetime('2026-11-24', ?1) FROM seed";
        database.execute(insert, (age, count)).unwrap();
    };
    keys("-31 days", FORGET_MAX);
    keys("-30 days", 2);
    keys("-719 hours", 3);
    let left = || {
        let select = "SELECT COUNT(*) FROM idempotency_keys";
        database
            .query_row(select, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    for expected in [5, 3, 3] {
        run(&database, &forget_keys("2026-11-24 00:00:00")).unwrap();
        assert_eq!(left(), expected);
    }
}

/// A database that a partner leaves, or comes to, answers batches that only read. So does the fence of one that was restored.
#[test]
fn every_page_of_a_list_is_known_to_only_read_and_no_change_is() {
    let (mut pages, mut changes) = (0, 0);
    for statement in samples::all().iter().flat_map(|sample| &sample.statements) {
        let name = statement.name();
        let (is_page, sql) = (name.ends_with("::page"), statement.sql());
        let is_change = sql.contains("INSERT INTO")
            || sql.contains("DELETE FROM")
            || sql.contains(" */ UPDATE");
        pages += u32::from(is_page);
        changes += u32::from(is_change);
        assert!(statement.is_read() || !is_page, "{sql}");
        assert!(!statement.is_read() || !is_change, "{sql}");
    }
    assert!(pages > 20 && changes > 100, "{pages} {changes}");
}

/// A change in the text of a statement is a change that somebody reads.
#[test]
fn every_batch_has_the_text_of_its_golden_file() {
    let directory = root().join("src/db/tests/golden");
    let golden: BTreeMap<PathBuf, String> = samples::all()
        .into_iter()
        .map(
            |Sample {
                 name, statements, ..
             }| {
                let file = directory.join(format!("{name}.sql"));
                let texts = statements
                    .iter()
                    .map(|statement| statement.sql().to_owned());
                (file, texts.collect::<Vec<_>>().join(";\n") + ";\n")
            },
        )
        .collect();
    assert_eq!(
        golden.len(),
        samples::all().len(),
        "two samples of one name"
    );
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(&directory).unwrap();
        for (file, text) in &golden {
            fs::write(file, text).unwrap();
        }
    }
    let there: BTreeSet<PathBuf> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(there, golden.keys().cloned().collect(), "golden files");
    for (file, text) in &golden {
        let expected = fs::read_to_string(file).unwrap();
        assert_eq!(*text, expected, "{}: see UPDATE_GOLDEN", file.display());
    }
}

/// Every name that the code gives a statement has a sample: none goes untried.
#[test]
fn every_statement_of_the_code_is_among_the_samples() {
    let mut named = BTreeSet::new();
    for file in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        if file.starts_with(root().join("src/db/tests")) || file.ends_with("db/tests.rs") {
            continue;
        }
        let names = code.split(".named(\"").skip(1);
        named.extend(names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    let sampled: BTreeSet<String> = samples::all()
        .iter()
        .flat_map(|sample| &sample.statements)
        .map(|statement| statement.name().to_owned())
        .collect();
    assert!(named.len() > 25, "{named:?}");
    assert_eq!(sampled, named);
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => rust_files(&path),
            Some(extension) if extension == "rs" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}

/// Statements that touch customers, or what hangs on them, without the condition of [`super::tenant`]; each with what it
/// has in its place, and why.
const WITHOUT_LIVE_CUSTOMER: &[(&str, &str)] = &[
    // Finds the receipt of a customer that lives no longer.
    (
        "erasure::receipt",
        "WHERE customer_id = ? AND partner_id = ?",
    ),
    // Looks at nobody: only at the highest id.
    ("state::ids_are_promised", "ids_upto < (SELECT MAX("),
    // The customer was erased, and its receipt says so.
    (
        "state::outbox",
        "FROM erasures JOIN customers USING (customer_id) WHERE recorded = 0",
    ),
    // The ledger tells of these customers, by their UUIDs.
    (
        "state::removed_first",
        "AND uuid = ? ->> 'uuid' AND removed_at <> ''",
    ),
    ("undo::living", "AND uuid = given.value ->> 'uuid'"),
    ("undo::gone", "NOT EXISTS (SELECT 1 FROM customers WHERE"),
    ("undo::receipts", "AND uuid = given.value ->> 'uuid'"),
    ("undo::receipt", "customer_id = ? AND uuid = ?"),
    // The customers were erased before, or the field was ended; the row of the work says whose they are.
    (
        "steps::mask",
        "customer_id = (SELECT customer_id FROM maskings WHERE masking_id = ?)",
    ),
    (
        "steps::remove_external_ids",
        "customer_id = (SELECT customer_id FROM maskings WHERE masking_id = ?)",
    ),
    (
        "steps::note_masked",
        "customer_id = (SELECT customer_id FROM maskings WHERE masking_id = ?)",
    ),
    (
        "steps::complete",
        "customer_id = (SELECT customer_id FROM maskings WHERE masking_id = ?)",
    ),
    (
        "idempotency::erase_next",
        "customer_id = (SELECT customer_id FROM maskings WHERE masking_id = ?)",
    ),
    (
        "steps::end_masking",
        "customer_id = (SELECT customer_id FROM maskings WHERE masking_id = ?)",
    ),
    (
        "steps::empty",
        "partner_id = (SELECT partner_id FROM endings WHERE ",
    ),
    (
        "steps::note_emptied",
        "partner_id = (SELECT partner_id FROM endings WHERE ",
    ),
    // A move takes the erased ones along.
    ("moves::work", "WHERE partner_id = ?"),
    ("moves::outbox", "AND partner_id = ?"),
    ("moves::count", "FROM customers WHERE partner_id = ?"),
    ("moves::page", "WHERE partner_id = ?"),
    ("moves::page", "AND partner_id = ?"),
    ("moves::insert", "WHERE partner_id = ? AND passage = ?"),
    // Who leaves is in the row of the leaving.
    (
        "moves::delete",
        "partner_id = (SELECT partner_id FROM leavings WHERE partner_id = ?)",
    ),
    (
        "moves::delete",
        "owner_id = (SELECT partner_id FROM leavings WHERE partner_id = ?)",
    ),
    ("moves::delete_partner", "WHERE partner_id = ?"),
];

#[test]
fn every_statement_on_customers_has_the_tenant_in_it() {
    let conditions = [
        "customer_id = ? AND partner_id = ? AND removed_at = ''",
        "partner_id = ? AND removed_at = ''",
    ];
    let mut tried = 0;
    for Sample {
        name, statements, ..
    } in samples::all()
    {
        for statement in &statements {
            let text = without_numbers(statement.sql());
            let tables = CUSTOMER_TABLES.iter().map(|table| table.name);
            let touched: Vec<&str> = tables.filter(|table| touches(&text, table)).collect();
            if touched.is_empty() {
                continue;
            }
            tried += 1;
            let exceptions = WITHOUT_LIVE_CUSTOMER
                .iter()
                .filter(|(name, _)| *name == statement.name())
                .map(|(_, condition)| condition);
            let mut held = exceptions.clone().chain(match exceptions.clone().next() {
                Some(_) => &[],
                None => &conditions[..],
            });
            let is_held = held.any(|condition| text.contains(condition));
            assert!(is_held, "{name}: {touched:?} without the tenant\n{text}");
        }
    }
    assert!(tried > 40, "{tried}");
}

/// Whether a statement reads or writes a table.
fn touches(text: &str, table: &str) -> bool {
    ["FROM", "JOIN", "INTO", "UPDATE"].iter().any(|word| {
        let place = format!("{word} {table}");
        let mut rests = text.split(&place).skip(1);
        rests.any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// `?12` as `?`.
fn without_numbers(sql: &str) -> String {
    let mut pieces = sql.split('?');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        text + "?" + piece.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// Statements that may look at every row of a small table, or that only the operator runs; each with what of its plan is
/// forgiven, and why.
const FORGIVEN: &[(&str, &str)] = &[
    // A handful of migrations.
    ("schema::applied_migrations", "SCAN d1_migrations"),
    // Looks at the last entry alone.
    ("audit::entry", "SCAN audit"),
    // The blocks that at most 1,000 new calls are counted in.
    ("blocks::count_by_start", "USE TEMP B-TREE FOR GROUP BY"),
    // Every partner once, after a restore that has lost some.
    ("blocks::count_anew", "SCAN directory"),
    ("blocks::count_anew", "USE TEMP B-TREE FOR GROUP BY"),
    // The halves are 53 at most.
    ("operator::trail", "SCAN halves"),
    ("operator::trail_total", "SCAN halves"),
    ("operator::trail_window", "SCAN halves"),
    // One row for each table with ids.
    ("state::read", "SCAN sqlite_sequence"),
    ("state::add_sequences", "SCAN sqlite_sequence"),
    ("state::add_sequences", "SCAN 6-ROW VALUES CLAUSE"),
    ("state::skip_ids", "SCAN sqlite_sequence"),
    ("state::lift_ids", "SCAN sqlite_sequence"),
    // One row.
    ("state::doors", "SCAN state"),
    ("erasure::begin", "SCAN state"),
    ("undo::", "SCAN state"),
    // Along the index of those that are not recorded.
    ("state::outbox", "SCAN erasures USING INDEX erasures_outbox"),
    // A key is added by hand: there are few.
    ("ledger::keys", "SCAN keys"),
    ("ledger::keys", "USE TEMP B-TREE FOR ORDER BY"),
    // One row: the last of the step.
    ("steps::note_masked", "SCAN last"),
    ("steps::note_emptied", "SCAN last"),
    // The six fields of the rule, which are constants.
    ("operator::set_up_german_fields", "SCAN rule"),
    ("operator::set_up_german_fields", "SCAN 6 CONSTANT ROWS"),
    // One row for each large customer that is being erased.
    ("moves::work", "SCAN maskings"),
    // The customers among whose records a page looks for its rows.
    ("moves::page", "SCAN following"),
    // Along the index of those that are not over.
    ("moves::", "SCAN moves USING INDEX moves_unfinished"),
    (
        "moves::",
        "SCAN moves USING COVERING INDEX moves_unfinished",
    ),
    // The operator begins each move by hand, so few are unfinished.
    ("moves::take_turns", "USE TEMP B-TREE FOR ORDER BY"),
    ("moves::delete", "SCAN maskings"),
    // Along the index of those that are not recorded.
    ("moves::outbox", "SCAN erasures USING INDEX erasures_outbox"),
    // The partners of a database, for the operator: some thousands.
    ("databases::summary", "SCAN partners"),
    ("room::customers", "SCAN partners"),
    // A row for each table with ids: six.
    ("operator::trail_total", "SCAN sqlite_sequence"),
    // A row for each database: at most 100.
    ("ledger::allot", "SCAN heads"),
    // The entries of a window, while partners move.
    ("operator::trail_twice", "USE TEMP B-TREE FOR GROUP BY"),
    ("operator::trail_twice", "SCAN halves"),
    // The page that was just read.
    ("operator::trail", "SCAN a"),
];

/// The tables of which a partner may have millions of rows. No statement reads all of them.
const TENANTS_TABLES: &[&str] = &["customers", "idempotency_keys", "audit"];

/// What a page or a split has found in the blocks: one row each.
const ONE_ROW: &[&str] = &[
    "SCAN found",
    "SCAN given",
    "SCAN at",
    "SCAN past",
    "SCAN place",
    "SCAN stretch",
    "SCAN big",
    "SCAN middle",
];

#[test]
fn no_plan_scans_a_table_that_grows_or_sorts_by_itself() {
    let mut searches = 0;
    for Sample {
        name,
        statements,
        database,
    } in samples::all()
    {
        let database = database();
        // A plan lists the search for orphans of a foreign key too. It runs only while one is missing its parent.
        database.pragma_update(None, "foreign_keys", false).unwrap();
        for statement in &statements {
            let plan = plan(&database, statement);
            for (at, step) in plan.iter().enumerate() {
                searches += usize::from(step.starts_with("SEARCH"));
                let is_bad = step.starts_with("SCAN") || step.contains("TEMP B-TREE");
                let virtual_table = [
                    "json_each",
                    "given",
                    "CONSTANT ROW",
                    "(subquery",
                    "VIRTUAL TABLE",
                ];
                let is_ours = virtual_table.iter().any(|part| step.contains(part))
                    || ONE_ROW.contains(&step.as_str());
                let is_forgiven = FORGIVEN.iter().any(|(name, part)| {
                    statement.name().starts_with(name) && step.starts_with(part)
                });
                // At most 306 stretches, or 256 blocks.
                let sorted = plan[..at]
                    .iter()
                    .rfind(|step| step.starts_with("SEARCH") && !step.contains("(rowid=?)"));
                let sorts_blocks = step == "USE TEMP B-TREE FOR ORDER BY"
                    && sorted.is_some_and(|step| {
                        ["SEARCH blocks", "SEARCH stretches"]
                            .iter()
                            .any(|table| step.starts_with(table))
                    });
                // A page of a move has a limit.
                let is_of_all = TENANTS_TABLES.iter().any(|table| step.contains(table))
                    && step.ends_with("(partner_id=?)")
                    && !statement.name().starts_with("moves::");
                assert!(
                    (!is_bad || is_ours || is_forgiven || sorts_blocks) && !is_of_all,
                    "{name}: {step}\n{}\n{plan:#?}",
                    statement.sql()
                );
            }
        }
    }
    assert!(searches > 60, "{searches}");
}

fn plan(database: &Connection, statement: &Statement) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {}", statement.sql());
    let mut prepared = database.prepare(&explain).unwrap();
    let steps = prepared.query_map(params_from_iter(statement.args()), |row| row.get("detail"));
    steps.unwrap().collect::<rusqlite::Result<_>>().unwrap()
}
