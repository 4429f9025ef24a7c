//! The lists that the operator's command prints: the audit trail and the ledger.

use serde_json::Value;

use crate::command::{failed, printed, value};
use crate::partner::{Partner, unused_username};

/// The ids of the entries that `audit` prints with these arguments.
fn audit_ids(arguments: &[&str]) -> Vec<i64> {
    let text = printed(&[&["--json", "audit"], arguments].concat());
    let audit: Value = serde_json::from_str(&text).unwrap();
    let entries = audit["audit"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["audit_id"].as_i64().unwrap())
        .collect()
}

#[test]
fn the_newest_entry_of_the_trail_comes_first_and_a_limit_holds() {
    let partner = Partner::new();
    let name = partner.username.as_str();
    for custnr in ["1", "2", "3"] {
        partner.create_customer("Customer", custnr);
    }
    let of_partner = ["--partner", name];
    let oldest = audit_ids(&of_partner);
    assert_eq!(oldest.len(), 4);
    assert!(oldest.windows(2).all(|two| two[0] < two[1]), "{oldest:?}");
    let limited = |limit| audit_ids(&["--partner", name, "--limit", limit]);
    assert_eq!(limited("2"), [oldest[3], oldest[2]]);
    let since = audit_ids(&[
        "--partner",
        name,
        "--limit",
        "9",
        "--since",
        "2026-01-01",
        "--action",
        "create",
    ]);
    assert_eq!(since, [oldest[3], oldest[2], oldest[1], oldest[0]]);
    // A program that follows the trail goes the other way.
    let after = oldest[1].to_string();
    let rest = audit_ids(&["--partner", name, "--after", &after]);
    assert_eq!(rest, oldest[2..]);

    // People see a table, which begins with the newest.
    let table = printed(&["audit", "--partner", name, "--limit", "2"]);
    let column = table.lines().skip(2).map(|line| line.split(' ').next());
    let newest = [oldest[3], oldest[2]].map(|id| id.to_string());
    assert_eq!(
        column.map(Option::unwrap).collect::<Vec<_>>(),
        newest,
        "{table}"
    );
    let whole = printed(&["audit", "--limit", "1"]);
    assert_eq!(whole.lines().count(), 3, "{whole}");
    assert!(failed(&["audit", "--limit", "0"]).contains("0 is not in"));
    assert!(failed(&["audit", "--limit", "1001"]).contains("1001 is not in"));
}

#[test]
fn a_long_trail_is_cut_for_people_and_the_command_says_so() {
    let partner = Partner::new();
    let name = partner.username.as_str();
    for custnr in 0..120 {
        partner.create_customer("Customer", &custnr.to_string());
    }
    let output = crate::command::run(&["audit", "--partner", name]);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().lines().count(),
        102
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("newest 100 entries") && said.contains("--limit"),
        "{said}"
    );
    assert_eq!(audit_ids(&["--partner", name]).len(), 121);
}

#[test]
fn the_command_lists_the_ledger_and_replays_it() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1").to_string();
    printed(&["erase", &partner.username, &id, "--yes"]);
    let of_ours = |arguments: &[&str]| {
        let text = printed(&[arguments, &["--json"]].concat());
        let list: Value = serde_json::from_str(&text).unwrap();
        let all = list["erasures"].as_array().unwrap().clone();
        let ours = all
            .into_iter()
            .filter(|one| one["partner"] == partner.username.as_str());
        ours.collect::<Vec<_>>()
    };
    let ours = of_ours(&["erasures", "--since", "2026-01-01"]);
    assert_eq!(ours.len(), 1);
    assert_eq!(ours[0]["customer_id"].to_string(), id);
    assert!(ours[0]["jws"].as_str().unwrap().len() > 100);
    assert_eq!(of_ours(&["erasures", "--since", "2100-01-01"]).len(), 0);
    // Nobody reads a signature.
    let table = printed(&["erasures", "--since", "2026-01-01"]);
    assert!(
        table.contains(&partner.username) && !table.contains("jws"),
        "{table}"
    );
    assert!(failed(&["erasures", "--since", "yesterday"]).contains("since must be a time"));
    assert_eq!(value(&printed(&["replay"]), "was_restored"), "no");
}

#[test]
fn the_command_filters_the_audit_trail() {
    let [partner, other] = [Partner::new(), Partner::new()];
    let id = partner.create_customer("Customer", "1");
    partner.create_customer("Customer", "2");
    other.create_customer("Customer", "1");
    let audit = |filters: &[&str]| {
        let text = printed(&[&["--json", "audit"], filters].concat());
        let audit: Value = serde_json::from_str(&text).unwrap();
        audit["audit"].as_array().unwrap().len()
    };
    let (name, id) = (partner.username.as_str(), id.to_string());
    assert_eq!(audit(&["--partner", name]), 3);
    assert_eq!(audit(&["--partner", name, "--customer", &id]), 1);
    assert_eq!(audit(&["--customer", &id, "--action", "erase"]), 0);
    assert_eq!(audit(&["--partner", name, "--since", "2026-01-01"]), 3);
    assert_eq!(
        audit(&["--partner", name, "--since", "2100-01-01 12:00:00"]),
        0
    );
    assert!(failed(&["audit", "--action", "erased"]).contains("action must be one of"));
    let nobody = unused_username();
    let unknown = failed(&["audit", "--partner", &nobody]);
    assert!(unknown.contains(&nobody), "{unknown}");
}
