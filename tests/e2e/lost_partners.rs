//! A restore of the database with the directory, and the partners that live elsewhere, or that it has lost.

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::db::db_open_of;
use crate::moves::moved;
use crate::partner::Partner;
use crate::restores::{cron, db_copy, restored};
use crate::server::Server;

fn operator(server: &'static Server, method: &str, path: &str) -> Request<'static> {
    Request::operator(server, method, path)
}

/// The partner on the server that was started again.
fn on(server: &'static Server, partner: &Partner) -> Partner {
    Partner {
        server,
        ..partner.clone()
    }
}

#[test]
fn a_partner_that_a_restore_has_lost_after_its_move_is_never_an_empty_one() {
    let server = Server::alone();
    let mover = Partner::on(server, &json!({"database": "DB_2"}));
    let id = mover.create_customer("Nordlund AB", "1");
    // The move has brought it into the database of which this is a copy.
    let copy = db_copy(server);
    assert_eq!(moved(&mover, "DB")["phase"], "complete");

    let server = restored(server, &copy);
    cron(server);
    let mover = on(server, &mover);
    let path = format!("/operator/partners/{}", mover.username);
    let is_moving = |answer: Response| assert_eq!(answer.errors(), ["moving"]);
    let read = |path: &str| mover.get(path).expect(503);
    is_moving(read("/customers"));
    for what in [json!({"enabled": true}), json!({"name": "Acme"})] {
        is_moving(operator(server, "PUT", &path).json(&what).expect(503));
    }
    is_moving(read("/customers"));
    is_moving(read(&format!("/customers/{id}")));
    for database in ["DB", "DB_2"] {
        let sql = "SELECT COUNT(*) FROM partners WHERE partner_id = ?1 AND serves <> 'nothing'";
        let count: i64 = db_open_of(server, database)
            .query_row(sql, [mover.partner_id], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 0, "{database}");
    }
}

#[test]
fn the_partners_that_a_restore_has_lost_are_counted_and_paged_again() {
    let server = Server::alone();
    let earlier = Partner::on(server, &json!({"database": "DB_2"}));
    let copy = db_copy(server);
    let later = [(); 3].map(|()| Partner::on(server, &json!({"database": "DB_2"})));

    let server = restored(server, &copy);
    cron(server);
    let all = operator(server, "GET", "/operator/partners").expect(200);
    let expected: Vec<Value> = [&earlier]
        .into_iter()
        .chain(&later)
        .map(|partner| partner.username.as_str().into())
        .collect();
    let names = |answer: &Response| -> Vec<Value> {
        let rows = answer.records("partners");
        rows.iter().map(|row| row["username"].clone()).collect()
    };
    assert_eq!(names(&all), expected);
    assert_eq!(all.json()["total"], 4);
    for (page, name) in expected.iter().enumerate() {
        let path = format!("/operator/partners?pagesize=1&page={page}");
        let page = operator(server, "GET", &path).expect(200);
        assert_eq!(names(&page), std::slice::from_ref(name));
    }
    // A new one is counted beside them.
    Partner::on(server, &json!({"database": "DB_2"}));
    let all = operator(server, "GET", "/operator/partners").expect(200);
    assert_eq!(all.json()["total"], 5);
}
