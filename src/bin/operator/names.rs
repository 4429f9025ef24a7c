//! Names what is not there, and what was probably meant.

use customers_api::http::json::Json;
use customers_api::http::near::meant;

use crate::failure::Failure;
use crate::partner_path;
use crate::service::Worker;
use crate::tables::cell;

/// What the service says of a partner that does not exist.
const NO_PARTNER: &str = "there is no such partner";

/// What the service says of a login that does not exist, or that cannot be ended.
pub const NO_LOGIN: &str = "there is no such login";

/// A user name on a command line. The path of an empty one would be that of all partners or logins, so a script whose variable
/// is not set would be told of something else. What stands for a folder in a path leads elsewhere too.
pub fn username(text: &str) -> Result<String, String> {
    match text {
        "" => Err("username must not be empty".to_owned()),
        "." | ".." => Err(format!("username must not be {text}: no path can hold it")),
        _ => Ok(text.to_owned()),
    }
}

/// The names on a command line.
#[derive(Default)]
pub struct Names {
    /// The partner's.
    pub partner: Option<String>,
    /// That of a login of the partner.
    pub login: Option<String>,
}

impl Names {
    /// Puts the name into a failure that says that there is no such partner or login.
    pub fn put_into(&self, failure: Failure, worker: &Worker) -> Failure {
        match (failure.message.as_str(), &self.partner, &self.login) {
            (NO_PARTNER, Some(partner), _) => no_partner(worker, partner),
            (NO_LOGIN, Some(partner), Some(login)) => no_login(worker, partner, login),
            _ => failure,
        }
    }
}

/// There is no partner of that name.
pub fn no_partner(worker: &Worker, name: &str) -> Failure {
    let all = worker.list("/operator/partners", "", 0, None);
    let near = near(name, all, "partners", "username");
    let hint = near.unwrap_or_else(|| "`show` lists all".to_owned());
    format!("there is no partner {name}: {hint}").into()
}

fn no_login(worker: &Worker, partner: &str, name: &str) -> Failure {
    if partner == name {
        let why = "is the partner's own login, which cannot be ended: `disable` the partner";
        return format!("{name} {why}").into();
    }
    let all = worker.get(&format!("{}/logins", partner_path(partner)));
    let near = near(name, all, "logins", "login");
    let hint = near.unwrap_or_else(|| format!("`login show {partner}` lists all"));
    format!("{partner} has no login {name}: {hint}").into()
}

/// The question whether another name was meant, if one is near.
fn near(name: &str, all: Result<Json, Failure>, list: &str, member: &str) -> Option<String> {
    let all = all.ok()?;
    let names = all.get(list)?.as_list()?.iter();
    let names: Vec<String> = names.filter_map(|one| one.get(member).map(cell)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    meant(name, &names).map(|near| format!("did you mean {near}?"))
}
