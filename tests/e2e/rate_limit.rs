//! The limit on a partner's requests. The test uses its own server with a lower limit.

use serde_json::json;

use crate::client::Request;
use crate::partner::Partner;
use crate::server::{Difference, Server};

#[test]
fn too_many_requests_of_one_partner_are_a_429_and_do_not_affect_another() {
    let limit = "limit = 10000";
    let server = Server::different(&Difference {
        config: &[(limit, "limit = 3")],
        secrets: None,
    });
    let [partner, other] = [(); 2].map(|()| Partner::on(server, &json!({})));
    // Send enough for two periods of the limit, because a new one may begin in between.
    let answers: Vec<_> = (0..7).map(|_| partner.get("/customers").send()).collect();
    let refused = answers.iter().find(|answer| answer.status == 429);
    let refused = refused.expect("one of seven requests is too many");
    assert_eq!(refused.errors(), ["too_many_requests"]);
    let seconds: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(
        refused.message().contains(&seconds.to_string()),
        "{refused:#?}"
    );
    let rest = answers.iter().filter(|answer| answer.status != 429);
    assert!(rest.clone().count() >= 3 && rest.clone().all(|answer| answer.status == 200));

    other.get("/customers").expect(200);
    let operator = format!("/operator/partners/{}", partner.username);
    Request::operator(server, "GET", &operator).expect(200);
    // Requests with a wrong password do not count against the partner's limit.
    for _ in 0..8 {
        let request = Request::new(server, "GET", "/customers");
        request.basic(&other.username, "wrong").expect(401);
    }
    other.get("/customers").expect(200);
}
