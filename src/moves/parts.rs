//! What moves with a partner: the parts, each of one table, in the order in which they are copied. A row that another one
//! refers to comes first.

use crate::db::schema::{CUSTOMER_TABLES, IDEMPOTENCY_KEYS, OTHER_TABLES, Table};
use crate::db::sql::Sql;
use crate::sql;

/// Whose the rows of a part are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The partner's own.
    Partner,
    /// Those of each customer of the partner.
    Customer,
}

/// A table, or a part of one.
#[derive(Debug)]
pub struct Part {
    /// Its name. The moves know how far they have come by it.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// Whose its rows are.
    pub owner: Owner,
    /// The column with the owner's id.
    pub owner_id: &'static str,
    /// The condition that a row of the owner is in this part.
    only: fn() -> Sql,
    /// The order in which the rows of an owner are read. After the owner's id, it is an index.
    pub key: &'static [&'static str],
    /// Whether its rows are among those that a partner's progress tells. The counters of the customers know how many there
    /// are.
    pub is_counted: bool,
}

/// The condition that an entry of the audit trail moves: those of the partner itself and of its logins stay where they
/// were written.
pub fn entry_moves() -> Sql {
    sql!("kind NOT IN ('partners', 'logins')")
}

const fn of_partner(table: &'static str, key: &'static [&'static str]) -> Part {
    Part {
        name: table,
        table,
        owner: Owner::Partner,
        owner_id: "partner_id",
        only: || sql!("TRUE"),
        key,
        is_counted: false,
    }
}

const fn of_customers(table: &'static str, key: &'static [&'static str]) -> Part {
    Part {
        owner: Owner::Customer,
        owner_id: "customer_id",
        ..of_partner(table, key)
    }
}

const fn blocks(name: &'static str, owner: Owner, only: fn() -> Sql) -> Part {
    Part {
        name,
        owner,
        owner_id: "owner_id",
        only,
        ..of_partner("blocks", &["start", "id"])
    }
}

const fn counted(part: Part) -> Part {
    Part {
        is_counted: true,
        ..part
    }
}

/// The parts.
pub static PARTS: [Part; 13] = [
    of_partner("custom_fields", &["n"]),
    counted(of_partner("customers", &["removed_at", "customer_id"])),
    blocks("blocks of customers", Owner::Partner, || {
        sql!("kind = 'customers'")
    }),
    of_partner("idempotency_keys", &["key_hmac"]),
    Part {
        only: entry_moves,
        ..of_partner("audit", &["audit_id"])
    },
    counted(of_customers("measures", &["measure_id"])),
    counted(of_customers("users", &["user_id"])),
    of_customers("allowed_numbers", &["position"]),
    counted(of_customers("calls", &["start", "call_id"])),
    of_customers("erasures", &[]),
    blocks("blocks of measures", Owner::Customer, || {
        sql!("kind = 'measures'")
    }),
    blocks("blocks of users", Owner::Customer, || {
        sql!("kind = 'users'")
    }),
    blocks("blocks of calls", Owner::Customer, || {
        sql!("kind = 'calls'")
    }),
];

/// The tables that do not move, each with the reason.
#[cfg(test)]
const STAY: [(&str, &str); 9] = [
    ("external_ids", "the trigger of `calls` makes them anew"),
    ("stretches", "the triggers of `blocks` make them anew"),
    ("directory", "it is in the database DB alone"),
    ("logins", "they stand beside the directory"),
    ("partners", "the move itself writes the row"),
    (
        "leavings",
        "it tells of the database and not of the partner",
    ),
    ("maskings", "none is left when the copying begins"),
    ("endings", "none is left when the copying begins"),
    ("state", "it tells of the database and not of the partner"),
];

impl Part {
    /// The part with this name.
    pub fn of(name: &str) -> Option<&'static Self> {
        PARTS.iter().find(|part| part.name == name)
    }

    /// The part that is copied after this one.
    pub fn next(&self) -> Option<&'static Self> {
        let mut later = PARTS.iter().skip_while(|part| part.name != self.name);
        later.nth(1)
    }

    /// The condition that a row of its owner is in it.
    pub fn only(&self) -> Sql {
        (self.only)()
    }

    /// Every column of its table, in their order.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> + use<> {
        let tables = CUSTOMER_TABLES.iter().chain(OTHER_TABLES);
        let name = self.table;
        let table = tables
            .chain([&IDEMPOTENCY_KEYS])
            .find(|table| table.name == name);
        let columns = table.map_or(&[][..], |table: &'static Table| table.columns);
        columns.iter().map(|(column, _)| *column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_table_moves_or_is_declared_to_stay() {
        let database = crate::db::tests::database();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' \
                   AND name NOT LIKE 'sqlite_%' AND name <> 'd1_migrations'";
        let mut select = database.prepare(sql).unwrap();
        let names = select.query_map([], |row| row.get(0)).unwrap();
        let there: BTreeSet<String> = names.map(Result::unwrap).collect();
        let moves = PARTS.iter().map(|part| part.table);
        let stays = STAY.iter().map(|(name, _)| *name);
        let declared: BTreeSet<String> = moves.chain(stays).map(str::to_owned).collect();
        assert_eq!(there, declared);
    }

    #[test]
    fn every_column_of_a_table_that_moves_is_copied() {
        let database = crate::db::tests::database();
        for part in &PARTS {
            let sql = format!("SELECT name FROM pragma_table_info('{}')", part.table);
            let mut select = database.prepare(&sql).unwrap();
            let names = select.query_map([], |row| row.get(0)).unwrap();
            let there: BTreeSet<String> = names.map(Result::unwrap).collect();
            assert_eq!(there, part.columns().map(str::to_owned).collect());
        }
    }
}
