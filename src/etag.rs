//! Entity tags: a customer's version, as HTTP says it. Pure.

use crate::sql::Arg;

/// The `ETag` of a version of a record.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// What an `If-Match` header asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// There is no such header, or it is `*`: any version of a record that exists.
    #[default]
    Any,
    /// One of these versions; none when the header holds no tag of ours.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Reads the header: entity tags with commas between them (RFC 9110 §13.1.1).
    ///
    /// A weak tag counts as its strong one, although the RFC has them never match here: what weakens
    /// ours is a proxy that compresses the answer, and they name a version, not bytes.
    pub fn parse(header: Option<&str>) -> Self {
        let Some(header) = header.filter(|header| header.trim() != "*") else {
            return Self::Any;
        };
        let versions = header.split(',').filter_map(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            let version = tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
            (etag(version) == tag).then_some(version)
        });
        Self::Versions(versions.collect())
    }

    /// Whether a record of this version is meant.
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }

    /// A parameter for [`IfMatch::sql`]: a JSON array of versions, or `NULL` for any.
    pub fn arg(&self) -> Arg {
        match self {
            Self::Any => Arg::Null,
            Self::Versions(versions) => {
                let versions: Vec<String> = versions.iter().map(i64::to_string).collect();
                Arg::Text(format!("[{}]", versions.join(",")))
            }
        }
    }

    /// The SQL condition that a customer's version fulfils; `parameter` is where [`IfMatch::arg`] is bound.
    pub fn sql(parameter: &str) -> String {
        format!("({parameter} IS NULL OR version IN (SELECT value FROM json_each({parameter})))")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_names_versions() {
        for (header, expected) in [
            (None, IfMatch::Any),
            (Some("*"), IfMatch::Any),
            (Some("\"3\""), IfMatch::Versions(vec![3])),
            (
                Some("W/\"3\", \"5\" , \"x\""),
                IfMatch::Versions(vec![3, 5]),
            ),
            (Some("3"), IfMatch::Versions(vec![])),
            (Some("\"03\", \"+3\""), IfMatch::Versions(vec![])),
            (Some(""), IfMatch::Versions(vec![])),
        ] {
            assert_eq!(IfMatch::parse(header), expected, "{header:?}");
        }
        assert_eq!(etag(3), "\"3\"");
        assert_eq!(
            IfMatch::Versions(vec![3, 5]).arg(),
            Arg::Text("[3,5]".into())
        );
    }
}
