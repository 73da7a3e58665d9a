//! *forward*: ask an endpoint of the lane, and another one where that is safe.
//!
//! What may be tried again: a request that was never sent (no connection, or one that closed before hyper wrote to it),
//! whatever its method; and a request with a safe method and no body that was sent on a kept-alive connection which
//! closed without an answer: the endpoint had most likely closed it before (RFC 9112, section 9.3.1). Nothing else: an
//! endpoint may have acted on it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use graylane_config::Endpoint;
use graylane_pipeline::{Attempt, EndpointId, Fault, Hooks, LaneId, Outcome};
use http::Response;
use http::{Method, Request};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;

use crate::answer::Upstream;
use crate::connection::Conn;
use crate::pool::{self, ConnectError, Lease};
use crate::received::Received;
use crate::record::Record;

/// Asks the endpoints of a lane in turn until one answers.
pub(crate) async fn forward(
    mut request: Request<Received>,
    lane: LaneId,
    endpoints: &[(EndpointId, Endpoint)],
    record: &mut Record,
) -> Result<Upstream, Fault> {
    let conn = Arc::clone(record.conn());
    let hooks = conn.worker.shared.hooks();
    let first = if endpoints.len() > 1 { pool::turn(lane) } else { 0 };
    let mut fault = Fault::NoEndpoint;
    for step in 0..endpoints.len() {
        let (id, endpoint) = &endpoints[(first + step) % endpoints.len()];
        let attempt = Attempt {
            endpoint: *id,
            lane,
            started: Instant::now(),
        };
        let Some(admitted) = Admitted::ask(hooks, attempt) else {
            continue;
        };
        if fault != Fault::NoEndpoint {
            record.retries += 1;
        }
        record.endpoint = Some(*id);
        match ask(&conn, *id, endpoint, request, &mut record.retries).await {
            Ok(upstream) => {
                admitted.settle(Outcome::Answered(upstream.response.status().as_u16()));
                return Ok(upstream);
            }
            Err(Failed {
                outcome,
                fault: why,
                unsent,
            }) => {
                admitted.settle(outcome);
                fault = why;
                match unsent {
                    Some(back) => request = *back,
                    None => return Err(fault),
                }
            }
        }
    }
    Err(fault)
}

/// An attempt that every module admitted: settled exactly once, also when the client leaves and the future is dropped.
struct Admitted<'a> {
    hooks: &'a Hooks,
    attempt: Attempt,
    outcome: Outcome,
}

impl<'a> Admitted<'a> {
    #[inline]
    fn ask(hooks: &'a Hooks, attempt: Attempt) -> Option<Self> {
        hooks.admit(&attempt).then_some(Self {
            hooks,
            attempt,
            outcome: Outcome::Abandoned,
        })
    }

    #[inline]
    fn settle(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Admitted<'_> {
    #[inline]
    fn drop(&mut self) {
        self.hooks.settle(&self.attempt, self.outcome);
    }
}

/// Why an endpoint gave no answer.
struct Failed {
    outcome: Outcome,
    fault: Fault,
    /// The request, where it was not sent and another endpoint may be asked.
    unsent: Option<Box<Request<Received>>>,
}

impl Failed {
    fn finally(outcome: Outcome, fault: Fault) -> Self {
        Self {
            outcome,
            fault,
            unsent: None,
        }
    }
}

/// Asks one endpoint: over idle connections while there are any, then over a new one.
async fn ask(
    conn: &Arc<Conn>,
    id: EndpointId,
    endpoint: &Endpoint,
    mut request: Request<Received>,
    retries: &mut u8,
) -> Result<Upstream, Failed> {
    loop {
        let Some(lease) = pool::take_idle(&conn.worker, id).await else {
            break;
        };
        let copy = copy_if_repeatable(&request);
        match send(conn, lease, request).await {
            Ok(upstream) => return Ok(upstream),
            Err(NotAnswered {
                unsent: Some(back), ..
            }) => request = back,
            Err(NotAnswered {
                failed: Some(failed), ..
            }) => return Err(failed),
            Err(_) => match copy {
                Some(copy) => {
                    *retries += 1;
                    request = copy;
                    break;
                }
                None => return Err(Failed::finally(Outcome::Broken, Fault::UpstreamBroken)),
            },
        }
    }
    let lease = match pool::connect(
        &conn.worker,
        id,
        endpoint,
        conn.worker.shared.limits().connect_time,
    )
    .await
    {
        Ok(lease) => lease,
        Err(error) => {
            let outcome = match error {
                ConnectError::TimedOut => Outcome::TimedOut,
                ConnectError::Refused(error) => {
                    log::debug!("endpoint {}:{} refused: {error}", endpoint.host, endpoint.port);
                    Outcome::Unreachable
                }
            };
            return Err(Failed {
                outcome,
                fault: Fault::Unreachable,
                unsent: Some(Box::new(request)),
            });
        }
    };
    // The wait for the answer begins now, not when the connection was asked for.
    conn.waiting();
    send(conn, lease, request).await.map_err(|error| match error {
        NotAnswered {
            failed: Some(failed), ..
        } => failed,
        NotAnswered {
            unsent: Some(back), ..
        } => Failed {
            outcome: Outcome::Broken,
            fault: Fault::UpstreamBroken,
            unsent: Some(Box::new(back)),
        },
        NotAnswered { .. } => Failed::finally(Outcome::Broken, Fault::UpstreamBroken),
    })
}

/// A request that was sent, or not, and not answered.
struct NotAnswered {
    unsent: Option<Request<Received>>,
    /// Set where trying again is out of the question.
    failed: Option<Failed>,
}

/// Sends a request over one connection and waits for the head of the answer.
async fn send(conn: &Conn, mut lease: Lease, request: Request<Received>) -> Result<Upstream, NotAnswered> {
    let upgrades = crate::upgrade::is_asked(&request);
    match within_deadline(conn, lease.sender.try_send_request(request)).await {
        Some(Ok(response)) if response.status() == http::StatusCode::SWITCHING_PROTOCOLS && !upgrades => {
            Err(NotAnswered {
                unsent: None,
                failed: Some(Failed::finally(Outcome::Broken, Fault::UpstreamBroken)),
            })
        }
        Some(Ok(response)) => Ok(Upstream { response, lease }),
        Some(Err(mut error)) => {
            let unsent = error.take_message();
            // The client's own body may be what broke the exchange: that says nothing about the endpoint.
            let failed = conn
                .body
                .fault()
                .map(|fault| Failed::finally(Outcome::Abandoned, fault));
            log::debug!("upstream: {}", error.error());
            Err(NotAnswered { unsent, failed })
        }
        None if conn.body.waits_for_client() => {
            let failed = Failed::finally(Outcome::Abandoned, Fault::RequestTimeout);
            Err(NotAnswered {
                unsent: None,
                failed: Some(failed),
            })
        }
        None => {
            let failed = Failed::finally(Outcome::TimedOut, Fault::UpstreamTimeout);
            Err(NotAnswered {
                unsent: None,
                failed: Some(failed),
            })
        }
    }
}

type Sent = Result<Response<Incoming>, TrySendError<Request<Received>>>;

/// Waits for the answer until the connection's deadline passes; the clock's scan wakes the task when it does.
async fn within_deadline(conn: &Conn, answer: impl Future<Output = Sent>) -> Option<Sent> {
    let mut answer = pin!(answer);
    poll_fn(|cx| match answer.as_mut().poll(cx) {
        Poll::Ready(sent) => Poll::Ready(Some(sent)),
        Poll::Pending if conn.deadline_passed() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// A copy to send again, of a request that is safe (RFC 9110, section 9.2.1) and has no body.
#[inline]
fn copy_if_repeatable(request: &Request<Received>) -> Option<Request<Received>> {
    let safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    );
    if !safe || !request.body().is_empty() {
        return None;
    }
    let mut copy = Request::new(Received::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}
