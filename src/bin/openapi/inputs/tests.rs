use super::*;
use crate::outputs::Outputs;
use customers_api::http::routes::{PartnerRoute, Route, routes};
use customers_api::http::version::Version;
use customers_api::records::kind;

fn properties_of(schema: &Value) -> BTreeSet<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.unwrap().keys().map(String::as_str).collect()
}

#[test]
fn whatever_can_be_given_is_answered() {
    let columns = Columns::read().unwrap();
    let outputs = Outputs {
        columns: &columns,
        version: Version::Bare,
    };
    let given = customer(&columns, Intent::Create).unwrap();
    let answered = outputs.customer().unwrap();
    assert!(properties_of(&given).is_subset(&properties_of(&answered)));
    for (_, _, route) in routes() {
        if let Route::Partner(PartnerRoute::ReadRecords(resource)) = route {
            let kind = kind(resource);
            let given = record(&columns, kind, Intent::Create).unwrap();
            let answered = outputs.record(kind).unwrap();
            assert!(properties_of(&given).is_subset(&properties_of(&answered)));
            let columns = kind.columns.iter().map(|(column, _)| *column);
            assert!(properties_of(&given).is_subset(&columns.collect()));
        }
    }
}

#[test]
fn the_rules_of_a_parameter_are_those_that_it_is_judged_by() {
    let columns = Columns::read().unwrap();
    let schema = customer(&columns, Intent::Change).unwrap();
    let property = |name: &str| schema["properties"][name].clone();
    assert_eq!(property("name")["pattern"], patterns::not_blank());
    assert_eq!(property("corporateid")["pattern"], patterns::printable());
    assert_eq!(
        property("email")["pattern"],
        patterns::or_empty(&patterns::email())
    );
    assert_eq!(property("receive_monthly_report")["maximum"], 2);
    let about = property("custnr")["description"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        about.contains("`length`: must be 1 to 45 characters"),
        "{about}"
    );
    assert!(schema.get("required").is_none());
}
