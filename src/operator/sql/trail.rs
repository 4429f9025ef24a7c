//! The SQL of the audit trail.

use crate::db::batch::{At, Batch, Steps};
use crate::db::json::{Member, json_object};
use crate::db::sql::Sql;
use crate::http::paging::Paging;
use crate::http::version::Version;
use crate::partners::sql::find;
use crate::sql;

/// The most entries that one request looks at.
pub const WINDOW: i64 = 10_000;

/// Which entries a request asks for.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only of the partner with this user name.
    pub partner: Option<String>,
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
    /// The entries, in their order. Each row has the time as `at` besides.
    pub rows: At,
    /// One row: the id of the last entry that was looked at, as `last`, if entries may follow it; else 0.
    pub window: At,
    /// A row if the directory has the partner. `None` if none was asked for.
    pub partner: Option<At>,
}

/// Reads a page of the audit trail of one database, and the number of its entries.
///
/// Without a filter, that number is how many entries the database has made; those of a partner that has moved away are counted
/// here, and not where they are. It reads the rows that the offset skips and the rows that it answers. With a filter it looks at the entries of the partner or the customer, if one is given, else at all: at the
/// first [`WINDOW`] after `after` for the page, and at the first [`WINDOW`] for the total. So it reads at most three windows.
/// The first are the newest if the order is so.
pub fn trail(version: Version, filter: &Filter, paging: Paging) -> Batch<Trail> {
    let integer = |column| Member::integer(version, column);
    let json = json_object(&[
        integer("audit_id"),
        Member::column("at"),
        Member::column("actor"),
        // An entry about what the directory has stands beside it, wherever the partner lives.
        Member::scalar(
            "partner",
            sql!(
                "COALESCE((SELECT username FROM directory AS d WHERE d.partner_id = a.partner_id), \
                 (SELECT username FROM partners AS p WHERE p.partner_id = a.partner_id), '')"
            ),
        ),
        Member::column("login"),
        Member::column("action"),
        Member::column("kind"),
        integer("record_id"),
        integer("customer_id"),
        Member::json("fields", sql!("fields")),
        Member::column("request_id"),
    ]);
    let (from, total, window) = if filter.is_empty() {
        let from = sql!("audit WHERE audit_id > {after}", after = paging.after);
        let total = sql!(
            "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0) - audit_skipped AS total \
             FROM state WHERE state_id = 1"
        );
        (from, total, sql!("SELECT 0 AS last"))
    } else {
        let window = |after| filter.window(after);
        let action = filter.action.as_deref();
        let matches = sql!("{action} IN (action, '')", action = action.unwrap_or(""));
        let from = sql!(
            "{window} WHERE {matches}",
            window = window(paging.after),
            matches = &matches,
        );
        let total = sql!(
            "SELECT COUNT(*) AS total FROM {window} WHERE {matches}",
            window = window(0),
            matches = matches,
        );
        let last = match action {
            Some(_) => sql!(
                "SELECT iif(COUNT(*) < {max}, 0, MAX(audit_id)) AS last FROM {window}",
                max = WINDOW,
                window = window(paging.after),
            ),
            // All that is looked at is answered, so a full page tells that entries may follow.
            None => sql!("SELECT 0 AS last"),
        };
        (from, total, last)
    };
    let rows = sql!(
        "SELECT {json} AS json, audit_id AS id, at FROM (SELECT * FROM {from} \
         ORDER BY {order} LIMIT {limit} OFFSET {offset}) AS a ORDER BY {order}",
        json = json,
        from = from,
        order = filter.order.sql(),
        limit = paging.limit(),
        offset = paging.offset(),
    );
    let mut steps = Steps::default();
    let total = steps.add(total.named("operator::trail_total"));
    let rows = steps.add(rows.named("operator::trail"));
    let window = steps.add(window.named("operator::trail_window"));
    let partner = filter.partner.as_deref();
    let partner = partner.map(|partner| steps.add(find(partner)));
    steps.named(Trail {
        total,
        rows,
        window,
        partner,
    })
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
            customer_id,
            since,
            action,
            order: _,
        } = self;
        partner.is_none() && customer_id.is_none() && since.is_none() && action.is_none()
    }

    /// The first [`WINDOW`] entries after `after` of the partner or the customer, since the time. An index finds them.
    fn window(&self, after: i64) -> Sql {
        let partner = self.partner.as_deref().map(|username| {
            // A customer belongs to one partner, and has fewer entries. The plus keeps the index of the partner away.
            let column = if self.customer_id.is_some() {
                sql!("+partner_id")
            } else {
                sql!("partner_id")
            };
            sql!(
                "{column} = COALESCE((SELECT partner_id FROM directory WHERE username = {username}), \
                 (SELECT partner_id FROM partners WHERE username = {username}))",
                column = column,
                username = username
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
            "(SELECT * FROM audit WHERE {conditions} ORDER BY {order} LIMIT {max})",
            conditions = Sql::join(conditions, " AND "),
            order = self.order.sql(),
            max = WINDOW,
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
