//! The handlers of logins and passwords.

use super::{make_password, publish, take_login_name, take_username};
use crate::auth::cache;
use crate::auth::login::Operator;
use crate::db::audit::{Actor, Context};
use crate::http::call::{Call, Taken};
use crate::http::error::Error;
use crate::http::json::Json;
use crate::ledger::keep;
use crate::operator::input::{LoginInput, Overlap};
use crate::operator::sql::logins::{self, LOGINS_MAX, Login};
use crate::platform::reply::Reply;
use crate::platform::rows::Row;
use crate::platform::site::Site;

/// Lists the logins of a partner, its own among them:
/// 1. reads the user name (400);
/// 2. reads the logins (404);
/// 3. answers them.
pub async fn list(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    call.finish()?;

    answer(&site.directory.read(logins::list(&username)).await?.all())
}

/// Adds a login, or changes its access:
/// 1. validates the user name and the access (400);
/// 2. inserts the login with a new password, or changes its access;
/// 3. answers the login, with the password and its `Location` if it is new (400 if the partner has too many, 404, 409).
pub async fn put(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let (username, login) = take_names(&mut call);
    let LoginInput { access } = LoginInput::take(&mut call.params);
    let call = call.finish()?;

    let (password, sealed) = make_password(&site.secrets, &login).await?;
    let names = names(&username, &login);
    let put = names.put(access, &sealed, context(&call, names));
    let results = site.directory.run(put).await?;
    keep::keep(site, results.first(|at| at.doors)).await?;
    let missing = Error::NotFound("partner");
    publish(site, &results.all(|at| at.profiles), None, missing).await?;
    let all = results.all(|at| at.logins);
    let mut found = all.iter().filter(|_| !names.is_own());
    let Some(found) = found.find(|row| is_of(row, &login)) else {
        return Err(not_added(&all));
    };
    let Json::Object(mut members) = parse(found)? else {
        return Err(cache::no_profile());
    };
    let is_new = results.first(|at| at.changed).is_some();
    if is_new {
        members.push(("password".to_owned(), password.into()));
    }
    let reply = Reply::json(Json::object([("login", Json::Object(members))]));
    if !is_new {
        return Ok(reply);
    }
    let prefix = call.version.prefix();
    let location = format!("{prefix}/operator/partners/{username}/logins/{login}");
    Ok(reply.with("Location", location))
}

/// The error that says why a login was not added.
fn not_added(all: &[Row]) -> Error {
    if i64::try_from(all.len()).is_ok_and(|count| count > LOGINS_MAX) {
        let message =
            format!("is one too many: a partner has at most {LOGINS_MAX} logins besides its own");
        return Error::invalid("login", "too_many_logins", message);
    }
    Error::UsernameTaken("login")
}

/// Ends a login at once:
/// 1. reads the user names (400);
/// 2. deletes the login (404; the partner's own cannot be ended and counts as none);
/// 3. answers the logins that are left.
pub async fn end(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let (username, login) = take_names(&mut call);
    let call = call.finish()?;

    let names = names(&username, &login);
    let results = site.directory.run(names.end(context(&call, names))).await?;
    keep::keep(site, results.first(|at| at.doors)).await?;
    let left = results.all(|at| at.logins);
    if let Some(ended) = results.first(|at| at.changed) {
        cache::end(site, &login, ended.integer("at")?);
    } else if !left.is_empty() {
        return Err(Error::NotFound("login"));
    }
    answer(&left)
}

/// Gives a partner's own login a new password:
/// 1. reads the user name and how long the old password stays good (400);
/// 2. seals and stores the new password (404);
/// 3. answers the new password. No later answer shows it.
pub async fn new_password(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    give_password(site, call, names(&username, &username)).await
}

/// Gives another login of a partner a new password, as [`new_password`] does.
pub async fn new_password_of_login(
    _: &Operator,
    site: &Site<'_>,
    mut call: Call,
) -> Result<Reply, Error> {
    let (username, login) = take_names(&mut call);
    give_password(site, call, names(&username, &login)).await
}

async fn give_password(site: &Site<'_>, mut call: Call, names: Login<'_>) -> Result<Reply, Error> {
    let overlap = Overlap::take(&mut call.params);
    let call = call.finish()?;

    let (password, sealed) = make_password(&site.secrets, names.login).await?;
    let replace = names.new_password(&sealed, overlap.overlap_seconds, context(&call, names));
    let results = site.directory.run(replace).await?;
    keep::keep(site, results.first(|at| at.doors)).await?;
    let missing = Error::NotFound("partner");
    publish(site, &results.all(|at| at.profiles), None, missing).await?;
    let all = results.all(|at| at.logins);
    if !all.iter().any(|row| is_of(row, names.login)) {
        return Err(Error::NotFound("login"));
    }
    Ok(Reply::json(Json::object([("password", password.into())])))
}

fn take_names(call: &mut Call) -> (String, String) {
    (take_username(call), take_login_name(call, "login"))
}

fn names<'a>(partner: &'a str, login: &'a str) -> Login<'a> {
    Login { partner, login }
}

/// The context of the entries: an entry about another login than the partner's own names it.
fn context<'a>(call: &'a Taken, names: Login<'a>) -> Context<'a> {
    let login = if names.is_own() { "" } else { names.login };
    Context {
        login,
        ..Context::of(call, Actor::Operator(names.partner))
    }
}

fn is_of(row: &Row, login: &str) -> bool {
    row.text("login").is_ok_and(|known| known == login)
}

fn parse(row: &Row) -> Result<Json, Error> {
    Json::parse(row.text("json")?.as_bytes()).map_err(|_| cache::no_profile())
}

/// A partner has at least its own login.
fn answer(logins: &[Row]) -> Result<Reply, Error> {
    if logins.is_empty() {
        return Err(Error::NotFound("partner"));
    }
    Reply::rows("logins", logins)
}
