//! One form for parameters that mean the same: members by their names, and integers as texts, because a form holds only
//! texts.

use super::json::Json;

/// The object of these members in that form.
pub fn canonical_object<'a>(members: impl Iterator<Item = (&'a str, &'a Json)>) -> Json {
    let members = members.map(|(name, value)| (name.to_owned(), canonical(value)));
    let mut members: Vec<(String, Json)> = members.collect();
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    Json::Object(members)
}

fn canonical(value: &Json) -> Json {
    match value {
        Json::Integer(integer) => Json::Text(integer.to_string()),
        Json::List(values) => Json::List(values.iter().map(canonical).collect()),
        Json::Object(members) => {
            canonical_object(members.iter().map(|(name, value)| (name.as_str(), value)))
        }
        Json::Null | Json::Bool(_) | Json::Fraction | Json::Text(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_has_one_form_and_nothing_else_has_it() {
        let form = |text: &str| canonical(&Json::parse(text.as_bytes()).unwrap()).to_string();
        let first = form(r#"{"a":[{"b":1,"c":"x"}],"d":2}"#);
        assert_eq!(first, r#"{"a":[{"b":"1","c":"x"}],"d":"2"}"#);
        assert_eq!(form(r#"{"d":"2","a":[{"c":"x","b":1.0}]}"#), first);
        for other in [
            r#"{"a":[{"b":1,"c":"x"}],"d":null}"#,
            r#"{"a":[{"b":1,"c":"x"}]}"#,
            r#"{"a":[{"b":1,"c":"x"}],"d":2,"e":""}"#,
            r#"{"a":[{"b":1,"c":"x"}],"d":2,"d":2}"#,
            r#"{"a":{"b":1,"c":"x"},"d":2}"#,
            r#"{"a":[{"b":1,"c":"x"},{}],"d":2}"#,
        ] {
            assert_ne!(form(other), first, "{other}");
        }
    }
}
