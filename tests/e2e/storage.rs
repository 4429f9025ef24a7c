//! A database that is nearly full refuses what would fill it, and never an erasure or a removal.

use serde_json::{Value, json};

use crate::client::Request;
use crate::db::db_execute;
use crate::partner::Partner;
use crate::server::{Difference, Server};

/// What the database of these tests holds. The empty one has some 200 KB.
const MAX: i64 = 4_000_000;

fn calls(measure_id: i64, count: i64) -> Vec<Value> {
    let call = |n| {
        json!({"measure_id": measure_id, "start": "2026-09-01 07:12:09", "anum": format!("+46701{:06}", n),
            "bnum": "+46846500401", "cnum": "+46846500440"})
    };
    (0..count).map(call).collect()
}

#[test]
fn a_nearly_full_database_refuses_creations_and_no_erasure() {
    let vars = format!("[vars]\nDATABASE_MAX_BYTES = \"{MAX}\"\n\n[placement]");
    let server = Server::different(&Difference {
        config: &[("[placement]", &vars)],
        secrets: None,
    });
    let partner = Partner::on(server, &json!({}));
    let ids: Vec<i64> = (0..20)
        .map(|n| {
            let id = partner.create_customer("Full", &format!("full-{n}"));
            partner.create_user(id, "anna@example.com");
            id
        })
        .collect();
    let id = ids[0];
    let measure = partner.create_measure(id);
    let user = partner.create_user(id, "bo@example.com");
    let log = |response: &crate::client::Response| server.log(response.request_id());
    let first = log(&partner.get("/customers").expect(200));
    assert!(first["size_after"].as_i64().unwrap() > 50_000, "{first}");
    assert_eq!(first["level"], "info", "{first}");

    let many = calls(measure, 200);
    let mut sizes = Vec::new();
    loop {
        let created = partner.post_calls(id, &many).send();
        if created.status != 200 {
            assert_eq!(created.status, 507, "{created:#?}");
            break;
        }
        let log = log(&created);
        let size = log["size_after"].as_i64().unwrap();
        let is_short = size >= MAX / 10 * 8;
        assert_eq!(
            log["level"],
            if is_short { "warning" } else { "info" },
            "{log}"
        );
        sizes.push(size);
        assert!(sizes.len() < 1_000, "{sizes:?}");
    }
    let size = *sizes.last().unwrap();
    assert!(
        (MAX / 100 * 88..MAX / 1_000 * 905).contains(&size),
        "{size}"
    );

    let path = format!("/customers/{id}");
    let allowed = |numbers: Value| {
        let request = partner.request("PUT", &format!("{path}/allowed_numbers"));
        request.json(&json!({"phonenrs": numbers}))
    };
    for refused in [
        partner.post("/customers", &[("name", "New"), ("custnr", "new")]),
        partner.post(&format!("{path}/users"), &[("email", "c@example.com")]),
        partner.post(
            &format!("{path}/measures"),
            &[
                ("name", "m"),
                ("phonenr", "+46846500440"),
                ("destnr", "+46846500401"),
            ],
        ),
        partner.post_calls(id, &calls(measure, 1)),
        allowed(json!(["+46701740605"])),
    ] {
        let refused = refused.expect(507);
        assert_eq!(refused.errors(), ["storage_full"]);
        assert_eq!(
            refused.header("Retry-After"),
            None,
            "a repetition does not help"
        );
        assert_eq!(log(&refused)["d1_trips"], 0);
    }
    // What is there can be read and changed, and what frees room is done.
    partner.get("/customers").expect(200);
    partner.put(&path, &[("name", "Renamed")]).expect(200);
    allowed(json!([])).expect(200);
    partner.delete(&format!("{path}/users/{user}")).expect(200);
    partner
        .delete(&format!("{path}/measures/{measure}"))
        .expect(200);
    Request::operator(
        server,
        "PUT",
        &format!("/operator/partners/{}/custom_fields/1", partner.username),
    )
    .json(&json!({}))
    .expect(200);
    for id in &ids {
        let path = format!("/customers/{id}");
        partner.delete(&format!("{path}?dry_run=1")).expect(200);
        partner.delete(&path).expect(200);
    }
    assert_eq!(partner.total(), 0);
    let create = partner.post("/customers", &[("name", "New"), ("custnr", "new")]);
    create.clone().expect(507);

    // Once an answer of the database has told that there is room again, creations pass.
    db_execute(server, "DELETE FROM calls", &[]);
    partner.get("/customers").expect(200);
    create.expect(200);
}
