//! Serves a request, from the platform's `Request` to its `Response`.

use wasm_bindgen::JsValue;
use web_sys::Request;
use worker::{Context, Env};

use super::d1::{Store, text};
use super::log::Trace;
use super::reply::Reply;
use super::site::Site;
use super::{assets, body, clock, document, health, random, room, text};
use crate::auth::login::{self, Caller, Partner};
use crate::auth::secrets::{Secrets, operator_token};
use crate::changes::handlers as changes;
use crate::customers::handlers as customers;
use crate::db::audit::Actor;
use crate::erasure::handlers as erasure;
use crate::erasure::keys;
use crate::http::body::BodyRules;
use crate::http::call::{Call, Taken};
use crate::http::error::Error;
use crate::http::etag::{IfMatch, Preconditions};
use crate::http::json::Json;
use crate::http::origin::{is_local, is_private, split_url};
use crate::http::params::Params;
use crate::http::router::{self, Action};
use crate::http::routes::{self, File, OperatorRoute, PartnerRoute, PublicRoute, Route};
use crate::http::time::Now;
use crate::http::version::Version;
use crate::ledger::keep;
use crate::operator::handlers as operator;
use crate::operator::handlers::{
    customers as customers_of, databases, erasures, logins, moves, trail,
};
use crate::partners::placement::Database;
use crate::records::handlers as records;
use crate::records::handlers::{allowed_numbers, export};
use crate::records::kind;

/// The `Strict-Transport-Security` of every answer over TLS: for a year, browsers use only TLS (RFC 6797).
const HSTS: &str = "max-age=31536000";

/// Answers a request, and writes its one log line.
///
/// # Errors
/// The errors of [`Reply::into_response`]. No request can cause one.
pub async fn serve(
    request: &Request,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response, JsValue> {
    let now = clock::now();
    let method = request.method();
    let request_id = random::uuid().unwrap_or_default();
    let mut trace = Trace::default();

    let platform = (env, context);
    let result = answer(request, &method, platform, &now, &request_id, &mut trace).await;
    body::discard(request).await;

    let url = request.url();
    let is_tls = url.starts_with("https:");
    let build = |reply: Reply| {
        let reply = reply.with("X-Request-Id", &request_id);
        let reply = if is_tls {
            reply.with("Strict-Transport-Security", HSTS)
        } else {
            reply
        };
        reply.into_response(method == "HEAD", context)
    };
    // A text can be too long for JavaScript. So the log line is written after the response is built.
    let result = result.and_then(|reply| {
        build(reply).map_err(|error| Error::Internal(format!("no response: {}", text(&error))))
    });
    let mut internal = None;
    let response = match result {
        Ok(response) => response,
        Err(error) => {
            internal = error.internal_text().map(str::to_owned);
            let (origin, _) = split_url(&url);
            let command = is_local(origin).then(|| health::migrate(env, "DB", true));
            let error = error.for_caller(command);
            // A 401 comes only after the secrets were read, so this reading succeeds too.
            let nonce =
                || Secrets::read(env).map_or_else(|_| String::new(), |secrets| secrets.nonce(&now));
            build(Reply::of_error(&error, &request_id, nonce))?
        }
    };
    let status = response.status();
    trace.write(env, &now, &request_id, &method, status, internal.as_deref());
    Ok(response)
}

/// Answers a request:
/// 1. routes it (404, 405), and refuses plain HTTP (403);
/// 2. authenticates the caller (401, 403, 429);
/// 3. reads and decodes the parameters, once and up to a limit (400, 413, 415);
/// 4. calls the handler.
async fn answer(
    request: &Request,
    method: &str,
    (env, context): (&Env, &Context),
    now: &Now,
    request_id: &str,
    trace: &mut Trace,
) -> Result<Reply, Error> {
    let url = request.url();
    let (origin, target) = split_url(&url);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    #[cfg(feature = "panic-route")]
    #[expect(clippy::panic, reason = "a test asks for it")]
    if path == "/panic" {
        panic!("a panic was asked for");
    }
    let routed = router::route(method, path);
    trace.route = routed.as_ref().map_or("", |routed| routed.template);
    let authorization = header(request, "Authorization");
    if !is_private(origin) && trace.route != routes::HEALTH {
        let with_credentials = authorization.is_some();
        return Err(Error::HttpsRequired { with_credentials });
    }
    let routed = routed?;
    if routed.is_operator() && operator_token(env).is_none() {
        return Err(Error::NotFound("path"));
    }
    let route = match routed.action {
        Action::Serve(route) => route,
        Action::Options(allow) => return Ok(Reply::options(allow)),
        Action::Refuse(allow) => return Err(Error::MethodNotAllowed(allow)),
    };

    let store = Store::new(env, Database::DIRECTORY)?;
    let incoming = Incoming {
        request,
        caller: Caller {
            method,
            target,
            authorization,
            address: header(request, "CF-Connecting-IP").and_then(|text| text.parse().ok()),
        },
        version: routed.version,
        captures: routed.captures,
        query,
        now,
        request_id,
    };
    let handled = match route {
        Route::Public(PublicRoute::Health) => {
            let call = incoming.read(BodyRules::PARTNER, false, "").await?;
            health::read(env, &store, is_local(origin), call, trace).await
        }
        Route::Public(PublicRoute::ReadKeys) => {
            let call = incoming.read(BodyRules::PARTNER, false, "").await?;
            keys::read(env, &store, call).await
        }
        Route::Public(PublicRoute::File(file)) => {
            body::expect_none(request).await?;
            match file {
                File::Page => assets::read(env, request, assets::PAGE).await,
                File::Document => {
                    document::read(env, request, assets::DOCUMENT, incoming.version).await
                }
            }
        }
        Route::Partner(route) => {
            let site = Site::new(env, context, &store)?;
            keep::expect_no_restore(&site, &store, false).await?;
            for_partner(&site, incoming, route, trace).await
        }
        Route::Operator(route) => {
            let site = Site::new(env, context, &store)?;
            // What the operator changes is what the ledger has last: no change may be made in a restored database.
            keep::expect_no_restore(&site, &store, method != "GET").await?;
            for_operator(&site, incoming, route).await
        }
    };
    trace.cost = store.cost();
    if matches!(handled, Err(Error::Restoring(_))) {
        keep::undo_after_the_answer(env, context);
    }
    handled
}

/// A request that is routed, but whose caller is not yet authenticated.
struct Incoming<'a> {
    request: &'a Request,
    caller: Caller<'a>,
    version: Version,
    captures: Vec<(&'static str, String)>,
    query: &'a str,
    now: &'a Now,
    request_id: &'a str,
}

impl Incoming<'_> {
    /// Reads and decodes the parameters: step 3 of [`answer`].
    ///
    /// `is_tagged` says whether the answers of the route have an `ETag`.
    async fn read(self, rules: BodyRules, is_tagged: bool, login: &str) -> Result<Call, Error> {
        let given = Preconditions {
            if_match: header(self.request, "If-Match"),
            if_none_match: header(self.request, "If-None-Match"),
            if_unmodified_since: header(self.request, "If-Unmodified-Since"),
        };
        let mut params = Params::in_nfc(text::nfc);
        params.add_path(self.captures);
        params.add_query(self.query)?;
        body::read(self.request, rules, &mut params).await?;
        given.expect_supported(self.caller.method, is_tagged)?;
        params.faults(given.fault().filter(|_| is_tagged));
        let taken = Taken {
            version: self.version,
            if_match: IfMatch::parse(given.if_match.as_deref()),
            known_versions: given.known_versions(),
            idempotency_key: header(self.request, "Idempotency-Key"),
            login: login.to_owned(),
            now: self.now.clone(),
            request_id: self.request_id.to_owned(),
        };
        Ok(Call::new(params, taken))
    }
}

async fn for_partner(
    site: &Site<'_>,
    incoming: Incoming<'_>,
    route: PartnerRoute,
    trace: &mut Trace,
) -> Result<Reply, Error> {
    let partner = login::partner(site, incoming.now, &incoming.caller).await;
    trace.profile_from = site.profile_from.get();
    let partner = &partner?;
    trace.partner_id = Some(partner.partner_id);
    let is_tagged = Preconditions::apply_to(Route::Partner(route));
    let (now, only_reads) = (incoming.now, incoming.caller.only_reads());
    let home = home_of(site, partner, trace).await?;
    let full = room::admit(site, partner.database, route.need()).await;
    let full = match full {
        // A creation that is a repeat is answered all the same.
        Err(Error::StorageFull) => Some(Error::StorageFull),
        other => other.map(|()| None)?,
    };
    let call = incoming
        .read(BodyRules::of(route), is_tagged, &partner.login)
        .await?
        .refused(full);
    let again = only_reads.then(|| call.clone());
    let handled = handle(partner, &site.at(&home), route, call).await;
    if !matches!(handled, Err(Error::Moving(_))) {
        return handled;
    }
    let Some(call) = again else {
        login::forget(site, now, partner);
        return handled;
    };
    let Some(partner) = login::moved(site, now, partner).await? else {
        return handled;
    };
    let home = home_of(site, &partner, trace).await?;
    handle(&partner, &site.at(&home), route, call).await
}

/// The home of a partner, for a request of the partner: it is charged to the partner's budget.
///
/// # Errors
/// 429 if the partner has spent its budget, 503 if the home is first heard of and does not answer.
async fn home_of(site: &Site<'_>, partner: &Partner, trace: &mut Trace) -> Result<Store, Error> {
    trace.database = Some(partner.database);
    let home = site.home(partner.database, partner.partner_id).await?;
    home.charge_to(partner.partner_id)?;
    Ok(home)
}

/// Calls the handler of a partner's route. `site` has the partner's home.
async fn handle(
    partner: &Partner,
    site: &Site<'_>,
    route: PartnerRoute,
    call: Call,
) -> Result<Reply, Error> {
    let store = site.store;
    match route {
        PartnerRoute::Ping => ping(call),
        PartnerRoute::ListCustomers => customers::list(partner, store, call).await,
        PartnerRoute::ReadChanges => changes::read(partner, store, call).await,
        PartnerRoute::CreateCustomer => {
            customers::create(partner, store, &site.secrets, call).await
        }
        PartnerRoute::ReadCustomer => customers::read(partner, store, call).await,
        PartnerRoute::ChangeCustomer => customers::change(partner, store, call).await,
        PartnerRoute::ReadCustnr => customers::custnr::read(partner, store, call).await,
        PartnerRoute::PutCustnr => customers::custnr::put(partner, site, call).await,
        PartnerRoute::EraseCustomer => {
            let (partner_id, actor) = (partner.partner_id, Actor::Partner(partner.partner_id));
            erasure::erase(partner_id, actor, site, call).await
        }
        PartnerRoute::ReadErasure => erasure::read(partner, site, call).await,
        PartnerRoute::Export => export::read(partner, store, call).await,
        PartnerRoute::ReadRecords(of) => records::read(partner, store, kind(of), call).await,
        PartnerRoute::CreateRecords(of) => {
            records::create(partner, store, &site.secrets, kind(of), call).await
        }
        PartnerRoute::ChangeRecord(of) => records::change(partner, store, kind(of), call).await,
        PartnerRoute::RemoveRecord(of) => records::remove(partner, store, kind(of), call).await,
        PartnerRoute::ReadAllowedNumbers => allowed_numbers::read(partner, store, call).await,
        PartnerRoute::ReplaceAllowedNumbers => allowed_numbers::replace(partner, site, call).await,
    }
}

async fn for_operator(
    site: &Site<'_>,
    incoming: Incoming<'_>,
    route: OperatorRoute,
) -> Result<Reply, Error> {
    let operator = login::operator(site.env, incoming.now, &incoming.caller).await?;
    let is_tagged = Preconditions::apply_to(Route::Operator(route));
    let request = incoming.request;
    let call = incoming.read(BodyRules::OPERATOR, is_tagged, "").await?;
    match route {
        OperatorRoute::ListPartners => operator::list(&operator, site, call).await,
        OperatorRoute::ReadPartner => operator::read(&operator, site, call).await,
        OperatorRoute::PutPartner => operator::put(&operator, site, call).await,
        OperatorRoute::NewPassword => logins::new_password(&operator, site, call).await,
        OperatorRoute::ListLogins => logins::list(&operator, site, call).await,
        OperatorRoute::PutLogin => logins::put(&operator, site, call).await,
        OperatorRoute::EndLogin => logins::end(&operator, site, call).await,
        OperatorRoute::NewLoginPassword => {
            logins::new_password_of_login(&operator, site, call).await
        }
        OperatorRoute::ListCustomersOf => customers_of::list(&operator, site, call).await,
        OperatorRoute::EraseOnBehalf => customers_of::erase(&operator, site, call).await,
        OperatorRoute::PutCustomField => operator::put_custom_field(&operator, site, call).await,
        OperatorRoute::DeleteCustomField => {
            operator::delete_custom_field(&operator, site, call).await
        }
        OperatorRoute::ReadAudit => trail::read(&operator, site, call).await,
        OperatorRoute::ListErasures => erasures::list(&operator, site, call).await,
        OperatorRoute::Replay => erasures::replay(&operator, site, call).await,
        OperatorRoute::ReadHome => databases::home(&operator, site, call).await,
        OperatorRoute::ListDatabases => databases::list(&operator, site, call).await,
        OperatorRoute::MovePartner => moves::go_on(&operator, site, call).await,
        OperatorRoute::ReadDocument => document::for_operator(&operator, site, request, call).await,
    }
}

/// Tells a partner that its credentials are right.
fn ping(call: Call) -> Result<Reply, Error> {
    let call = call.finish()?;
    let pong = Json::object([("ping", "ok".into())]);
    Ok(Reply::json(call.version.render(pong)))
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}
