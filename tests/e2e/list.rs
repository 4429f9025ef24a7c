//! The list of customers, its filters and its paging.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Response;
use crate::cost::assert_costs;
use crate::db::db_seed_customers;
use crate::partner::Partner;

/// The ids in a list, in order.
fn ids(list: &Value) -> Vec<i64> {
    let customers = list["customers"].as_array().unwrap().iter();
    let ids = customers.map(|customer| &customer["customer_id"]);
    ids.map(|id| id.as_i64().unwrap()).collect()
}

/// A list's response without the customers.
fn paging(list: &Value) -> Value {
    let mut paging = list.clone();
    paging.as_object_mut().unwrap().remove("customers").unwrap();
    paging
}

/// The target of a page's `Link` header, if there is one.
fn next(response: &Response) -> Option<String> {
    let link = response.header("Link")?;
    let (target, relation) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(relation.replace(' ', ""), ";rel=\"next\"", "{link}");
    Some(target.to_owned())
}

#[test]
fn a_list_is_empty_before_there_are_customers() {
    let partner = Partner::new();
    let response = partner.get("/customers").expect(200);
    assert_eq!(
        response.json(),
        json!({"customers": [], "total": 0, "page": 0, "pagesize": 1000, "numpages": 0})
    );
    assert_eq!(next(&response), None);
}

#[test]
fn a_list_has_the_customers_by_ascending_id() {
    let partner = Partner::new();
    let created = ["3", "1", "2"].map(|custnr| partner.create_customer("Nordlund AB", custnr));
    let list = partner.get("/customers").expect(200).json();
    assert_eq!(ids(&list), created);
    assert!(created.is_sorted());
    assert_eq!(
        paging(&list),
        json!({"total": 3, "page": 0, "pagesize": 1000, "numpages": 1})
    );
    for (customer, id) in list["customers"].as_array().unwrap().iter().zip(created) {
        assert_eq!(*customer, partner.customer(id));
    }
}

#[test]
fn customer_id_and_custnr_filter_the_list() {
    let partner = Partner::new();
    let odd = "a=1&b %ö'";
    let [one, two] = ["1001", odd].map(|custnr| partner.create_customer("Nordlund AB", custnr));
    for (query, expected) in [
        (format!("customer_id={one}"), vec![one]),
        ("custnr=1001".to_owned(), vec![one]),
        ("custnr=a%3D1%26b+%25%C3%B6'".to_owned(), vec![two]),
        ("custnr=a%3D1%26b%20%25%C3%B6%27".to_owned(), vec![two]),
        (format!("customer_id={one}&custnr=1001"), vec![one]),
        (format!("customer_id={two}&custnr=1001"), vec![]),
        ("customer_id=9007199254740991".to_owned(), vec![]),
        ("custnr=100".to_owned(), vec![]),
        ("custnr=1001%25".to_owned(), vec![]),
        ("custnr=".to_owned(), vec![]),
        (format!("customer_id={one}&after={one}"), vec![]),
        (format!("customer_id={one}&page=1"), vec![]),
    ] {
        let response = partner.get(&format!("/customers?{query}")).expect(200);
        assert_eq!(ids(&response.json()), expected, "{query}");
        assert_eq!(next(&response), None, "{query}");
    }
    let none = partner.get("/customers?custnr=x").expect(200).json();
    assert_eq!(
        none,
        json!({"customers": [], "total": 0, "page": 0, "pagesize": 1000, "numpages": 0})
    );
    let found = partner.get("/customers?custnr=1001&pagesize=1").expect(200);
    assert_eq!(
        paging(&found.json()),
        json!({"total": 1, "page": 0, "pagesize": 1, "numpages": 1})
    );
}

#[test]
fn pages_are_cut_by_page_and_pagesize() {
    let partner = Partner::new();
    let all: Vec<i64> = db_seed_customers(&partner, 7).collect();
    for (page, expected) in [(0, &all[0..3]), (1, &all[3..6]), (2, &all[6..7]), (3, &[])] {
        let target = format!("/customers?page={page}&pagesize=3");
        let list = partner.get(&target).expect(200).json();
        assert_eq!(ids(&list), expected, "page {page}");
        assert_eq!(
            paging(&list),
            json!({"total": 7, "page": page, "pagesize": 3, "numpages": 3})
        );
    }
}

#[test]
fn numpages_counts_a_page_that_is_not_full() {
    let partner = Partner::new();
    db_seed_customers(&partner, 6);
    for (pagesize, numpages) in [(1, 6), (5, 2), (6, 1), (7, 1)] {
        let target = format!("/customers?pagesize={pagesize}");
        let list = partner.get(&target).expect(200).json();
        assert_eq!(list["numpages"], numpages, "{pagesize}");
    }
}

#[test]
fn a_page_past_the_end_is_empty_and_a_200() {
    let partner = Partner::new();
    partner.create_customer("Nordlund AB", "1001");
    for target in ["/customers?page=1", "/customers?page=1000000000"] {
        let response = partner.get(target).expect(200);
        assert_eq!(response.json()["customers"], json!([]));
        assert_eq!(response.json()["total"], 1);
        assert_eq!(next(&response), None);
    }
}

#[test]
fn a_page_has_at_most_1000_customers_which_is_the_default() {
    let partner = Partner::new();
    let all: Vec<i64> = db_seed_customers(&partner, 1001).collect();
    let first = partner.get("/customers").expect(200);
    assert_eq!(ids(&first.json()), &all[..1000]);
    assert_eq!(
        paging(&first.json()),
        json!({"total": 1001, "page": 0, "pagesize": 1000, "numpages": 2})
    );
    let second = partner.get("/customers?page=1").expect(200).json();
    assert_eq!(ids(&second), &all[1000..]);
}

#[test]
fn a_walk_by_the_links_visits_everyone_exactly_once() {
    let partner = Partner::new();
    let all: Vec<i64> = db_seed_customers(&partner, 100).collect();
    for (first, pages) in [
        ("/customers?pagesize=33", 4),
        ("/customers?pagesize=50", 2),
        ("/2.4.9/customers?pagesize=99", 2),
        ("/customers?pagesize=100", 1),
    ] {
        let mut visited = Vec::new();
        let mut walked = 0;
        let mut target = Some(first.to_owned());
        while let Some(page) = target {
            let response = partner.get(&page).expect(200);
            let list = response.json();
            for customer in list["customers"].as_array().unwrap() {
                let id = customer["customer_id"].to_string();
                visited.push(id.trim_matches('"').parse::<i64>().unwrap());
            }
            walked += 1;
            target = next(&response);
        }
        assert_eq!(visited, all, "{first}");
        assert_eq!(walked, pages, "{first}");
    }
}

#[test]
fn a_walk_skips_nobody_when_customers_come_and_go_meanwhile() {
    let partner = Partner::new();
    let all: Vec<i64> = db_seed_customers(&partner, 6).collect();
    let mut visited = BTreeSet::new();
    let mut target = Some("/customers?pagesize=2".to_owned());
    while let Some(page) = target {
        let response = partner.get(&page).expect(200);
        let page = ids(&response.json());
        for id in &page {
            assert!(visited.insert(*id), "{id} is visited twice");
        }
        if page[0] == all[0] {
            for id in page {
                partner.delete(&format!("/customers/{id}")).expect(200);
            }
        }
        target = next(&response);
    }
    assert_eq!(visited, all.into_iter().collect());
}

#[test]
fn after_continues_past_an_id_even_if_no_customer_has_it() {
    let partner = Partner::new();
    let all: Vec<i64> = db_seed_customers(&partner, 4).collect();
    for (after, expected) in [
        (0, &all[..]),
        (all[0], &all[1..]),
        (all[3], &[]),
        (9_007_199_254_740_991, &[]),
    ] {
        let list = partner
            .get(&format!("/customers?after={after}"))
            .expect(200);
        assert_eq!(ids(&list.json()), expected, "{after}");
    }
    partner
        .delete(&format!("/customers/{}", all[1]))
        .expect(200);
    let target = format!("/customers?after={}&pagesize=1", all[1]);
    let list = partner.get(&target).expect(200).json();
    assert_eq!(ids(&list), [all[2]]);
}

#[test]
fn after_does_not_change_the_total_and_pages_are_counted_past_it() {
    let partner = Partner::new();
    let all: Vec<i64> = db_seed_customers(&partner, 5).collect();
    let target = format!("/customers?after={}&pagesize=2&page=1", all[0]);
    let list = partner.get(&target).expect(200).json();
    assert_eq!(ids(&list), &all[3..]);
    assert_eq!(
        paging(&list),
        json!({"total": 5, "page": 1, "pagesize": 2, "numpages": 3})
    );
}

#[test]
fn the_total_follows_every_creation_and_erasure() {
    let partner = Partner::new();
    assert_eq!(partner.total(), 0);
    let [one, two] = ["1", "2"].map(|custnr| partner.create_customer("Nordlund AB", custnr));
    assert_eq!(partner.total(), 2);
    let taken = [("name", "Nordlund AB"), ("custnr", "1")];
    partner.post("/customers", &taken).expect(409);
    assert_eq!(partner.total(), 2);
    let path = format!("/customers/{one}");
    partner.delete(&format!("{path}?dry_run=1")).expect(200);
    assert_eq!(partner.total(), 2);
    for _ in 0..2 {
        partner.delete(&path).expect(200);
        assert_eq!(partner.total(), 1);
    }
    partner.create_customer("Nordlund AB", "1");
    assert_eq!(partner.total(), 2);
    partner.delete(&format!("/customers/{two}")).expect(200);
    assert_eq!(partner.total(), 1);
}

#[test]
fn a_page_past_the_end_is_empty_and_skips_no_row() {
    let partner = Partner::new();
    db_seed_customers(&partner, 5_000);
    for target in [
        "/customers?page=5",
        "/customers?page=9007199254740991",
        "/customers?page=5000&pagesize=1",
    ] {
        let page = assert_costs(partner.get(target), 200, 10, 0).json();
        assert_eq!(page["customers"], json!([]), "{target}");
        assert_eq!(page["total"], 5_000, "{target}");
    }
}
