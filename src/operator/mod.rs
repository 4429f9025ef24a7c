//! The operator's surface: letting partners in, setting up their custom fields, new passwords.

use crate::auth::digest::Ha1;
use crate::auth::{Operator, Secrets, is_username, seal};
use crate::call::{Call, Site};
use crate::error::{Error, Fault};
use crate::json::Json;
use crate::partners;
use crate::random;
use crate::reply::Reply;
use crate::store::Rows;
use crate::version::Version;
use base64ct::{Base64UrlUnpadded, Encoding};
use input::{CustomFieldInput, PartnerInput};

mod input;
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
    answer(call.version, &selected(&rows)?, None)
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
    let statements = store::put(&username, &sealed, &call.now.utc(), &input);
    let [created, _, _, selected] = site.store.batch(statements).await?;
    let partner = publish(site, &selected).await?;
    let is_new = created.first().is_some();
    answer(call.version, &partner, is_new.then_some(password))
}

/// Gives a partner a new password; the old one ends at once:
/// 1. reads the user name (400);
/// 2. seals and stores the new one (404);
/// 3. answers it, this once.
pub async fn new_password(_: &Operator, site: &Site<'_>, mut call: Call) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    call.params.finish()?;

    let (password, sealed) = make_password(&site.secrets, &username).await?;
    let [_, rows] = site
        .store
        .batch(store::new_password(&username, &sealed))
        .await?;
    publish(site, &rows).await?;
    Ok(Reply::json(Json::object([("password", password.into())])))
}

/// Sets up a custom field of a partner:
/// 1. validates what is given (400);
/// 2. sets the field up or changes its set-up (404);
/// 3. answers the partner.
pub async fn put_custom_field(
    _: &Operator,
    site: &Site<'_>,
    mut call: Call,
) -> Result<Reply, Error> {
    let username = take_username(&mut call);
    let input = CustomFieldInput::take(&mut call.params);
    call.params.finish()?;

    let [_, _, rows] = site
        .store
        .batch(store::put_custom_field(&username, &input))
        .await?;
    let partner = publish(site, &rows).await?;
    answer(call.version, &partner, None)
}

/// Makes a change known at once, here and by KV elsewhere, and hands on the partner as it is now.
async fn publish(site: &Site<'_>, rows: &Rows) -> Result<String, Error> {
    let partner = selected(rows)?;
    partners::publish(site, &partner).await?;
    Ok(partner)
}

fn take_username(call: &mut Call) -> String {
    let username = call.params.text("username").unwrap_or_default();
    if !is_username(&username) {
        let message = "must be 1 to 45 of the characters A-Z, a-z, 0-9, dot, underscore and hyphen";
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
fn answer(version: Version, partner: &str, password: Option<String>) -> Result<Reply, Error> {
    let Ok(Json::Object(mut members)) = Json::parse(partner.as_bytes()) else {
        return Err(Error::Internal("a partner's row is no object".to_owned()));
    };
    members.retain(|(name, _)| name != "ha1_sealed" && name != "read_at");
    members.extend(password.map(|password| ("password".to_owned(), password.into())));
    let partner = Json::object([("partner", Json::Object(members))]);
    Ok(Reply::json(version.render(partner)))
}

/// A password, and its HA1 sealed.
async fn make_password(secrets: &Secrets, username: &str) -> Result<(String, String), Error> {
    let password = Base64UrlUnpadded::encode_string(&random::bytes::<PASSWORD_BYTES>()?);
    let ha1 = Ha1::of(username, &password);
    let sealed = seal::seal(secrets.ha1_key(), username, &ha1).await?;
    Ok((password, sealed))
}
