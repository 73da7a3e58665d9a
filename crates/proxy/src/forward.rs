//! *forward*: ask an endpoint of the lane, and another one where that is safe.
//!
//! What may be tried again: a request of which nothing was written, whatever its method, as long as nothing of its body was
//! handed on; and a request with a safe method and no body that was sent on a kept-alive connection which closed without
//! a byte of an answer: the endpoint had most likely closed it before (RFC 9112, section 9.3.1). Nothing else: an
//! endpoint may have acted on it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use graylane_pipeline::{Attempt, Fault, Hooks, LaneId, Outcome};
use graylane_wire::{Framing, Response};

use crate::body::{Broken, PumpError, Pumped, pump};
use crate::client::Client;
use crate::compose::{self, Speaks, Towards};
use crate::conn::Conn;
use crate::exchange::{Flow, Upload, withhold};
use crate::generation::Generation;
use crate::prepare::Call;
use crate::record::Record;
use crate::upstream::{self, ConnectError, Link, Silent, Way};

/// An endpoint has answered: the head of the answer is written for the client.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) link: Link,
    pub(crate) status: u16,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The client is told.
    Fault(Fault),
    /// The client has left.
    Gone,
}

/// Asks the endpoints of a lane in turn until one answers.
pub(crate) async fn forward<C: Client>(
    client: &mut C,
    call: &mut Call,
    lane: LaneId,
    flow: &mut Flow,
    record: &mut Record,
) -> Result<Answered, NoAnswer> {
    let held = Arc::clone(&record.generation);
    let generation: &Generation = &held;
    let endpoints = generation.snapshot().lane(lane).endpoints();
    let first = if endpoints.len() > 1 {
        upstream::turn(generation.roster().lane(lane).seat)
    } else {
        0
    };
    let shown = record
        .shown_lane
        .map(|lane| generation.snapshot().lane(lane).name.as_str());
    let clock = Arc::clone(&record.conn.worker.clock);
    let protocol = generation.snapshot().lane(lane).protocol;
    let mut fault = None;
    for step in 0..endpoints.len() {
        let (id, endpoint) = &endpoints[(first + step) % endpoints.len()];
        let attempt = Attempt {
            endpoint: *id,
            lane,
            // The first begins with the exchange itself: looking at the clock costs as much as much else here.
            started: if fault.is_none() {
                record.started
            } else {
                Instant::now()
            },
        };
        let Some(mut admitted) = Admitted::ask(generation.hooks(), &attempt) else {
            continue;
        };
        call.retries += u8::from(fault.is_some());
        let way = Way {
            seat: generation.roster().endpoint(*id),
            endpoint,
            protocol,
            peer: generation.peer(*id),
            limits: generation.limits(),
            clock: &clock,
        };
        let to = To { way, shown };
        let asked = ask(client, call, to, flow, &record.conn).await;
        admitted.outcome = match &asked {
            Ok(answered) => Outcome::Answered(answered.status),
            Err(failed) => failed.outcome,
        };
        drop(admitted);
        record.endpoint = Some(*id);
        record.retries = call.retries;
        match asked {
            Ok(answered) => {
                record.status = answered.status;
                return Ok(answered);
            }
            // The endpoint knows the time too, and may have been the first to end it.
            Err(failed) if failed.fault != NoAnswer::Gone && record.is_older_than(call.time) => {
                return Err(NoAnswer::Fault(Fault::DeadlineExceeded));
            }
            Err(failed) if failed.may_go_on => fault = Some(failed.fault),
            Err(failed) => return Err(failed.fault),
        }
    }
    Err(fault.unwrap_or(NoAnswer::Fault(Fault::NoEndpoint)))
}

/// An attempt that every module admitted: settled exactly once, also when the client leaves and the future is dropped.
struct Admitted<'a> {
    hooks: &'a Hooks,
    attempt: &'a Attempt,
    outcome: Outcome,
}

impl<'a> Admitted<'a> {
    #[inline]
    fn ask(hooks: &'a Hooks, attempt: &'a Attempt) -> Option<Self> {
        hooks.admit(attempt).then_some(Self {
            hooks,
            attempt,
            outcome: Outcome::Abandoned,
        })
    }
}

impl Drop for Admitted<'_> {
    #[inline]
    fn drop(&mut self) {
        self.hooks.settle(self.attempt, self.outcome);
    }
}

/// Why an endpoint gave no answer.
#[derive(Debug, Clone, Copy)]
struct Failed {
    outcome: Outcome,
    fault: NoAnswer,
    /// Whether another endpoint may be asked: this one never saw the request.
    may_go_on: bool,
}

impl Failed {
    const fn finally(outcome: Outcome, fault: Fault) -> Self {
        Self {
            outcome,
            fault: NoAnswer::Fault(fault),
            may_go_on: false,
        }
    }

    /// The client has left: that says nothing about the endpoint.
    const GONE: Self = Self {
        outcome: Outcome::Abandoned,
        fault: NoAnswer::Gone,
        may_go_on: false,
    };

    /// The endpoint is there, and has not looked at the request.
    const fn refused() -> Self {
        Self {
            outcome: Outcome::Broken,
            fault: NoAnswer::Fault(Fault::UpstreamBroken),
            may_go_on: true,
        }
    }

    const fn unseen(outcome: Outcome) -> Self {
        Self {
            outcome,
            fault: NoAnswer::Fault(Fault::Unreachable),
            may_go_on: true,
        }
    }
}

/// Who is asked, and what of the answer's head is known before.
#[derive(Clone, Copy)]
struct To<'a> {
    way: Way<'a>,
    /// The lane, where the service shows it to the client.
    shown: Option<&'a str>,
}

/// Asks one endpoint: over idle links while there are any, then over a new one.
#[inline]
async fn ask<C: Client>(
    client: &mut C,
    call: &mut Call,
    to: To<'_>,
    flow: &mut Flow,
    conn: &Conn,
) -> Result<Answered, Failed> {
    let mut refused = false;
    while let Some(link) = upstream::take_idle(to.way) {
        match ask_over(client, call, link, to, flow, conn).await {
            Ok(answered) => return Ok(answered),
            Err(Unanswered::Finally(failed)) => return Err(failed),
            Err(Unanswered::Unsent) if flow.received == 0 => {}
            // Once: it may know its own limits better by now than when the request went out.
            Err(Unanswered::Refused) if flow.received == 0 && !refused => {
                refused = true;
                call.retries += 1;
            }
            Err(Unanswered::Refused) if flow.received == 0 => return Err(Failed::refused()),
            Err(Unanswered::Closed) if call.safe && call.framing == Framing::Empty => {
                call.retries += 1;
                break;
            }
            Err(_) => return Err(Failed::finally(Outcome::Broken, Fault::UpstreamBroken)),
        }
    }
    // Boxed, as it is rare: the size of a future is paid by every exchange.
    Box::pin(ask_anew(client, call, to, flow, conn)).await
}

/// Asks one endpoint over a new link.
async fn ask_anew<C: Client>(
    client: &mut C,
    call: &mut Call,
    to: To<'_>,
    flow: &mut Flow,
    conn: &Conn,
) -> Result<Answered, Failed> {
    let endpoint = to.way.endpoint;
    let link = match connect(client, to.way).await {
        Some(Ok(link)) => link,
        Some(Err(ConnectError::TimedOut)) => return Err(Failed::unseen(Outcome::TimedOut)),
        Some(Err(ConnectError::Refused(error))) => {
            log::debug!("endpoint {}:{} refused: {error}", endpoint.host, endpoint.port);
            return Err(Failed::unseen(Outcome::Unreachable));
        }
        None => return Err(Failed::GONE),
    };
    if link.is_new() {
        conn.worker.counters.upstream_opened.add(1);
    }
    ask_over(client, call, link, to, flow, conn)
        .await
        .map_err(|error| match error {
            Unanswered::Finally(failed) => failed,
            Unanswered::Unsent | Unanswered::Refused if flow.received == 0 => Failed::refused(),
            // A new connection that closes without an answer has not the excuse of an old one.
            Unanswered::Unsent | Unanswered::Refused | Unanswered::Closed => {
                Failed::finally(Outcome::Broken, Fault::UpstreamBroken)
            }
        })
}

/// Makes a link; `None` where the client leaves meanwhile.
async fn connect<C: Client>(client: &mut C, way: Way<'_>) -> Option<Result<Link, ConnectError>> {
    let mut connecting = std::pin::pin!(upstream::connect(way));
    poll_fn(|cx| {
        if let Poll::Ready(connected) = connecting.as_mut().poll(cx) {
            return Poll::Ready(Some(connected));
        }
        client.timer().wakes(cx);
        if client.timer().has_ended() {
            return Poll::Ready(Some(Err(ConnectError::TimedOut)));
        }
        if client.is_read() && client.poll_gone(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}

/// A request was not answered.
enum Unanswered {
    /// None of it was written.
    Unsent,
    /// The endpoint says that it has not looked at it.
    Refused,
    /// The connection closed before a byte of an answer.
    Closed,
    /// Trying again is out of the question.
    Finally(Failed),
}

const BROKEN: Unanswered = Unanswered::Finally(Failed::finally(Outcome::Broken, Fault::UpstreamBroken));

/// Sends a request over one link and waits for the head of the answer.
#[inline]
async fn ask_over<C: Client>(
    client: &mut C,
    call: &Call,
    mut link: Link,
    to: To<'_>,
    flow: &mut Flow,
    conn: &Conn,
) -> Result<Answered, Unanswered> {
    flow.upload = Upload::Sending;
    link.begin(call);
    // The wait for the answer begins now: what other endpoints and the making of a connection took is not its fault.
    client.timer().within(flow.times.response);
    let mut waiting = Waiting {
        for_client: false,
        heard: false,
    };
    let status = poll_fn(|cx| {
        client.timer().wakes(cx);
        poll_answer(client, call, &mut link, to, flow, conn, &mut waiting, cx)
    })
    .await?;
    Ok(Answered { link, status })
}

/// What is known during one exchange before its answer.
struct Waiting {
    /// The endpoint waits for more of the body, which is not there.
    for_client: bool,
    /// The endpoint said something, if only an interim answer.
    heard: bool,
}

/// Sends the rest of the request and looks for the head of the answer, side by side.
#[inline]
#[expect(
    clippy::too_many_arguments,
    reason = "the two sides of an exchange and what is known of it"
)]
fn poll_answer<C: Client>(
    client: &mut C,
    call: &Call,
    link: &mut Link,
    to: To<'_>,
    flow: &mut Flow,
    conn: &Conn,
    waiting: &mut Waiting,
    cx: &mut Context<'_>,
) -> Poll<Result<u16, Unanswered>> {
    if flow.upload == Upload::Sending {
        upload(client, link, flow, waiting, cx)?;
    }
    loop {
        if waiting.heard {
            // What comes before the answer is not heaped up for a client that does not read.
            match client.poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(GONE)),
                // No fault of the endpoint.
                Poll::Pending if client.timer().has_passed() => return Poll::Ready(Err(GONE)),
                Poll::Pending => break,
            }
        }
        let read = |response: &Response<'_>| receive(client, call, to, flow, conn, response);
        match link.poll_answer(call.to_head, read, cx) {
            Poll::Ready(Ok(Received::Final(status, framing))) => {
                return Poll::Ready(client.begin(framing).map(|()| status).map_err(|_| GONE));
            }
            Poll::Ready(Ok(Received::Interim)) => waiting.heard = true,
            Poll::Ready(Ok(Received::Refused)) | Poll::Ready(Err(Silent::Broken)) => {
                return Poll::Ready(Err(BROKEN));
            }
            Poll::Ready(Err(Silent::Unseen)) => return Poll::Ready(Err(Unanswered::Unsent)),
            Poll::Ready(Err(Silent::Refused)) => return Poll::Ready(Err(Unanswered::Refused)),
            Poll::Ready(Err(Silent::Closed)) if waiting.heard => return Poll::Ready(Err(BROKEN)),
            Poll::Ready(Err(Silent::Closed)) => return Poll::Ready(Err(Unanswered::Closed)),
            Poll::Pending => break,
        }
    }
    if client.is_read() && client.poll_gone(cx).is_ready() {
        return Poll::Ready(Err(GONE));
    }
    if !client.timer().has_passed() {
        return Poll::Pending;
    }
    if client.timer().has_ended() {
        // The client's own time says nothing about the endpoint.
        return Poll::Ready(Err(Unanswered::Finally(Failed::finally(
            Outcome::Abandoned,
            Fault::DeadlineExceeded,
        ))));
    }
    Poll::Ready(Err(Unanswered::Finally(match waiting.for_client {
        true => Failed::finally(Outcome::Abandoned, Fault::RequestTimeout),
        false => Failed::finally(Outcome::TimedOut, Fault::UpstreamTimeout),
    })))
}

const GONE: Unanswered = Unanswered::Finally(Failed::GONE);

/// Sends of the body what there is, and says by when what must come next.
#[inline]
fn upload<C: Client>(
    client: &mut C,
    link: &mut Link,
    flow: &mut Flow,
    waiting: &mut Waiting,
    cx: &mut Context<'_>,
) -> Result<(), Unanswered> {
    let before = flow.received;
    let for_client = match pump(client, link, &mut flow.received, cx) {
        Ok(Pumped::Ended) => {
            flow.upload = Upload::Sent;
            false
        }
        Ok(Pumped::WaitsForSource) => true,
        Ok(Pumped::WaitsForSink) => false,
        Err(PumpError::Source(broken)) => {
            // The client's own body broke the exchange: that says nothing about the endpoint.
            let failed = match broken {
                Broken::Malformed => Failed::finally(Outcome::Abandoned, Fault::BadRequest),
                Broken::TooLarge => Failed::finally(Outcome::Abandoned, Fault::BodyTooLarge),
                Broken::Gone => Failed::GONE,
            };
            return Err(Unanswered::Finally(failed));
        }
        Err(PumpError::Sink(error)) => {
            log::debug!("endpoint takes no more: {error}");
            if link.wrote_nothing() {
                return Err(Unanswered::Unsent);
            }
            // It may have answered before it closed.
            flow.upload = Upload::Refused;
            false
        }
    };
    if for_client != waiting.for_client || flow.received != before {
        waiting.for_client = for_client;
        let times = flow.times;
        client
            .timer()
            .within(if for_client { times.idle } else { times.response });
    }
    Ok(())
}

/// What an endpoint said.
enum Received {
    /// An answer that more will follow; the client is told where it understands that.
    Interim,
    /// The answer that counts: its status, and how its body reaches the client.
    Final(u16, Framing),
    /// Something that it was not asked for.
    Refused,
}

/// Writes an answer's head for the client.
#[inline]
fn receive<C: Client>(
    client: &mut C,
    call: &Call,
    to: To<'_>,
    flow: &mut Flow,
    conn: &Conn,
    response: &Response<'_>,
) -> Received {
    let status = response.status;
    if status < 200 && status != 101 {
        flow.continued |= status == 100;
        if client.speaks() == Speaks::Http10 || (status == 100 && !call.expects) {
            return Received::Interim;
        }
    } else if status == 101 && (call.wish.is_none() || flow.upload != Upload::Sent) {
        // What follows a request cannot be in another protocol while the request itself is not sent, nor where nobody
        // asked for it (RFC 9110, section 7.8).
        return Received::Refused;
    } else {
        withhold(client, call, flow);
        if conn.worker.shared.is_draining() {
            client.close();
        }
    }
    let mut towards = Towards {
        speaks: client.speaks(),
        closes: client.closes(),
        lane: to.shown,
        wish: call.wish.as_deref(),
    };
    let framing = towards.framing(response.framing);
    if framing == Framing::UntilClose {
        client.close();
        towards.closes = true;
    }
    compose::answer(response, &towards, client.head());
    if status < 200 && status != 101 {
        client.interim();
        return Received::Interim;
    }
    Received::Final(status, framing)
}
