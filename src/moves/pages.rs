//! The SQL that reads a partner's rows page by page, and writes a page into another database.
//!
//! A page is one text: the rows as JSON arrays, made by the database, so that one string crosses into wasm and one goes back.
//! Two pages are the same when their texts are.

use super::parts::{Owner, Part};
use super::sql::arrives;
use crate::db::sql::{Arg, Sql, Statement};
use crate::http::json::Json;
use crate::sql;

/// How much a step takes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The most rows that a step copies, or deletes of a table.
    pub rows: i64,
    /// The most customers among whose records it looks for them.
    pub customers: i64,
    /// A page that has so many characters ends. The next row may add some 7,000, and a character has 4 bytes at most. So a
    /// page has some 1 MB, and D1 takes 2 MB as one argument.
    pub chars: i64,
}

/// D1 is one thread for all partners, and recommends statements of 1,000 to 10,000 rows.
pub const PACE: Pace = Pace {
    rows: 2_000,
    customers: 5_000,
    chars: 250_000,
};

/// Values that one `json_array` takes: SQLite functions in D1 take 32 arguments.
const VALUES_PER_ARRAY: usize = 30;

/// `->> 0` to `->> 63`: no table has more columns than that.
const INDEXES: [&str; 64] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
    "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32",
    "33", "34", "35", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45", "46", "47", "48",
    "49", "50", "51", "52", "53", "54", "55", "56", "57", "58", "59", "60", "61", "62", "63",
];

/// Where a page begins: the values of the key after which its rows stand. For the records of customers these are the place
/// of a customer, then the key of one of its records, if the page before ended within the customer.
#[derive(Clone, Debug, Default)]
pub struct Cursor(Vec<Arg>);

impl Cursor {
    /// Reads the JSON array of a place; `""` is the beginning.
    pub fn of(text: &str) -> Self {
        let json = Json::parse(text.as_bytes()).unwrap_or(Json::Null);
        let values = json.as_list().unwrap_or_default().iter();
        Self(
            values
                .map(|value| match value {
                    Json::Integer(integer) => Arg::Integer(*integer),
                    Json::Text(text) => Arg::Text(text.clone()),
                    _ => Arg::Null,
                })
                .collect(),
        )
    }
}

/// The conditions that together find the rows after a place, each in one range of an index. See
/// [`crate::db::blocks`] for why there is one for each part of the key.
fn past(key: &[&'static str], values: &[Arg]) -> Vec<Sql> {
    if values.is_empty() {
        return vec![sql!("TRUE")];
    }
    let same = |count: usize| {
        let pairs = key.iter().zip(values).take(count);
        pairs.map(|(name, value)| {
            sql!(
                "{name} = {value} AND ",
                name = Sql::name(name),
                value = value.clone()
            )
        })
    };
    let pairs = key.iter().zip(values).enumerate().rev();
    pairs
        .map(|(at, (name, value))| {
            sql!(
                "{same}{name} > {value}",
                same = Sql::join(same(at), ""),
                name = Sql::name(name),
                value = value.clone()
            )
        })
        .collect()
}

/// The JSON array of a row's columns.
fn line(part: &Part) -> Sql {
    let columns: Vec<&'static str> = part.columns().collect();
    let arrays = columns.chunks(VALUES_PER_ARRAY).map(|columns| {
        let columns = columns
            .iter()
            .map(|name| sql!("t.{name}", name = Sql::name(name)));
        // Each is a text or a number, so trimming takes one bracket and no more.
        sql!(
            "trim(json_array({columns}), '[]')",
            columns = Sql::join(columns, ", ")
        )
    });
    sql!(
        "'[' || {arrays} || ']'",
        arrays = Sql::join(arrays, " || ',' || ")
    )
}

/// The rows after the place, as `line` and `place`, from one range of an index each.
fn ranges(part: &Part, partner_id: i64, Cursor(cursor): &Cursor, pace: Pace) -> Vec<Sql> {
    let key = part
        .key
        .iter()
        .map(|name| sql!("t.{name}", name = Sql::name(name)));
    let select = |place: Vec<Sql>, condition: Sql, past: Sql| {
        sql!(
            "SELECT {line} AS line, json_array({place}) AS place FROM {table} AS t \
             WHERE {condition} AND {only} AND {past} ORDER BY {order} LIMIT {rows}",
            line = line(part),
            place = Sql::join(place, ", "),
            table = Sql::name(part.table),
            condition = condition,
            only = part.only(),
            past = past,
            order = Sql::join(part.key.iter().map(|name| Sql::name(name)), ", "),
            rows = pace.rows,
        )
    };
    match (part.owner, cursor.as_slice()) {
        (Owner::Partner, values) => {
            let of_partner = sql!(
                "{owner_id} = {partner_id}",
                owner_id = Sql::name(part.owner_id),
                partner_id = partner_id
            );
            let place: Vec<Sql> = key.collect();
            let pasts = past(part.key, values).into_iter();
            pasts
                .map(|past| select(place.clone(), of_partner.clone(), past))
                .collect()
        }
        (Owner::Customer, values) => {
            let mut all = Vec::new();
            if let [removed_at, customer_id, within @ ..] = values
                && !within.is_empty()
            {
                let of_customer = sql!(
                    "{owner_id} = (SELECT customer_id FROM customers \
                     WHERE customer_id = {customer_id} AND partner_id = {partner_id})",
                    owner_id = Sql::name(part.owner_id),
                    customer_id = customer_id.clone(),
                    partner_id = partner_id,
                );
                let place =
                    [removed_at, customer_id].map(|value| sql!("{value}", value = value.clone()));
                let place: Vec<Sql> = place.into_iter().chain(key.clone()).collect();
                let pasts = past(part.key, within).into_iter();
                all.extend(pasts.map(|past| select(place.clone(), of_customer.clone(), past)));
            }
            // The customers come in their order, and of each the rows by an index that begins with the owner's id.
            let place = ["following.removed_at", "following.customer_id"].map(Sql::name);
            let place = place.into_iter().chain(key);
            all.push(sql!(
                "SELECT {line} AS line, json_array({place}) AS place FROM ({customers}) AS following \
                 CROSS JOIN {table} AS t ON t.{owner_id} = following.customer_id AND {only} LIMIT {rows}",
                line = line(part),
                place = Sql::join(place, ", "),
                customers = customers(partner_id, values, pace),
                table = Sql::name(part.table),
                owner_id = Sql::name(part.owner_id),
                only = part.only(),
                rows = pace.rows,
            ));
            all
        }
    }
}

/// The next customers after a place, in their order.
fn customers(partner_id: i64, cursor: &[Arg], pace: Pace) -> Sql {
    let key = ["removed_at", "customer_id"];
    let place = cursor.get(..2).unwrap_or_default();
    let selects = past(&key, place).into_iter().map(|past| {
        sql!(
            "SELECT removed_at, customer_id FROM customers WHERE partner_id = {partner_id} AND {past}",
            partner_id = partner_id,
            past = past
        )
    });
    sql!(
        "{selects} ORDER BY removed_at, customer_id LIMIT {most}",
        selects = Sql::join(selects, " UNION ALL "),
        most = pace.customers,
    )
}

/// Where a page of the records of customers ends if it is not full: after the last customer among whose records it has
/// looked. `''` if no customer follows.
fn last_customer(partner_id: i64, cursor: &[Arg], pace: Pace) -> Sql {
    sql!(
        "COALESCE((SELECT json_array(removed_at, customer_id) FROM ({customers}) \
         LIMIT 1 OFFSET {most} - 1), '')",
        customers = customers(partner_id, cursor, pace),
        most = pace.customers,
    )
}

/// Reads the next page of a part: the text of its rows as `lines`, their number as `count`, the characters as `size`, the
/// place of the last row as `place`, and as `rest` the place to go on from if the page is not full. It reads at most
/// [`Pace::rows`] rows three times, and twice [`Pace::customers`].
pub fn page(part: &Part, partner_id: i64, cursor: &Cursor, pace: Pace) -> Statement {
    let rest = match part.owner {
        Owner::Partner => sql!("''"),
        Owner::Customer => last_customer(partner_id, &cursor.0, pace),
    };
    let ranges = ranges(part, partner_id, cursor, pace);
    let ranges = ranges
        .into_iter()
        .map(|range| sql!("SELECT line, place FROM ({range})", range = range));
    // Beside MAX, a column is that of the row with the greatest size: the last one.
    sql!(
        "SELECT COALESCE(group_concat(line, ','), '') AS lines, COUNT(*) AS count, \
         COALESCE(MAX(size), 0) AS size, COALESCE(place, '') AS place, {rest} AS rest FROM \
         (SELECT line, place, SUM(length(line)) OVER (ROWS UNBOUNDED PRECEDING) AS size FROM \
         ({ranges} LIMIT {rows})) WHERE size - length(line) < {chars}",
        rest = rest,
        ranges = Sql::join(ranges, " UNION ALL "),
        rows = pace.rows,
        chars = pace.chars,
    )
    .named("moves::page")
}

/// Counts the next customers and their records: `customers` and `records`, and as `rest` the place to go on from. It reads at
/// most [`Pace::customers`] customers.
pub fn count(partner_id: i64, cursor: &Cursor, pace: Pace) -> Statement {
    sql!(
        "SELECT COUNT(*) AS customers, \
         COALESCE(SUM(measures_total + users_total + calls_total), 0) AS records, {rest} AS rest \
         FROM ({customers}) CROSS JOIN customers USING (customer_id)",
        rest = last_customer(partner_id, &cursor.0, pace),
        customers = customers(partner_id, &cursor.0, pace),
    )
    .named("moves::count")
}

/// Writes the rows of a page, unless they are there, while the database takes the partner in by this `passage`.
pub fn insert(part: &Part, partner_id: i64, passage: i64, lines: &str) -> Statement {
    let columns = part.columns().map(Sql::name);
    let values = part.columns().zip(INDEXES);
    let values = values.map(|(_, at)| sql!("given.value ->> {at}", at = Sql::name(at)));
    sql!(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM json_each({lines}) AS given \
         WHERE {arrives} ON CONFLICT DO NOTHING",
        table = Sql::name(part.table),
        columns = Sql::join(columns, ", "),
        values = Sql::join(values, ", "),
        lines = format!("[{lines}]"),
        arrives = arrives(partner_id, passage),
    )
    .named("moves::insert")
}
