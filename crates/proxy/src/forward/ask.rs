//! Asking one endpoint: over idle links while there are any, then over a new one, up to the head of its answer.

use std::future::poll_fn;
use std::task::{Context, Poll};

use graylane_config::RetryOn;
use graylane_pipeline::{Fault, Outcome};
use graylane_wire::{Framing, Response};

use super::NoAnswer;
use super::course::{Course, Verdict};
use crate::body::{Broken, PumpError, Pumped, pump};
use crate::client::Client;
use crate::compose::{self, Speaks, Towards};
use crate::conn::Conn;
use crate::exchange::{Flow, Upload, withhold};
use crate::prepare::Call;
use crate::record::Record;
use crate::rescue;
use crate::upstream::{self, ConnectError, Link, Silent, Way};

/// An endpoint has answered: the head of the answer is written for the client.
pub(super) struct Reached {
    pub(super) link: Link,
    pub(super) status: u16,
}

/// Why an endpoint gave no answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failed {
    pub(super) outcome: Outcome,
    pub(super) fault: NoAnswer,
    /// This one never saw the request: another one may be asked whatever it is.
    pub(super) unseen: bool,
    /// What another one may be asked after, where the service says so.
    pub(super) reason: RetryOn,
}

impl Failed {
    const fn finally(outcome: Outcome, fault: Fault) -> Self {
        Self {
            outcome,
            fault: NoAnswer::Fault(fault),
            unseen: false,
            reason: RetryOn::NOTHING,
        }
    }

    /// The client has left: that says nothing about the endpoint.
    const GONE: Self = Self {
        outcome: Outcome::Abandoned,
        fault: NoAnswer::Gone,
        unseen: false,
        reason: RetryOn::NOTHING,
    };

    /// The connection broke, or what came was not HTTP.
    const BROKEN: Self = Self {
        reason: RetryOn::BROKEN,
        ..Self::finally(Outcome::Broken, Fault::UpstreamBroken)
    };

    /// The answer did not come in time.
    const LATE: Self = Self {
        reason: RetryOn::TIMEOUT,
        ..Self::finally(Outcome::TimedOut, Fault::UpstreamTimeout)
    };

    /// The endpoint answered, and another one is asked all the same.
    const fn declined(status: u16) -> Self {
        Self::finally(Outcome::Answered(status), Fault::UpstreamBroken)
    }

    /// The endpoint answered, but not what the client gets.
    const fn replaced(status: u16) -> Self {
        Self {
            fault: NoAnswer::Replaced,
            ..Self::finally(Outcome::Answered(status), Fault::UpstreamBroken)
        }
    }

    /// The endpoint is there, and has not looked at the request.
    const fn refused() -> Self {
        Self {
            unseen: true,
            ..Self::finally(Outcome::Broken, Fault::UpstreamBroken)
        }
    }

    const fn unseen(outcome: Outcome) -> Self {
        Self {
            unseen: true,
            ..Self::finally(outcome, Fault::Unreachable)
        }
    }
}

/// Who is asked, and what of the answer's head is known before.
#[derive(Clone, Copy)]
pub(super) struct To<'a> {
    pub(super) way: Way<'a>,
    pub(super) record: &'a Record,
    /// The lane, where the service shows it to the client.
    pub(super) shown: Option<&'a str>,
    /// The lane in whose place that one answers.
    pub(super) instead_of: Option<&'a str>,
}

/// Asks one endpoint: over idle links while there are any, then over a new one.
#[inline]
pub(super) async fn ask<C: Client>(
    client: &mut C,
    call: &mut Call,
    to: &To<'_>,
    course: &mut Course<'_>,
    flow: &mut Flow,
    conn: &Conn,
) -> Result<Reached, Failed> {
    let mut refused = false;
    while let Some(link) = upstream::take_idle(to.way) {
        match ask_over(client, call, link, to, course, flow, conn).await {
            Ok(answered) => return Ok(answered),
            Err(Unanswered::Finally(failed)) => return Err(failed),
            Err(Unanswered::Unsent) if flow.received == 0 => {}
            // Once: it may know its own limits better by now than when the request went out.
            Err(Unanswered::Refused) if flow.received == 0 && !refused => {
                refused = true;
                call.retries = call.retries.saturating_add(1);
            }
            Err(Unanswered::Refused) if flow.received == 0 => return Err(Failed::refused()),
            Err(Unanswered::Closed) if call.is_repeatable() => {
                call.retries = call.retries.saturating_add(1);
                break;
            }
            Err(_) => return Err(Failed::BROKEN),
        }
    }
    // Boxed, as it is rare: the size of a future is paid by every exchange.
    Box::pin(ask_anew(client, call, to, course, flow, conn)).await
}

/// Asks one endpoint over a new link.
async fn ask_anew<C: Client>(
    client: &mut C,
    call: &mut Call,
    to: &To<'_>,
    course: &mut Course<'_>,
    flow: &mut Flow,
    conn: &Conn,
) -> Result<Reached, Failed> {
    let endpoint = to.way.endpoint;
    let link = match connect(client, to.way).await {
        Some(Ok(link)) => link,
        Some(Err(ConnectError::TimedOut)) if client.timer().has_ended() => {
            return Err(Failed::unseen(out_of_time(call)));
        }
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
    ask_over(client, call, link, to, course, flow, conn)
        .await
        .map_err(|error| match error {
            Unanswered::Finally(failed) => failed,
            Unanswered::Unsent | Unanswered::Refused if flow.received == 0 => Failed::refused(),
            // A new connection that closes without an answer has not the excuse of an old one.
            Unanswered::Unsent | Unanswered::Refused | Unanswered::Closed => Failed::BROKEN,
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

const BROKEN: Unanswered = Unanswered::Finally(Failed::BROKEN);

/// Sends a request over one link and waits for the head of the answer.
#[inline]
async fn ask_over<C: Client>(
    client: &mut C,
    call: &Call,
    mut link: Link,
    to: &To<'_>,
    course: &mut Course<'_>,
    flow: &mut Flow,
    conn: &Conn,
) -> Result<Reached, Unanswered> {
    flow.upload = Upload::Sending;
    link.begin(call);
    // The wait for the answer begins now: what other endpoints and the making of a connection took is not its fault.
    client.timer().within(flow.times.response);
    let mut waiting = Waiting {
        for_client: false,
        heard: false,
    };
    let said = poll_fn(|cx| {
        client.timer().wakes(cx);
        poll_answer(client, call, &mut link, to, course, flow, conn, &mut waiting, cx)
    })
    .await?;
    match said {
        Said::PassedOn(status) => Ok(Reached { link, status }),
        Said::Declined(failed) => {
            // To an endpoint that waits for the rest of a body, the next request would be that rest.
            if flow.upload == Upload::Sent {
                upstream::lay_aside(link, conn.worker.clock.now());
            }
            Err(Unanswered::Finally(failed))
        }
    }
}

/// What became of an answer that counts.
enum Said {
    /// Its head is written for the client, with this status.
    PassedOn(u16),
    /// Nothing of it is.
    Declined(Failed),
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
    to: &To<'_>,
    course: &mut Course<'_>,
    flow: &mut Flow,
    conn: &Conn,
    waiting: &mut Waiting,
    cx: &mut Context<'_>,
) -> Poll<Result<Said, Unanswered>> {
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
        let read = |response: &Response<'_>| receive(client, call, to, course, flow, conn, response);
        match link.poll_answer(call.to_head, read, cx) {
            Poll::Ready(Ok(Received::Final(status, framing))) => {
                return Poll::Ready(
                    client
                        .begin(framing)
                        .map(|()| Said::PassedOn(status))
                        .map_err(|_| GONE),
                );
            }
            Poll::Ready(Ok(Received::Declined(failed))) => return Poll::Ready(Ok(Said::Declined(failed))),
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
        return Poll::Ready(Err(Unanswered::Finally(Failed::finally(
            out_of_time(call),
            Fault::DeadlineExceeded,
        ))));
    }
    Poll::Ready(Err(Unanswered::Finally(match waiting.for_client {
        true => Failed::finally(Outcome::Abandoned, Fault::RequestTimeout),
        false => Failed::LATE,
    })))
}

/// The end of an attempt with which the time of the exchange is up. The client's own time says nothing about the endpoint, nor
/// does what others have left of the service's.
#[cold]
fn out_of_time(call: &Call) -> Outcome {
    if call.time.is_none() && call.retries == 0 {
        Outcome::TimedOut
    } else {
        Outcome::Abandoned
    }
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
    let for_client = match pump(client, link, &mut flow.received, &mut flow.replica, cx) {
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
    /// The answer that would count; but another endpoint is asked, or a module answers.
    Declined(Failed),
}

/// Writes an answer's head for the client.
#[inline]
fn receive<C: Client>(
    client: &mut C,
    call: &Call,
    to: &To<'_>,
    course: &mut Course<'_>,
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
    } else if status >= 500 && course.verdict(status, call, flow) == Verdict::Retry {
        return Received::Declined(Failed::declined(status));
    } else if let Some(reply) = rescue::of_status(status, call, to.record) {
        flow.instead = Some(reply);
        return Received::Declined(Failed::replaced(status));
    } else {
        withhold(client, call, flow);
        if conn.is_last() {
            client.close();
        }
    }
    let mut towards = Towards {
        speaks: client.speaks(),
        closes: client.closes(),
        lane: to.shown,
        instead_of: to.instead_of,
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
        flow.told = true;
        return Received::Interim;
    }
    Received::Final(status, framing)
}
