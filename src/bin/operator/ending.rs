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
        "custom_{n}{label} of {username}, which has {}, will end, and every value in it will be removed for good.",
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

/// Whether a partner is disabled.
pub fn is_disabled(partner: &Json) -> bool {
    partner.get("enabled").and_then(Json::as_bool) == Some(false)
}

/// Disables a partner.
pub fn disable(worker: &Worker, username: String, consent: &Consent) -> Result<Json, Failure> {
    consent.is_possible("disable")?;
    let partner = worker.partner(&username)?;
    let is_already = is_disabled(&partner);
    if is_already && !consent.is_dry_run() {
        eprintln!("{username} is disabled already");
        return Ok(Json::object([("partner", partner)]));
    }
    let customers = customers_of(&partner);
    let logins = logins_of(worker, &username)?.len();
    let logins = i64::try_from(logins).unwrap_or(i64::MAX);
    let will = if is_already {
        format!("{username} is disabled already.")
    } else {
        format!(
            "{username} will be disabled: every request of its {} will be refused with a 403, until `enable`. \
         Its {} will stay.",
            counted(logins, "login"),
            counted(customers, "customer")
        )
    };
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

/// The logins of a partner, its own among them.
fn logins_of(worker: &Worker, username: &str) -> Result<Vec<Json>, Failure> {
    let answer = worker.get(&format!("{}/logins", partner_path(username)))?;
    let logins = answer.get("logins").and_then(Json::as_list);
    Ok(logins.unwrap_or_default().to_vec())
}

/// A login of a partner.
///
/// # Errors
/// The partner does not have it. The service would say the same.
fn login_of(worker: &Worker, username: &str, login: &str) -> Result<Json, Failure> {
    let mut logins = logins_of(worker, username)?.into_iter();
    let found = logins.find(|known| known.get("login").and_then(Json::as_text) == Some(login));
    found.ok_or_else(|| NO_LOGIN.into())
}

/// Until when the password before the present one of a login is good; empty if there is none.
fn previous_until(login: &Json) -> String {
    login.get("previous_until").map(cell).unwrap_or_default()
}

/// Replaces the password of a partner's own login, or of another one.
pub fn password(
    worker: &Worker,
    username: String,
    login: Option<&str>,
    overlap: &Overlap,
    consent: &Consent,
) -> Result<Json, Failure> {
    let (command, path) = match login {
        Some(login) => ("login password", login_path(&username, login)),
        None => ("password", partner_path(&username)),
    };
    consent.is_possible(command)?;
    let partner = worker.partner(&username)?;
    let login = login.unwrap_or(&username).to_owned();
    let earlier = match previous_until(&login_of(worker, &username, &login)?).as_str() {
        "" => String::new(),
        until => format!(
            " The one before it, whose time ends or has ended at {until} UTC, will be refused too."
        ),
    };
    let seconds = overlap.overlap_seconds;
    let until = match seconds {
        0 => "stop working at once".to_owned(),
        _ => format!("work {} longer", length(seconds)),
    };
    let will = format!(
        "1 login, {login}, will get a new password, which will be shown only once. The old one will {until}.{earlier}"
    );
    let plan = Plan {
        command,
        partner: username.clone(),
        customers: customers_of(&partner),
        will,
    };
    if let Some(told) = consent.ask(plan)? {
        return Ok(told);
    }
    let answer = worker.post(&format!("{path}/password"), overlap)?;
    // The new password must be printed whatever else fails.
    if seconds > 0
        && let Ok(login) = login_of(worker, &username, &login)
    {
        let until = previous_until(&login);
        eprintln!("the old password is good until {until} UTC");
    }
    Ok(answer)
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
    login_of(worker, &username, login)?;
    let path = login_path(&username, login);
    let will =
        format!("1 login of {username}, {login}, will end at once, and its password with it.");
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
