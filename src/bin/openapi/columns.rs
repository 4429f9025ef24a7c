//! Reads the type and the description of each column from the migrations.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use customers_api::db::schema::{LEDGER_MIGRATIONS, MIGRATIONS};

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Whether the column is an integer. Otherwise it is a text.
    pub is_integer: bool,
    /// The comment above the column, or above the group of columns that it belongs to.
    pub about: String,
}

/// Every column, by its table and name.
#[derive(Debug, Default)]
pub struct Columns(BTreeMap<(String, String), Column>);

impl Columns {
    /// Reads the migrations. Where the ledger has the same column, that of the customers' database counts.
    pub fn read() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let ledger = LEDGER_MIGRATIONS
            .iter()
            .map(|name| ("migrations/ledger", name));
        let ours = MIGRATIONS.iter().map(|name| ("migrations", name));
        let mut columns = Self::default();
        for (directory, name) in ledger.chain(ours) {
            let sql = fs::read_to_string(root.join(directory).join(name));
            columns.add(&sql.map_err(|error| format!("{name}: {error}"))?);
        }
        Ok(columns)
    }

    /// The column of a table. A partner has columns in its home's table and in the directory.
    pub fn get(&self, table: &str, name: &str) -> Result<&Column, String> {
        let of = |table: &str| self.0.get(&(table.to_owned(), name.to_owned()));
        let directory = of("directory").filter(|_| table == "partners");
        of(table)
            .filter(|column| column.about != "As in the directory.")
            .or(directory)
            .filter(|column| !column.about.is_empty())
            .ok_or_else(|| format!("no migration describes {table}.{name}"))
    }

    fn add(&mut self, sql: &str) {
        let mut table = "";
        let mut about = String::new();
        let mut goes_on = false;
        for line in sql.lines().map(str::trim) {
            if let Some(comment) = line.strip_prefix("--") {
                if goes_on {
                    about.push(' ');
                } else {
                    about.clear();
                }
                about.push_str(comment.trim());
                goes_on = true;
                continue;
            }
            goes_on = false;
            let words: Vec<&str> = line.split([' ', ',', ';']).collect();
            let (name, kind) = match words.as_slice() {
                ["CREATE", "TABLE", name, ..] => {
                    table = name;
                    about.clear();
                    continue;
                }
                ["ALTER", "TABLE", name, "ADD", "COLUMN", column, kind, ..] => {
                    table = name;
                    (column, kind)
                }
                [column, kind, ..] => (column, kind),
                _ => continue,
            };
            if matches!(*kind, "INTEGER" | "TEXT") {
                let column = Column {
                    is_integer: *kind == "INTEGER",
                    // A text without characters, as JSON writes it.
                    about: about.replace("''", "`\"\"`"),
                };
                self.0
                    .insert((table.to_owned(), (*name).to_owned()), column);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customers_api::db::schema::{CUSTOMER_TABLES, OTHER_TABLES};

    #[test]
    fn a_comment_stands_for_all_columns_below_it() {
        let mut columns = Columns::default();
        columns.add(
            "-- A table.\nCREATE TABLE t (\n    -- The first,\n    -- and more.\n    a INTEGER PRIMARY KEY,\n    \
             -- Others.\n    b TEXT NOT NULL,\n    c TEXT\n);\n-- Later.\nALTER TABLE t ADD COLUMN d INTEGER;\n",
        );
        for (name, is_integer, about) in [
            ("a", true, "The first, and more."),
            ("b", false, "Others."),
            ("c", false, "Others."),
            ("d", true, "Later."),
        ] {
            let about = about.to_owned();
            let expected = Column { is_integer, about };
            assert_eq!(columns.get("t", name), Ok(&expected));
        }
        assert!(columns.get("t", "e").is_err());
    }

    #[test]
    fn every_column_of_ours_is_explained() {
        let columns = Columns::read().unwrap();
        for table in CUSTOMER_TABLES.iter().chain(OTHER_TABLES) {
            for (column, _) in table.columns {
                let found = columns.get(table.name, column);
                assert!(table.name == "d1_migrations" || found.is_ok(), "{found:?}");
            }
        }
    }
}
