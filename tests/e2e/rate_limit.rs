//! §2: too many requests. The limit is lowered on a server of its own.

use serde_json::json;

use crate::client::Request;
use crate::partner::Partner;
use crate::server::{Difference, Server};

#[test]
fn too_many_requests_of_one_partner_are_a_429_and_no_matter_to_another() {
    let limit = "limit = 10000";
    let server = Server::different(&Difference {
        config: &[(limit, "limit = 3")],
        secrets: None,
    });
    let [partner, other] = [(); 2].map(|()| Partner::on(server, &json!({})));
    // Two periods may meet in the middle of it.
    let answers: Vec<_> = (0..7).map(|_| partner.get("/customers").send()).collect();
    let refused = answers.iter().find(|answer| answer.status == 429);
    let refused = refused.expect("one of seven is too many");
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
    // Whoever does not know the password uses nothing up.
    for _ in 0..8 {
        let request = Request::new(server, "GET", "/customers");
        request.basic(&other.username, "wrong").expect(401);
    }
    other.get("/customers").expect(200);
}
