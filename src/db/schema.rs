//! The schema that the code needs, and what an erasure does to every column of every table. The erasure and the export are
//! made from here.
//!
//! A test fails on a column of the real schema that has no rule here, so a new column cannot leak by being forgotten.

use super::sql::{Sql, Statement};
use crate::sql;

/// The migrations that this code needs, by the names of their files. A test compares them with the directory.
pub const MIGRATIONS: &[&str] = &[
    "0001_partners.sql",
    "0002_customers.sql",
    "0003_records.sql",
    "0004_erasures.sql",
    "0005_audit.sql",
    "0006_blocks.sql",
    "0007_state.sql",
];

/// The same of the ledger.
pub const LEDGER_MIGRATIONS: &[&str] = &["0001_ledger.sql"];

/// Reads the names of the migrations that were applied, as the platform notes them: one row each.
pub fn applied_migrations() -> Statement {
    sql!("SELECT name FROM d1_migrations").named("schema::applied_migrations")
}

/// What an erasure does to a column.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Nothing: it is not personal, and statistics need it.
    Keep,
    /// Empties it.
    Blank,
    /// Keeps country code and national destination code of the phone number, and replaces each subscriber digit by `*`.
    /// The column named here has the length of the two codes.
    Mask(&'static str),
    /// Deletes the row that it stands in.
    DeleteRow,
    /// Sets it to the expression that this makes of the time of the erasure.
    Set(fn(&str) -> Sql),
}

use Rule::{Blank, DeleteRow, Keep, Mask, Set};

/// A table of the database.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns of its primary key.
    pub key: &'static [&'static str],
    /// The order in which the export lists the rows of one customer. With `customer_id` before it, it is an index, so a
    /// page is read along it. Empty if the export has no list of them.
    pub order: &'static [&'static str],
    /// The columns that are only ours: the export leaves them out.
    pub internal: &'static [&'static str],
    /// Every column and its rule.
    pub columns: &'static [(&'static str, Rule)],
}

/// Whether a measure is active at `now`: it never expires, or not yet. No other place says so.
pub fn measure_is_active(now: &str) -> Sql {
    sql!("(expires = '' OR expires > {now})", now = now)
}

/// The number of the active measures of a row of `customers` at `now`. It reads those that end later than now: the others are
/// counted already.
pub fn measures_active(now: &str) -> Sql {
    sql!(
        "(measures_endless + (SELECT COUNT(*) FROM measures \
         WHERE measures.customer_id = customers.customer_id AND expires <> '' AND name <> '' AND expires > {now}))",
        now = now
    )
}

/// The `status` of a measure at `now`.
pub fn measure_status(now: &str) -> Sql {
    let is_active = measure_is_active(now);
    sql!(
        "CASE WHEN {is_active} THEN 'active' ELSE 'expired' END",
        is_active = is_active
    )
}

/// The `expires` of a measure that is made to expire at `now`. One that has expired before keeps its time.
pub fn measure_expired(now: &str) -> Sql {
    let is_active = measure_is_active(now);
    sql!(
        "CASE WHEN {is_active} THEN {now} ELSE expires END",
        is_active = is_active,
        now = now
    )
}

/// The tables whose rows hang on a customer. `customers` itself is last: until its own row is changed, the rows of the
/// others can be found to be a living customer's.
pub const CUSTOMER_TABLES: &[Table] = &[
    Table {
        name: "measures",
        key: &["measure_id"],
        order: &["measure_id"],
        internal: &["phonenr_ccndc", "destnr_ccndc"],
        columns: &[
            ("measure_id", Keep),
            ("customer_id", Keep),
            ("name", Blank),
            ("media", Blank),
            ("phonenr", Mask("phonenr_ccndc")),
            ("phonenr_ccndc", Keep),
            ("destnr", Mask("destnr_ccndc")),
            ("destnr_ccndc", Keep),
            ("created", Keep),
            ("expires", Set(measure_expired)),
        ],
    },
    Table {
        name: "users",
        key: &["user_id"],
        order: &["user_id"],
        internal: &[],
        columns: &[
            ("user_id", DeleteRow),
            ("customer_id", DeleteRow),
            ("email", DeleteRow),
            ("name", DeleteRow),
            ("write_access", DeleteRow),
            ("receive_monthly_report", DeleteRow),
        ],
    },
    Table {
        name: "allowed_numbers",
        key: &["customer_id", "position"],
        order: &["position"],
        internal: &[],
        columns: &[
            ("customer_id", DeleteRow),
            ("position", DeleteRow),
            ("phonenr", DeleteRow),
        ],
    },
    Table {
        name: "calls",
        key: &["call_id"],
        order: &["start", "call_id"],
        internal: &["anum_ccndc", "bnum_ccndc", "cnum_ccndc"],
        columns: &[
            ("call_id", Keep),
            ("customer_id", Keep),
            ("measure_id", Keep),
            ("start", Keep),
            ("duration", Keep),
            ("answered", Keep),
            ("anum", Mask("anum_ccndc")),
            ("anum_ccndc", Keep),
            ("bnum", Mask("bnum_ccndc")),
            ("bnum_ccndc", Keep),
            ("cnum", Mask("cnum_ccndc")),
            ("cnum_ccndc", Keep),
            ("external_id", Blank),
        ],
    },
    // A trigger of `calls` adds to it. An erasure in steps removes its rows in another order than it masks the calls.
    Table {
        name: "external_ids",
        key: &["customer_id", "external_id"],
        order: &[],
        internal: &[],
        columns: &[
            ("customer_id", DeleteRow),
            ("external_id", DeleteRow),
            ("call_id", DeleteRow),
        ],
    },
    Table {
        name: "customers",
        key: &["customer_id"],
        order: &[],
        internal: &[
            "partner_id",
            "removed_at",
            "measures_total",
            "users_total",
            "calls_total",
            "measures_endless",
            "numbers_total",
        ],
        columns: &[
            ("customer_id", Keep),
            ("partner_id", Keep),
            ("uuid", Keep),
            ("custnr", Blank),
            ("name", Blank),
            ("corporateid", Blank),
            ("email", Blank),
            ("receive_monthly_report", Keep),
            ("freespee_caller_id", Keep),
            ("address_street", Blank),
            ("address_zip", Blank),
            ("address_city", Blank),
            ("address_state", Blank),
            ("address_country", Blank),
            ("custom_1", Blank),
            ("custom_2", Blank),
            ("custom_3", Blank),
            ("custom_4", Blank),
            ("custom_5", Blank),
            ("custom_6", Blank),
            ("custom_7", Blank),
            ("custom_8", Blank),
            ("custom_9", Blank),
            ("custom_10", Blank),
            ("custom_11", Blank),
            ("custom_12", Blank),
            ("custom_13", Blank),
            ("custom_14", Blank),
            ("custom_15", Blank),
            ("custom_16", Blank),
            ("custom_17", Blank),
            ("custom_18", Blank),
            ("custom_19", Blank),
            ("custom_20", Blank),
            ("version", Set(|_| sql!("version + 1"))),
            ("created", Keep),
            ("removed_at", Set(|now| sql!("{now}", now = now))),
            ("measures_total", Keep),
            ("users_total", Set(|_| sql!("0"))),
            ("calls_total", Keep),
            ("measures_endless", Set(|_| sql!("0"))),
            ("numbers_total", Keep),
        ],
    },
];

/// The table of the `Idempotency-Key`s. Its rows tell of customers, but only this service can read anything in them: the
/// export leaves them out.
pub const IDEMPOTENCY_KEYS: Table = Table {
    name: "idempotency_keys",
    key: &["partner_id", "key_hmac"],
    order: &[],
    internal: &[],
    columns: &[
        ("partner_id", Keep),
        ("key_hmac", Keep),
        ("params_hmac", Blank),
        ("kind", Keep),
        ("customer_id", Keep),
        ("ids", Keep),
        ("used_at", Keep),
    ],
};

/// The tables that hold nothing personal of a customer: the partners' own, the receipts, the work that goes on in steps,
/// the audit trail, the counts of the lists, and what the platform keeps of the migrations.
pub const OTHER_TABLES: &[Table] = &[
    Table {
        name: "directory",
        key: &["partner_id"],
        order: &[],
        internal: &[],
        columns: &[
            ("partner_id", Keep),
            ("username", Keep),
            ("database", Keep),
            ("passage", Keep),
            ("allowed_networks", Keep),
            ("enabled", Keep),
            ("created", Keep),
        ],
    },
    Table {
        name: "partners",
        key: &["partner_id"],
        order: &[],
        internal: &[],
        columns: &[
            ("partner_id", Keep),
            ("username", Keep),
            ("name", Keep),
            ("country", Keep),
            ("customers", Keep),
            ("serves", Keep),
            ("passage", Keep),
        ],
    },
    Table {
        name: "leavings",
        key: &["partner_id"],
        order: &[],
        internal: &[],
        columns: &[("partner_id", Keep)],
    },
    Table {
        name: "logins",
        key: &["username"],
        order: &[],
        internal: &[],
        columns: &[
            ("username", Keep),
            ("partner_id", Keep),
            ("access", Keep),
            ("ha1_sealed", Keep),
            ("ha1_previous_sealed", Keep),
            ("previous_until", Keep),
            ("created", Keep),
        ],
    },
    Table {
        name: "custom_fields",
        key: &["partner_id", "n"],
        order: &[],
        internal: &[],
        columns: &[
            ("partner_id", Keep),
            ("n", Keep),
            ("label", Keep),
            ("max_length", Keep),
            ("required", Keep),
        ],
    },
    Table {
        name: "erasures",
        key: &["customer_id"],
        order: &[],
        internal: &[],
        columns: &[
            ("customer_id", Keep),
            ("completed_at", Keep),
            ("measures_expired", Keep),
            ("users_removed", Keep),
            ("allowed_numbers_removed", Keep),
            ("phone_numbers_masked", Keep),
            ("sequence", Keep),
            ("backups_until", Keep),
            ("reerased_at", Keep),
            ("recorded", Keep),
        ],
    },
    Table {
        name: "state",
        key: &["state_id"],
        order: &[],
        internal: &[],
        columns: &[
            ("state_id", Keep),
            ("sequence", Keep),
            ("doors_sequence", Keep),
            ("ids_upto", Keep),
            ("audit_skipped", Keep),
        ],
    },
    Table {
        name: "maskings",
        key: &["masking_id"],
        order: &[],
        internal: &[],
        columns: &[
            ("masking_id", Keep),
            ("customer_id", Keep),
            ("start", Keep),
            ("call_id", Keep),
        ],
    },
    Table {
        name: "endings",
        key: &["ending_id"],
        order: &[],
        internal: &[],
        columns: &[
            ("ending_id", Keep),
            ("partner_id", Keep),
            ("n", Keep),
            ("emptied_to", Keep),
        ],
    },
    Table {
        name: "audit",
        key: &["audit_id"],
        order: &["audit_id"],
        internal: &["partner_id"],
        columns: &[
            ("audit_id", Keep),
            ("at", Keep),
            ("actor", Keep),
            ("partner_id", Keep),
            ("login", Keep),
            ("action", Keep),
            ("kind", Keep),
            ("record_id", Keep),
            ("customer_id", Keep),
            ("fields", Keep),
            ("request_id", Keep),
        ],
    },
    // The blocks of an erased customer's lists stay, and nobody reads them.
    Table {
        name: "blocks",
        key: &["kind", "owner_id", "start", "id"],
        order: &[],
        internal: &[],
        columns: &[
            ("kind", Keep),
            ("owner_id", Keep),
            ("start", Keep),
            ("id", Keep),
            ("live", Keep),
        ],
    },
    // They are sums of those blocks.
    Table {
        name: "stretches",
        key: &["kind", "owner_id", "start", "id"],
        order: &[],
        internal: &[],
        columns: &[
            ("kind", Keep),
            ("owner_id", Keep),
            ("start", Keep),
            ("id", Keep),
            ("blocks", Keep),
            ("live", Keep),
        ],
    },
    Table {
        name: "d1_migrations",
        key: &["id"],
        order: &[],
        internal: &[],
        columns: &[("id", Keep), ("name", Keep), ("applied_at", Keep)],
    },
];

/// The tables of which the export has a list.
pub fn exported_tables() -> impl Iterator<Item = &'static Table> {
    let tables = CUSTOMER_TABLES.iter().chain(OTHER_TABLES);
    tables.filter(|table| !table.order.is_empty())
}

/// Digits of the longest number (ITU-T E.164 §6), and so the most stars that a mask needs.
const STARS: &str = "***************";

impl Table {
    /// The columns that the export has.
    pub fn exported(&self) -> impl Iterator<Item = &'static str> {
        let columns = self.columns.iter().map(|(column, _)| *column);
        columns.filter(|column| !self.internal.contains(column))
    }

    /// The statement that applies the rules to the rows that `condition` finds: an `UPDATE` or a `DELETE`.
    pub fn erase(&self, now: &str, condition: &Sql) -> Sql {
        let name = Sql::name(self.name);
        if self
            .columns
            .iter()
            .any(|(_, rule)| matches!(rule, DeleteRow))
        {
            return sql!(
                "DELETE FROM {name} WHERE {condition}",
                name = name,
                condition = condition
            );
        }
        let changes = self.columns.iter().filter_map(|(column, rule)| {
            let value = match rule {
                Keep | DeleteRow => return None,
                Blank => sql!("''"),
                Mask(ccndc) => masked(column, ccndc),
                Set(expression) => expression(now),
            };
            let column = Sql::name(column);
            Some(sql!("{column} = {value}", column = column, value = value))
        });
        sql!(
            "UPDATE {name} SET {changes} WHERE {condition}",
            name = name,
            changes = Sql::join(changes, ", "),
            condition = condition
        )
    }
}

/// `+46890510` with 3 digits of country code and NDC becomes `+468*****`; `''` stays `''`.
fn masked(column: &'static str, ccndc: &'static str) -> Sql {
    sql!(
        "substr({column}, 1, 1 + {ccndc}) || \
         substr('{stars}', 1, max(0, length({column}) - 1 - {ccndc}))",
        column = Sql::name(column),
        ccndc = Sql::name(ccndc),
        stars = Sql::name(STARS),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_updated_or_its_rows_are_deleted_never_both() {
        for table in CUSTOMER_TABLES {
            let columns = table.columns.iter();
            let deleted = columns
                .filter(|(_, rule)| matches!(rule, DeleteRow))
                .count();
            assert!(
                deleted == 0 || deleted == table.columns.len(),
                "{}",
                table.name
            );
        }
    }

    #[test]
    fn the_length_beside_every_masked_column_is_kept() {
        for table in CUSTOMER_TABLES {
            for (_, rule) in table.columns {
                let Mask(ccndc) = rule else { continue };
                let mut columns = table.columns.iter();
                assert!(
                    columns.any(|(column, rule)| column == ccndc && matches!(rule, Keep)),
                    "{ccndc}"
                );
            }
        }
    }

    #[test]
    fn what_is_only_ours_is_a_column_and_the_order_is_exported() {
        for table in CUSTOMER_TABLES.iter().chain(OTHER_TABLES) {
            let is_column = |name: &&str| table.columns.iter().any(|(column, _)| column == name);
            assert!(table.internal.iter().all(is_column), "{}", table.name);
            let mut order = table.order.iter();
            let is_exported = |name: &&str| table.exported().any(|column| column == *name);
            assert!(order.all(is_exported), "{}", table.name);
        }
        assert_eq!(exported_tables().count(), 5);
    }

    #[test]
    fn the_other_tables_are_kept_whole() {
        for table in OTHER_TABLES {
            assert!(
                table.columns.iter().all(|(_, rule)| matches!(rule, Keep)),
                "{}",
                table.name
            );
        }
    }
}
