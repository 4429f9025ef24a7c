//! Opens the database file itself while the server runs, for what the API does not show. Every helper begins with
//! `db_`, so that a test shows where it bypasses HTTP.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, ToSql, TransactionBehavior, params};

use crate::client::{Request, Response};
use crate::partner::Partner;
use crate::server::Server;

/// A row, as its values by column name.
pub type Row = BTreeMap<String, Value>;

/// Rows by table name.
pub type Tables = BTreeMap<String, Vec<Row>>;

/// Opens the database `DB`, which is the home of every partner that a test does not place elsewhere.
pub fn db_open(server: &Server) -> Connection {
    db_open_of(server, "DB")
}

/// Opens the database of customers with this binding.
pub fn db_open_of(server: &Server, database: &str) -> Connection {
    open(&db_file(server, database))
}

/// Opens the ledger.
pub fn db_ledger(server: &Server) -> Connection {
    open(&db_file(server, "LEDGER"))
}

fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::from_secs(30)).unwrap();
    connection
        .pragma_update(None, "foreign_keys", true)
        .unwrap();
    // The external_ids of millions of calls that a benchmark inserts come in no order.
    connection
        .pragma_update(None, "cache_size", -500_000)
        .unwrap();
    connection
}

/// The file of the database with this binding. wrangler names the files by hashes. The ledger has allotted ids to each
/// database that it knows, and no two have the same. A restore changes them, so what was found is remembered.
pub fn db_file(server: &Server, database: &str) -> PathBuf {
    static FOUND: Mutex<BTreeMap<(PathBuf, String), PathBuf>> = Mutex::new(BTreeMap::new());
    let key = (server.state.clone(), database.to_owned());
    if let Some(file) = FOUND.lock().unwrap().get(&key) {
        return file.clone();
    }
    let files = db_files(server);
    let has = |file: &PathBuf, sql: &str, args: &dyn ToSql| {
        let found = open(file).query_row(sql, [args], |row| row.get::<_, i64>(0));
        found.ok()
    };
    let heads = "SELECT ids_upto FROM heads WHERE database = ?1";
    let file = if database == "LEDGER" {
        let sql = "SELECT 1 FROM sqlite_schema WHERE name = ?1";
        files.iter().find(|file| has(file, sql, &"heads").is_some())
    } else {
        let ids = files.iter().find_map(|file| has(file, heads, &database));
        let ids = ids.unwrap_or_else(|| panic!("the ledger does not know {database}"));
        let sql = "SELECT 1 FROM state WHERE ids_upto = ?1";
        files.iter().find(|file| has(file, sql, &ids).is_some())
    };
    let file = file
        .unwrap_or_else(|| panic!("no file is {database}"))
        .clone();
    FOUND.lock().unwrap().insert(key, file.clone());
    file
}

/// The files of all databases.
fn db_files(server: &Server) -> Vec<PathBuf> {
    let directory = server.state.join("v3/d1/miniflare-D1DatabaseObject");
    fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "sqlite")
        })
        .filter(|path| !path.ends_with("metadata.sqlite"))
        .collect()
}

/// Every table with its columns, in order. It leaves out the internal tables of SQLite and D1 (`sqlite_…`, `_cf_…`).
pub fn db_columns(server: &Server) -> BTreeMap<String, Vec<String>> {
    let connection = db_open(server);
    let mut statement = connection
        .prepare(
            "SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c \
             WHERE t.schema = 'main' AND t.type = 'table' \
             AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name NOT LIKE '\\_cf\\_%' ESCAPE '\\' \
             ORDER BY t.name, c.cid",
        )
        .unwrap();
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    for row in rows.unwrap() {
        let (table, column) = row.unwrap();
        tables.entry(table).or_default().push(column);
    }
    tables
}

pub fn db_query(server: &Server, sql: &str, parameters: &[&dyn ToSql]) -> Vec<Row> {
    let connection = db_open(server);
    let mut statement = connection.prepare(sql).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map(parameters, |row| {
        let column = |(at, name): (usize, &String)| Ok((name.clone(), row.get(at)?));
        names.iter().enumerate().map(column).collect()
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Everything that the database stores about a customer: its rows in every table with a `customer_id`. It reads the
/// real schema, so it also finds new tables.
pub fn db_rows_of_customer(server: &Server, customer_id: i64) -> Tables {
    let tables = db_columns(server).into_iter();
    tables
        .filter(|(_, columns)| columns.iter().any(|column| column == "customer_id"))
        .map(|(table, _)| {
            let sql = format!("SELECT * FROM {table} WHERE customer_id = ?1 ORDER BY 1, 2");
            let rows = db_query(server, &sql, &[&customer_id]);
            (table, rows)
        })
        .collect()
}

/// Inserts `count` customers for a partner, `Customer 1` with the custnr `seed-1` and so on, and returns their ids. It
/// also counts them, as requests would.
pub fn db_seed_customers(partner: &Partner, count: i64) -> RangeInclusive<i64> {
    let _alone = partner.server.no_request_under_way();
    let mut connection = db_open(partner.server);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    let before: i64 = transaction
        .query_row(
            "SELECT COALESCE(MAX(customer_id), 0) FROM customers",
            [],
            |row| row.get(0),
        )
        .unwrap();
    transaction
        .execute(
            "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < ?2) \
             INSERT INTO customers (customer_id, partner_id, uuid, custnr, name, created) \
             SELECT ?3 + n, ?1, \
             printf('00000000-0000-4000-8000-%012x', ?3 + n), 'seed-' || n, 'Customer ' || n, \
             '2026-01-01 00:00:00' FROM seed",
            params![partner.partner_id, count, before],
        )
        .unwrap();
    count_rows(&transaction, "customers", partner.partner_id);
    transaction.commit().unwrap();
    before + 1..=before + count
}

/// Counts the rows of a list anew, as the requests that created them would have counted them. `kind` is the table of the
/// rows; of all but `customers` and `directory`, the owner is a customer.
pub fn db_count(server: &Server, kind: &str, owner_id: i64) {
    let _alone = server.no_request_under_way();
    count_rows(&db_open(server), kind, owner_id);
}

fn count_rows(connection: &Connection, kind: &str, owner_id: i64) {
    let (id, start, rows) = match kind {
        "directory" => ("partner_id", "''", "?1 = 0"),
        "customers" => ("customer_id", "''", "partner_id = ?1 AND removed_at = ''"),
        "measures" => ("measure_id", "''", "customer_id = ?1"),
        "users" => ("user_id", "''", "customer_id = ?1"),
        "calls" => ("call_id", "start", "customer_id = ?1"),
        _ => panic!("{kind} is not counted"),
    };
    let delete = format!("DELETE FROM blocks WHERE kind = '{kind}' AND owner_id = ?1");
    connection.execute(&delete, [owner_id]).unwrap();
    // A block for every 1,024 rows. It begins at its first one, and the first block of calls at the beginning of time.
    let insert = format!(
        "INSERT INTO blocks (kind, owner_id, start, id, live) SELECT '{kind}', ?1, \
         iif(first = 1 AND '{kind}' = 'calls', '', start), iif(first = 1 AND '{kind}' = 'calls', 0, id), live \
         FROM (SELECT start, id, MIN(place) AS first, COUNT(*) AS live FROM \
         (SELECT {start} AS start, {id} AS id, ROW_NUMBER() OVER (ORDER BY {start}, {id}) AS place \
         FROM {kind} WHERE {rows}) GROUP BY (place - 1) / 1024)"
    );
    connection.execute(&insert, [owner_id]).unwrap();
    let total = "(SELECT COALESCE(SUM(live), 0) FROM blocks WHERE kind = ?2 AND owner_id = ?1)";
    let update = match kind {
        "directory" => return,
        "customers" => format!("UPDATE partners SET customers = {total} WHERE partner_id = ?1"),
        _ => format!("UPDATE customers SET {kind}_total = {total} WHERE customer_id = ?1"),
    };
    connection
        .execute(&update, params![owner_id, kind])
        .unwrap();
}

/// Inserts customers whose every field is full of `character`.
pub fn db_insert_full(partner: &Partner, count: i64, character: &str) {
    let customs: Vec<String> = (1..=20).map(|n| format!("custom_{n}")).collect();
    let long = ["street", "zip", "city", "state", "country"].map(|name| format!("address_{name}"));
    let long: Vec<String> = long.into_iter().chain(customs).collect();
    let sql = format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2) \
         INSERT INTO customers (partner_id, uuid, custnr, name, corporateid, email, created, {}) \
         SELECT ?1, 'uuid', n, ?4, ?5, ?6, '2026-01-01 00:00:00', {} FROM n",
        long.join(", "),
        vec!["?3"; long.len()].join(", ")
    );
    let text = |length| character.repeat(length);
    let texts = params![
        partner.partner_id,
        count,
        text(255),
        text(60),
        text(40),
        text(150)
    ];
    db_execute(partner.server, &sql, texts);
    db_count(partner.server, "customers", partner.partner_id);
}

/// Copies a partner and its own login to another server, so that the partner exists there with the same password. It bypasses the
/// Worker, so that only the database knows the partner, as if another node had created it.
pub fn db_let_in(partner: &Partner, server: &'static Server) -> Partner {
    let sql = "SELECT username, country, access, ha1_sealed, database, created \
               FROM directory JOIN partners USING (partner_id, username) JOIN logins USING (username, created) \
               WHERE partners.partner_id = ?1";
    let row = &db_query(partner.server, sql, &[&partner.partner_id])[0];
    let given = |name| (name, &row[name] as &dyn ToSql);
    let partner_id = db_insert(
        server,
        "directory",
        &["username", "database", "created"].map(given),
    );
    let owner = ("partner_id", &partner_id as &dyn ToSql);
    let [username, country] = ["username", "country"].map(given);
    db_insert(server, "partners", &[owner, username, country]);
    let [access, sealed, created] = ["access", "ha1_sealed", "created"].map(given);
    db_insert(
        server,
        "logins",
        &[username, owner, access, sealed, created],
    );
    db_count(server, "directory", 0);
    Partner {
        server,
        partner_id,
        partner: partner.username.clone(),
        username: partner.username.clone(),
        password: partner.password.clone(),
    }
}

/// Waits until the erasure of a customer has left the outbox, after its answer. It is there again once its last call is masked.
pub fn db_wait_until_recorded(server: &Server, customer_id: i64) {
    let sql = "SELECT 1 FROM erasures WHERE customer_id = ?1 AND recorded = 1";
    let deadline = Instant::now() + Duration::from_secs(10);
    while db_query(server, sql, &[&customer_id]).is_empty() {
        assert!(Instant::now() < deadline, "{customer_id} is not recorded");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a request while a write lock is held on the database.
pub fn db_send_while_locked(request: Request<'_>) -> Response {
    let server = request.server;
    let _alone = server.no_request_under_way();
    let mut connection = db_open(server);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    let response = request.exchange().unwrap();
    transaction.rollback().unwrap();
    response
}

/// Changes the database, bypassing the Worker. Returns the number of changed rows.
pub fn db_execute(server: &Server, sql: &str, parameters: &[&dyn ToSql]) -> usize {
    let _alone = server.no_request_under_way();
    let connection = db_open(server);
    connection.execute(sql, parameters).unwrap()
}

/// Inserts a row, and returns its id.
fn db_insert(server: &Server, table: &str, columns: &[(&str, &dyn ToSql)]) -> i64 {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let parameters: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
    let values: Vec<&dyn ToSql> = columns.iter().map(|(_, value)| *value).collect();
    let _alone = server.no_request_under_way();
    let connection = db_open(server);
    connection
        .execute(
            &format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                names.join(", "),
                parameters.join(", ")
            ),
            values.as_slice(),
        )
        .unwrap();
    connection.last_insert_rowid()
}

/// Counts a customer's records and phone numbers anew, as the requests that create them would have counted them. Whoever
/// inserts records without the Worker calls it.
pub fn db_count_records(server: &Server, customer_id: i64) {
    for kind in ["measures", "users", "calls"] {
        db_count(server, kind, customer_id);
    }
    let sql = "UPDATE customers SET measures_endless = (SELECT COUNT(*) FROM measures \
         WHERE measures.customer_id = ?1 AND expires = ''), \
         numbers_total = (SELECT COALESCE(SUM((phonenr <> '') + (destnr <> '')), 0) FROM measures \
         WHERE measures.customer_id = ?1) + (SELECT COALESCE(SUM((anum <> '') + (bnum <> '') + (cnum <> '')), 0) \
         FROM calls WHERE calls.customer_id = ?1) WHERE customer_id = ?1";
    db_execute(server, sql, &[&customer_id]);
}

/// Inserts `count` calls of a measure, `at_once` of them with each start time, and counts them. Every call has three
/// phone numbers and a random `external_id`.
pub fn db_seed_calls(server: &Server, customer_id: i64, measure_id: i64, count: i64, at_once: i64) {
    let sql = "WITH RECURSIVE seed (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seed WHERE n < ?3) \
         INSERT INTO calls (customer_id, measure_id, start, duration, answered, \
         anum, anum_ccndc, bnum, bnum_ccndc, cnum, cnum_ccndc, external_id) \
         SELECT ?1, ?2, datetime(1767225600 + n / ?4 * 60, 'unixepoch'), n % 600, 1, \
         '+4670' || (1000000 + n), 4, '+46846500401', 3, '+46846500440', 3, hex(randomblob(16)) FROM seed WHERE ?3 > 0";
    db_execute(server, sql, &[&customer_id, &measure_id, &count, &at_once]);
    db_count_records(server, customer_id);
    checkpoint(server);
}

/// Moves what was inserted from the log of the database into its file. After millions of rows the server would do so within
/// one of its next requests.
fn checkpoint(server: &Server) {
    let _alone = server.no_request_under_way();
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    db_open(server)
        .query_row(checkpoint, [], |_| Ok(()))
        .unwrap();
}

/// A phone number, and the length of its country code and NDC together.
pub type PhoneNumber<'a> = (&'a str, i64);

/// Inserts a measure, and returns its id. An `expires` of `""` means never.
pub fn db_insert_measure(
    server: &Server,
    customer_id: i64,
    name: &str,
    phonenr: PhoneNumber<'_>,
    destnr: PhoneNumber<'_>,
    expires: &str,
) -> i64 {
    db_insert(
        server,
        "measures",
        &[
            ("customer_id", &customer_id),
            ("name", &name),
            ("media", &"Newspaper"),
            ("phonenr", &phonenr.0),
            ("phonenr_ccndc", &phonenr.1),
            ("destnr", &destnr.0),
            ("destnr_ccndc", &destnr.1),
            ("created", &"2026-01-01 00:00:00"),
            ("expires", &expires),
        ],
    )
}

/// Inserts a user, and returns its id.
pub fn db_insert_user(server: &Server, customer_id: i64, email: &str, name: &str) -> i64 {
    db_insert(
        server,
        "users",
        &[
            ("customer_id", &customer_id),
            ("email", &email),
            ("name", &name),
        ],
    )
}

/// Inserts an allowed number of a customer at this position in its list.
pub fn db_insert_allowed_number(server: &Server, customer_id: i64, position: i64, phonenr: &str) {
    db_insert(
        server,
        "allowed_numbers",
        &[
            ("customer_id", &customer_id),
            ("position", &position),
            ("phonenr", &phonenr),
        ],
    );
}

/// Inserts an answered call of one minute, and returns its id. `("", 0)` means no number.
pub fn db_insert_call(
    server: &Server,
    customer_id: i64,
    measure_id: i64,
    start: &str,
    [anum, bnum, cnum]: [PhoneNumber<'_>; 3],
) -> i64 {
    db_insert(
        server,
        "calls",
        &[
            ("customer_id", &customer_id),
            ("measure_id", &measure_id),
            ("start", &start),
            ("duration", &60),
            ("answered", &1),
            ("anum", &anum.0),
            ("anum_ccndc", &anum.1),
            ("bnum", &bnum.0),
            ("bnum_ccndc", &bnum.1),
            ("cnum", &cnum.0),
            ("cnum_ccndc", &cnum.1),
        ],
    )
}
