//! The reference page, tested in a browser. The checks are in `tests/browser/page.mjs`.

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use crate::client::Request;
use crate::clients::is_there;
use crate::partner::Partner;
use crate::server::{ROOT, demo};

/// The demo partner's user name and password.
const DEMO: (&str, &str) = ("demo", "demo-password");

/// Runs a check with these credentials, if there is a browser. Only one browser runs at a time, to spare the machine.
fn check(name: &str, (username, password): (&str, &str)) {
    static BROWSER: Mutex<()> = Mutex::new(());
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    if !is_there(&chromium, &["--version"]) {
        return;
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
}

#[test]
fn the_page_loads_without_errors_and_without_leaving_the_site() {
    check("loads", DEMO);
}

#[test]
fn the_root_and_docs_are_the_same_page() {
    let page = |path| Request::new(demo(), "GET", path).expect(200).text;
    assert_eq!(page("/"), page("/docs"));
}

#[test]
fn nothing_is_wider_than_the_screen() {
    check("fits", DEMO);
}

#[test]
fn an_operation_can_be_tried_in_the_reference() {
    check("tries", DEMO);
}

#[test]
fn wrong_credentials_are_reported() {
    check("refuses", DEMO);
}

#[test]
fn the_erasure_works_by_keyboard_and_ends_in_a_receipt() {
    check("erases", DEMO);
}

#[test]
fn a_german_partner_is_told_what_its_customers_lack() {
    let partner = Partner::on(demo(), &json!({"country": "DE"}));
    check("explains", (&partner.username, &partner.password));
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
fn axe_finds_no_violation() {
    check("accessible", DEMO);
}

#[test]
fn the_copied_text_is_the_tested_example() {
    check("copies", DEMO);
}

#[test]
fn any_password_is_quoted_correctly_in_each_language() {
    let php = is_there("php", &["--version"]);
    if php && is_there("python3", &["--version"]) {
        check("quotes", DEMO);
    }
}

#[test]
fn credentials_are_forgotten() {
    check("forgets", DEMO);
}

#[test]
fn the_files_of_the_page_load_nothing_from_elsewhere_and_are_revalidated() {
    let get = |path: &str| Request::new(demo(), "GET", path);
    for path in ["/", "/docs", "/docs/page.js", "/openapi.json"] {
        let file = get(path).expect(200);
        let policy = file.header("Content-Security-Policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
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
        "/docs/nothing.js",
        "/docs/..%2f..%2fopenapi.json",
        "/docs/..%5cindex.html",
        "/docs/page.js%3fx",
        "/docs/.%2fpage.js",
    ] {
        get(path).expect(404).request_id();
    }
}
