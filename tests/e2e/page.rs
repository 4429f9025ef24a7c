//! The reference page, tested in a browser. The checks are in `tests/browser/`.

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use rusqlite::types::Value;
use serde_json::json;

use crate::client::Request;
use crate::clients::is_there;
use crate::db::db_query;
use crate::partner::Partner;
use crate::server::{ROOT, demo};

/// The demo partner's user name and password.
const DEMO: (&str, &str) = ("demo", "demo-password");

/// Runs a check with these credentials, if there is a browser, and returns what it prints. Only one browser runs at a time,
/// to spare the machine.
fn check(name: &str, (username, password): (&str, &str)) -> Option<String> {
    static BROWSER: Mutex<()> = Mutex::new(());
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    if !is_there(&chromium, &["--version"]) {
        return None;
    }
    let server = demo();
    let _alone = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new("node")
        .current_dir(ROOT)
        .args(["tests/browser/page.mjs", name, &server.origin])
        .args([username, password])
        .env("CHROMIUM", chromium)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_page_loads_three_files_of_at_most_120_kilobytes_and_nothing_from_elsewhere() {
    check("loads", DEMO);
}

#[test]
fn the_root_and_docs_are_the_same_page() {
    let page = |path| Request::new(demo(), "GET", path).expect(200).text;
    assert_eq!(page("/"), page("/docs"));
}

#[test]
fn every_task_and_every_code_has_an_address_of_its_own() {
    check("links", DEMO);
}

#[test]
fn the_search_finds_tasks_codes_fields_and_texts() {
    check("searches", DEMO);
}

#[test]
fn the_contents_mark_every_part_up_to_the_last() {
    check("marks", DEMO);
}

#[test]
fn a_sender_can_be_seen_to_its_end_and_the_recorded_answer_gives_way() {
    check("shows", DEMO);
}

#[test]
fn nothing_is_wider_than_the_screen() {
    check("fits", DEMO);
}

#[test]
fn letters_of_twice_the_size_fit_and_leave_room_below_the_bar() {
    check("grows", DEMO);
}

#[test]
fn a_link_leads_below_the_bar_and_the_keyboard_keeps_the_reading_place() {
    check("lands", DEMO);
}

#[test]
fn paper_has_everything_in_light_colours_and_nothing_to_press() {
    check("prints", DEMO);
}

#[test]
fn before_and_after_differ_without_colours() {
    check("contrasts", DEMO);
}

#[test]
fn the_page_is_complete_without_javascript() {
    check("reads", DEMO);
}

#[test]
fn nothing_of_the_demo_or_of_the_operator_is_on_the_page() {
    check("clean", DEMO);
}

#[test]
fn a_task_can_be_tried_and_says_what_is_missing_beside_its_button() {
    check("tries", DEMO);
}

#[test]
fn the_focus_stays_in_the_sender_and_a_warning_goes_with_its_id() {
    check("holds", DEMO);
}

#[test]
fn a_refused_storage_takes_nothing_else_from_the_page() {
    check("lacks", DEMO);
}

#[test]
fn an_error_links_to_what_its_code_means() {
    check("names", DEMO);
}

#[test]
fn wrong_credentials_are_reported() {
    check("refuses", DEMO);
}

#[test]
fn a_delete_counts_first_and_asks_for_the_id() {
    check("asks", DEMO);
}

#[test]
fn the_live_erasure_works_by_keyboard_and_shows_what_the_database_keeps() {
    let Some(printed) = check("erases", DEMO) else {
        return;
    };
    let rows: Vec<Vec<String>> = serde_json::from_str(&printed).unwrap();
    // What the service itself answered after the erasure, and nothing else, is marked as read.
    let read: Vec<&str> = rows
        .iter()
        .filter(|row| row[3] == "read")
        .map(|row| row[0].as_str())
        .collect();
    let answered = [
        "Customer",
        "customer_id",
        "uuid",
        "Users",
        "Allowed numbers",
        "Measures",
        "Phone numbers",
    ];
    assert_eq!(read, answered);
    let after = |name: &str| -> Vec<&str> {
        let rows = rows.iter().filter(|row| row[0] == name);
        rows.map(|row| row[2].as_str()).collect()
    };
    let id: i64 = after("customer_id")[0].parse().unwrap();
    let stored = |sql: &str| -> Vec<String> {
        let rows = db_query(demo(), sql, &[&id]);
        let row = rows.first().unwrap_or_else(|| panic!("no row: {sql}"));
        row.values()
            .map(|value| match value {
                Value::Text(text) => text.clone(),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    let numbers = "SELECT destnr AS a, phonenr AS b FROM measures WHERE customer_id = ?";
    assert_eq!(stored(numbers), [after("destnr")[0], after("phonenr")[1]]);
    let numbers = "SELECT anum AS a, bnum AS b, cnum AS c FROM calls WHERE customer_id = ?";
    assert_eq!(
        stored(numbers),
        [after("anum")[0], after("bnum")[0], after("cnum")[0]]
    );
    let kept = "SELECT start AS a, duration || ' s' AS b FROM calls WHERE customer_id = ?";
    assert_eq!(stored(kept), [after("start")[0], after("duration")[0]]);
    let removed = "SELECT name AS a, custnr AS b, email AS c, address_street AS d FROM customers WHERE customer_id = ?";
    assert_eq!(stored(removed), [""; 4]);
    for name in ["name", "custnr", "email", "address_street"] {
        assert_eq!(after(name)[0], "", "{rows:?}");
    }
    assert_eq!(after("Phone numbers"), ["5 masked"]);
}

#[test]
fn the_live_erasure_works_for_a_german_partner() {
    let partner = Partner::on(demo(), &json!({"country": "DE"}));
    check("german", (&partner.username, &partner.password));
}

#[test]
fn the_live_erasure_works_where_a_mandatory_field_is_short() {
    let partner = Partner::on(demo(), &json!({}));
    for n in 1..=6 {
        let max_length = if n == 1 { 3 } else { 255 };
        partner.set_up_custom(n, &json!({"required": true, "max_length": max_length}));
    }
    check("short", (&partner.username, &partner.password));
}

#[test]
fn a_customer_left_by_a_failed_run_is_named_and_can_be_erased() {
    check("finishes", DEMO);
}

#[test]
fn light_and_dark_follow_the_system() {
    check("follows", DEMO);
}

#[test]
fn axe_finds_no_violation_with_everything_open() {
    check("accessible", DEMO);
}

#[test]
fn passwords_are_masked_and_are_in_what_is_copied() {
    check("copies", DEMO);
}

#[test]
fn any_password_is_quoted_correctly_in_each_language() {
    let ruby = is_there("ruby", &["--version"]);
    if ruby && is_there("php", &["--version"]) && is_there("python3", &["--version"]) {
        check("quotes", DEMO);
    }
}

#[test]
fn the_language_is_kept_and_credentials_go_with_the_tab() {
    check("keeps", DEMO);
}

#[test]
fn the_files_of_the_worker_load_nothing_from_elsewhere_and_are_revalidated() {
    let get = |path: &str| Request::new(demo(), "GET", path);
    for path in ["/", "/docs", "/openapi.json"] {
        let file = get(path).expect(200);
        let policy = file.header("Content-Security-Policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
        ] {
            assert!(policy.split("; ").any(|found| found == rule), "{policy}");
        }
        assert_eq!(file.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(file.header("Referrer-Policy"), Some("no-referrer"));
        assert_eq!(
            file.header("Cache-Control"),
            Some("public, max-age=0, must-revalidate")
        );
        file.request_id();
        let tag = file.header("ETag").unwrap();
        get(path).header("If-None-Match", tag).expect(304);
    }
    for path in [
        "/index.html",
        "/docs/nothing.js",
        "/docs/..%2f..%2fopenapi.json",
        "/docs/..%5cindex.html",
        "/_headers",
    ] {
        get(path).expect(404).request_id();
    }
}

#[test]
fn the_platform_serves_what_the_page_loads_for_ever_and_without_the_worker() {
    let page = Request::new(demo(), "GET", "/").expect(200).text;
    let files: Vec<&str> = page
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for path in files {
        let [_, hash, _] = path.split('.').collect::<Vec<_>>().try_into().unwrap();
        assert!(hash.len() == 12 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let file = Request::new(demo(), "GET", path).expect(200);
        assert_eq!(
            file.header("Cache-Control"),
            Some("public, max-age=31536000, immutable")
        );
        assert_eq!(file.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(file.header("Referrer-Policy"), Some("no-referrer"));
        assert_eq!(
            file.header("Strict-Transport-Security"),
            Some("max-age=31536000")
        );
        let policy = file.header("Content-Security-Policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        // The Worker gives every answer an id.
        assert!(file.header("X-Request-Id").is_none());
    }
    // While a new version is rolled out, its files may be asked of the old one: nobody keeps that they are missing.
    let missing = Request::new(demo(), "GET", "/assets/page.000000000000.js").expect(404);
    assert_eq!(missing.header("Cache-Control"), None);
    assert_eq!(missing.header("X-Content-Type-Options"), Some("nosniff"));
}
