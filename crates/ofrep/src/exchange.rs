//! One request and its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, request};
use hyper::body::Incoming;

use crate::answer::{self, Answer};
use crate::body::{self, Unread};
use crate::connection::Conn;
use crate::cors::Grant;
use crate::counters::{Counters, count};
use crate::publish::Publisher;
use crate::settings::Settings;
use crate::target::{Target, parameter};
use crate::{access, bulk, events, single};

const SELECTOR: HeaderName = HeaderName::from_static("flagd-selector");

/// Answers a request.
pub(crate) async fn exchange(conn: Arc<Conn>, request: Request<Incoming>) -> Response<Answer> {
    conn.exchange_began();
    let (head, body) = request.into_parts();
    let settings = conn.shared.settings.load_full();
    let grant = Grant::new(&settings.cors, &head.headers);
    let mut response = match grant.preflight(&head.method, &head.headers) {
        Some(response) => response,
        None => answered(&conn, &settings, &head, body).await,
    };
    grant.apply(response.headers_mut());
    response
}

async fn answered(
    conn: &Arc<Conn>,
    settings: &Settings,
    head: &request::Parts,
    body: Incoming,
) -> Response<Answer> {
    let counters = &conn.shared.counters;
    if conn.is_refused() {
        return closing(answer::too_many("connections"));
    }
    let target = Target::of(head.uri.path());
    let key = match entry(settings, head, &target) {
        Ok(key) => key,
        Err(Stranger) => {
            count(&counters.unauthorized);
            return answer::unauthorized();
        }
    };
    let allowed = match target {
        Target::Stream => Method::GET,
        Target::Nothing => return answer::general(StatusCode::NOT_FOUND, "nothing is served at this path"),
        Target::Flag(_) | Target::BadKey | Target::Bulk => Method::POST,
    };
    if head.method != allowed {
        return wrong_method(&allowed);
    }
    if target == Target::Stream {
        return events::open(conn, &head.headers, key);
    }
    let flag = match &target {
        Target::Flag(key) => Some(key.as_ref()),
        _ => None,
    };
    let body = match body::read(body, settings.limits.body).await {
        Ok(body) => body,
        Err(unread) => {
            count(&counters.bad_requests);
            return closing(refuse(unread, flag, settings.limits.body));
        }
    };
    conn.received_whole();
    let ticket = key.as_ref().map(access::ticket);
    evaluated(
        &conn.shared.publisher,
        counters,
        head,
        &target,
        ticket.as_deref(),
        &body,
    )
}

/// Answers a request for flags whose body is there: from one snapshot, and from nothing that its arguments do not say.
fn evaluated(
    publisher: &Publisher,
    counters: &Counters,
    head: &request::Parts,
    target: &Target<'_>,
    ticket: Option<&str>,
    body: &[u8],
) -> Response<Answer> {
    let flag = match target {
        Target::Flag(key) => Some(key.as_ref()),
        _ => None,
    };
    let set = match selector(&head.headers) {
        Ok(set) => set,
        Err(details) => return answer::failure(StatusCode::BAD_REQUEST, flag, "GENERAL", details),
    };
    let evaluate = || {
        let snapshot = publisher.current();
        match target {
            Target::Flag(key) => single::respond(&snapshot, counters, key, set, body),
            Target::BadKey => answer::failure(
                StatusCode::BAD_REQUEST,
                Some(""),
                "PARSE_ERROR",
                "the key in the path is no UTF-8",
            ),
            Target::Bulk | Target::Stream | Target::Nothing => {
                let wish = bulk::Wish {
                    headers: &head.headers,
                    query: head.uri.query().unwrap_or_default(),
                    set,
                    ticket,
                };
                bulk::respond(&snapshot, counters, &wish, body)
            }
        }
    };
    // A panic would be a mistake of ours in one flag; the connection's other requests need not pay for it. Nothing that
    // an evaluation could leave half done outlives it.
    catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|_| {
        log::error!("ofrep: an evaluation panicked");
        answer::general(StatusCode::INTERNAL_SERVER_ERROR, "the evaluation failed")
    })
}

impl Publisher {
    /// What a server would answer to an evaluation, of one flag or of all, without a server: the request asks for what its
    /// path says, whatever its method, and nobody is asked for a key. For tests and tools that have bytes and no socket.
    ///
    /// An answer that a server would not take from a snapshot (another path, the event stream) is `None`.
    pub fn answer(&self, request: Request<&[u8]>) -> Option<Response<Bytes>> {
        let (head, body) = request.into_parts();
        let target = Target::of(head.uri.path());
        if matches!(target, Target::Stream | Target::Nothing) {
            return None;
        }
        let answer = evaluated(self, &Counters::default(), &head, &target, None, body);
        Some(answer.map(Answer::into_bytes))
    }
}

/// Somebody who shows no key that is known.
struct Stranger;

/// The digest of the key with which somebody comes in; `None` where none is needed.
fn entry(
    settings: &Settings,
    head: &request::Parts,
    target: &Target<'_>,
) -> Result<Option<[u8; 32]>, Stranger> {
    if settings.keys.is_empty() {
        return Ok(None);
    }
    let shown = access::shown(&settings.keys, &head.headers).or_else(|| {
        let ticket = parameter(head.uri.query()?, "ticket").filter(|_| *target == Target::Stream)?;
        access::ticketed(&settings.keys, &ticket)
    });
    shown.map(|key| Some(key.sha256)).ok_or(Stranger)
}

/// The set of flags that is asked for.
fn selector(headers: &HeaderMap) -> Result<Option<&str>, &'static str> {
    let Some(value) = headers.get(SELECTOR) else {
        return Ok(None);
    };
    let value = value.to_str().map_err(|_| "the selector is no text")?.trim();
    match value.strip_prefix("flagSetId=") {
        Some("") => Ok(None),
        Some(set) => Ok(Some(set)),
        None if value.is_empty() => Ok(None),
        None => Err("the only selector is flagSetId=…"),
    }
}

fn refuse(unread: Unread, flag: Option<&str>, limit: usize) -> Response<Answer> {
    let (status, details) = match unread {
        Unread::TooLong => (
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is longer than {limit} bytes"),
        ),
        Unread::Broken => (StatusCode::BAD_REQUEST, "the body did not come whole".to_owned()),
    };
    answer::failure(status, flag, "GENERAL", &details)
}

fn wrong_method(allowed: &Method) -> Response<Answer> {
    let mut response = answer::general(
        StatusCode::METHOD_NOT_ALLOWED,
        &format!("only {allowed} is served at this path"),
    );
    let allowed = match *allowed {
        Method::GET => "GET, OPTIONS",
        _ => "POST, OPTIONS",
    };
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// The last answer of its connection.
fn closing(mut response: Response<Answer>) -> Response<Answer> {
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
