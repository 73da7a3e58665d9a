//! *forward*: ask an endpoint of the lane, and another one where that is safe.
//!
//! What may be tried again: a request that was never sent (no connection, or one that closed before hyper wrote to it),
//! whatever its method; and a request with a safe method and no body that was sent on a kept-alive connection which
//! closed without an answer: the endpoint had most likely closed it before (RFC 9112, section 9.3.1). Nothing else: an
//! endpoint may have acted on it.
//!
//! The request stays in one place, [`Call`], until hyper takes it: moving it through every future on the way would cost
//! more than the rest of this file.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use graylane_config::Endpoint;
use graylane_pipeline::{Attempt, EndpointId, Fault, Hooks, LaneId, Outcome};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::connection::Conn;
use crate::pool::{self, ConnectError, Lease};
use crate::received::Received;
use crate::record::Record;
use crate::replay;

/// A request on its way to an endpoint.
#[derive(Debug)]
pub(crate) struct Call {
    /// Taken when it is sent, put back when it turns out that it was not.
    request: Option<Request<Received>>,
    /// Whether it may be sent a second time: its method is safe (RFC 9110, section 9.2.1) and it has no body.
    repeatable: bool,
    upgrades: bool,
    /// How often another endpoint or connection was tried.
    retries: u8,
}

/// What an endpoint answered.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) response: Response<Incoming>,
    pub(crate) lease: Lease,
}

impl Call {
    #[inline]
    pub(crate) fn new(request: Request<Received>, upgrades: bool) -> Self {
        let safe = matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
        );
        Self {
            repeatable: safe && request.body().is_empty(),
            request: Some(request),
            upgrades,
            retries: 0,
        }
    }
}

/// Asks the endpoints of a lane in turn until one answers.
pub(crate) async fn forward(
    call: &mut Call,
    lane: LaneId,
    endpoints: &[(EndpointId, Endpoint)],
    record: &mut Record,
) -> Result<Upstream, Fault> {
    let first = if endpoints.len() > 1 { pool::turn(lane) } else { 0 };
    let mut fault = None;
    for step in 0..endpoints.len() {
        let (id, endpoint) = &endpoints[(first + step) % endpoints.len()];
        let attempt = Attempt {
            endpoint: *id,
            lane,
            started: Instant::now(),
        };
        let hooks = record.conn().worker.shared.hooks();
        let Some(mut admitted) = Admitted::ask(hooks, &attempt) else {
            continue;
        };
        call.retries += u8::from(fault.is_some());
        let asked = ask(call, *id, endpoint, record.conn()).await;
        admitted.outcome = match &asked {
            Ok(upstream) => Outcome::Answered(upstream.response.status().as_u16()),
            Err(failed) => failed.outcome,
        };
        drop(admitted);
        record.endpoint = Some(*id);
        record.retries = call.retries;
        match asked {
            Ok(upstream) => return Ok(upstream),
            Err(failed) if call.request.is_none() => return Err(failed.fault),
            Err(failed) => fault = Some(failed.fault),
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

/// Why an endpoint gave no answer. Whether another may be asked is told by the call: it has its request, or not.
#[derive(Debug, Clone, Copy)]
struct Failed {
    outcome: Outcome,
    fault: Fault,
}

impl Failed {
    const BROKEN: Self = Self {
        outcome: Outcome::Broken,
        fault: Fault::UpstreamBroken,
    };
}

/// Asks one endpoint: over idle connections while there are any, then over a new one.
#[inline]
async fn ask(call: &mut Call, id: EndpointId, endpoint: &Endpoint, conn: &Conn) -> Result<Upstream, Failed> {
    while let Some(lease) = pool::take_idle(id).await {
        match send(call, lease, conn).await {
            Ok(upstream) => return Ok(upstream),
            Err(NotAnswered::Unsent) => {}
            Err(NotAnswered::Finally(failed)) => return Err(failed),
            Err(NotAnswered::Closed(lease)) => {
                // Boxed, as everything rare on this path: the size of a future is paid by every exchange.
                let Some(request) = Box::pin(take_back(call, lease, conn)).await else {
                    return Err(Failed::BROKEN);
                };
                call.retries += 1;
                call.request = Some(request);
                break;
            }
        }
    }
    Box::pin(ask_anew(call, id, endpoint, conn)).await
}

/// Asks one endpoint over a new connection.
async fn ask_anew(
    call: &mut Call,
    id: EndpointId,
    endpoint: &Endpoint,
    conn: &Conn,
) -> Result<Upstream, Failed> {
    let limit = conn.worker.shared.limits().connect_time;
    let lease = match pool::connect(id, endpoint, limit).await {
        Ok(lease) => lease,
        Err(ConnectError::TimedOut) => {
            return Err(Failed {
                outcome: Outcome::TimedOut,
                fault: Fault::Unreachable,
            });
        }
        Err(ConnectError::Refused(error)) => {
            log::debug!("endpoint {}:{} refused: {error}", endpoint.host, endpoint.port);
            return Err(Failed {
                outcome: Outcome::Unreachable,
                fault: Fault::Unreachable,
            });
        }
    };
    conn.worker.counters.upstream_opened.add(1);
    send(call, lease, conn).await.map_err(|error| match error {
        NotAnswered::Finally(failed) => failed,
        // Closed at once, before or after the request was written: a new connection has no such excuse.
        NotAnswered::Unsent | NotAnswered::Closed(_) => Failed::BROKEN,
    })
}

/// A request was not answered.
enum NotAnswered {
    /// It was not sent, and is back in the call.
    Unsent,
    /// The connection closed without an answer.
    Closed(Lease),
    /// Trying again is out of the question.
    Finally(Failed),
}

/// Sends a request over one connection and waits for the head of the answer.
#[inline]
async fn send(call: &mut Call, mut lease: Lease, conn: &Conn) -> Result<Upstream, NotAnswered> {
    let Some(request) = call.request.take() else {
        return Err(NotAnswered::Finally(Failed::BROKEN));
    };
    // The wait for the answer begins now: what other endpoints and the making of a connection took is not its fault.
    conn.waiting();
    let sent = lease.sender.try_send_request(request);
    match within_deadline(conn, sent).await {
        Some(Ok(response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS && !call.upgrades => {
            Err(NotAnswered::Finally(Failed::BROKEN))
        }
        Some(Ok(response)) => Ok(Upstream { response, lease }),
        Some(Err(mut error)) => {
            log::debug!("upstream: {}", error.error());
            call.request = error.take_message();
            // The client's own body may be what broke the exchange: that says nothing about the endpoint.
            Err(match conn.body.fault() {
                Some(fault) => NotAnswered::Finally(Failed {
                    outcome: Outcome::Abandoned,
                    fault,
                }),
                None if call.request.is_some() => NotAnswered::Unsent,
                None => NotAnswered::Closed(lease),
            })
        }
        None => Err(NotAnswered::Finally(match conn.body.waits_for_client() {
            true => Failed {
                outcome: Outcome::Abandoned,
                fault: Fault::RequestTimeout,
            },
            false => Failed {
                outcome: Outcome::TimedOut,
                fault: Fault::UpstreamTimeout,
            },
        })),
    }
}

/// The request that a closed connection was sent, if it may be sent again and nothing of an answer came.
async fn take_back(call: &Call, lease: Lease, conn: &Conn) -> Option<Request<Received>> {
    let Lease {
        sender, last_words, ..
    } = lease;
    drop(sender);
    if !call.repeatable {
        return None;
    }
    let bytes = within_deadline(conn, last_words).await?.ok()??;
    replay::read_back(&bytes)
}

/// Waits until the connection's deadline passes; the clock's scan wakes the task when it does.
#[inline]
async fn within_deadline<T>(conn: &Conn, awaited: impl Future<Output = T>) -> Option<T> {
    let mut awaited = pin!(awaited);
    poll_fn(|cx| match awaited.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if conn.deadline_passed() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}
