//! The way of a request, from the platform's `Request` to its `Response`.

use wasm_bindgen::JsValue;
use web_sys::Request;
use worker::{Context, Env};

use crate::assets;
use crate::auth::{self, Caller, Secrets};
use crate::body;
use crate::call::{Call, Site};
use crate::clock::Now;
use crate::customers::{self, erasure};
use crate::error::Error;
use crate::etag::IfMatch;
use crate::health;
use crate::json::Json;
use crate::operator;
use crate::random;
use crate::records::{self, allowed_numbers, export};
use crate::reply::Reply;
use crate::request::Params;
use crate::router::{self, Action, OperatorRoute, PartnerRoute, PublicRoute, Route};
use crate::store::{Cost, Store};
use crate::version::Version;

/// What the log is told of a request besides its outcome.
#[derive(Default)]
struct Trace {
    route: &'static str,
    partner_id: Option<i64>,
    profile_from: Option<&'static str>,
    cost: Cost,
}

/// Answers a request, and writes its one line of log: never a credential, a body, a query string or
/// anything personal.
///
/// # Errors
/// What [`Reply::into_response`] throws: nothing that a request can bring about.
pub async fn serve(
    request: &Request,
    env: &Env,
    context: &Context,
) -> Result<web_sys::Response, JsValue> {
    let now = Now::read();
    let method = request.method();
    let request_id = random::uuid().unwrap_or_default();
    let mut trace = Trace::default();

    let platform = (env, context);
    let result = answer(request, &method, platform, now, &request_id, &mut trace).await;

    let mut internal = None;
    let reply = result.unwrap_or_else(|error| {
        internal = error.internal_text().map(str::to_owned);
        // A 401 comes after the secrets were read, so there is always one to make a nonce with.
        let nonce = || Secrets::read(env).map_or_else(|_| String::new(), |s| s.nonce(now));
        Reply::of_error(&error, &request_id, nonce)
    });
    let Cost {
        trips,
        rows_read,
        rows_written,
    } = trace.cost;
    let line = Json::object([
        ("request_id", request_id.as_str().into()),
        ("partner_id", trace.partner_id.into()),
        ("profile", trace.profile_from.into()),
        ("method", method.as_str().into()),
        ("route", trace.route.into()),
        ("status", i64::from(reply.status).into()),
        ("ms", now.elapsed_millis().into()),
        ("d1_trips", trips.into()),
        ("d1_rows_read", rows_read.into()),
        ("d1_rows_written", rows_written.into()),
        ("error", internal.into()),
    ]);
    web_sys::console::log_1(&line.to_string().into());
    reply
        .with("X-Request-Id", request_id)
        .into_response(method == "HEAD")
}

/// The way of a request:
/// 1. route it (404, 405);
/// 2. authenticate the caller (401, 403, 429);
/// 3. read and decode its parameters, once and capped (400, 413, 415);
/// 4. handle it.
async fn answer(
    request: &Request,
    method: &str,
    (env, context): (&Env, &Context),
    now: Now,
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
    let routed = router::route(method, path)?;
    trace.route = routed.template;
    if routed.is_operator() && auth::operator_token(env).is_none() {
        return Err(Error::NotFound("path"));
    }
    let route = match routed.action {
        Action::Serve(route) => route,
        Action::Options(allow) => return Ok(Reply::options(allow)),
        Action::Refuse(allow) => return Err(Error::MethodNotAllowed(allow)),
    };

    let store = Store::new(env)?;
    let incoming = Incoming {
        request,
        caller: Caller {
            method,
            target,
            is_private: is_private(origin),
            authorization: header(request, "Authorization"),
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
            health::read(&store, incoming.read(body::Rules::PARTNER).await?).await
        }
        Route::Public(PublicRoute::File(file)) => {
            let path = assets::path(file, incoming.version, &incoming.captures);
            assets::read(env, request, &path.ok_or(Error::NotFound("path"))?).await
        }
        Route::Partner(route) => {
            let site = Site::new(env, context, &store)?;
            for_partner(&site, incoming, route, trace).await
        }
        Route::Operator(route) => {
            let site = Site::new(env, context, &store)?;
            for_operator(&site, incoming, route).await
        }
    };
    trace.cost = store.cost();
    handled
}

/// A request that was routed, before it is known who makes it.
struct Incoming<'a> {
    request: &'a Request,
    caller: Caller<'a>,
    version: Version,
    captures: Vec<(&'static str, String)>,
    query: &'a str,
    now: Now,
    request_id: &'a str,
}

impl Incoming<'_> {
    /// Step 3, once the caller was let in.
    async fn read(self, body: body::Rules) -> Result<Call, Error> {
        let mut params = Params::default();
        params.add_path(self.captures);
        params.add_query(self.query)?;
        body::read(self.request, body, &mut params).await?;
        Ok(Call {
            version: self.version,
            params,
            if_match: IfMatch::parse(header(self.request, "If-Match").as_deref()),
            idempotency_key: header(self.request, "Idempotency-Key"),
            now: self.now,
            request_id: self.request_id.to_owned(),
        })
    }
}

async fn for_partner(
    site: &Site<'_>,
    incoming: Incoming<'_>,
    route: PartnerRoute,
    trace: &mut Trace,
) -> Result<Reply, Error> {
    let partner = auth::partner(site, incoming.now, &incoming.caller).await;
    trace.profile_from = site.profile_from.get();
    let partner = partner?;
    trace.partner_id = Some(partner.partner_id);
    let body = match route {
        PartnerRoute::CreateRecords(kind) => kind.creation.body(),
        _ => body::Rules::PARTNER,
    };
    let mut call = incoming.read(body).await?;
    let (partner, store) = (&partner, site.store);
    match route {
        PartnerRoute::Ping => {
            call.params.finish()?;
            Ok(Reply::json(Json::object([("ping", "ok".into())])))
        }
        PartnerRoute::ListCustomers => customers::list(partner, store, call).await,
        PartnerRoute::CreateCustomer => {
            customers::create(partner, store, &site.secrets, call).await
        }
        PartnerRoute::ReadCustomer => customers::read(partner, store, call).await,
        PartnerRoute::ChangeCustomer => customers::change(partner, store, call).await,
        PartnerRoute::EraseCustomer => erasure::erase(partner, store, call).await,
        PartnerRoute::ReadErasure => erasure::read(partner, store, call).await,
        PartnerRoute::Export => export::read(partner, store, call).await,
        PartnerRoute::ReadRecords(kind) => records::read(partner, store, kind, call).await,
        PartnerRoute::CreateRecords(kind) => records::create(partner, store, kind, call).await,
        PartnerRoute::ChangeRecord(kind) => records::change(partner, store, kind, call).await,
        PartnerRoute::RemoveRecord(kind, removal) => {
            records::remove(partner, store, kind, removal, call).await
        }
        PartnerRoute::ReadAllowedNumbers => allowed_numbers::read(partner, store, call).await,
        PartnerRoute::ReplaceAllowedNumbers => allowed_numbers::replace(partner, store, call).await,
    }
}

async fn for_operator(
    site: &Site<'_>,
    incoming: Incoming<'_>,
    route: OperatorRoute,
) -> Result<Reply, Error> {
    let operator = auth::operator(site.env, incoming.now, &incoming.caller).await?;
    let call = incoming.read(body::Rules::OPERATOR).await?;
    match route {
        OperatorRoute::ListPartners => operator::list(&operator, site, call).await,
        OperatorRoute::ReadPartner => operator::read(&operator, site, call).await,
        OperatorRoute::PutPartner => operator::put(&operator, site, call).await,
        OperatorRoute::NewPassword => operator::new_password(&operator, site, call).await,
        OperatorRoute::PutCustomField => operator::put_custom_field(&operator, site, call).await,
        OperatorRoute::DeleteCustomField => {
            operator::delete_custom_field(&operator, site, call).await
        }
        OperatorRoute::ReadAudit => operator::audit(&operator, site, call).await,
    }
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}

/// `https://host/path?query` -> `https://host` and `/path?query`, as the platform has normalised it.
/// (The `url` crate would do this for 77 KB.)
fn split_url(url: &str) -> (&str, &str) {
    let path_start = url
        .match_indices('/')
        .nth(2)
        .map_or(url.len(), |(at, _)| at);
    url.split_at_checked(path_start).unwrap_or((url, ""))
}

/// Whether nobody between can read along: TLS, or the loopback interface of a developer's machine.
fn is_private(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://") else {
        return true;
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|loopback| {
        let port = host.strip_prefix(loopback);
        port.is_some_and(|port| port.is_empty() || port.starts_with(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_after_its_host() {
        for (url, origin, target) in [
            ("https://a.example/b?c=/d", "https://a.example", "/b?c=/d"),
            ("http://127.0.0.1:8787/", "http://127.0.0.1:8787", "/"),
            ("https://a.example", "https://a.example", ""),
        ] {
            assert_eq!(split_url(url), (origin, target));
        }
    }

    #[test]
    fn only_tls_and_loopback_are_private() {
        for (origin, private) in [
            ("https://a.example", true),
            ("http://a.example", false),
            ("http://127.0.0.1:8787", true),
            ("http://localhost", true),
            ("http://[::1]:1", true),
            ("http://localhost.example", false),
        ] {
            assert_eq!(is_private(origin), private, "{origin}");
        }
    }
}
