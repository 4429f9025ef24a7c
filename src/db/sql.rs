//! The SQL builder. A statement is written whole, as SQL, by [`sql!`](crate::sql): each argument is named at the place
//! where it stands, and the builder numbers it. D1 has no named parameters; nobody counts `?1` to `?9` by hand here.
//!
//! Only literals and `&'static str` become text. What comes from a request can only be bound: there is no way from a
//! `String` to the text of a statement, which appears in traces.

/// A value that is bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// `NULL`
    Null,
    /// An integer; D1 carries it as a JavaScript number, so it is exact below 2^53.
    Integer(i64),
    /// A text.
    Text(String),
}

impl From<i64> for Arg {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Arg>> From<Option<T>> for Arg {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A piece of SQL with the arguments that are bound to it, numbered from `?1`. Placed into another piece it takes them
/// along and is numbered anew, so a copy binds what the original binds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sql {
    text: String,
    args: Vec<Arg>,
}

/// A piece of SQL of a literal. `{name}` in it stands for one of the parts that follow: another [`Sql`] is spliced in, any
/// other value is bound. A name that is missing, or not used, does not compile.
///
/// ```
/// # use customers_api::{db::sql::Sql, sql};
/// let mine = sql!("partner_id = {partner}", partner = 7);
/// let page = sql!("SELECT name FROM customers WHERE {mine} LIMIT {limit}", mine = mine, limit = 20);
/// assert_eq!(page.text(), "SELECT name FROM customers WHERE partner_id = ?1 LIMIT ?2");
/// ```
#[macro_export]
macro_rules! sql {
    ($text:literal $(,)?) => {
        $crate::db::sql::Template::new($text).end()
    };
    ($text:literal $(, $name:ident = $part:expr)+ $(,)?) => {{
        // Never runs: the compiler holds the names in the text against those that are given.
        if false {
            let _ = ::std::format_args!($text $(, $name = "")+);
        }
        let mut template = $crate::db::sql::Template::new($text);
        $($crate::db::sql::Part::give($part, &mut template, stringify!($name));)+
        template.end()
    }};
}

/// A text with its parts, for [`sql!`](crate::sql) alone: only a literal may become text.
#[doc(hidden)]
#[derive(Debug)]
pub struct Template {
    text: &'static str,
    parts: Vec<(&'static str, Given)>,
}

#[derive(Debug)]
enum Given {
    Bound(Arg),
    Spliced(Sql),
    /// It stands in the text already, as this.
    Placed(String),
}

/// What can stand for a `{name}` in [`sql!`](crate::sql): a piece of SQL, which is spliced in, or a value, which is bound.
pub trait Part {
    /// Gives it to a template under its name.
    fn give(self, template: &mut Template, name: &'static str);
}

// A function for each type, never inlined: there are hundreds of calls.
macro_rules! values {
    ($($value:ty),*) => {
        $(impl Part for $value {
            #[inline(never)]
            fn give(self, template: &mut Template, name: &'static str) {
                template.parts.push((name, Given::Bound(self.into())));
            }
        })*
    };
}

values!(
    i64,
    &str,
    String,
    Arg,
    Option<i64>,
    Option<&str>,
    Option<String>
);

impl Part for Sql {
    #[inline(never)]
    fn give(self, template: &mut Template, name: &'static str) {
        template.parts.push((name, Given::Spliced(self)));
    }
}

impl Part for &Sql {
    fn give(self, template: &mut Template, name: &'static str) {
        self.clone().give(template, name);
    }
}

impl Template {
    /// A text without its parts.
    pub fn new(text: &'static str) -> Self {
        Self {
            text,
            parts: Vec::new(),
        }
    }

    /// Puts the parts into the text. One that stands there twice is bound once.
    #[inline(never)]
    pub fn end(mut self) -> Sql {
        let mut sql = Sql::default();
        let mut rest = self.text;
        while let Some((before, after)) = rest.split_once(['{', '}']) {
            sql.text.push_str(before);
            let brace = rest
                .get(before.len()..)
                .and_then(|rest| rest.chars().next());
            rest = if let Some(literal) = brace.and_then(|brace| after.strip_prefix(brace)) {
                sql.text.extend(brace);
                literal
            } else {
                let (name, after) = after.split_once('}').unwrap_or((after, ""));
                if let Some((_, part)) = self.parts.iter_mut().find(|(known, _)| *known == name) {
                    sql.place(part);
                }
                after
            };
        }
        sql.text.push_str(rest);
        sql
    }
}

impl Sql {
    /// Writes a part, and takes over its arguments the first time.
    fn place(&mut self, part: &mut Given) {
        let text = match std::mem::replace(part, Given::Placed(String::new())) {
            Given::Placed(text) => text,
            Given::Bound(arg) => {
                self.args.push(arg);
                format!("?{}", self.args.len())
            }
            Given::Spliced(piece) => {
                let text = renumbered(&piece.text, self.args.len());
                self.args.extend(piece.args);
                text
            }
        };
        self.text.push_str(&text);
        *part = Given::Placed(text);
    }

    /// A name of ours: a table, a column.
    pub fn name(name: &'static str) -> Self {
        Self {
            text: name.to_owned(),
            args: Vec::new(),
        }
    }

    /// Pieces one after another, with `separator` between them.
    pub fn join(pieces: impl IntoIterator<Item = Self>, separator: &'static str) -> Self {
        Self::join_all(&mut pieces.into_iter(), separator)
    }

    fn join_all(pieces: &mut dyn Iterator<Item = Self>, separator: &'static str) -> Self {
        let mut joined = Self::default();
        for piece in pieces {
            if !joined.text.is_empty() {
                joined.text.push_str(separator);
            }
            joined.place(&mut Given::Spliced(piece));
        }
        joined
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A statement under the name of the function that makes it, which its text begins with.
    pub fn named(self, name: &'static str) -> Statement {
        Statement {
            name,
            sql: format!("/* {name} */ {}", self.text),
            args: self.args,
        }
    }
}

/// `?1` and its kin, each by `offset` more.
fn renumbered(text: &str, offset: usize) -> String {
    let mut pieces = text.split('?');
    let mut renumbered = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = piece.strip_suffix(rest).unwrap_or_default();
        let number = digits.parse::<usize>().unwrap_or(0);
        renumbered.push('?');
        renumbered.push_str(&(number + offset).to_string());
        renumbered.push_str(rest);
    }
    renumbered
}

/// One statement, ready for the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    name: &'static str,
    sql: String,
    args: Vec<Arg>,
}

impl Statement {
    /// The function that made it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The SQL.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Whether it only reads. A statement that begins with a `WITH` does so if no word of one that writes is in it.
    pub fn is_read(&self) -> bool {
        let Some((_, text)) = self.sql.split_once(" */ ") else {
            return false;
        };
        let writes = ["INSERT ", "UPDATE ", "DELETE ", "REPLACE "];
        text.starts_with("SELECT ")
            || (text.starts_with("WITH ") && !writes.iter().any(|word| text.contains(word)))
    }

    /// The rows of this statement, and then those of another one with as many columns, as one statement.
    #[must_use]
    pub fn and_all(mut self, other: Self) -> Self {
        let text = other.sql.split_once(" */ ").map_or("", |(_, text)| text);
        let text = renumbered(text, self.args.len());
        self.sql.push_str(&format!(" UNION ALL {text}"));
        self.args.extend(other.args);
        self
    }

    /// What is bound to `?1`, `?2`, …
    pub fn args(&self) -> &[Arg] {
        &self.args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_means_what_it_means_outside_whatever_the_parts_before_it_are_called() {
        let (a, b) = ("x", "y");
        let piece = sql!("{a}, {b}", a = b, b = sql!("({a})", a = a));
        assert_eq!(
            piece,
            sql!("{first}, ({second})", first = "y", second = "x")
        );
    }

    #[test]
    fn a_piece_takes_its_arguments_to_wherever_it_is_placed() {
        let mine = sql!("a = {a} AND b = {b} AND c = {a}", a = 1, b = "x");
        assert_eq!(mine.text(), "a = ?1 AND b = ?2 AND c = ?1");
        let whole = sql!(
            "SELECT {first}, ({mine}), {last} WHERE {mine}",
            first = 0,
            mine = &mine,
            last = None::<i64>,
        );
        assert_eq!(
            whole.text(),
            "SELECT ?1, (a = ?2 AND b = ?3 AND c = ?2), ?4 WHERE a = ?2 AND b = ?3 AND c = ?2"
        );
        let args = [0.into(), 1.into(), "x".into(), Arg::Null];
        assert_eq!(whole.args, args);
        let joined = Sql::join([mine.clone(), mine], " OR ");
        assert!(joined.text().ends_with("a = ?3 AND b = ?4 AND c = ?3"));
        let both = sql!("SELECT {a}", a = 1).named("tests::first");
        let both = both.and_all(sql!("SELECT {a}, {b}", a = 2, b = 3).named("tests::second"));
        assert_eq!(
            both.sql(),
            "/* tests::first */ SELECT ?1 UNION ALL SELECT ?2, ?3"
        );
        assert_eq!(both.args(), [1.into(), 2.into(), 3.into()]);
        let statement = joined.named("tests::joined");
        assert!(statement.sql().starts_with("/* tests::joined */ a = ?1"));
    }
}
