//! The way of a request, from the platform's `Request` to its `Response`.

use std::net::IpAddr;

use wasm_bindgen::JsValue;
use web_sys::Request;
use worker::Env;

use crate::auth::{self, Caller, Operator, Partner, Secrets};
use crate::body;
use crate::call::Call;
use crate::clock::Now;
use crate::customers::{self, erasure};
use crate::error::Error;
use crate::etag::IfMatch;
use crate::json::Json;
use crate::operator::Desk;
use crate::random;
use crate::reply::Reply;
use crate::request::Params;
use crate::router::{self, Action, OperatorRoute, PartnerRoute, Route, Routed};
use crate::store::{Cost, Store};

/// What the log is told of a request besides its outcome.
#[derive(Default)]
struct Trace {
    route: &'static str,
    partner_id: Option<i64>,
    cost: Cost,
}

/// Answers a request, and writes its one line of log: never a credential, a body, a query string or
/// anything personal.
///
/// # Errors
/// What [`Reply::into_response`] throws: nothing that a request can bring about.
pub async fn serve(request: &Request, env: &Env) -> Result<web_sys::Response, JsValue> {
    let now = Now::read();
    let method = request.method();
    let request_id = random::uuid().unwrap_or_default();
    let mut trace = Trace::default();

    let result = answer(request, &method, env, now, &mut trace).await;

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
    env: &Env,
    now: Now,
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
    if router::is_operator(path) && auth::operator_token(env).is_none() {
        return Err(Error::NotFound("path"));
    }
    let Routed {
        version,
        template,
        captures,
        action,
    } = router::route(method, path)?;
    trace.route = template;
    let route = match action {
        Action::Options(allow) => return Ok(Reply::options(allow)),
        Action::Serve(route) => route,
    };

    let secrets = Secrets::read(env)?;
    let store = Store::new(env)?;
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let authorization = header("Authorization");
    let caller = Caller {
        method,
        target,
        is_private: is_private(origin),
        authorization: authorization.as_deref(),
        address: header("CF-Connecting-IP").and_then(|address| address.parse::<IpAddr>().ok()),
    };
    let mut call = Call {
        version,
        params: Params::default(),
        if_match: IfMatch::parse(header("If-Match").as_deref()),
        idempotency_key: header("Idempotency-Key"),
        now,
    };
    let is_operator = matches!(route, Route::Operator(_));
    let handled = async {
        let caller = match route {
            Route::Partner(route) => {
                let partner = auth::partner(env, &secrets, &store, now, &caller).await?;
                trace.partner_id = Some(partner.partner_id);
                Entered::Partner(partner, route)
            }
            Route::Operator(route) => Entered::Operator(auth::operator(env, &caller)?, route),
        };
        call.params.add_path(captures);
        call.params.add_query(query)?;
        body::read(request, is_operator, &mut call.params).await?;
        match caller {
            Entered::Partner(partner, route) => {
                handle_partner(partner, route, &store, &secrets, call).await
            }
            Entered::Operator(operator, route) => {
                let desk = Desk {
                    operator,
                    env,
                    secrets: &secrets,
                    store: &store,
                };
                handle_operator(desk, route, call).await
            }
        }
    }
    .await;
    trace.cost = store.cost();
    handled
}

/// Whoever was let in, and what they ask for.
enum Entered {
    Partner(Partner, PartnerRoute),
    Operator(Operator, OperatorRoute),
}

async fn handle_partner(
    partner: Partner,
    route: PartnerRoute,
    store: &Store,
    secrets: &Secrets,
    mut call: Call,
) -> Result<Reply, Error> {
    match route {
        PartnerRoute::Ping => {
            call.params.finish()?;
            Ok(Reply::json(Json::object([("ping", "ok".into())])))
        }
        PartnerRoute::ListCustomers => customers::list(&partner, store, call).await,
        PartnerRoute::CreateCustomer => customers::create(&partner, store, secrets, call).await,
        PartnerRoute::ReadCustomer => customers::read(&partner, store, call).await,
        PartnerRoute::ChangeCustomer => customers::change(&partner, store, call).await,
        PartnerRoute::EraseCustomer => erasure::erase(&partner, store, call).await,
        PartnerRoute::ReadErasure => erasure::read(&partner, store, call).await,
    }
}

async fn handle_operator(desk: Desk<'_>, route: OperatorRoute, call: Call) -> Result<Reply, Error> {
    match route {
        OperatorRoute::ReadPartner => desk.read(call).await,
        OperatorRoute::PutPartner => desk.put(call).await,
        OperatorRoute::NewPassword => desk.new_password(call).await,
        OperatorRoute::PutCustomField => desk.put_custom_field(call).await,
    }
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
