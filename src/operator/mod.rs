//! The operator's surface: letting partners in, setting up their custom fields, new passwords, and the audit
//! trail.

use crate::audit::{self, Actor};
use crate::auth::digest::Ha1;
use crate::auth::{Operator, Secrets, USERNAME_MAX, is_username, seal};
use crate::call::{Call, Site};
use crate::error::{Error, Fault};
use crate::json::Json;
use crate::paging::Paging;
use crate::partners;
use crate::random;
use crate::reply::Reply;
use crate::sql::Statement;
use crate::store::{Cost, Rows};
use crate::version::Version;
use base64ct::{Base64UrlUnpadded, Encoding};
use input::{CustomFieldInput, PartnerInput};

pub mod input;
mod store;

/// Random bytes of a password: 256 bits, so that no dictionary helps.
const PASSWORD_BYTES: usize = 32;

/// Reads a partner:
/// 1. reads the user name (400);
/// 2. finds the partner (404) and answers it.
pub async fn read(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    call.params.finish()?;
    let select = partners::select(&username);
    let [rows] = site.store.batch([select]).await?;
    Ok(answer(call.version, members(&selected(&rows)?)?))
}

/// Creates or changes a partner:
/// 1. validates what is given (400);
/// 2. inserts the partner if there is none, with a new password; changes what is given; sets up the
///    custom fields of the German rule for a German one;
/// 3. answers the partner, with the password if it is new.
pub async fn put(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let input = PartnerInput::take(&mut call.params);
    call.params.finish()?;

    let (password, sealed) = make_password(&site.secrets, &username).await?;
    let now = call.now.utc();
    let change = call.change(Actor::Operator(&username), &now);
    let statements = store::put(&username, &sealed, &input, change);
    let [created, .., selected] = site.store.batch(statements).await?;
    let partner = publish(site, &selected).await?;
    let mut partner = members(&partner)?;
    if created.first().is_some() {
        partner.push(("password".to_owned(), password.into()));
    }
    Ok(answer(call.version, partner))
}

/// Gives a partner a new password; the old one ends at once:
/// 1. reads the user name (400);
/// 2. seals and stores the new one (404);
/// 3. answers it, this once.
pub async fn new_password(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    call.params.finish()?;

    let (password, sealed) = make_password(&site.secrets, &username).await?;
    let now = call.now.utc();
    let change = call.change(Actor::Operator(&username), &now);
    let statements = store::new_password(&username, &sealed, change);
    let [.., rows] = site.store.batch(statements).await?;
    publish(site, &rows).await?;
    Ok(Reply::json(Json::object([("password", password.into())])))
}

/// Sets up a custom field of a partner:
/// 1. validates what is given (400);
/// 2. sets the field up or changes what is given of its set-up (404);
/// 3. answers the partner.
pub async fn put_custom_field(
    _: &Operator,
    site: &Site<'_>,
    mut call: Call,
) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let input = CustomFieldInput::take(&mut call.params);
    call.params.finish()?;

    let now = call.now.utc();
    let change = call.change(Actor::Operator(&username), &now);
    let statements = store::put_custom_field(&username, &input, change);
    let [.., rows] = site.store.batch(statements).await?;
    let partner = publish(site, &rows).await?;
    Ok(answer(call.version, members(&partner)?))
}

/// Ends a custom field of a partner:
/// 1. reads the user name and the n (400);
/// 2. ends the field, if it is set up (404) and not one of the German rule (400), and removes what was stored in
///    it, of all customers;
/// 3. answers the partner, and what that has cost the database.
pub async fn delete_custom_field(
    _: &Operator,
    site: &Site<'_>,
    mut call: Call,
) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let n = input::take_n(&mut call.params);
    call.params.finish()?;

    let now = call.now.utc();
    let change = call.change(Actor::Operator(&username), &now);
    let statements = store::delete_custom_field(&username, n, change);
    let [ended, _, _, changed, rows] = site.store.batch(statements).await?;
    let partner = publish(site, &rows).await?;
    if ended.first().is_none() {
        return Err(not_ended(&partner, n));
    }
    let changed = changed
        .first()
        .map_or(Ok(0), |row| row.integer("changed"))?;
    let Cost {
        rows_read,
        rows_written,
        ..
    } = site.store.cost();
    let cost = Json::object([
        ("customers_changed", changed.into()),
        ("rows_read", rows_read.into()),
        ("rows_written", rows_written.into()),
    ]);
    let partner = Json::Object(members(&partner)?);
    let answer = Json::object([("partner", partner), ("cost", cost)]);
    Ok(Reply::json(call.version.render(answer)))
}

/// Why a custom field was not ended.
fn not_ended(partner: &str, n: i64) -> Error {
    let partner = Json::parse(partner.as_bytes()).unwrap_or(Json::Null);
    let fields = partner.get("custom_fields").and_then(Json::as_list);
    let is_it = |field: &Json| field.get("n").and_then(Json::as_integer) == Some(n);
    if fields.is_some_and(|fields| fields.iter().any(is_it)) {
        let message = "is mandatory for a partner in DE, and cannot be ended";
        return Error::invalid("n", "german_rule", message);
    }
    Error::NotFound("custom field")
}

/// Lists the partners by ascending id:
/// 1. reads the paging (400);
/// 2. reads the page, and the total;
/// 3. answers the page, with a `Link` to the next.
pub async fn list(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let paging = Paging::take(&mut call.params);
    call.params.finish()?;

    let version = call.version;
    let statements = [store::total(), store::page(version, paging)];
    page(site, version, paging, "/operator/partners", statements).await
}

/// Reads the audit trail, oldest entry first:
/// 1. reads the paging (400);
/// 2. reads the page, and the total;
/// 3. answers the page, with a `Link` to the next.
pub async fn audit(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let paging = Paging::take(&mut call.params);
    call.params.finish()?;

    let version = call.version;
    let statements = [audit::total(), audit::page(version, paging)];
    page(site, version, paging, "/operator/audit", statements).await
}

/// Answers a page of what stands at a path.
async fn page(
    site: &Site<'_>,
    version: Version,
    paging: Paging,
    path: &str,
    statements: [Statement; 2],
) -> Result<Reply, Error> {
    let [total, rows] = site.store.batch(statements).await?;
    let total = total.first().map_or(Ok(0), |row| row.integer("total"))?;
    let name = path.rsplit('/').next().unwrap_or_default();
    paging.reply(version, path, name, &rows.all(), total)
}

/// Makes a change known at once, here and by KV elsewhere, and hands on the partner as it is now.
async fn publish(site: &Site<'_>, rows: &Rows) -> Result<String, Error> {
    let partner = selected(rows)?;
    partners::publish(site, partner.clone()).await?;
    Ok(partner)
}

fn take_username(call: &mut Call) -> String {
    let username = call.params.text("username").unwrap_or_default();
    if !is_username(&username) {
        let message = format!(
            "must be 1 to {USERNAME_MAX} of the characters A-Z, a-z, 0-9, dot, underscore and hyphen"
        );
        call.params
            .fault(Fault::of("username", "username", message));
    }
    username
}

/// The JSON text of [`partners::select`].
fn selected(rows: &Rows) -> Result<String, Error> {
    rows.first()
        .ok_or(Error::NotFound("partner"))?
        .text("partner")
}

/// A partner as the operator sees it: all that [`partners::select`] reads but what is for us alone.
fn members(partner: &str) -> Result<Vec<(String, Json)>, Error> {
    let Ok(Json::Object(mut members)) = Json::parse(partner.as_bytes()) else {
        return Err(Error::Internal("a partner's row is no object".to_owned()));
    };
    members.retain(|(name, _)| name != "ha1_sealed" && name != "read_at");
    Ok(members)
}

fn answer(version: Version, partner: Vec<(String, Json)>) -> Reply {
    let partner = Json::object([("partner", Json::Object(partner))]);
    Reply::json(version.render(partner))
}

/// A password, and its HA1 sealed.
async fn make_password(secrets: &Secrets, username: &str) -> Result<(String, String), Error> {
    let password = Base64UrlUnpadded::encode_string(&random::bytes::<PASSWORD_BYTES>()?);
    let ha1 = Ha1::of(username, &password);
    let sealed = seal::seal(secrets.ha1_key(), username, &ha1).await?;
    Ok((password, sealed))
}
