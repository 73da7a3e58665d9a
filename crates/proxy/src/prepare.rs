//! From a request's head to a plan, in one synchronous step: screen, colour, decide, and write the head that goes on.

use std::sync::Arc;
use std::time::Duration;

use graylane_pipeline::{Decision, Fault, Head, LaneId};
use graylane_route::Upstream;
use graylane_wire::{Framing, Known, Refusal, Request, Version};

use crate::buffer;
use crate::colour::{self, Client, Trace};
use crate::compose;
use crate::conn::Conn;
use crate::generation::{Generation, Times};
use crate::gray;
use crate::grpc;
use crate::mirror::{self, Replica};
use crate::record::Record;

/// What is to be done with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plan {
    /// Answer the fault.
    Refuse(Fault),
    /// Answer in place of an endpoint, as the lane says.
    Respond(LaneId),
    /// Ask the lane's endpoints.
    Forward(LaneId),
}

/// A request on its way to an endpoint.
#[derive(Debug)]
pub(crate) struct Call {
    /// Its head as it goes to an endpoint; kept until there is an answer, because it may go to another one.
    pub(crate) head: Vec<u8>,
    /// How its body is framed.
    pub(crate) framing: Framing,
    /// Whether the method is safe (RFC 9110, section 9.2.1).
    pub(crate) safe: bool,
    /// Whether it asks for a head only: then no answer to it has a body.
    pub(crate) to_head: bool,
    /// Whether the client waits with its body until it is told to go on.
    pub(crate) expects: bool,
    /// The protocols to switch to, where the client asks for that.
    pub(crate) wish: Option<Box<[u8]>>,
    /// Whether its client speaks gRPC, and how long it wants to wait.
    pub(crate) grpc: bool,
    pub(crate) time: Option<Duration>,
    /// How often another endpoint or connection was tried.
    pub(crate) retries: u8,
    /// The beginning of its copy, where another lane gets one.
    pub(crate) replica: Option<Box<Replica>>,
}

impl Call {
    /// Whether it may be made twice: nothing is changed by it (RFC 9110, section 9.2.2), and all of it is still there. Some
    /// clients say of every request how long its body is, also that it has no byte.
    #[inline]
    pub(crate) fn is_repeatable(&self) -> bool {
        self.safe && matches!(self.framing, Framing::Empty | Framing::Length(0))
    }

    /// Of a request that goes nowhere.
    pub(crate) fn none() -> Self {
        Self {
            head: Vec::new(),
            framing: Framing::Empty,
            safe: false,
            to_head: false,
            expects: false,
            wish: None,
            grpc: false,
            time: None,
            retries: 0,
            replica: None,
        }
    }
}

impl Call {
    /// The baseline is asked in place of this lane. What goes onward is still the lane, so that later hops go back into it.
    #[cold]
    pub(crate) fn fall_back(&mut self, wanted: &str) {
        compose::fall_back(wanted, &mut self.head);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        buffer::give_text(std::mem::take(&mut self.head));
    }
}

/// What a connection keeps from one request to the next. It keeps nothing of the generation itself: an idle connection
/// must not keep an old one alive.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The generation that this is about; 0 before the first request.
    generation: u64,
    /// Whether the peer's gray and forwarding headers are believed.
    trusted: bool,
    /// The limits in time of the latest exchange.
    pub(crate) times: Times,
}

impl Memory {
    pub(crate) fn new(times: Times) -> Self {
        Self {
            generation: 0,
            trusted: false,
            times,
        }
    }

    /// Notices a new generation.
    #[inline]
    fn follow(&mut self, conn: &Conn, generation: &Generation) {
        if self.generation != generation.id() {
            self.generation = generation.id();
            self.trusted = is_believed(conn, generation);
            self.times = generation.times();
        }
    }
}

/// Whether the peer is believed: by its network, or by its certificate.
#[cold]
fn is_believed(conn: &Conn, generation: &Generation) -> bool {
    let certified = conn.certified.get().into_iter().flatten();
    colour::is_trusted(generation.trusted(), conn.peer)
        || generation
            .snapshot()
            .gray()
            .believes(certified.map(|name| &**name))
}

/// The fault for a head that broke a rule.
pub(crate) fn fault_of(refusal: Refusal) -> Fault {
    match refusal.status() {
        414 => Fault::TargetTooLong,
        417 => Fault::Expectation,
        431 => Fault::HeadTooLarge,
        501 => Fault::MethodNotServed,
        505 => Fault::VersionNotServed,
        _ => Fault::BadRequest,
    }
}

/// Makes the plan, by the generation of the record, and the call that goes with it.
#[inline]
pub(crate) fn prepare(
    conn: &Conn,
    memory: &mut Memory,
    request: &Request<'_>,
    record: &mut Record,
) -> (Plan, Call) {
    memory.follow(conn, &record.generation);
    let mut call = Call {
        head: buffer::take_text(),
        framing: request.framing,
        safe: request.is_safe(),
        to_head: request.is_head(),
        expects: request.expects_continue && request.framing != Framing::Empty,
        wish: wish(request),
        grpc: request
            .fields
            .first(Known::ContentType)
            .is_some_and(grpc::is_grpc),
        time: None,
        retries: 0,
        replica: None,
    };
    let plan = plan(conn, memory, request, record, &mut call);
    (plan, call)
}

#[inline]
fn plan(conn: &Conn, memory: &Memory, request: &Request<'_>, record: &mut Record, call: &mut Call) -> Plan {
    let trace = colour::trace(request.fields);
    record.trace = trace.id;
    if matches!(request.framing, Framing::Length(length) if length > record.generation.limits().body) {
        return Plan::Refuse(Fault::BodyTooLarge);
    }
    if call.grpc && request.fields.has(Known::GrpcTimeout) {
        let time = request.fields.only(Known::GrpcTimeout).map(grpc::timeout);
        let Some(Ok(time)) = time else {
            return Plan::Refuse(Fault::BadRequest);
        };
        call.time = Some(time);
    }
    record.decision = decide(conn, memory.trusted, trace, request, record);
    let Some(Decision { service, lane, .. }) = record.decision else {
        return Plan::Refuse(Fault::NoService);
    };
    let snapshot = record.generation.snapshot();
    if snapshot.service(service).show_lane {
        record.shown_lane = Some(lane);
    }
    if matches!(snapshot.lane(lane).upstream, Upstream::Respond(_)) {
        return Plan::Respond(lane);
    }
    let onward = compose::Onward {
        hop: &conn.hop,
        trusted: memory.trusted,
        gray: gray::Onward {
            policy: snapshot.gray(),
            spoken: record.generation.spoken(),
            is_believed: memory.trusted,
            service: snapshot.service(service).name.as_str(),
            lane: snapshot.lane(lane).name.as_str(),
            tag: snapshot.lane(lane).tag.as_str(),
        },
        traceparent: trace.made.as_ref(),
        wish: call.wish.as_deref(),
    };
    compose::request(request, &onward, &mut call.head);
    if let Some(mirror) = record.generation.mirrors().of(lane)
        && let Some(replica) = mirror::replicate(mirror, request, &onward, call, record)
    {
        record.pair = Some(Arc::clone(replica.pair()));
        call.replica = Some(replica);
    }
    Plan::Forward(lane)
}

/// *colour* and *decide*: gives the decision, and leaves a copy of the head in the record where a module asks for it.
#[inline]
fn decide(
    conn: &Conn,
    trusted: bool,
    trace: Trace,
    request: &Request<'_>,
    record: &mut Record,
) -> Option<Decision> {
    let generation: &Generation = &record.generation;
    let says = gray::Asked {
        snapshot: generation.snapshot(),
        fields: request.fields,
        host: request.host,
        path: request.path,
    };
    let said = gray::said(&says, trusted, colour::unix_seconds, &conn.worker.counters);
    let client = Client::find(request.fields, trusted, generation.trusted());
    let asked = colour::asked(request, &client, &conn.peer_text, said.as_ref());
    let decision = generation.snapshot().decide(&asked)?;
    if generation.hooks().wants_head(&decision, trace.id) {
        record.head = Some(Box::new(copy_head(request)));
    }
    Some(decision)
}

/// The protocols that a request wants to switch to, in the way that RFC 9110, section 7.8, demands: `Connection` names it,
/// and the client speaks HTTP/1.1. `h2c` is not passed on (RFC 9113, section 3.1, withdrew it): what came through such a
/// tunnel would be requests that nobody screened or coloured.
fn wish(request: &Request<'_>) -> Option<Box<[u8]>> {
    let fields = request.fields;
    if !fields.has(Known::Upgrade) || !fields.has(Known::Connection) || request.version != Version::Http11 {
        return None;
    }
    let named = fields
        .items(Known::Connection)
        .any(|item| item.eq_ignore_ascii_case(b"upgrade"));
    let is_h2 = |item: &[u8]| item.to_ascii_lowercase().starts_with(b"h2");
    if !named || fields.items(Known::Upgrade).any(is_h2) {
        return None;
    }
    fields.only(Known::Upgrade).map(Box::from)
}

/// The head as it was received, for a module that asked for it.
#[cold]
fn copy_head(request: &Request<'_>) -> Head {
    let lower = |name: &[u8]| String::from_utf8_lossy(name).to_ascii_lowercase().into();
    Head {
        method: request.method.into(),
        target: request.target.into(),
        host: request.host.into(),
        headers: request
            .fields
            .iter()
            .map(|field| (lower(field.name), field.value.into()))
            .collect(),
    }
}
