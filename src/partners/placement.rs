//! Which database a partner lives in. Everything that an erasure touches is in one of them, the partner's home.
//!
//! `DB` is always there, and serves alone until it is outgrown. It has the directory besides. `DB_2`, `DB_3`, … are bound
//! when they are needed.

use std::fmt;

/// The most databases. The cron makes some six trips to each, and a Worker may make 1,000 in an invocation.
pub const DATABASES_MAX: u16 = 100;

/// A customers' database, by its number: 1 is `DB`, 2 is `DB_2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Database(u16);

impl Database {
    /// `DB`. It has the directory, and may be the home of partners like any other.
    pub const DIRECTORY: Self = Self(1);

    /// Every database that can be bound.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=DATABASES_MAX).map(Self)
    }

    /// The database whose binding has this name; `None` if no database can have it.
    pub fn parse(name: &str) -> Option<Self> {
        let number = match name {
            "DB" => 1,
            _ => name.strip_prefix("DB_")?.parse().ok()?,
        };
        // No other spelling, such as DB_02.
        let is_one = |database: &Self| database.to_string() == name;
        let database = (1..=DATABASES_MAX)
            .contains(&number)
            .then_some(Self(number));
        database.filter(is_one)
    }

    /// How many databases stand before it.
    pub fn index(self) -> usize {
        usize::from(self.0).saturating_sub(1)
    }
}

/// The name of the binding.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::DIRECTORY => f.write_str("DB"),
            Self(number) => write!(f, "DB_{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_after_its_number_and_no_other_name_is_one() {
        assert_eq!(Database::parse("DB"), Some(Database::DIRECTORY));
        assert_eq!(Database::parse("DB_2"), Some(Database(2)));
        assert_eq!(Database(100).to_string(), "DB_100");
        for name in [
            "", "db", "DB_0", "DB_1", "DB_02", "DB_101", "LEDGER", "DB_2 ",
        ] {
            assert_eq!(Database::parse(name), None, "{name}");
        }
        assert_eq!(Database::all().count(), 100);
    }
}
