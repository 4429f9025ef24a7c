//! A page of records that are as large as they can be ends early, so that no answer takes an isolate down.

use serde_json::json;

use crate::db::db_insert_full;
use crate::partner::Partner;

#[test]
fn a_page_of_the_largest_customers_ends_early_and_its_link_leads_on() {
    let partner = Partner::new();
    for n in 1..=20 {
        partner.set_up_custom(n, &json!({}));
    }
    db_insert_full(&partner, 1_000, "😀");
    let mut target = "/customers".to_owned();
    let mut custnrs = Vec::new();
    let mut pages = 0;
    loop {
        let page = partner.get(&target).expect(200);
        // 16 MB of JavaScript strings are at most 24 MB as UTF-8.
        assert!(page.text.len() < 24_000_000, "{}", page.text.len());
        let list = page.json();
        assert_eq!(
            (&list["total"], &list["numpages"]),
            (&json!(1_000), &json!(1))
        );
        let customers = list["customers"].as_array().unwrap();
        assert!(!customers.is_empty());
        custnrs.extend(
            customers
                .iter()
                .map(|customer| customer["custnr"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        let Some(link) = page.header("Link") else {
            break;
        };
        let (next, _) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        target = next.to_owned();
    }
    assert_eq!(pages, 2);
    let expected: Vec<String> = (1..=1_000).map(|n: i32| n.to_string()).collect();
    assert!(custnrs == expected, "{}", custnrs.len());
}

#[test]
fn a_page_of_the_largest_customers_in_ascii_is_whole() {
    let partner = Partner::new();
    for n in 1..=20 {
        partner.set_up_custom(n, &json!({}));
    }
    db_insert_full(&partner, 1_000, "a");
    let page = partner.get("/customers").expect(200);
    assert_eq!(page.header("Link"), None);
    assert_eq!(page.json()["customers"].as_array().unwrap().len(), 1_000);
}
