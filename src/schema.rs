//! The schema that the code needs, and what an erasure does to every column of every table: the one place it is made
//! from. Pure.
//!
//! A column of the real schema without a rule here fails a test, so that a new column cannot leak by
//! being forgotten.

/// The migrations that this code needs, by the names of their files. A test holds them against the directory.
pub const MIGRATIONS: &[&str] = &[
    "0001_partners.sql",
    "0002_customers.sql",
    "0003_records.sql",
    "0004_erasures.sql",
    "0005_record_totals.sql",
    "0006_audit.sql",
];

/// What an erasure does to a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing: it is not personal, and statistics need it.
    Keep,
    /// Empties it.
    Blank,
    /// Keeps country code and national destination code of the phone number and replaces each
    /// subscriber digit by `*`; the column `<name>_ccndc` beside it has the length of the two.
    Mask,
    /// Deletes the row that it stands in.
    DeleteRow,
    /// Sets it to this SQL expression, in which `?1` is the time of the erasure.
    Set(&'static str),
}

use Rule::{Blank, DeleteRow, Keep, Mask, Set};

/// A table of the database.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Every column and its rule; what the primary key is made of comes first.
    pub columns: &'static [(&'static str, Rule)],
}

/// The one place that says when a measure is active: it never expires, or not yet; `?1` is the time.
macro_rules! measure_is_active {
    () => {
        "(expires = '' OR expires > ?1)"
    };
}

/// Whether a measure is active.
pub const MEASURE_IS_ACTIVE: &str = measure_is_active!();

/// The `status` of a measure.
pub const MEASURE_STATUS: &str = concat!(
    "CASE WHEN ",
    measure_is_active!(),
    " THEN 'active' ELSE 'expired' END"
);

/// The `expires` of a measure that is made to expire at `?1`: one that has already keeps its time.
pub const MEASURE_EXPIRED: &str = concat!(
    "CASE WHEN ",
    measure_is_active!(),
    " THEN ?1 ELSE expires END"
);

/// The tables whose rows hang on a customer, and the customer itself last: until its own row is
/// changed, the others can be found to be a living customer's.
pub const CUSTOMER_TABLES: &[Table] = &[
    Table {
        name: "measures",
        columns: &[
            ("measure_id", Keep),
            ("customer_id", Keep),
            ("name", Blank),
            ("media", Blank),
            ("phonenr", Mask),
            ("phonenr_ccndc", Keep),
            ("destnr", Mask),
            ("destnr_ccndc", Keep),
            ("created", Keep),
            ("expires", Set(MEASURE_EXPIRED)),
        ],
    },
    Table {
        name: "users",
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
        columns: &[
            ("customer_id", DeleteRow),
            ("position", DeleteRow),
            ("phonenr", DeleteRow),
        ],
    },
    Table {
        name: "calls",
        columns: &[
            ("call_id", Keep),
            ("customer_id", Keep),
            ("measure_id", Keep),
            ("start", Keep),
            ("duration", Keep),
            ("answered", Keep),
            ("anum", Mask),
            ("anum_ccndc", Keep),
            ("bnum", Mask),
            ("bnum_ccndc", Keep),
            ("cnum", Mask),
            ("cnum_ccndc", Keep),
        ],
    },
    Table {
        name: "customers",
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
            ("version", Set("version + 1")),
            ("idempotency_key", Keep),
            ("idempotency_params", Blank),
            ("created", Keep),
            ("removed_at", Set("?1")),
            ("measures_total", Keep),
            ("users_total", Set("0")),
            ("calls_total", Keep),
        ],
    },
];

/// The tables that hold nothing of a customer's person: the partners' own, the receipts, the audit trail, and
/// what the platform keeps of the migrations.
pub const OTHER_TABLES: &[Table] = &[
    Table {
        name: "partners",
        columns: &[
            ("partner_id", Keep),
            ("username", Keep),
            ("name", Keep),
            ("country", Keep),
            ("allowed_networks", Keep),
            ("enabled", Keep),
            ("ha1_sealed", Keep),
            ("customers", Keep),
            ("created", Keep),
        ],
    },
    Table {
        name: "custom_fields",
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
        columns: &[
            ("customer_id", Keep),
            ("measures_expired", Keep),
            ("users_removed", Keep),
            ("allowed_numbers_removed", Keep),
            ("phone_numbers_masked", Keep),
        ],
    },
    Table {
        name: "audit",
        columns: &[
            ("audit_id", Keep),
            ("at", Keep),
            ("actor", Keep),
            ("partner_id", Keep),
            ("action", Keep),
            ("kind", Keep),
            ("record_id", Keep),
            ("customer_id", Keep),
            ("fields", Keep),
            ("request_id", Keep),
        ],
    },
    Table {
        name: "d1_migrations",
        columns: &[("id", Keep), ("name", Keep), ("applied_at", Keep)],
    },
];

/// Digits of the longest number (ITU-T E.164 §6), and so the most that a mask needs.
const STARS: &str = "***************";

impl Table {
    /// The statement body that applies the rules to a table's rows, up to its `WHERE`: an `UPDATE`
    /// or a `DELETE`. `?1` is the time of the erasure.
    pub fn erase_sql(&self) -> String {
        let name = self.name;
        if self.columns.iter().any(|(_, rule)| *rule == DeleteRow) {
            return format!("DELETE FROM {name}");
        }
        let changes: Vec<String> = self
            .columns
            .iter()
            .filter_map(|(column, rule)| match rule {
                Keep | DeleteRow => None,
                Blank => Some(format!("{column} = ''")),
                Mask => Some(format!("{column} = {}", mask_sql(column))),
                Set(expression) => Some(format!("{column} = {expression}")),
            })
            .collect();
        format!("UPDATE {name} SET {}", changes.join(", "))
    }

    /// An expression for how many phone numbers a row has that [`Rule::Mask`] changes; `None` when
    /// the table has no such column.
    pub fn phone_numbers_sql(&self) -> Option<String> {
        let terms: Vec<String> = self
            .columns
            .iter()
            .filter(|(_, rule)| *rule == Mask)
            .map(|(column, _)| format!("({column} <> '')"))
            .collect();
        (!terms.is_empty()).then(|| terms.join(" + "))
    }
}

/// `+46890510` with 3 digits of country code and NDC -> `+468*****`; `''` stays `''`.
fn mask_sql(column: &str) -> String {
    format!(
        "substr({column}, 1, 1 + {column}_ccndc) || \
         substr('{STARS}', 1, max(0, length({column}) - 1 - {column}_ccndc))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_updated_or_its_rows_are_deleted_never_both() {
        for table in CUSTOMER_TABLES {
            let deleted = table.columns.iter().filter(|(_, rule)| *rule == DeleteRow);
            let deleted = deleted.count();
            assert!(
                deleted == 0 || deleted == table.columns.len(),
                "{}",
                table.name
            );
        }
    }

    #[test]
    fn every_masked_column_has_its_length_beside_it() {
        for table in CUSTOMER_TABLES {
            for (column, _) in table.columns.iter().filter(|(_, rule)| *rule == Mask) {
                let beside = format!("{column}_ccndc");
                assert!(table.columns.contains(&(beside.as_str(), Keep)), "{beside}");
            }
        }
    }

    #[test]
    fn the_other_tables_are_kept_whole() {
        for table in OTHER_TABLES {
            assert!(
                table.columns.iter().all(|(_, rule)| *rule == Keep),
                "{}",
                table.name
            );
        }
    }
}
