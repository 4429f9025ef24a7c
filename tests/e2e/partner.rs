//! Creates a new partner for a test, with helpers for its most common requests.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Server, shared};

/// A partner that only one test uses, with the credentials of one of its logins.
#[derive(Clone)]
pub struct Partner {
    pub server: &'static Server,
    pub partner_id: i64,
    /// The partner's user name.
    pub partner: String,
    /// The login's user name: that of the partner, unless it is a further login.
    pub username: String,
    pub password: String,
}

/// A user name that no partner has.
pub fn unused_username() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    format!("partner-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A value for every field of a customer, except custom fields.
pub fn all_fields() -> Value {
    json!({
        "name": "Nordlund AB",
        "custnr": "1001",
        "corporateid": "556677-8899",
        "email": "info@nordlund.example",
        "receive_monthly_report": 1,
        "freespee_caller_id": 1,
        "address_street": "Storgatan 1",
        "address_zip": "111 22",
        "address_city": "Stockholm",
        "address_state": "Uppland",
        "address_country": "Sverige",
    })
}

impl Partner {
    /// A partner with only a user name.
    pub fn new() -> Self {
        Self::with(&json!({}))
    }

    /// A partner with these properties, such as `{"country": "DE"}` or `{"allowed_networks": […]}`.
    pub fn with(what: &Value) -> Self {
        Self::on(shared(), what)
    }

    /// A partner with these properties on another server. Its home is `DB`, unless they name another.
    pub fn on(server: &'static Server, what: &Value) -> Self {
        let username = unused_username();
        let path = format!("/operator/partners/{username}");
        let mut what = what.clone();
        let home = what.as_object_mut().unwrap().entry("database");
        home.or_insert("DB".into());
        let request = Request::operator(server, "PUT", &path).json(&what);
        let partner = &request.expect(200).json()["partner"];
        Self {
            server,
            partner_id: partner["partner_id"].as_i64().unwrap(),
            password: partner["password"].as_str().unwrap().to_owned(),
            partner: username.clone(),
            username,
        }
    }

    /// A further login of the partner, with its own user name and password.
    pub fn with_login(&self, access: &str) -> Self {
        let login = unused_username();
        let path = format!("/operator/partners/{}/logins/{login}", self.username);
        let request = Request::operator(self.server, "PUT", &path);
        let added = request.json(&json!({"access": access})).expect(200).json();
        Self {
            server: self.server,
            partner_id: self.partner_id,
            partner: self.partner.clone(),
            password: added["login"]["password"].as_str().unwrap().to_owned(),
            username: login,
        }
    }

    /// Replaces the password of the login as the operator. Returns the new one; `self` keeps the old one.
    #[track_caller]
    pub fn new_password(&self, overlap_seconds: i64) -> String {
        let mut path = format!("/operator/partners/{}", self.partner);
        if self.username != self.partner {
            path = format!("{path}/logins/{}", self.username);
        }
        let path = format!("{path}/password");
        let request = Request::operator(self.server, "POST", &path);
        let given = request.json(&json!({"overlap_seconds": overlap_seconds}));
        given.expect(200).json()["password"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Sets up `custom_n` as the operator. `what` may have `label`, `max_length` and `required`.
    pub fn set_up_custom(&self, n: u32, what: &Value) {
        let username = &self.username;
        let path = format!("/operator/partners/{username}/custom_fields/{n}");
        let request = Request::operator(self.server, "PUT", &path);
        request.json(what).expect(200);
    }

    /// A request with the partner's credentials, by HTTP Basic.
    pub fn request(&self, method: &str, target: &str) -> Request<'static> {
        Request::new(self.server, method, target).basic(&self.username, &self.password)
    }

    pub fn get(&self, target: &str) -> Request<'static> {
        self.request("GET", target)
    }

    /// A POST with these parameters as a form.
    pub fn post(&self, target: &str, parameters: &[(&str, &str)]) -> Request<'static> {
        self.request("POST", target).form(parameters)
    }

    /// A PUT with these parameters as a form.
    pub fn put(&self, target: &str, parameters: &[(&str, &str)]) -> Request<'static> {
        self.request("PUT", target).form(parameters)
    }

    pub fn delete(&self, target: &str) -> Request<'static> {
        self.request("DELETE", target)
    }

    /// Creates a customer with the required fields only, and returns its id.
    #[track_caller]
    pub fn create_customer(&self, name: &str, custnr: &str) -> i64 {
        let parameters = [("name", name), ("custnr", custnr)];
        let created = self.post("/customers", &parameters).expect(200);
        created.customer()["customer_id"].as_i64().unwrap()
    }

    /// Creates a measure with the required fields only, and returns its id.
    #[track_caller]
    pub fn create_measure(&self, customer_id: i64) -> i64 {
        let path = format!("/customers/{customer_id}/measures");
        let parameters = [
            ("name", "Website"),
            ("phonenr", "+46846500440"),
            ("destnr", "+46846500401"),
        ];
        let created = self.post(&path, &parameters).expect(200);
        created.record("measures")["measure_id"].as_i64().unwrap()
    }

    /// Creates a user of a customer, and returns its id.
    #[track_caller]
    pub fn create_user(&self, customer_id: i64, email: &str) -> i64 {
        let path = format!("/customers/{customer_id}/users");
        let created = self.post(&path, &[("email", email)]).expect(200);
        created.record("users")["user_id"].as_i64().unwrap()
    }

    pub fn post_calls(&self, customer_id: i64, calls: &[Value]) -> Request<'static> {
        let path = format!("/customers/{customer_id}/calls");
        self.request("POST", &path).json(&json!({"calls": calls}))
    }

    /// Reads a customer.
    #[track_caller]
    pub fn customer(&self, customer_id: i64) -> Value {
        let path = format!("/customers/{customer_id}");
        self.get(&path).expect(200).customer()
    }

    /// The number of the partner's customers, as its list reports it.
    #[track_caller]
    pub fn total(&self) -> i64 {
        let list = self.get("/customers?pagesize=1").expect(200).json();
        list["total"].as_i64().unwrap()
    }
}
