//! The records of a request, each once. Calls with one `external_id` are one call, so a list can have a call at several
//! places.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::EXTERNAL_ID;
use super::given::Given;
use super::kind::{Kind, Unset};
use crate::http::json::Json;

/// The records of a request, each once, and the places where they stand.
#[derive(Debug, Default)]
pub struct Places {
    /// The records: first those with an `external_id`, then the others. So the others are inserted last, and have
    /// consecutive ids.
    pub records: Vec<Given>,
    /// For each place in the list, which of [`Places::records`] stands there.
    pub at: Vec<usize>,
    /// The places of the records that have one `external_id` and different values.
    pub clashes: BTreeSet<usize>,
}

impl Places {
    /// Finds the records that stand at several places.
    pub fn of(kind: &Kind, list: Vec<Given>) -> Self {
        let mut places = Self {
            at: vec![0; list.len()],
            ..Self::default()
        };
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut clashing = BTreeSet::new();
        let list = list.into_iter().enumerate();
        let (with_id, others): (Vec<_>, Vec<_>) =
            list.partition(|(_, given)| external_id(given).is_some());
        for (place, given) in with_id.into_iter().chain(others) {
            let next = places.records.len();
            let first = match external_id(&given) {
                Some(id) => *known.entry(id.to_owned()).or_insert(next),
                None => next,
            };
            match places.records.get(first) {
                None => places.records.push(given),
                Some(earlier) if values(kind, earlier) == values(kind, &given) => {}
                Some(_) => {
                    clashing.insert(first);
                }
            }
            if let Some(at) = places.at.get_mut(place) {
                *at = first;
            }
        }
        places.clashes = places.places_of(|record| clashing.contains(&record));
        places
    }

    /// The places of the records that meet a condition.
    pub fn places_of(&self, is_meant: impl Fn(usize) -> bool) -> BTreeSet<usize> {
        let places = self.at.iter().enumerate();
        let meant = places.filter(|(_, record)| is_meant(**record));
        meant.map(|(place, _)| place).collect()
    }

    /// Whether any record has an `external_id`.
    pub fn have_external_ids(&self) -> bool {
        self.records
            .first()
            .is_some_and(|first| external_id(first).is_some())
    }

    /// How the database finds the id of the record at each place, after it has inserted the records: by its
    /// `external_id`, a text, or by how far before the last one it was inserted, an integer.
    pub fn finders(&self) -> Json {
        let last = self.records.len().saturating_sub(1);
        let finders = self.at.iter().map(|record| {
            let given = self.records.get(*record);
            match given.and_then(external_id) {
                Some(id) => Json::from(id),
                None => i64::try_from(last.saturating_sub(*record))
                    .unwrap_or(i64::MAX)
                    .into(),
            }
        });
        Json::List(finders.collect())
    }
}

/// The `external_id` of a record that has one.
fn external_id(given: &Given) -> Option<&str> {
    let id = given.column(EXTERNAL_ID).and_then(Json::as_text);
    id.filter(|id| !id.is_empty())
}

/// The values of a record as they are stored and answered.
fn values(kind: &Kind, given: &Given) -> Vec<Json> {
    let value = |(column, unset): (&str, Unset)| {
        let unset = || match unset {
            Unset::Zero => 0.into(),
            Unset::Empty | Unset::Now => "".into(),
        };
        given.column(column).cloned().unwrap_or_else(unset)
    };
    kind.given_members().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::super::calls::CALLS;
    use super::*;

    fn call(external_id: &str, duration: i64) -> Given {
        let mut given = Given::default();
        given.set("duration", Some(duration));
        given.set(EXTERNAL_ID, Some(external_id));
        given
    }

    #[test]
    fn a_call_that_stands_at_several_places_is_one_record() {
        let mut without = Given::default();
        without.set("duration", Some(5));
        let mut unset = Given::default();
        unset.set(EXTERNAL_ID, Some("a"));
        let list = vec![without, call("a", 0), call("", 1), call("b", 2), unset];
        let places = Places::of(&CALLS, list);
        assert_eq!(places.at, [2, 0, 3, 1, 0]);
        assert_eq!(places.records.len(), 4);
        assert!(places.clashes.is_empty() && places.have_external_ids());
        assert_eq!(places.finders().to_string(), r#"[1,"a",0,"b","a"]"#);
    }

    #[test]
    fn calls_of_one_external_id_and_different_values_clash_at_every_place() {
        let list = vec![call("a", 1), call("b", 1), call("a", 1), call("a", 2)];
        let places = Places::of(&CALLS, list);
        assert_eq!(places.clashes, [0, 2, 3].into());
        let places = Places::of(&CALLS, vec![call("", 1), call("", 2)]);
        assert!(places.clashes.is_empty() && !places.have_external_ids());
    }
}
