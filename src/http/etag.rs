//! Entity tags: a customer's version, as HTTP says it.

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
    }
}
