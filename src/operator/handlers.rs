//! The handlers of the `/operator` paths.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::input::{CustomFieldSetUp, ENDING_STATUSES, FieldNumber, PartnerInput};
use super::sql;
use crate::auth::cache::{self, Found};
use crate::auth::digest::Ha1;
use crate::auth::login::Operator;
use crate::auth::seal;
use crate::auth::secrets::Secrets;
use crate::customers::german;
use crate::db::audit::{Actor, Context};
use crate::db::batch::Batch;
use crate::http::call::{Call, Taken};
use crate::http::error::{Error, Fault};
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::ledger::keep;
use crate::partners::placement::Database;
use crate::partners::profile::{USERNAME_MAX, is_username};
use crate::partners::sql::{self as partners, of_partner};
use crate::platform::bindings;
use crate::platform::d1::Store;
use crate::platform::random;
use crate::platform::reply::Reply;
use crate::platform::rows::{Results, Row};
use crate::platform::scheduled;
use crate::platform::site::Site;

pub mod customers;
pub mod databases;
pub mod erasures;
pub mod logins;
pub mod moves;
pub mod placement;
pub mod trail;

/// The members of a partner that the operator sees, in their order.
const MEMBERS: [&str; 8] = [
    "partner_id",
    "username",
    "name",
    "country",
    "allowed_networks",
    "enabled",
    "custom_fields",
    "customers",
];

/// The random bytes of a password: 256 bits, too many for a dictionary attack.
const PASSWORD_BYTES: usize = 32;

/// Reads a partner:
/// 1. reads the user name (400);
/// 2. finds the partner (404), and reads what its home has of it (503 while it does not serve the partner);
/// 3. answers the partner.
pub async fn read(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let call = call.finish()?;

    let found = site.directory.read(of_partner(&username)).await?.first();
    let found = found.ok_or(Error::NotFound("partner"))?;
    let partner = Selected::of(&Found::of(site, &found).await?)?;
    Ok(answer(&call, partner.members()))
}

/// Creates or changes a partner:
/// 1. validates the given fields (400);
/// 2. finds out where the partner lives, or chooses a home for a new one: the given one, or the one with most room;
/// 3. inserts a partner that does not exist, with a new password; changes the given fields; sets up the custom fields
///    of the German rule if the partner is German, but nothing while one of them is being ended (409), nor what stands in its
///    home while the partner moves (503);
/// 4. answers the partner, with the password and its `Location` if the partner is new; or says that another partner has a
///    login with this
///    user name (409).
pub async fn put(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let input = PartnerInput::take(&mut call.params);
    let call = call.finish()?;

    let found = find(site, &username).await?;
    let home = placement::home(site, found, input.home()).await?;
    let (password, sealed) = make_password(&site.secrets, &username).await?;
    let audit = Context::of(&call, Actor::Operator(&username));
    let put = sql::put(&username, home, &sealed, &input, audit);
    let results = match found {
        // What stands in the home does not change while the partner moves.
        Some((partner_id, Database::DIRECTORY)) if input.is_of_home() => {
            let home = site.home(Database::DIRECTORY, partner_id).await?;
            home.run(put).await?
        }
        _ => site.directory.run(put).await?,
    };
    keep::keep(site, results.first(|at| at.doors)).await?;
    let is_ending = results.first(|at| at.ending).is_some();
    let created = results.first(|at| at.created);
    let mut logins = results.all(|at| at.logins);
    let mut elsewhere = None;
    if home != Database::DIRECTORY && !logins.is_empty() {
        let found = find(site, &username).await?.ok_or_else(cache::no_profile)?;
        let is_told = created.is_some() || results.first(|at| at.changed).is_some();
        let change = |partner_id| sql::put_tenant(partner_id, &username, &input, is_told, audit);
        let results = put_elsewhere(site, found, &username, change).await?;
        if results.first(|at| at.ending).is_some() {
            return Err(Error::FieldEnding);
        }
        elsewhere = results.first(|at| at.tenant);
        logins = site.directory.read(of_partner(&username)).await?.all();
    }
    let taken = Error::UsernameTaken("username");
    let partner = publish(site, &logins, elsewhere, taken).await?;
    if is_ending {
        return Err(Error::FieldEnding);
    }
    let mut members = partner.members();
    if created.is_none() {
        return Ok(answer(&call, members));
    }
    members.push(("password".to_owned(), password.into()));
    let location = format!("{}/operator/partners/{username}", call.version.prefix());
    Ok(answer(&call, members).with("Location", location))
}

/// Creates and changes what stands in a partner's home, if that is not the directory's database. A repeat of a request that was
/// cut off before it creates it too.
async fn put_elsewhere(
    site: &Site<'_>,
    (partner_id, database): (i64, Database),
    username: &str,
    change: impl FnOnce(i64) -> Batch<sql::PutTenant>,
) -> Result<Results<sql::PutTenant>, Error> {
    let found = site.directory.read(partners::find(username)).await?.first();
    let passage = found.map_or(Ok(0), |row| row.integer("passage"))?;
    // Where a partner that has moved is missing, a restore has lost it: an empty one would be a wrong answer.
    if passage == 0 {
        let create = sql::create_tenant(partner_id, username);
        site.other(database, true).await?.read(create).await?;
    }
    let home = site.home(database, partner_id).await?;
    home.run(change(partner_id)).await
}

/// Finds a partner in the directory.
async fn find(site: &Site<'_>, username: &str) -> Result<Option<(i64, Database)>, Error> {
    let Some(row) = site.directory.read(partners::find(username)).await?.first() else {
        return Ok(None);
    };
    let database = Database::parse(&row.text("database")?).ok_or_else(cache::no_profile)?;
    Ok(Some((row.integer("partner_id")?, database)))
}

/// Finds a partner's home, for what the operator does there.
///
/// # Errors
/// 404 if there is no such partner.
async fn home_of(site: &Site<'_>, username: &str) -> Result<(i64, Store), Error> {
    let found = find(site, username).await?;
    let (partner_id, database) = found.ok_or(Error::NotFound("partner"))?;
    Ok((partner_id, site.home(database, partner_id).await?))
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
    let (partner_id, home) = home_of(site, &username).await?;
    let put = sql::put_custom_field(partner_id, &username, field, &set_up, audit);
    let results = home.run(put).await?;
    let partner = publish_anew(site, &username, results.first(|at| at.tenant)).await?;
    if is_fixed(&partner, field) {
        return Err(german_rule());
    }
    if results.first(|at| at.ending).is_some() {
        return Err(Error::FieldEnding);
    }
    Ok(answer(&call, partner.members()))
}

/// Whether the German rule fixes a custom field of a partner.
fn is_fixed(partner: &Selected, field: FieldNumber) -> bool {
    let mut fields = german::FIELDS.iter();
    let country = partner.tenant.get("country").and_then(Json::as_text);
    country == Some(german::COUNTRY) && fields.any(|fixed| i64::from(fixed.n) == field.n())
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
    let (partner_id, home) = home_of(site, &username).await?;
    let delete = sql::delete_custom_field(partner_id, &username, field, audit);
    let before = home.cost();
    let results = home.run(delete).await?;
    let cost = home.cost();
    let partner = publish_anew(site, &username, results.first(|at| at.tenant)).await?;
    if results.first(|at| at.ended).is_none() {
        return Err(not_ended(&partner, field));
    }
    let changed = results.first(|at| at.changed);
    let changed = changed.map_or(Ok(0), |row| row.integer("changed"))?;
    let cost = Json::object([
        ("customers_changed", changed.into()),
        ("rows_read", (cost.rows_read - before.rows_read).into()),
        (
            "rows_written",
            (cost.rows_written - before.rows_written).into(),
        ),
    ]);
    let is_over = results.first(|at| at.ending).is_none();
    if !is_over {
        scheduled::after_the_answer(&site.at(&home));
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
fn not_ended(partner: &Selected, field: FieldNumber) -> Error {
    if is_fixed(partner, field) {
        return german_rule();
    }
    Error::NotFound("custom field")
}

/// Lists the partners by ascending id, wherever they live:
/// 1. reads the paging (400);
/// 2. reads the page of the directory and the total, then what each home of a partner on the page has;
/// 3. answers the page, with a `Link` to the next page. A partner whose home does not have it stands there without.
pub async fn list(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let paging = Paging::take(&mut call.params);
    let call = call.finish()?;

    let results = site.directory.run(sql::page(paging)).await?;
    let total = results.first(|at| at.total);
    let total = total.map_or(Ok(0), |row| row.integer("total"))?;
    let mut partners = Vec::new();
    for row in results.all(|at| at.rows) {
        let (login, tenant) = (row.text("directory")?, row.text("tenant")?);
        partners.push((row.integer("id")?, row.text("database")?, login, tenant));
    }
    for database in bindings::databases(site.env) {
        let name = database.to_string();
        let is_there = |home: &String, tenant: &String| *home == name && tenant.is_empty();
        let there = partners
            .iter()
            .filter(|(_, home, _, tenant)| is_there(home, tenant));
        let ids: Vec<Json> = there.map(|(id, ..)| (*id).into()).collect();
        if ids.is_empty() {
            continue;
        }
        let tenants = sql::tenants(Json::List(ids).to_string());
        for row in site
            .other(database, false)
            .await?
            .read(tenants)
            .await?
            .all()
        {
            let id = row.integer("id")?;
            let partner = partners.iter_mut().find(|(known, ..)| *known == id);
            if let Some((.., tenant)) = partner {
                *tenant = row.text("tenant")?;
            }
        }
    }
    let mut rows = Vec::new();
    for (id, _, login, tenant) in partners {
        let tenant = if tenant.is_empty() { "{}" } else { &tenant };
        let members = Selected::parse(&login, tenant)?.members();
        let json = call.version.render(Json::Object(members)).to_string();
        rows.push(Row::of(id, &json));
    }
    Reply::page(
        call.version,
        "/operator/partners",
        "partners",
        paging,
        &rows,
        total,
    )
}

/// A partner, as its two JSON objects: what the directory has, and what its home has.
struct Selected {
    login: Json,
    tenant: Json,
}

impl Selected {
    fn of(found: &Found) -> Result<Self, Error> {
        let (login, tenant) = found.objects()?;
        Ok(Self { login, tenant })
    }

    fn parse(login: &str, tenant: &str) -> Result<Self, Error> {
        let parse = |text: &str| Json::parse(text.as_bytes()).map_err(|_| cache::no_profile());
        Ok(Self {
            login: parse(login)?,
            tenant: parse(tenant)?,
        })
    }

    /// The partner as the operator sees it.
    fn members(&self) -> Vec<(String, Json)> {
        let member = |name: &str| self.tenant.get(name).or_else(|| self.login.get(name));
        let named = |name: &str| Some((name.to_owned(), member(name)?.clone()));
        MEMBERS.into_iter().filter_map(named).collect()
    }
}

/// Puts a partner that has changed into this isolate's cache and into KV, once for each of its logins, so that the change
/// holds at once here and soon elsewhere. `rows` are those of [`of_partner`], and `elsewhere` is that of
/// [`partners::tenant`] if another database than the directory's is the home.
///
/// # Errors
/// `missing` if there is no row.
async fn publish(
    site: &Site<'_>,
    rows: &[Row],
    elsewhere: Option<Row>,
    missing: Error,
) -> Result<Selected, Error> {
    let elsewhere = elsewhere.map(|row| row.text("tenant")).transpose()?;
    let mut partner = None;
    for row in rows {
        let found = match &elsewhere {
            Some(tenant) => Found::with(row, tenant.clone())?,
            None => Found::of(site, row).await?,
        };
        cache::publish(site, &found).await?;
        partner = Some(Selected::of(&found)?);
    }
    partner.ok_or(missing)
}

/// The same for a change in the partner's home: the logins are read after it.
async fn publish_anew(
    site: &Site<'_>,
    username: &str,
    tenant: Option<Row>,
) -> Result<Selected, Error> {
    let rows = site.directory.read(of_partner(username)).await?.all();
    publish(site, &rows, tenant, Error::NotFound("partner")).await
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
