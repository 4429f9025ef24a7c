//! Users: how they are created, read, changed, validated and removed.

use serde_json::json;

use crate::partner::Partner;

#[test]
fn a_user_is_created_read_changed_and_removed() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/users");
    let created = partner
        .post(&path, &[("email", "karin@example.com")])
        .expect(200);
    let mut user = created.record("users");
    let user_id = user["user_id"].as_i64().unwrap();
    assert_eq!(
        user,
        json!({"user_id": user_id, "email": "karin@example.com", "name": "", "write_access": 0,
            "receive_monthly_report": 0})
    );
    let one = format!("{path}/{user_id}");
    assert_eq!(created.header("Location"), Some(one.as_str()));
    assert_eq!(partner.get(&one).expect(200).record("users"), user);

    for (name, text, value) in [
        ("email", "k@example.com", json!("k@example.com")),
        ("name", "Karin", json!("Karin")),
        ("write_access", "1", json!(1)),
        ("receive_monthly_report", "2", json!(2)),
    ] {
        user[name] = value;
        let changed = partner.put(&one, &[(name, text)]).expect(200);
        assert_eq!(changed.record("users"), user, "{name}");
    }
    assert_eq!(partner.get(&one).expect(200).record("users"), user);

    let other = partner.create_user(id, "other@example.com");
    assert_eq!(
        partner.delete(&one).expect(200).json(),
        json!({"users": []})
    );
    assert_eq!(partner.get(&one).expect(404).errors(), ["not_found"]);
    partner.put(&one, &[("name", "Again")]).expect(404);
    partner.delete(&one).expect(404);
    let list = partner.get(&path).expect(200).json();
    assert_eq!(list["total"], 1);
    assert_eq!(list["users"][0]["user_id"], other);
}

#[test]
fn all_errors_are_returned_at_once() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let path = format!("/customers/{id}/users");
    assert_eq!(
        partner.post(&path, &[]).expect(400).errors(),
        ["email: required"]
    );
    let email = |length: usize| format!("{}@example.com", "a".repeat(length - 12));
    let fits = [
        ("email", &*email(60)),
        ("name", &"ö".repeat(60)),
        ("write_access", "1"),
    ];
    partner.post(&path, &fits).expect(200);
    let faults = [
        ("email", &*email(61)),
        ("name", &"ö".repeat(61)),
        ("write_access", "2"),
        ("receive_monthly_report", "3"),
    ];
    let faults = partner.post(&path, &faults).expect(400);
    assert_eq!(
        faults.errors(),
        [
            "email: length",
            "name: length",
            "receive_monthly_report: range",
            "write_access: range"
        ]
    );
    for (name, value, error) in [
        ("email", "", "email: length"),
        ("email", "karin", "email: email"),
        ("name", "a\nb", "name: control_character"),
        ("write_access", "-1", "write_access: range"),
        ("write_access", "yes", "write_access: not_an_integer"),
        (
            "receive_monthly_report",
            "-1",
            "receive_monthly_report: range",
        ),
        ("password", "x", "password: unknown_parameter"),
    ] {
        let user = partner.create_user(id, "k@example.com");
        let put = partner.put(&format!("{path}/{user}"), &[(name, value)]);
        assert_eq!(put.expect(400).errors(), [error], "{name}={value}");
    }
}

#[test]
fn the_id_of_a_removed_user_is_never_given_again() {
    let partner = Partner::new();
    let id = partner.create_customer("Customer", "1");
    let first = partner.create_user(id, "first@example.com");
    let path = format!("/customers/{id}/users/{first}");
    partner.delete(&path).expect(200);
    let second = partner.create_user(id, "second@example.com");
    assert!(second > first, "{second}");
    // The removal is sent again, because its answer was lost. It removes nobody else.
    partner.delete(&path).expect(404);
    let there = partner
        .get(&format!("/customers/{id}/users/{second}"))
        .expect(200);
    assert_eq!(there.record("users")["email"], "second@example.com");
}
