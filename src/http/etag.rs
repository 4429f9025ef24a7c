//! Entity tags: HTTP's form of a record's version.

/// The `ETag` of a version of a record.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The versions that an `If-Match` header accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// The header is absent or `*`: it accepts any version.
    #[default]
    Any,
    /// The header accepts only these versions. The list is empty if the header has no tag that this API issues.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Reads the header: a list of entity tags (RFC 9110 §13.1.1).
    ///
    /// A weak tag counts as strong, although the RFC says that it never matches here. A proxy that compresses a
    /// response makes its tag weak, but the tag names a version of the record, not its bytes, so it still holds.
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

    /// Whether the header accepts this version.
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
