//! A statement for the store: SQL that is ours, and parameters that are the request's. Pure.

/// A parameter of a [`Statement`].
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

/// One statement. Its text begins with a comment that names the function that made it, and holds no
/// literal of a request, because it appears in traces; `?1` is the first of `args`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The SQL.
    pub sql: String,
    /// What is bound to `?1`, `?2`, …
    pub args: Vec<Arg>,
}

impl Statement {
    /// A statement with its parameters in order.
    pub fn new(sql: impl Into<String>, args: impl IntoIterator<Item = Arg>) -> Self {
        Self {
            sql: sql.into(),
            args: args.into_iter().collect(),
        }
    }
}

/// Pairs of one `json_object`: SQLite functions in D1 take 32 arguments.
const PAIRS_PER_OBJECT: usize = 16;

/// An SQL expression for a JSON object of `(name, expression)` pairs, however many.
///
/// Several `json_object`s are joined at their braces: each begins with `{"` and ends with a quote or
/// a digit before its `}`, so that trimming braces takes one and no more.
pub fn json_object(pairs: &[(String, String)]) -> String {
    let objects: Vec<String> = pairs
        .chunks(PAIRS_PER_OBJECT)
        .map(|pairs| {
            let arguments: Vec<String> = pairs
                .iter()
                .map(|(name, expression)| format!("'{name}', {expression}"))
                .collect();
            format!("json_object({})", arguments.join(", "))
        })
        .collect();
    let last = objects.len().saturating_sub(1);
    let joined: Vec<String> = objects
        .into_iter()
        .enumerate()
        .map(|(at, object)| match (at == 0, at == last) {
            (true, true) => object,
            (true, false) => format!("rtrim({object}, '}}')"),
            (false, true) => format!("ltrim({object}, '{{')"),
            (false, false) => format!("trim({object}, '{{}}')"),
        })
        .collect();
    joined.join(" || ',' || ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_many_members_is_joined_of_several() {
        let pairs = |count: usize| -> Vec<(String, String)> {
            (0..count)
                .map(|n| (format!("f{n}"), format!("c{n}")))
                .collect()
        };
        assert_eq!(json_object(&pairs(1)), "json_object('f0', c0)");
        assert_eq!(json_object(&pairs(16)).matches("json_object").count(), 1);
        let three = json_object(&pairs(33));
        assert!(three.starts_with("rtrim(json_object('f0', c0"), "{three}");
        assert!(
            three.contains(", '}') || ',' || trim(json_object('f16'"),
            "{three}"
        );
        assert!(
            three.ends_with(", '{}') || ',' || ltrim(json_object('f32', c32), '{')"),
            "{three}"
        );
    }
}
