//! The handlers of the `/operator` paths.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::input::{CustomFieldSetUp, ENDING_STATUSES, FieldNumber, PartnerInput};
use super::sql;
use crate::auth::cache;
use crate::auth::digest::Ha1;
use crate::auth::login::Operator;
use crate::auth::seal;
use crate::auth::secrets::Secrets;
use crate::customers::german;
use crate::db::audit::{Actor, Context};
use crate::http::call::{Call, Taken};
use crate::http::error::{Error, Fault};
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::ledger::keep;
use crate::partners::profile::{Profile, USERNAME_MAX, is_username};
use crate::partners::sql::{OURS, of_partner};
use crate::platform::d1::{Cost, Row};
use crate::platform::random;
use crate::platform::reply::Reply;
use crate::platform::scheduled;
use crate::platform::site::Site;

pub mod customers;
pub mod erasures;
pub mod logins;
pub mod trail;

/// The random bytes of a password: 256 bits, too many for a dictionary attack.
const PASSWORD_BYTES: usize = 32;

/// Reads a partner:
/// 1. reads the user name (400);
/// 2. finds the partner (404);
/// 3. answers the partner.
pub async fn read(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let call = call.finish()?;

    let found = site.store.read(of_partner(&username)).await?.first();
    let partner = Selected::parse(&found.ok_or(Error::NotFound("partner"))?)?;
    Ok(answer(&call, partner.members()))
}

/// Creates or changes a partner:
/// 1. validates the given fields (400);
/// 2. inserts a partner that does not exist, with a new password; changes the given fields; sets up the custom fields
///    of the German rule if the partner is German, but nothing while one of them is being ended (409);
/// 3. answers the partner, with the password if the partner is new; or says that another partner has a login with this
///    user name (409).
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
    keep::keep(site, results.first(|at| at.doors)).await?;
    let taken = Error::UsernameTaken("username");
    let partner = publish(site, &results.all(|at| at.logins), taken).await?;
    if results.first(|at| at.ending).is_some() {
        return Err(Error::FieldEnding);
    }
    let mut members = partner.members();
    if results.first(|at| at.created).is_some() {
        members.push(("password".to_owned(), password.into()));
    }
    Ok(answer(&call, members))
}

/// Sets up a custom field of a partner:
/// 1. validates the given fields (400);
/// 2. sets up the field or changes its set-up, unless the German rule fixes it (400) or the field is being ended (409);
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
    let missing = Error::NotFound("partner");
    let partner = publish(site, &results.all(|at| at.logins), missing).await?;
    if is_fixed(&partner.profile()?, field) {
        return Err(german_rule());
    }
    if results.first(|at| at.ending).is_some() {
        return Err(Error::FieldEnding);
    }
    Ok(answer(&call, partner.members()))
}

/// Whether the German rule fixes a custom field of a partner.
fn is_fixed(partner: &Profile, field: FieldNumber) -> bool {
    let mut fields = german::FIELDS.iter();
    partner.country == german::COUNTRY && fields.any(|fixed| i64::from(fixed.n) == field.n())
}

fn german_rule() -> Error {
    let message = "is the number of a field that is mandatory for a partner in DE: it cannot be changed or ended";
    Error::invalid("n", "german_rule", message)
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
    let missing = Error::NotFound("partner");
    let partner = publish(site, &results.all(|at| at.logins), missing).await?;
    if results.first(|at| at.ended).is_none() {
        return Err(not_ended(&partner.profile()?, field));
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
    if is_fixed(partner, field) {
        return german_rule();
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

/// A partner that [`of_partner`] has read.
struct Selected(Json);

impl Selected {
    /// Parses a row.
    ///
    /// # Errors
    /// 500 if the row is not JSON.
    fn parse(row: &Row) -> Result<Self, Error> {
        let json = Json::parse(row.text("partner")?.as_bytes());
        json.map(Self).map_err(|_| cache::no_profile())
    }

    fn profile(&self) -> Result<Profile, Error> {
        Profile::of(&self.0).ok_or_else(cache::no_profile)
    }

    /// The partner as the operator sees it.
    fn members(self) -> Vec<(String, Json)> {
        let Json::Object(mut members) = self.0 else {
            return Vec::new();
        };
        members.retain(|(name, _)| !OURS.contains(&name.as_str()));
        members
    }
}

/// Puts a partner that has changed into this isolate's cache and into KV, once for each of its logins, so that the change
/// holds at once here and soon elsewhere. `rows` are those of [`of_partner`].
///
/// # Errors
/// `missing` if there is no row.
async fn publish(site: &Site<'_>, rows: &[Row], missing: Error) -> Result<Selected, Error> {
    let mut partner = None;
    for row in rows {
        let selected = Selected::parse(row)?;
        cache::publish(site, &row.text("partner")?, selected.profile()?).await;
        partner = Some(selected);
    }
    partner.ok_or(missing)
}

fn take_username(call: &mut Call) -> String {
    take_login_name(call, "username")
}

fn take_login_name(call: &mut Call, name: &'static str) -> String {
    let username = call.params.text(name).unwrap_or_default();
    if !is_username(&username) {
        let message = format!(
            "must be 1 to {USERNAME_MAX} of the characters A-Z, a-z, 0-9, dot, underscore and hyphen"
        );
        call.params.fault(Fault::of(name, "username", message));
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
