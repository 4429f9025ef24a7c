//! Access control: the status of every route for every kind of caller.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use customers_api::http::routes::routes;
use serde_json::{Value, json};

use crate::client::{Request, operator};
use crate::partner::{Partner, unused_username};
use crate::server::shared;

/// The kinds of callers, in the order of the columns below.
const CALLERS: [&str; 10] = [
    "nobody",
    "wrong password",
    "another partner",
    "disabled partner",
    "wrong network",
    "operator",
    "read login",
    "old password within its overlap",
    "old password after its overlap",
    "the partner itself",
];

/// A row: method, path, and the status for each caller.
type Row = (&'static str, &'static str, [u16; 10]);

#[rustfmt::skip]
const MATRIX: &[Row] = &[
    //                                                                   nobody wrong other disab. netw. oper. read old   ended itself
    ("GET",    "/health",                                                [200,  200,  200,  200,  200,  200,  200,  200,  200,  200]),
    ("GET",    "/.well-known/jwks.json",                                 [200,  200,  200,  200,  200,  200,  200,  200,  200,  200]),
    ("GET",    "/",                                                      [200,  200,  200,  200,  200,  200,  200,  200,  200,  200]),
    ("GET",    "/docs",                                                  [200,  200,  200,  200,  200,  200,  200,  200,  200,  200]),
    ("GET",    "/openapi.json",                                          [200,  200,  200,  200,  200,  200,  200,  200,  200,  200]),
    ("GET",    "/miscellaneous/ping",                                    [401,  401,  200,  403,  403,  401,  200,  200,  401,  200]),
    ("GET",    "/customers",                                             [401,  401,  200,  403,  403,  401,  200,  200,  401,  200]),
    ("GET",    "/customers/changes",                                     [401,  401,  200,  403,  403,  401,  200,  200,  401,  200]),
    ("POST",   "/customers",                                             [401,  401,  200,  403,  403,  401,  403,  200,  401,  200]),
    ("PUT",    "/customers",                                             [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("DELETE", "/customers",                                             [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}",                               [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("PUT",    "/customers/{customer_id}",                               [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("DELETE", "/customers/{customer_id}",                               [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    // Another partner has no customer of this custnr: its PUT creates one.
    ("GET",    "/customers/custnr/{custnr}",                             [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("PUT",    "/customers/custnr/{custnr}",                             [401,  401,  200,  403,  403,  401,  403,  200,  401,  200]),
    // The customer of these two rows is already erased.
    ("GET",    "/customers/erasure",                                     [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/erasure",                       [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("GET",    "/customers/export",                                      [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/export",                        [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("GET",    "/customers/allowed_numbers",                             [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("PUT",    "/customers/allowed_numbers",                             [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/allowed_numbers",               [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("PUT",    "/customers/{customer_id}/allowed_numbers",               [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/measures",                                    [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("POST",   "/customers/measures",                                    [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("PUT",    "/customers/measures",                                    [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("DELETE", "/customers/measures",                                    [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/measures",                      [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("POST",   "/customers/{customer_id}/measures",                      [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("PUT",    "/customers/{customer_id}/measures",                      [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("DELETE", "/customers/{customer_id}/measures",                      [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/measures/{measure_id}",         [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("PUT",    "/customers/{customer_id}/measures/{measure_id}",         [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("DELETE", "/customers/{customer_id}/measures/{measure_id}",         [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/users",                                       [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("POST",   "/customers/users",                                       [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("PUT",    "/customers/users",                                       [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("DELETE", "/customers/users",                                       [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/users",                         [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("POST",   "/customers/{customer_id}/users",                         [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("PUT",    "/customers/{customer_id}/users",                         [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("DELETE", "/customers/{customer_id}/users",                         [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/users/{user_id}",               [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("PUT",    "/customers/{customer_id}/users/{user_id}",               [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("DELETE", "/customers/{customer_id}/users/{user_id}",               [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/calls",                                       [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("POST",   "/customers/calls",                                       [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/calls",                         [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    ("POST",   "/customers/{customer_id}/calls",                         [401,  401,  404,  403,  403,  401,  403,  200,  401,  200]),
    ("GET",    "/customers/{customer_id}/calls/{call_id}",               [401,  401,  404,  403,  403,  401,  200,  200,  401,  200]),
    // "itself" is the partner in the path. It gets 401 because no partner has the operator's token.
    ("GET",    "/operator/partners",                                     [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("GET",    "/operator/audit",                                        [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("GET",    "/operator/erasures",                                     [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("POST",   "/operator/replay",                                       [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("GET",    "/operator/databases",                                    [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("GET",    "/operator/openapi.json",                                 [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("GET",    "/operator/partners/{username}/home",                     [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("GET",    "/operator/partners/{username}",                          [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("PUT",    "/operator/partners/{username}",                          [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("POST",   "/operator/partners/{username}/password",                 [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("POST",   "/operator/partners/{username}/move",                     [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("GET",    "/operator/partners/{username}/logins",                   [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("PUT",    "/operator/partners/{username}/logins/{login}",           [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("DELETE", "/operator/partners/{username}/logins/{login}",           [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("POST",   "/operator/partners/{username}/logins/{login}/password",  [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("GET",    "/operator/partners/{username}/customers",                [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("DELETE", "/operator/partners/{username}/customers/{customer_id}",  [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("PUT",    "/operator/partners/{username}/custom_fields/{n}",        [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
    ("DELETE", "/operator/partners/{username}/custom_fields/{n}",        [401,  401,  401,  401,  401,  200,  401,  401,  401,  401]),
];

/// The target of a row's requests: a customer with a record of each kind, and a partner with a custom field and a login. The caller
/// who may change it comes after those who may not.
struct Target {
    /// The partner of the customer.
    owner: String,
    username: String,
    custnr: String,
    ids: [(&'static str, i64); 4],
}

impl Target {
    fn of(partner: &Partner) -> Self {
        let custnr = unused_username();
        let id = partner.create_customer("Customer", &custnr);
        let measure = partner.create_measure(id);
        let user = partner.create_user(id, "user@example.com");
        let call =
            json!({"measure_id": measure, "start": "2026-09-01 07:12:09", "bnum": "+46846500401"});
        let call = partner.post_calls(id, &[call]).expect(200).record("calls")["call_id"].as_i64();
        let ids = [id, measure, user, call.unwrap()];
        let username = unused_username();
        let path = format!("/operator/partners/{username}");
        operator("PUT", &path)
            .json(&json!({"database": "DB"}))
            .expect(200);
        operator("PUT", &format!("{path}/custom_fields/7"))
            .json(&json!({}))
            .expect(200);
        operator("PUT", &format!("{path}/logins/{username}.more"))
            .json(&json!({"access": "read"}))
            .expect(200);
        let names = ["customer_id", "measure_id", "user_id", "call_id"];
        Self {
            owner: partner.username.clone(),
            username,
            custnr,
            ids: std::array::from_fn(|at| (names[at], ids[at])),
        }
    }

    /// A row's request without credentials. Ids are in the path if it has a place for them, otherwise in the query.
    fn request(&self, method: &str, template: &str) -> Request<'static> {
        let username = if template.starts_with("/operator/partners/{username}/customers/") {
            &self.owner
        } else {
            &self.username
        };
        let mut path = template
            .replace("{username}", username)
            .replace("{login}", &format!("{username}.more"))
            .replace("{custnr}", &self.custnr)
            .replace("{n}", "7")
            .replace("{file}", "page.css");
        let mut query = Vec::new();
        for (name, id) in self.ids {
            let place = format!("{{{name}}}");
            if path.contains(&place) {
                path = path.replace(&place, &id.to_string());
            } else if needs(method, template, name) {
                query.push(format!("{name}={id}"));
            }
        }
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        let request = Request::new(shared(), method, &path);
        match self.body(method, template) {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    fn body(&self, method: &str, template: &str) -> Option<Value> {
        let numbers = ("+46846500440", "+46846500401");
        let kind = template.split('/').rfind(|part| !part.starts_with('{'))?;
        match (method, kind) {
            ("POST", "customers") => Some(json!({"name": "New", "custnr": unused_username()})),
            ("POST", "measures") => {
                Some(json!({"name": "New", "phonenr": numbers.0, "destnr": numbers.1}))
            }
            ("POST", "users") => Some(json!({"email": "new@example.com"})),
            ("POST", "calls") => Some(json!({"calls": [{"measure_id": self.ids[1].1,
                "start": "2026-09-01 07:12:09", "bnum": numbers.1}]})),
            ("PUT", "allowed_numbers") => Some(json!({"phonenrs": [numbers.0]})),
            ("PUT", "partners" | "custom_fields") => Some(json!({})),
            ("POST", "move") => Some(json!({"to": "DB_2"})),
            ("PUT", "logins") => Some(json!({"access": "write"})),
            ("PUT", _) => Some(json!({"name": "Changed"})),
            _ => None,
        }
    }
}

/// Whether a request needs an id that its path has no place for.
fn needs(method: &str, template: &str, name: &str) -> bool {
    let of_a_record = ["measures", "users"].iter().any(|kind| {
        let is_its_id = name == format!("{}_id", kind.trim_end_matches('s'));
        template.ends_with(kind) && is_its_id && (method == "PUT" || method == "DELETE")
    });
    let of_a_customer = name == "customer_id"
        && template.starts_with("/customers")
        && template != "/customers/changes"
        && !template.contains("{custnr}")
        && (template != "/customers" || method == "PUT" || method == "DELETE");
    of_a_record || of_a_customer
}

#[test]
fn the_matrix_has_every_route_and_no_other() {
    let tried: BTreeSet<_> = MATRIX
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .collect();
    assert_eq!(tried.len(), MATRIX.len(), "a route occurs twice");
    let there = routes().into_iter().map(|(method, path, _)| (method, path));
    assert_eq!(tried, there.collect());
}

#[test]
fn each_caller_gets_the_status_in_the_matrix_for_each_route() {
    let partner = Partner::new();
    let other = Partner::new();
    let fenced = Partner::with(&json!({"allowed_networks": ["192.0.2.0/24"]}));
    let disabled = Partner::with(&json!({"enabled": false}));
    let reader = partner.with_login("read");
    let (old, ended) = (partner.with_login("write"), partner.with_login("write"));
    old.new_password(3_600);
    ended.new_password(1);
    thread::sleep(Duration::from_secs(2));
    let mut wrong = Vec::new();
    for (method, template, statuses) in MATRIX {
        let target = Target::of(&partner);
        if template.ends_with("/erasure") {
            let (_, id) = target.ids[0];
            partner.delete(&format!("/customers/{id}")).expect(200);
        }
        let request = target.request(method, template);
        // The old password may do what the partner may. A target of its own leaves the other to the partner.
        let request_of_old = if *method == "GET" {
            request.clone()
        } else {
            Target::of(&partner).request(method, template)
        };
        for (at, expected) in statuses.iter().enumerate() {
            let caller = CALLERS[at];
            let as_partner = |partner: &Partner| {
                let request = request.clone();
                request.basic(&partner.username, &partner.password)
            };
            let request = match caller {
                "nobody" => request.clone(),
                "wrong password" => request.clone().basic(&partner.username, "wrong"),
                "another partner" => as_partner(&other),
                "disabled partner" => as_partner(&disabled),
                "wrong network" => as_partner(&fenced),
                "read login" => as_partner(&reader),
                "old password within its overlap" => {
                    let request = request_of_old.clone();
                    request.basic(&old.username, &old.password)
                }
                "old password after its overlap" => as_partner(&ended),
                "operator" => request.clone().authorization("Bearer local-operator"),
                _ => as_partner(&partner),
            };
            let answer = request.send();
            if answer.status != *expected {
                wrong.push(format!(
                    "{method} {template} by {caller}: {}, not {expected}",
                    answer.status
                ));
            }
        }
    }
    assert_eq!(wrong, [] as [String; 0]);
}
