//! What a request has created: its records in their order, or why there are none.

use std::collections::{BTreeMap, BTreeSet};

use crate::http::error::{Error, Fault};
use crate::platform::rows::{Results, Row};
use crate::records::creation::Created;
use crate::records::kind::{Creation, Kind, RECORDS_MAX};
use crate::records::places::Places;

/// The records of a request in the order of its list: those that it has created, and those that the customer had before.
///
/// # Errors
/// 404 without a customer; 400 if the customer lacks a measure; 409 if a call has the `external_id` of another and other
/// values, or if the customer has all the records that it may have.
pub fn in_order(
    kind: &Kind,
    places: &Places,
    results: &Results<Created>,
) -> Result<Vec<Row>, Error> {
    let created = results.all(|at| at.created);
    let forbidden = results.all(|at| at.forbidden);
    let forbidden: BTreeSet<usize> = forbidden.iter().map(place).collect::<Result<_, Error>>()?;
    match kind.creation {
        Creation::One if created.is_empty() && !forbidden.is_empty() => return Err(too_many(kind)),
        Creation::One => {}
        Creation::Batch => expect_measures(kind, places, &forbidden)?,
    }
    let known = results.names.known;
    let known = known.map_or_else(Vec::new, |at| results.all(|_| at));
    let differing = known
        .iter()
        .filter(|row| row.integer("differs").is_ok_and(|differs| differs == 1));
    let differing: Result<_, Error> = differing.map(place).collect();
    expect_no_clash(kind, places, &differing?)?;

    let known = known.into_iter().map(|row| Ok((place(&row)?, row)));
    let mut known: BTreeMap<usize, Row> = known.collect::<Result<_, Error>>()?;
    let mut created = created.into_iter();
    let records = 0..places.records.len();
    let records = records.map(|place| known.remove(&place).or_else(|| created.next()));
    let records: Option<Vec<Row>> = records.collect();
    let records = records.ok_or(Error::NotFound("customer"))?;
    let rows = places.at.iter().filter_map(|record| records.get(*record));
    Ok(rows.cloned().collect())
}

fn place(row: &Row) -> Result<usize, Error> {
    Ok(usize::try_from(row.integer("place")?).unwrap_or(usize::MAX))
}

fn too_many(kind: &Kind) -> Error {
    let message = format!(
        "the customer has {RECORDS_MAX} {}, the most that one may have",
        kind.name
    );
    Error::Conflict(vec![Fault::of_request("too_many_records", message)])
}

fn expect_measures(kind: &Kind, places: &Places, missing: &BTreeSet<usize>) -> Result<(), Error> {
    let faults = places.places_of(|record| missing.contains(&record));
    let faults = faults.into_iter().map(|place| {
        let parameter = format!("{}[{place}].measure_id", kind.name);
        let message = "is not a measure of this customer";
        Fault::of(parameter, "unknown_measure", message)
    });
    match faults.collect::<Vec<Fault>>() {
        faults if faults.is_empty() => Ok(()),
        faults => Err(Error::Invalid(faults)),
    }
}

fn expect_no_clash(kind: &Kind, places: &Places, differing: &BTreeSet<usize>) -> Result<(), Error> {
    let stored = places.places_of(|record| differing.contains(&record));
    let clashes: BTreeSet<usize> = stored.union(&places.clashes).copied().collect();
    let faults = clashes.into_iter().map(|place| {
        let message = match stored.contains(&place) {
            true => "has the external_id of a call of this customer that has other values",
            false => "has the external_id of another call of this request that has other values",
        };
        Fault::of(
            format!("{}[{place}]", kind.name),
            "external_id_taken",
            message,
        )
    });
    match faults.collect::<Vec<Fault>>() {
        faults if faults.is_empty() => Ok(()),
        faults => Err(Error::Conflict(faults)),
    }
}
