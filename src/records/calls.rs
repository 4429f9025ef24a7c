//! A call record.

use validator::Validate;

use super::given::Given;
use super::kind::{Creation, Form, Kind, Order, Unset};
use crate::http::error::Fault;
use crate::http::intent::Intent;
use crate::http::params::Params;
use crate::http::time::Now;
use crate::http::validation::{faults, printable, time};

/// The column and parameter that hold the partner's own id of a call. A customer has one call for each.
pub const EXTERNAL_ID: &str = "external_id";

/// The table of the calls that have one. A trigger of `calls` fills it.
pub const EXTERNAL_IDS: &str = "external_ids";

/// The calls of a customer.
pub const CALLS: Kind = Kind {
    name: "calls",
    singular: "call",
    id: "call_id",
    total: "calls_total",
    endless: None,
    columns: &[
        ("measure_id", Unset::Zero),
        ("start", Unset::Empty),
        ("duration", Unset::Zero),
        ("answered", Unset::Zero),
        ("anum", Unset::Empty),
        ("anum_ccndc", Unset::Zero),
        ("bnum", Unset::Empty),
        ("bnum_ccndc", Unset::Zero),
        ("cnum", Unset::Empty),
        ("cnum_ccndc", Unset::Zero),
        (EXTERNAL_ID, Unset::Empty),
    ],
    numbers: &["anum", "bnum", "cnum"],
    members: &[
        ("call_id", Form::Integer),
        ("measure_id", Form::Integer),
        ("start", Form::Text),
        ("duration", Form::Integer),
        ("answered", Form::Integer),
        ("anum", Form::Text),
        ("bnum", Form::Text),
        ("cnum", Form::Text),
        (EXTERNAL_ID, Form::Text),
    ],
    take,
    #[cfg(not(target_arch = "wasm32"))]
    schema: || schemars::schema_for!(CallInput),
    order: Order::NewestFirst,
    creation: Creation::Batch,
    removal: None,
};

/// The earliest time at which a call can start. An earlier one is a mistake of a program.
const EARLIEST_START: &str = "2000-01-01 00:00:00";

/// The fields of a call that a partner can send, except its phone numbers.
#[derive(Debug, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct CallInput {
    measure_id: Option<i64>,
    #[validate(custom(function = "time"))]
    start: Option<String>,
    /// Seconds.
    #[validate(range(min = 0, max = 2_147_483_647))]
    duration: Option<i64>,
    #[validate(range(min = 0, max = 1))]
    answered: Option<i64>,
    #[validate(length(max = 64), custom(function = "printable"))]
    external_id: Option<String>,
}

/// The fault of a time that no call can have. Times in this form compare as texts.
fn start_fault(start: &str, now: &Now) -> Option<Fault> {
    if (EARLIEST_START..=now.utc_in_a_day.as_str()).contains(&start) {
        return None;
    }
    let message = format!("must be from {EARLIEST_START} to a day from now");
    Some(Fault::of("start", "time", message))
}

fn take(params: &mut Params, intent: Intent, now: &Now) -> Given {
    params.require(intent, &["measure_id", "start", "bnum"]);
    params.refuse_assigned(&["call_id"]);
    let input = CallInput {
        measure_id: params.id("measure_id"),
        start: params.text("start"),
        duration: params.integer("duration"),
        answered: params.flag("answered"),
        external_id: params.text(EXTERNAL_ID),
    };
    if let Err(errors) = input.validate() {
        params.faults(faults(&errors));
    }
    let start = input.start.as_deref().filter(|start| time(start).is_ok());
    params.faults(start.and_then(|start| start_fault(start, now)));
    let CallInput {
        measure_id,
        start,
        duration,
        answered,
        external_id,
    } = input;
    let mut given = Given::default();
    given.set("measure_id", measure_id);
    given.set("start", start);
    given.set("duration", duration);
    given.set("answered", answered);
    given.set(EXTERNAL_ID, external_id);
    given.number_or_none(params, "anum", "anum_ccndc");
    given.number(params, "bnum", "bnum_ccndc");
    given.number_or_none(params, "cnum", "cnum_ccndc");
    given
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::error::Error;

    #[test]
    fn an_impossible_start_is_told_beside_other_faults() {
        let now = Now {
            millis: 1_767_225_600_000,
            utc: "2026-01-01 00:00:00".into(),
            utc_in_a_day: "2026-01-02 00:00:00".into(),
        };
        for (start, codes) in [
            ("2026-01-02 00:00:00", vec!["range"]),
            ("9999-12-31 23:59:59", vec!["range", "time"]),
            ("never", vec!["range", "time"]),
        ] {
            let mut params = Params::of_members(vec![
                ("start".to_owned(), start.into()),
                ("duration".to_owned(), (-1).into()),
            ]);
            take(&mut params, Intent::Change, &now);
            let Err(Error::Invalid(faults)) = params.finish() else {
                panic!("no fault");
            };
            let told: Vec<&str> = faults.iter().map(|fault| fault.code).collect();
            assert_eq!(told, codes, "{start}");
        }
    }
}
