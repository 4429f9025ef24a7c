//! The subcommands that end something of a partner at once: a custom field, a password, a login, all access.

use customers_api::customers::german;
use customers_api::http::json::Json;
use customers_api::operator::input::Overlap;

use crate::consent::{Consent, Plan, counted};
use crate::failure::Failure;
use crate::logins::length;
use crate::names::NO_LOGIN;
use crate::partners::enabled;
use crate::service::Worker;
use crate::tables::cell;
use crate::{encoded, field_path, partner_path};

/// How many customers a partner has.
pub fn customers_of(partner: &Json) -> i64 {
    let customers = partner.get("customers").and_then(Json::as_integer);
    customers.unwrap_or(0)
}

/// Ends a custom field, and with it what all customers have stored in it.
pub fn end_field(
    worker: &Worker,
    username: String,
    n: i64,
    consent: &Consent,
) -> Result<Json, Failure> {
    consent.is_possible("end-field")?;
    let partner = worker.partner(&username)?;
    let customers = customers_of(&partner);
    let label = label_of(&partner, n).ok_or_else(|| format!("{username} has no custom_{n}"))?;
    if is_fixed(&partner, n) {
        let why = "the German rule makes it mandatory, so it cannot be ended";
        return Err(format!("custom_{n}{label} of {username}: {why}").into());
    }
    let will = format!(
        "custom_{n}{label} of {username} ends: what its {} have stored in it is removed for good.",
        counted(customers, "customer")
    );
    let path = field_path(&username, n);
    let plan = Plan {
        command: "end-field",
        partner: username,
        customers,
        will,
    };
    match consent.ask(plan)? {
        Some(told) => Ok(told),
        None => worker.delete(&path),
    }
}

/// The label of a custom field, in brackets. `None` if the field is not set up.
fn label_of(partner: &Json, n: i64) -> Option<String> {
    let mut fields = partner.get("custom_fields")?.as_list()?.iter();
    let field = fields.find(|field| field.get("n").and_then(Json::as_integer) == Some(n))?;
    let label = field.get("label").map(cell).unwrap_or_default();
    Some(match label.as_str() {
        "" => label,
        _ => format!(" ({label})"),
    })
}

/// Whether the German rule fixes a custom field of a partner.
fn is_fixed(partner: &Json, n: i64) -> bool {
    let country = partner.get("country").and_then(Json::as_text);
    let mut fields = german::FIELDS.iter();
    country == Some(german::COUNTRY) && fields.any(|fixed| i64::from(fixed.n) == n)
}

/// Disables a partner.
pub fn disable(worker: &Worker, username: String, consent: &Consent) -> Result<Json, Failure> {
    consent.is_possible("disable")?;
    let partner = worker.partner(&username)?;
    let customers = customers_of(&partner);
    let logins = logins_of(worker, &username)?.len();
    let logins = i64::try_from(logins).unwrap_or(i64::MAX);
    let will = format!(
        "{username} is disabled: every request of its {} is refused with a 403, until `enable`. Its {} stay.",
        counted(logins, "login"),
        counted(customers, "customer")
    );
    let plan = Plan {
        command: "disable",
        partner: username.clone(),
        customers,
        will,
    };
    match consent.ask(plan)? {
        Some(told) => Ok(told),
        None => worker.change(&username, &enabled(false)),
    }
}

/// The names of a partner's logins.
fn logins_of(worker: &Worker, username: &str) -> Result<Vec<String>, Failure> {
    let answer = worker.get(&format!("{}/logins", partner_path(username)))?;
    let logins = answer.get("logins").and_then(Json::as_list);
    let logins = logins.unwrap_or_default().iter();
    Ok(logins
        .filter_map(|login| login.get("login").map(cell))
        .collect())
}

/// Refuses a login that the partner does not have, as the service would.
fn expect_login(worker: &Worker, username: &str, login: &str) -> Result<(), Failure> {
    let logins = logins_of(worker, username)?;
    let has = logins.iter().any(|known| known == login);
    if has { Ok(()) } else { Err(NO_LOGIN.into()) }
}

/// Replaces the password of a partner's own login, or of another one.
pub fn password(
    worker: &Worker,
    username: String,
    login: Option<&str>,
    overlap: &Overlap,
    consent: &Consent,
) -> Result<Json, Failure> {
    consent.is_possible("password")?;
    let partner = worker.partner(&username)?;
    if let Some(login) = login {
        expect_login(worker, &username, login)?;
    }
    let seconds = overlap.overlap_seconds;
    let until = match seconds {
        0 => "stops working at once".to_owned(),
        _ => format!("works for another {}", length(seconds)),
    };
    let will = format!(
        "1 login, {}, gets a new password, which is shown only once. The old one {until}; the one before it ends now.",
        login.unwrap_or(&username)
    );
    let path = match login {
        Some(login) => login_path(&username, login),
        None => partner_path(&username),
    };
    let plan = Plan {
        command: "password",
        partner: username,
        customers: customers_of(&partner),
        will,
    };
    match consent.ask(plan)? {
        Some(told) => Ok(told),
        None => worker.post(&format!("{path}/password"), overlap),
    }
}

/// Ends a login.
pub fn end_login(
    worker: &Worker,
    username: String,
    login: &str,
    consent: &Consent,
) -> Result<Json, Failure> {
    consent.is_possible("login end")?;
    let partner = worker.partner(&username)?;
    // The partner's own login cannot be ended, so the service finds none.
    if login == username {
        return Err(NO_LOGIN.into());
    }
    expect_login(worker, &username, login)?;
    let path = login_path(&username, login);
    let will = format!("1 login of {username}, {login}, ends at once, and its password with it.");
    let plan = Plan {
        command: "login end",
        partner: username,
        customers: customers_of(&partner),
        will,
    };
    match consent.ask(plan)? {
        Some(told) => Ok(told),
        None => worker.delete(&path),
    }
}

/// The path of a login.
pub fn login_path(username: &str, login: &str) -> String {
    format!("{}/logins/{}", partner_path(username), encoded(login))
}
