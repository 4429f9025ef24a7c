//! The handlers of the `/operator` paths.

use std::rc::Rc;

use base64ct::{Base64UrlUnpadded, Encoding};

use super::input::{CustomFieldSetUp, ENDING_STATUSES, FieldNumber, PartnerInput};
use super::sql;
use crate::auth::cache::{self, Known};
use crate::auth::digest::Ha1;
use crate::auth::login::Operator;
use crate::auth::seal;
use crate::auth::secrets::Secrets;
use crate::db::audit::{Actor, Context};
use crate::http::call::{Call, Taken};
use crate::http::error::{Error, Fault};
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::partners::profile::{Profile, USERNAME_MAX, is_username};
use crate::partners::sql::{OURS, select};
use crate::platform::d1::{Cost, Row};
use crate::platform::random;
use crate::platform::reply::Reply;
use crate::platform::scheduled;
use crate::platform::site::Site;

/// The random bytes of a password: 256 bits, too many for a dictionary attack.
const PASSWORD_BYTES: usize = 32;

/// Reads a partner:
/// 1. reads the user name (400);
/// 2. finds the partner (404);
/// 3. answers the partner.
pub async fn read(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let call = call.finish()?;

    let found = site.store.read(select(&username)).await?;
    let partner = Selected::parse(found.first())?;
    Ok(answer(&call, partner.members()))
}

/// Creates or changes a partner:
/// 1. validates the given fields (400);
/// 2. inserts a partner that does not exist, with a new password; changes the given fields; sets up the custom fields
///    of the German rule if the partner is German, but nothing while one of them is being ended (409);
/// 3. answers the partner, with the password if the partner is new.
pub async fn put(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let input = PartnerInput::take(&mut call.params);
    let call = call.finish()?;

    let (password, sealed) = make_password(&site.secrets, &username).await?;
    let audit = Context::of(&call, Actor::Operator(&username));
    let results = site
        .store
        .run(sql::put(&username, &sealed, &input, audit))
        .await?;
    let (partner, _) = publish(site, results.first(|at| at.partner)).await?;
    if results.first(|at| at.ending).is_some() {
        return Err(Error::FieldEnding);
    }
    let mut members = partner.members();
    if results.first(|at| at.created).is_some() {
        members.push(("password".to_owned(), password.into()));
    }
    Ok(answer(&call, members))
}

/// Gives a partner a new password; the old one ends at once:
/// 1. reads the user name (400);
/// 2. seals and stores the new password (404);
/// 3. answers the new password. No later answer shows it.
pub async fn new_password(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let call = call.finish()?;

    let (password, sealed) = make_password(&site.secrets, &username).await?;
    let audit = Context::of(&call, Actor::Operator(&username));
    let results = site
        .store
        .run(sql::new_password(&username, &sealed, audit))
        .await?;
    publish(site, results.first(|at| *at)).await?;
    Ok(Reply::json(Json::object([("password", password.into())])))
}

/// Sets up a custom field of a partner:
/// 1. validates the given fields (400);
/// 2. sets up the field or changes its set-up, unless the German rule fixes it or the field is being ended (409);
/// 3. answers the partner (404).
pub async fn put_custom_field(
    _: &Operator,
    site: &Site<'_>,
    mut call: Call,
) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let field = FieldNumber::take(&mut call.params);
    let set_up = CustomFieldSetUp::take(&mut call.params);
    let call = call.finish()?;

    let audit = Context::of(&call, Actor::Operator(&username));
    let put = sql::put_custom_field(&username, field, &set_up, audit);
    let results = site.store.run(put).await?;
    let (partner, _) = publish(site, results.first(|at| at.partner)).await?;
    if results.first(|at| at.ending).is_some() {
        return Err(Error::FieldEnding);
    }
    Ok(answer(&call, partner.members()))
}

/// Ends a custom field of a partner:
/// 1. reads the user name and the n (400);
/// 2. ends the field, if it is set up (404) and the German rule does not fix it (400), and removes its values from the
///    customers, or from the first of very many;
/// 3. answers the partner, whether values remain to be removed, and what the request cost the database. If values remain,
///    their removal goes on after the answer.
pub async fn delete_custom_field(
    _: &Operator,
    site: &Site<'_>,
    mut call: Call,
) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let field = FieldNumber::take(&mut call.params);
    let call = call.finish()?;

    let audit = Context::of(&call, Actor::Operator(&username));
    let delete = sql::delete_custom_field(&username, field, audit);
    let results = site.store.run(delete).await?;
    let (partner, known) = publish(site, results.first(|at| at.partner)).await?;
    if results.first(|at| at.ended).is_none() {
        return Err(not_ended(&known.profile, field));
    }
    let changed = results.first(|at| at.changed);
    let changed = changed.map_or(Ok(0), |row| row.integer("changed"))?;
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
    let is_over = results.first(|at| at.ending).is_none();
    if !is_over {
        scheduled::after_the_answer(site);
    }
    let [complete, ending] = ENDING_STATUSES;
    let answer = Json::object([
        ("partner", Json::Object(partner.members())),
        ("status", if is_over { complete } else { ending }.into()),
        ("cost", cost),
    ]);
    Ok(Reply::json(call.version.render(answer)))
}

/// The error that says why a custom field was not ended.
fn not_ended(partner: &Profile, field: FieldNumber) -> Error {
    let mut fields = partner.custom_fields.iter();
    if fields.any(|set_up| set_up.name == field.name()) {
        let message = "is mandatory for a partner in DE, and cannot be ended";
        return Error::invalid("n", "german_rule", message);
    }
    Error::NotFound("custom field")
}

/// Lists the partners by ascending id:
/// 1. reads the paging (400);
/// 2. reads the page and the total;
/// 3. answers the page, with a `Link` to the next page.
pub async fn list(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let results = site.store.run(sql::page(call.version, paging)).await?;
    let total = results.first(|at| at.total);
    let total = total.map_or(Ok(0), |row| row.integer("total"))?;
    let rows = results.all(|at| at.rows);
    Reply::page(
        call.version,
        "/operator/partners",
        "partners",
        paging,
        &rows,
        total,
    )
}

/// Reads the audit trail, oldest entry first:
/// 1. reads the paging (400);
/// 2. reads the page and the total;
/// 3. answers the page, with a `Link` to the next page.
pub async fn audit(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let results = site.store.run(sql::trail(call.version, paging)).await?;
    let total = results.first(|at| at.total);
    let total = total.map_or(Ok(0), |row| row.integer("total"))?;
    let rows = results.all(|at| at.rows);
    Reply::page(
        call.version,
        "/operator/audit",
        "audit",
        paging,
        &rows,
        total,
    )
}

/// A partner that [`select`] has read.
struct Selected {
    text: String,
    json: Json,
}

impl Selected {
    /// Parses a row.
    ///
    /// # Errors
    /// 404 without a row; 500 if the row is not JSON.
    fn parse(row: Option<Row>) -> Result<Self, Error> {
        let text = row.ok_or(Error::NotFound("partner"))?.text("partner")?;
        let json = Json::parse(text.as_bytes()).map_err(|_| cache::no_profile())?;
        Ok(Self { text, json })
    }

    /// The partner as the operator sees it.
    fn members(self) -> Vec<(String, Json)> {
        let Json::Object(mut members) = self.json else {
            return Vec::new();
        };
        members.retain(|(name, _)| !OURS.contains(&name.as_str()));
        members
    }
}

/// Puts the changed partner into this isolate's cache and into KV, so that the change holds at once here and soon
/// elsewhere. Returns the partner.
async fn publish(site: &Site<'_>, row: Option<Row>) -> Result<(Selected, Rc<Known>), Error> {
    let partner = Selected::parse(row)?;
    let profile = Profile::of(&partner.json).ok_or_else(cache::no_profile)?;
    let known = cache::publish(site, &partner.text, profile).await;
    Ok((partner, known))
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

fn answer(call: &Taken, partner: Vec<(String, Json)>) -> Reply {
    let partner = Json::object([("partner", Json::Object(partner))]);
    Reply::json(call.version.render(partner))
}

/// Makes a password and its sealed HA1.
async fn make_password(secrets: &Secrets, username: &str) -> Result<(String, String), Error> {
    let password = Base64UrlUnpadded::encode_string(&random::bytes::<PASSWORD_BYTES>()?);
    let ha1 = Ha1::of(username, &password);
    let sealed = seal::seal(secrets.ha1_key(), username, &ha1).await?;
    Ok((password, sealed))
}
