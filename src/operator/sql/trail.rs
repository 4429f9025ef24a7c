//! The SQL of the audit trail.

use crate::db::batch::{At, Batch, Steps};
use crate::db::json::{Member, json_object};
use crate::db::sql::{Sql, Statement};
use crate::http::paging::Paging;
use crate::http::version::Version;
use crate::moves::parts::entry_moves;
use crate::sql;

/// The most entries that one request looks at beyond those that it skips.
pub const WINDOW: i64 = 10_000;

/// Which entries a request asks for.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only of the partner with this user name.
    pub partner: Option<String>,
    /// The partner's id, once it is found in the directory. No other database knows it when the partner lives elsewhere.
    pub partner_id: Option<i64>,
    /// Only of the customer with this id.
    pub customer_id: Option<i64>,
    /// Only since this time.
    pub since: Option<String>,
    /// Only with this action.
    pub action: Option<String>,
    /// In which order.
    pub order: Order,
}

/// The order of the entries, which is also the order in which they are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The oldest entry comes first.
    #[default]
    Oldest,
    /// The newest entry comes first.
    Newest,
}

/// The names of the orders.
pub const ORDERS: [(&str, Order); 2] = [("oldest", Order::Oldest), ("newest", Order::Newest)];

/// The results of [`trail`].
#[derive(Clone, Copy, Debug)]
pub struct Trail {
    /// One row: the number of entries, as `total`.
    pub total: At,
    /// The entries, in their order. Each row has the time as `at` besides, and the partner's id in place of its name.
    pub rows: At,
    /// One row: the id of the last entry that was looked at, as `last`, if entries may follow it; else 0.
    pub window: At,
    /// A row for each partner that two databases may serve reads at present, so that both tell of its entries: its id as
    /// `partner_id`, and how many entries of it are in the total, as `count`.
    pub twice: At,
}

/// Reads a page of the audit trail of one database, and the number of its entries.
///
/// While a partner moves, entries of it are in two databases. One that serves the partner nothing does not tell of those that
/// move.
///
/// Without a filter, the number is how many entries the database has made; those of a partner that has moved away are counted
/// here, and not where they are. It reads the rows that the offset skips and the rows that it answers. With a filter it looks
/// at the entries of the partner or the customer, if one is given, else at all: at the first [`WINDOW`] after `after` for the
/// page, and at the first [`WINDOW`] for the total. So it reads at most three windows, and one more while partners move. The
/// first are the newest if the order is so.
pub fn trail(version: Version, filter: &Filter, paging: Paging) -> Batch<Trail> {
    let integer = |column| Member::integer(version, column);
    let json = json_object(&[
        integer("audit_id"),
        Member::column("at"),
        Member::column("actor"),
        Member::scalar("partner", sql!("partner_id")),
        Member::column("login"),
        Member::column("action"),
        Member::column("kind"),
        integer("record_id"),
        integer("customer_id"),
        Member::json("fields", sql!("fields")),
        Member::column("request_id"),
    ]);
    let action = filter.action.as_deref();
    let matches = sql!(
        "{action} IN (action, '') AND NOT ({entry_moves} AND partner_id IN ({elsewhere}))",
        action = action.unwrap_or(""),
        entry_moves = entry_moves(),
        elsewhere = served("nothing"),
    );
    let most = WINDOW.saturating_add(paging.offset());
    let window = |most| filter.window(paging.after, most);
    let of_all = |most| filter.window(0, most);
    let total = if filter.is_empty() {
        sql!(
            "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0) - audit_skipped AS total \
             FROM state WHERE state_id = 1"
        )
    } else {
        sql!(
            "SELECT COUNT(*) AS total FROM {of_all} WHERE {matches}",
            of_all = of_all(sql!("{max}", max = WINDOW)),
            matches = &matches,
        )
    };
    // If all that is looked at is answered, a full page tells that entries may follow, and nothing more is read.
    let if_not_all = sql!(
        "iif({action} <> '' OR EXISTS ({elsewhere}), {most}, 0)",
        action = action.unwrap_or(""),
        elsewhere = served("nothing"),
        most = most,
    );
    let last = sql!(
        "SELECT iif(COUNT(*) < {most}, 0, MAX(audit_id)) AS last FROM {window}",
        most = most,
        window = window(if_not_all),
    );
    let if_any = sql!(
        "iif({is_filtered} AND EXISTS ({reads}), {max}, 0)",
        is_filtered = i64::from(!filter.is_empty()),
        reads = served("reads"),
        max = WINDOW,
    );
    let twice = sql!(
        "SELECT partner_id, COUNT(*) AS count FROM {of_all} WHERE {matches} AND {entry_moves} \
         AND partner_id IN ({reads}) GROUP BY partner_id",
        of_all = of_all(if_any),
        matches = &matches,
        entry_moves = entry_moves(),
        reads = served("reads"),
    );
    let rows = sql!(
        "SELECT {json} AS json, audit_id AS id, at FROM (SELECT * FROM {window} WHERE {matches} \
         ORDER BY {order} LIMIT {limit} OFFSET {offset}) AS a ORDER BY {order}",
        json = json,
        window = window(sql!("{most}", most = most)),
        matches = matches,
        order = filter.order.sql(),
        limit = paging.limit(),
        offset = paging.offset(),
    );
    let mut steps = Steps::default();
    let total = steps.add(total.named("operator::trail_total"));
    let rows = steps.add(rows.named("operator::trail"));
    let window = steps.add(last.named("operator::trail_window"));
    let twice = steps.add(twice.named("operator::trail_twice"));
    steps.named(Trail {
        total,
        rows,
        window,
        twice,
    })
}

/// The partners of which the database serves `'nothing'`, or `'reads'`: those that move at present. An index has them.
fn served(what: &'static str) -> Sql {
    sql!(
        "SELECT partner_id FROM partners WHERE serves <> 'all' AND serves = '{what}'",
        what = Sql::name(what)
    )
}

/// Reads the user names of partners from the directory, as `partner_id` and `username`. `ids` is a JSON list; it reads a row
/// for each.
pub fn names(ids: String) -> Statement {
    sql!(
        "SELECT partner_id, username FROM directory WHERE partner_id IN (SELECT value FROM json_each({ids}))",
        ids = ids
    )
    .named("operator::names")
}

impl Filter {
    /// The filters as a query, for a `Link`: `""` without any.
    pub fn query(&self) -> String {
        let customer_id = self.customer_id.map(|id| id.to_string());
        let pairs = [
            ("partner", self.partner.as_deref()),
            ("customer_id", customer_id.as_deref()),
            ("since", self.since.as_deref()),
            ("action", self.action.as_deref()),
        ];
        let mut query = String::new();
        for (name, value) in pairs {
            let Some(value) = value else { continue };
            query.push(if query.is_empty() { '?' } else { '&' });
            // The only character of a valid filter that a query cannot hold.
            query.push_str(&format!("{name}={}", value.replace(' ', "%20")));
        }
        query
    }

    /// Whether every entry is asked for.
    fn is_empty(&self) -> bool {
        let Self {
            partner,
            partner_id: _,
            customer_id,
            since,
            action,
            order: _,
        } = self;
        partner.is_none() && customer_id.is_none() && since.is_none() && action.is_none()
    }

    /// The first `most` entries after `after` of the partner or the customer, since the time. An index finds them.
    fn window(&self, after: i64, most: Sql) -> Sql {
        let partner = self.partner_id.map(|partner_id| {
            // A customer belongs to one partner, and has fewer entries. The plus keeps the index of the partner away.
            let column = if self.customer_id.is_some() {
                sql!("+partner_id")
            } else {
                sql!("partner_id")
            };
            sql!(
                "{column} = {partner_id}",
                column = column,
                partner_id = partner_id
            )
        });
        let customer = self.customer_id.map(|customer_id| {
            sql!(
                "customer_id = {customer_id} AND customer_id > 0",
                customer_id = customer_id
            )
        });
        let after = match self.since.as_deref() {
            Some(since) => sql!(
                "max({after}, {before})",
                after = after,
                before = last_before(since)
            ),
            None => sql!("{after}", after = after),
        };
        let after = sql!("audit_id > {after}", after = after);
        let conditions = partner.into_iter().chain(customer).chain([after]);
        sql!(
            "(SELECT * FROM audit WHERE {conditions} ORDER BY {order} LIMIT {most})",
            conditions = Sql::join(conditions, " AND "),
            order = self.order.sql(),
            most = most,
        )
    }
}

impl Order {
    /// What to order by.
    fn sql(self) -> Sql {
        match self {
            Self::Oldest => sql!("audit_id"),
            Self::Newest => sql!("audit_id DESC"),
        }
    }
}

/// The id of the last entry before a time, or 0. Entries ascend in id and in time alike, so it halves the ids until one
/// is left. It reads two rows for each of at most 53 halves.
fn last_before(time: &str) -> Sql {
    let middle = || sql!("(low + high + 1) / 2");
    let is_before = sql!(
        "COALESCE((SELECT at FROM audit WHERE audit_id <= {middle} ORDER BY audit_id DESC LIMIT 1), '') < {time}",
        middle = middle(),
        time = time,
    );
    sql!(
        "(WITH RECURSIVE halves (low, high) AS (SELECT 0, (SELECT COALESCE(MAX(audit_id), 0) FROM audit) UNION ALL \
         SELECT iif({is_before}, {middle}, low), iif({is_before}, high, {middle} - 1) FROM halves WHERE low < high) \
         SELECT low FROM halves WHERE low = high)",
        is_before = is_before,
        middle = middle(),
    )
}
