//! From a request's head to a plan, in one synchronous step: screen, colour, decide, and rewrite the head.

use std::cell::RefCell;
use std::sync::Arc;

use graylane_pipeline::{Decision, Fault, Head, LaneId, TraceId};
use graylane_route::{Respond, Upstream};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Uri};
use hyper::body::Incoming;

use crate::colour::{self, Client};
use crate::connection::Conn;
use crate::forward::Call;
use crate::generation::Generation;
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
        lane: LaneId,
        call: Call,
        wish: Option<Wish>,
    },
}

/// What a connection keeps from one request to the next, to save making it again. What it clones for each exchange is
/// its own: a count of references that all workers share would be passed between their cores with every request. It keeps
/// nothing of the generation itself: an idle connection must not keep an old one alive.
#[derive(Default)]
pub(crate) struct Memory {
    /// The generation that this is about; 0 before the first request.
    generation: u64,
    /// Whether the peer's gray and forwarding headers are believed.
    trusted: bool,
    /// The last lane, and its name as a header's value.
    lane: Option<(LaneId, HeaderValue)>,
    /// The last host and the `Forwarded` element for it.
    forwarded: Option<(HeaderValue, HeaderValue)>,
}

impl Memory {
    /// Notices a new generation.
    #[inline]
    fn follow(&mut self, conn: &Conn, generation: &Generation) {
        if self.generation != generation.id() {
            self.change(conn, generation);
        }
    }

    #[cold]
    fn change(&mut self, conn: &Conn, generation: &Generation) {
        self.generation = generation.id();
        self.trusted = colour::is_trusted(generation.trusted(), conn.peer);
        self.lane = None;
        conn.take_times(generation.times());
        // The exchange has just begun, with the times of the last one.
        conn.waiting();
    }

    /// A lane's name as a header's value.
    #[inline]
    fn lane(&mut self, generation: &Generation, id: LaneId) -> HeaderValue {
        match &self.lane {
            Some((known, value)) if *known == id => value.clone(),
            _ => {
                let shared = &generation.snapshot().lane(id).header;
                let own = HeaderValue::from_bytes(shared.as_bytes()).unwrap_or_else(|_| shared.clone());
                self.lane = Some((id, own.clone()));
                own
            }
        }
    }
}

/// Makes the plan, by the generation of the record.
#[inline]
pub(crate) fn prepare(
    conn: &Arc<Conn>,
    memory: &RefCell<Memory>,
    request: Request<Incoming>,
    record: &mut Record,
) -> Plan {
    let memory = &mut *memory.borrow_mut();
    let generation: &Generation = &record.generation;
    memory.follow(conn, generation);
    let limit = generation.limits().body;
    let (mut parts, incoming) = request.into_parts();
    let screened = match screen(&parts, limit) {
        Ok(screened) => screened,
        Err(fault) => return Plan::Refuse(fault),
    };
    let wish = upgrade::wish(&mut parts, screened.present);
    record.trace = colour::trace(&mut parts.headers, screened.present);
    let colour = Colour {
        generation,
        trusted: memory.trusted,
        trace: record.trace,
    };
    record.decision = decide(conn, &colour, &parts, screened, &mut record.head);
    let Some(Decision { service, lane, .. }) = record.decision else {
        return Plan::Refuse(Fault::NoService);
    };
    let name = memory.lane(generation, lane);
    if generation.snapshot().service(service).show_lane {
        record.shown_lane = Some(name.clone());
    }
    if let Upstream::Respond(respond) = &generation.snapshot().lane(lane).upstream {
        return Plan::Respond(respond.clone());
    }
    rewrite(conn, memory, name, &mut parts, screened.present);
    if let Some(wish) = &wish {
        wish.write(&mut parts.headers);
    }
    let upload = Upload::new(
        Received::new(incoming, limit, conn),
        screened.present.has(Field::TRANSFER_ENCODING),
    );
    let call = Call::new(parts, upload, wish.is_some());
    Plan::Forward { lane, call, wish }
}

/// Under what a request is decided.
struct Colour<'a> {
    generation: &'a Generation,
    trusted: bool,
    trace: TraceId,
}

/// *colour* and *decide*: gives the decision, and a copy of the head where a module asks for it.
#[inline]
fn decide(
    conn: &Conn,
    colour: &Colour<'_>,
    parts: &Parts,
    screened: Screened,
    head: &mut Option<Box<Head>>,
) -> Option<Decision> {
    let &Colour {
        generation,
        trusted,
        trace,
    } = colour;
    if screened.present.has(Field::GRAY_VERSION) && !trusted {
        conn.worker.counters.stripped.add(1);
    }
    let client = Client::find(parts, screened.present, trusted, generation.trusted());
    let asked = colour::asked(parts, screened, &client, &conn.peer_text);
    let decision = generation.snapshot().decide(&asked)?;
    if generation.hooks().wants_head(&decision, trace) {
        *head = Some(Box::new(copy_head(parts, asked.host)));
    }
    Some(decision)
}

/// Makes the head that goes upstream: nothing of this hop, everything that the next one should know.
#[inline]
fn rewrite(conn: &Conn, memory: &mut Memory, lane: HeaderValue, parts: &mut Parts, present: Present) {
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
    write_forwarding(conn, memory, headers, present);
    if parts.uri.authority().is_some() {
        parts.uri = origin_form(&parts.uri);
    }
}

/// `X-Forwarded-*` and `Forwarded` (RFC 7239): appended to what a trusted peer said, in place of what a stranger said.
#[inline]
fn write_forwarding(conn: &Conn, memory: &mut Memory, headers: &mut HeaderMap, present: Present) {
    let host = headers
        .get(header::HOST)
        .cloned()
        .unwrap_or(HeaderValue::from_static(""));
    let element = match &memory.forwarded {
        Some((known, element)) if *known == host => element.clone(),
        _ => {
            let element = forwarded_element(&conn.peer_text, &host);
            memory.forwarded = Some((host.clone(), element.clone()));
            element
        }
    };
    let believed = |bit: Field| memory.trusted && present.has(bit);
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
