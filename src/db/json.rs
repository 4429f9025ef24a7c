//! JSON that the database assembles: the text of an object, made of a row.

use super::sql::Sql;
use crate::http::version::Version;
use crate::sql;

/// Pairs of one `json_object`: SQLite functions in D1 take 32 arguments.
const PAIRS_PER_OBJECT: usize = 16;

/// A member of [`json_object`].
#[derive(Clone, Debug)]
pub struct Member {
    name: &'static str,
    value: Sql,
    is_json: bool,
}

impl Member {
    /// A member whose value is a text, an integer or `NULL`.
    pub fn scalar(name: &'static str, value: Sql) -> Self {
        let is_json = false;
        Self {
            name,
            value,
            is_json,
        }
    }

    /// A member that is made of the column of its name.
    pub fn column(name: &'static str) -> Self {
        Self::scalar(name, Sql::name(name))
    }

    /// A member that is made of the column of its name, an integer, as `version` writes one.
    pub fn integer(version: Version, name: &'static str) -> Self {
        Self::scalar(name, integer(version, Sql::name(name)))
    }

    /// A member whose value is JSON text: an array or an object.
    pub fn json(name: &'static str, value: Sql) -> Self {
        let is_json = true;
        Self {
            name,
            value,
            is_json,
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// An integer whose value `json_object` writes the way this version writes one.
pub fn integer(version: Version, value: Sql) -> Sql {
    match version {
        Version::Bare => value,
        Version::Published => sql!("CAST({value} AS TEXT)", value = value),
    }
}

/// The JSON text of an object with these members, however many, in their order.
///
/// Scalars stand in `json_object`s, which are joined without their braces: each begins with `{"` and ends with a quote,
/// a digit or `null` before its `}`, so trimming takes one brace and no more. JSON stands between them as it is.
pub fn json_object(members: &[Member]) -> Sql {
    let runs = members.chunk_by(|a, b| !a.is_json && !b.is_json);
    let pieces: Vec<Sql> = runs
        .flat_map(|run| run.chunks(PAIRS_PER_OBJECT))
        .map(|chunk| match chunk {
            [
                Member {
                    name,
                    value,
                    is_json: true,
                },
            ] => {
                sql!(
                    "'\"{name}\":' || {value}",
                    name = Sql::name(name),
                    value = value
                )
            }
            scalars => sql!("trim({scalars}, '{{}}')", scalars = scalar_object(scalars)),
        })
        .collect();
    let is_one = members.len() <= PAIRS_PER_OBJECT && !members.iter().any(|member| member.is_json);
    match members {
        [] => sql!("'{{}}'"),
        scalars if is_one => scalar_object(scalars),
        _ => sql!(
            "'{{' || {members} || '}}'",
            members = Sql::join(pieces, " || ',' || ")
        ),
    }
}

fn scalar_object(members: &[Member]) -> Sql {
    let pairs = members.iter().map(|member| {
        sql!(
            "'{name}', {value}",
            name = Sql::name(member.name),
            value = &member.value
        )
    });
    sql!("json_object({pairs})", pairs = Sql::join(pairs, ", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::Json;

    /// Members of every kind, at every place around the ends of a chunk, made by the database and read again.
    #[test]
    fn an_object_of_any_members_is_one_json_object() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        let names: Vec<&'static str> = vec![
            "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12", "f13",
            "f14", "f15", "f16", "f17", "f18", "f19", "f20", "f21", "f22", "f23", "f24", "f25",
            "f26", "f27", "f28", "f29", "f30", "f31", "f32", "f33",
        ];
        type Make = fn(&'static str) -> (Member, &'static str);
        let kinds: [Make; 5] = [
            |name| (Member::scalar(name, sql!("'{{}}'")), r#""{}""#),
            |name| (Member::scalar(name, sql!("7")), "7"),
            |name| (Member::scalar(name, sql!("NULL")), "null"),
            |name| (Member::json(name, sql!("'{{\"a\":{{}}}}'")), r#"{"a":{}}"#),
            |name| (Member::json(name, sql!("json_array('}}')")), r#"["}"]"#),
        ];
        for count in [0, 1, 2, 15, 16, 17, 32, 33, 34] {
            for shift in 0..kinds.len() {
                for every in [1, 2, kinds.len()] {
                    let made = names.iter().take(count).enumerate();
                    let (members, values): (Vec<Member>, Vec<String>) = made
                        .map(|(at, name)| {
                            let (member, value) = kinds[(at / every + shift) % kinds.len()](name);
                            (member, format!("\"{name}\":{value}"))
                        })
                        .unzip();
                    let select = sql!("SELECT {object}", object = json_object(&members));
                    let object: String = database
                        .query_row(select.text(), [], |row| row.get(0))
                        .unwrap();
                    assert_eq!(object, format!("{{{}}}", values.join(",")));
                    assert!(Json::parse(object.as_bytes()).is_ok());
                }
            }
        }
    }
}
