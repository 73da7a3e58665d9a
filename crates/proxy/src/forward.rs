//! *forward*: ask an endpoint of the lane, and another one where that is safe.
//!
//! What may be tried again: a request of which nothing was written, whatever its method, as long as its body was not
//! asked for; and a request with a safe method and no body that was sent on a kept-alive connection which closed without
//! a byte of an answer: the endpoint had most likely closed it before (RFC 9112, section 9.3.1). Nothing else: an
//! endpoint may have acted on it.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Instant;

use graylane_config::Endpoint;
use graylane_pipeline::{Attempt, Fault, Hooks, LaneId, Outcome};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use crate::connection::Conn;
use crate::generation::Generation;
use crate::record::Record;
use crate::roster::Seat;
use crate::upstream::{self, ConnectError, Head, Link, Reply, Upload, UploadError};

/// A request on its way to an endpoint.
#[derive(Debug)]
pub(crate) struct Call {
    /// Method, target and fields; the fields are gone once an answer came.
    parts: Parts,
    /// Taken by the answer that comes before its end.
    upload: Option<Upload>,
    /// Whether the method is safe (RFC 9110, section 9.2.1).
    safe: bool,
    upgrades: bool,
    /// How often another endpoint or connection was tried.
    retries: u8,
}

impl Call {
    #[inline]
    pub(crate) fn new(parts: Parts, upload: Upload, upgrades: bool) -> Self {
        let safe = matches!(
            parts.method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
        );
        Self {
            parts,
            upload: Some(upload),
            safe,
            upgrades,
            retries: 0,
        }
    }

    /// Whether the request can be sent from its beginning: nobody asked for its body yet.
    fn is_whole(&self) -> bool {
        self.upload.as_ref().is_some_and(Upload::is_untouched)
    }

    /// Whether it may be sent again after an endpoint may have seen it.
    fn is_repeatable(&self) -> bool {
        self.safe && self.upload.as_ref().is_some_and(Upload::is_empty)
    }
}

/// Asks the endpoints of a lane in turn until one answers.
pub(crate) async fn forward(
    call: &mut Call,
    lane: LaneId,
    record: &mut Record,
) -> Result<Response<Reply>, Fault> {
    let generation: &Generation = &record.generation;
    let endpoints = generation.snapshot().lane(lane).endpoints();
    let first = if endpoints.len() > 1 {
        upstream::turn(generation.roster().lane(lane).seat)
    } else {
        0
    };
    let mut fault = None;
    for step in 0..endpoints.len() {
        let (id, endpoint) = &endpoints[(first + step) % endpoints.len()];
        let attempt = Attempt {
            endpoint: *id,
            lane,
            started: Instant::now(),
        };
        let Some(mut admitted) = Admitted::ask(generation.hooks(), &attempt) else {
            continue;
        };
        call.retries += u8::from(fault.is_some());
        let to = To {
            seat: generation.roster().endpoint(*id),
            endpoint,
            generation,
        };
        let asked = ask(call, to, &record.conn).await;
        admitted.outcome = match &asked {
            Ok(response) => Outcome::Answered(response.status().as_u16()),
            Err(failed) => failed.outcome,
        };
        drop(admitted);
        record.endpoint = Some(*id);
        record.retries = call.retries;
        match asked {
            Ok(response) => return Ok(response),
            Err(failed) if failed.may_go_on => fault = Some(failed.fault),
            Err(failed) => return Err(failed.fault),
        }
    }
    Err(fault.unwrap_or(Fault::NoEndpoint))
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
    fault: Fault,
    /// Whether another endpoint may be asked: this one never saw the request.
    may_go_on: bool,
}

impl Failed {
    const fn finally(outcome: Outcome, fault: Fault) -> Self {
        Self {
            outcome,
            fault,
            may_go_on: false,
        }
    }

    const fn unseen(outcome: Outcome) -> Self {
        Self {
            outcome,
            fault: Fault::Unreachable,
            may_go_on: true,
        }
    }
}

/// Who is asked.
#[derive(Clone, Copy)]
struct To<'a> {
    seat: Seat,
    endpoint: &'a Endpoint,
    generation: &'a Generation,
}

/// Asks one endpoint: over idle links while there are any, then over a new one.
#[inline]
async fn ask(call: &mut Call, to: To<'_>, conn: &Conn) -> Result<Response<Reply>, Failed> {
    while let Some(link) = upstream::take_idle(to.seat) {
        match exchange(call, link, conn).await {
            Ok(response) => return Ok(response),
            Err(Unanswered::Finally(failed)) => return Err(failed),
            Err(Unanswered::Unsent) if call.is_whole() => {}
            Err(Unanswered::Closed) if call.is_repeatable() => {
                call.retries += 1;
                break;
            }
            Err(_) => return Err(Failed::finally(Outcome::Broken, Fault::UpstreamBroken)),
        }
    }
    // Boxed, as it is rare: the size of a future is paid by every exchange.
    Box::pin(ask_anew(call, to, conn)).await
}

/// Asks one endpoint over a new link.
async fn ask_anew(call: &mut Call, to: To<'_>, conn: &Conn) -> Result<Response<Reply>, Failed> {
    let limit = to.generation.limits().connect_time;
    let endpoint = to.endpoint;
    let link = match upstream::connect(to.seat, endpoint, limit).await {
        Ok(link) => link,
        Err(ConnectError::TimedOut) => return Err(Failed::unseen(Outcome::TimedOut)),
        Err(ConnectError::Refused(error)) => {
            log::debug!("endpoint {}:{} refused: {error}", endpoint.host, endpoint.port);
            return Err(Failed::unseen(Outcome::Unreachable));
        }
    };
    conn.worker.counters.upstream_opened.add(1);
    exchange(call, link, conn).await.map_err(|error| match error {
        Unanswered::Finally(failed) => failed,
        Unanswered::Unsent if call.is_whole() => Failed {
            fault: Fault::UpstreamBroken,
            ..Failed::unseen(Outcome::Broken)
        },
        // A new connection that closes without an answer has not the excuse of an old one.
        Unanswered::Unsent | Unanswered::Closed => Failed::finally(Outcome::Broken, Fault::UpstreamBroken),
    })
}

/// A request was not answered.
enum Unanswered {
    /// None of it was written.
    Unsent,
    /// The connection closed before a byte of an answer.
    Closed,
    /// Trying again is out of the question.
    Finally(Failed),
}

const BROKEN: Unanswered = Unanswered::Finally(Failed::finally(Outcome::Broken, Fault::UpstreamBroken));

/// Sends a request over one link and waits for the head of the answer.
#[inline]
async fn exchange(call: &mut Call, mut link: Box<Link>, conn: &Conn) -> Result<Response<Reply>, Unanswered> {
    // The wait for the answer begins now: what other endpoints and the making of a connection took is not its fault.
    conn.waiting();
    if let Some(upload) = &mut call.upload {
        upload.begin();
    }
    let Parts {
        method, uri, headers, ..
    } = &call.parts;
    upstream::compose(link.begin(), method, uri, headers);
    let mut seen = Seen {
        takes: true,
        heard: false,
    };
    let head = poll_fn(|cx| poll_head(call, &mut link, conn, &mut seen, cx)).await?;
    // What follows a request cannot be in another protocol while the request itself is not sent (RFC 9110, section 7.8).
    let may_switch = call.upgrades && call.upload.as_ref().is_some_and(Upload::is_sent);
    if head.response.status() == StatusCode::SWITCHING_PROTOCOLS && !may_switch {
        return Err(BROKEN);
    }
    // The body goes on beside the answer: to an endpoint that still takes it, else to nowhere, because a client that is
    // cut off while it sends may never see the answer.
    let upload = call
        .upload
        .take()
        .filter(|upload| !upload.is_sent() && (seen.takes || !upload.is_empty()));
    Ok(Reply::new(link, upload, head, seen.takes))
}

/// What is known of an endpoint during one exchange.
struct Seen {
    /// It takes what is sent.
    takes: bool,
    /// It said something, if only an interim answer.
    heard: bool,
}

/// Sends the rest of the request and looks for the head of the answer, side by side.
#[inline]
fn poll_head(
    call: &mut Call,
    link: &mut Link,
    conn: &Conn,
    seen: &mut Seen,
    cx: &mut Context<'_>,
) -> Poll<Result<Head, Unanswered>> {
    if let Some(upload) = call.upload.as_mut().filter(|_| seen.takes) {
        match upload.poll(link, conn, cx) {
            Poll::Ready(Err(UploadError::Body)) => {
                // The client's own body broke the exchange: that says nothing about the endpoint.
                let fault = conn.body.fault().unwrap_or(Fault::BadRequest);
                return Poll::Ready(Err(Unanswered::Finally(Failed::finally(
                    Outcome::Abandoned,
                    fault,
                ))));
            }
            Poll::Ready(Err(UploadError::Link(error))) => {
                log::debug!("endpoint takes no more: {error}");
                if link.wrote_nothing() {
                    return Poll::Ready(Err(Unanswered::Unsent));
                }
                // It may have answered before it closed.
                seen.takes = false;
            }
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
    }
    loop {
        if !link.inbox().is_empty() {
            match upstream::read_head(link.inbox(), &call.parts.method, &mut call.parts.headers) {
                // RFC 9110, section 15.2: interim answers come before the one that counts, and none but 101 is for us.
                Ok(Some(head)) if is_interim(head.response.status()) => {
                    seen.heard = true;
                    continue;
                }
                Ok(Some(head)) => return Poll::Ready(Ok(head)),
                Ok(None) => {}
                Err(error) => {
                    log::debug!("endpoint: {error}");
                    return Poll::Ready(Err(BROKEN));
                }
            }
        }
        match link.poll_fill(cx) {
            Poll::Ready(Ok(0) | Err(_)) if link.inbox().is_empty() && !seen.heard => {
                return Poll::Ready(Err(Unanswered::Closed));
            }
            Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Err(BROKEN)),
            Poll::Ready(Ok(_)) => {}
            Poll::Pending => break,
        }
    }
    if !conn.deadline_passed() {
        return Poll::Pending;
    }
    Poll::Ready(Err(Unanswered::Finally(match conn.body.waits_for_client() {
        true => Failed::finally(Outcome::Abandoned, Fault::RequestTimeout),
        false => Failed::finally(Outcome::TimedOut, Fault::UpstreamTimeout),
    })))
}

fn is_interim(status: StatusCode) -> bool {
    status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
}
