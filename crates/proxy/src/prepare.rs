//! From a request's head to a plan, in one synchronous step: screen, colour, decide, and rewrite the head.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::ArcSwap;
use graylane_pipeline::{Decision, Fault, Head, LaneId};
use graylane_route::{Respond, Snapshot, Upstream};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Uri};
use hyper::body::Incoming;

use crate::colour::{self, Client};
use crate::connection::Conn;
use crate::forward::Call;
use crate::headers::{self, FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO, Field, GRAY_VERSION, Present};
use crate::received::Received;
use crate::record::Record;
use crate::screen::{Screened, screen};
use crate::upgrade::{self, Wish};
use crate::upstream::Upload;

/// What is to be done with a request.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every plan is the large one, and a box for it would be an allocation per exchange"
)]
pub(crate) enum Plan {
    /// Answer the fault.
    Refuse(Fault),
    /// Answer in place of an endpoint.
    Respond(Respond),
    /// Ask the lane's endpoints.
    Forward {
        snapshot: Arc<Held>,
        lane: LaneId,
        call: Call,
        wish: Option<Wish>,
    },
}

/// A snapshot as one connection holds it: one count of references for the connection's exchanges.
pub(crate) struct Held(Arc<Snapshot>);

impl Deref for Held {
    type Target = Snapshot;

    #[inline]
    fn deref(&self) -> &Snapshot {
        &self.0
    }
}

/// What a connection keeps from one request to the next, to save making it again. What it clones for each exchange is
/// its own: a count of references that all workers share would be passed between their cores with every request.
pub(crate) struct Memory {
    latest: arc_swap::Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>,
    snapshot: Arc<Held>,
    /// The last lane of this snapshot, and its name as a header's value.
    lane: Option<(LaneId, HeaderValue)>,
    /// The last host and the `Forwarded` element for it.
    forwarded: Option<(HeaderValue, HeaderValue)>,
}

impl Memory {
    pub(crate) fn new(latest: &Arc<ArcSwap<Snapshot>>) -> Self {
        Self {
            snapshot: Arc::new(Held(latest.load_full())),
            latest: arc_swap::Cache::new(Arc::clone(latest)),
            lane: None,
            forwarded: None,
        }
    }

    /// The snapshot in use.
    #[inline]
    fn snapshot(&mut self) -> Arc<Held> {
        let latest = self.latest.load();
        if !Arc::ptr_eq(latest, &self.snapshot.0) {
            self.snapshot = Arc::new(Held(Arc::clone(latest)));
            self.lane = None;
        }
        Arc::clone(&self.snapshot)
    }

    /// A lane's name as a header's value.
    #[inline]
    fn lane(&mut self, id: LaneId) -> HeaderValue {
        match &self.lane {
            Some((known, value)) if *known == id => value.clone(),
            _ => {
                let shared = &self.snapshot.lane(id).header;
                let own = HeaderValue::from_bytes(shared.as_bytes()).unwrap_or_else(|_| shared.clone());
                self.lane = Some((id, own.clone()));
                own
            }
        }
    }
}

/// Makes the plan. The snapshot is loaded here, once.
#[inline]
pub(crate) fn prepare(
    conn: &Arc<Conn>,
    memory: &RefCell<Memory>,
    request: Request<Incoming>,
    record: &mut Record,
) -> Plan {
    let limit = conn.worker.shared.limits().body;
    let (mut parts, incoming) = request.into_parts();
    let screened = match screen(&parts, limit) {
        Ok(screened) => screened,
        Err(fault) => return Plan::Refuse(fault),
    };
    let wish = upgrade::wish(&mut parts, screened.present);
    let memory = &mut *memory.borrow_mut();
    let snapshot = memory.snapshot();
    record.trace = colour::trace(&mut parts.headers, screened.present);
    let Some(Decision { service, lane, .. }) = decide(conn, &snapshot, &parts, screened, record) else {
        return Plan::Refuse(Fault::NoService);
    };
    let name = memory.lane(lane);
    if snapshot.service(service).show_lane {
        record.shown_lane = Some(name.clone());
    }
    if let Upstream::Respond(respond) = &snapshot.lane(lane).upstream {
        return Plan::Respond(respond.clone());
    }
    rewrite(conn, name, &mut parts, screened.present, &mut memory.forwarded);
    if let Some(wish) = &wish {
        wish.write(&mut parts.headers);
    }
    let upload = Upload::new(
        Received::new(incoming, limit, conn),
        screened.present.has(Field::TRANSFER_ENCODING),
    );
    let call = Call::new(parts, upload, wish.is_some());
    Plan::Forward {
        snapshot,
        lane,
        call,
        wish,
    }
}

/// *colour* and *decide*: fills the record and gives the decision.
#[inline]
fn decide(
    conn: &Conn,
    snapshot: &Snapshot,
    parts: &Parts,
    screened: Screened,
    record: &mut Record,
) -> Option<Decision> {
    if screened.present.has(Field::GRAY_VERSION) && !conn.trusted {
        conn.worker.counters.stripped.add(1);
    }
    let client = Client::find(
        parts,
        screened.present,
        conn.trusted,
        conn.worker.shared.trusted(),
    );
    let asked = colour::asked(parts, screened, &client, &conn.peer_text);
    let decision = snapshot.decide(&asked)?;
    record.decision = Some(decision);
    if conn.worker.shared.hooks().wants_head(&decision, record.trace) {
        record.head = Some(Box::new(copy_head(parts, asked.host)));
    }
    Some(decision)
}

/// Makes the head that goes upstream: nothing of this hop, everything that the next one should know.
#[inline]
fn rewrite(
    conn: &Conn,
    lane: HeaderValue,
    parts: &mut Parts,
    present: Present,
    forwarded: &mut Option<(HeaderValue, HeaderValue)>,
) {
    let headers = &mut parts.headers;
    headers::drop_hop_by_hop(headers, present);
    if present.has(Field::TRANSFER_ENCODING) {
        // Screened to be `chunked`: dropped as this hop's, and written again for the next.
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    if present.has(Field::EXPECT) {
        // Met here: hyper sends the 100 as soon as the body is asked for, on its way to the endpoint.
        headers.remove(header::EXPECT);
    }
    headers.insert(GRAY_VERSION.clone(), lane);
    write_forwarding(conn, headers, present, forwarded);
    if parts.uri.authority().is_some() {
        parts.uri = origin_form(&parts.uri);
    }
}

/// `X-Forwarded-*` and `Forwarded` (RFC 7239): appended to what a trusted peer said, in place of what a stranger said.
#[inline]
fn write_forwarding(
    conn: &Conn,
    headers: &mut HeaderMap,
    present: Present,
    forwarded: &mut Option<(HeaderValue, HeaderValue)>,
) {
    let host = headers
        .get(header::HOST)
        .cloned()
        .unwrap_or(HeaderValue::from_static(""));
    let element = match forwarded {
        Some((known, element)) if *known == host => element.clone(),
        _ => {
            let element = forwarded_element(&conn.peer_text, &host);
            *forwarded = Some((host.clone(), element.clone()));
            element
        }
    };
    let believed = |bit: Field| conn.trusted && present.has(bit);
    for (bit, name, own) in [
        (Field::FORWARDED_FOR, &FORWARDED_FOR, conn.peer_header.clone()),
        (Field::FORWARDED, &header::FORWARDED, element),
    ] {
        let value = if believed(bit) {
            chain(headers, name, &own)
        } else {
            own
        };
        headers.insert(name.clone(), value);
    }
    if !believed(Field::FORWARDED_PROTO) {
        headers.insert(FORWARDED_PROTO.clone(), HeaderValue::from_static("http"));
    }
    if !believed(Field::FORWARDED_HOST) {
        headers.insert(FORWARDED_HOST.clone(), host);
    }
}

/// What earlier hops wrote, on however many lines, and then our own word.
fn chain(headers: &HeaderMap, name: &HeaderName, own: &HeaderValue) -> HeaderValue {
    let values = headers
        .get_all(name)
        .iter()
        .chain([own])
        .map(HeaderValue::as_bytes);
    let joined = values.collect::<Vec<_>>().join(&b", "[..]);
    HeaderValue::from_bytes(&joined).unwrap_or_else(|_| own.clone())
}

/// One element of `Forwarded`; an IPv6 address and a host with a port need quotes (RFC 7239, section 4).
fn forwarded_element(peer: &str, host: &HeaderValue) -> HeaderValue {
    let node = if peer.contains(':') {
        format!("\"[{peer}]\"")
    } else {
        peer.to_owned()
    };
    let host = host.to_str().unwrap_or("");
    let quote = if host.contains([':', '[']) { "\"" } else { "" };
    let text = format!("for={node};host={quote}{host}{quote};proto=http");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("for=unknown"))
}

/// The path and query of an absolute target.
fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query()
        .cloned()
        .map_or_else(|| Uri::from_static("/"), Uri::from)
}

/// The head as it was received, for a module that asked for it.
fn copy_head(parts: &Parts, host: &str) -> Head {
    Head {
        method: parts.method.as_str().into(),
        target: parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str())
            .into(),
        host: host.into(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_bytes().into()))
            .collect(),
    }
}
