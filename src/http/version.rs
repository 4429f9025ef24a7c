//! The two versions of the API. They differ only in how they write an integer.

use super::json::Json;

/// The published version, as the path has it: `/2.4.9/customers`.
pub const PUBLISHED: &str = "2.4.9";

/// The version of the API that the caller addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `/customers`: integers are JSON numbers.
    Bare,
    /// `/2.4.9/customers`: integers are JSON strings, because existing clients rely on it.
    Published,
}

impl Version {
    /// The prefix of every path of this version: `""` or `"/2.4.9"`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Bare => "",
            Self::Published => "/2.4.9",
        }
    }

    /// Writes the integers of `value`, at any depth, as this version has them.
    pub fn render(self, mut value: Json) -> Json {
        if self == Self::Published {
            integers_to_texts(&mut value);
        }
        value
    }
}

fn integers_to_texts(value: &mut Json) {
    match value {
        Json::Integer(integer) => *value = Json::Text(integer.to_string()),
        Json::List(values) => values.iter_mut().for_each(integers_to_texts),
        Json::Object(members) => {
            let values = members.iter_mut().map(|(_, value)| value);
            values.for_each(integers_to_texts);
        }
        Json::Null | Json::Bool(_) | Json::Fraction | Json::Text(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_version_writes_integers_as_strings_at_any_depth() {
        let text = r#"{"a":1,"b":[{"c":-2,"d":"x","e":true}]}"#;
        let value = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(Version::Bare.render(value.clone()), value);
        assert_eq!(
            Version::Published.render(value).to_string(),
            r#"{"a":"1","b":[{"c":"-2","d":"x","e":true}]}"#
        );
    }

    #[test]
    fn the_prefix_names_the_published_version() {
        assert_eq!(Version::Published.prefix(), format!("/{PUBLISHED}"));
    }
}
