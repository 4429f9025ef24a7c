//! Tests of `src/http/router.rs` and `src/http/routes.rs`.

use super::*;
use crate::http::routes::PartnerRoute::{self, ListCustomers, ReadCustomer, ReadErasure};
use crate::http::routes::{File, PublicRoute, SEGMENTS, is_id, routes};

fn serve(method: &str, path: &str) -> (Version, PartnerRoute, Vec<(&'static str, String)>) {
    let routed = route(method, path).unwrap();
    let Action::Serve(Route::Partner(route)) = routed.action else {
        panic!("{path} is no route of partners");
    };
    (routed.version, route, routed.captures)
}

#[test]
fn a_path_works_bare_and_under_the_published_version() {
    let id = vec![("customer_id", "7".to_owned())];
    assert_eq!(
        serve("GET", "/customers/7"),
        (Version::Bare, ReadCustomer, id.clone())
    );
    assert_eq!(
        serve("GET", "/2.4.9/customers/7"),
        (Version::Published, ReadCustomer, id)
    );
}

#[test]
fn head_is_routed_as_get_and_a_last_slash_makes_no_difference() {
    assert_eq!(serve("HEAD", "/customers/").1, ListCustomers);
    assert_eq!(serve("GET", "/customers/%37").1, ReadCustomer);
}

#[test]
fn words_beside_an_id_are_paths_of_their_own() {
    assert_eq!(serve("GET", "/customers/erasure").1, ReadErasure);
    for path in [
        "/customers//",
        "/x",
        "//",
        "/customers/x/y",
        "/operator/partners/p/custom_fields/x",
    ] {
        assert!(
            matches!(route("GET", path), Err(Error::NotFound("path"))),
            "{path}"
        );
    }
}

#[test]
fn a_word_in_the_place_of_an_id_is_told_from_an_unknown_path() {
    for (path, id) in [
        ("/customers/abc", "customer_id"),
        ("/2.4.9/customers/-1", "customer_id"),
        ("/customers/1.5/", "customer_id"),
        ("/customers/x/users", "customer_id"),
        ("/customers/7/users/me", "user_id"),
        ("/customers/7/measures/%2B1", "measure_id"),
        ("/customers/x/calls/y", "customer_id"),
    ] {
        let Err(Error::NotANumber(name)) = route("GET", path) else {
            panic!("{path}");
        };
        assert_eq!(name, id, "{path}");
    }
}

#[test]
fn every_segment_of_a_template_is_declared_and_every_declared_one_is_used() {
    let mut used: Vec<&str> = routes()
        .into_iter()
        .flat_map(|(_, path, _)| path.split('/').filter_map(captured))
        .collect();
    used.sort_unstable();
    used.dedup();
    let mut declared: Vec<&str> = SEGMENTS.iter().map(|(name, _)| *name).collect();
    declared.sort_unstable();
    assert_eq!(used, declared);
}

#[test]
fn only_what_names_a_record_is_an_id() {
    for id in ["customer_id", "measure_id", "user_id", "call_id"] {
        assert!(is_id(id), "{id}");
    }
    for name in ["freespee_caller_id", "username", "n", "file", "custnr", ""] {
        assert!(!is_id(name), "{name}");
    }
}

#[test]
fn the_page_stands_at_the_root_too() {
    for path in ["/", "", "/docs", "/docs/", "/2.4.9", "/2.4.9/"] {
        let action = route("GET", path).unwrap().action;
        let page = Route::Public(PublicRoute::File(File::Page));
        assert_eq!(action, Action::Serve(page), "{path}");
    }
}

#[test]
fn another_version_is_told_apart_from_an_unknown_path() {
    for path in [
        "/2.4.8/customers",
        "/v2/customers",
        "/3/customers",
        "/2.4.90/customers",
    ] {
        assert!(
            matches!(route("GET", path), Err(Error::UnknownVersion)),
            "{path}"
        );
    }
}

#[test]
fn a_method_that_the_path_lacks_is_told_which_there_are() {
    assert_eq!(
        route("PATCH", "/customers/7").unwrap().action,
        Action::Refuse("GET, HEAD, PUT, DELETE, OPTIONS".to_owned())
    );
    assert_eq!(
        route("OPTIONS", "/miscellaneous/ping").unwrap().action,
        Action::Options("GET, HEAD, OPTIONS".to_owned())
    );
}

#[test]
fn malformed_percent_encoding_in_a_path_is_a_400() {
    for path in [
        "/customers/%",
        "/customers/%4",
        "/customers/%zz",
        "/customers/%ff",
    ] {
        assert!(
            matches!(route("GET", path), Err(Error::Invalid(_))),
            "{path}"
        );
    }
}
