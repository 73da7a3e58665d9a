//! A copy's own exchange: asked, and its answer read and dropped.
//!
//! It is not driven by `forward`: what that does for a client (modules, the record, the wait for a client that sends or
//! leaves) has no place here, and a second kind of client would compile all of it a second time.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use graylane_wire::Framing;

use super::counters::Failure;
use super::{Replica, Side};
use crate::body::{Broken, Next, PumpError, Pumped, Source, discard, pump_then};
use crate::exchange::Upload;
use crate::prepare::Call;
use crate::random;
use crate::rules::Rules;
use crate::timer::Timer;
use crate::upstream::{self, ConnectError, Link, Silent, Way};
use crate::worker::Listed;

/// How a copy's exchange ended: with a status, with a failure, or with a status and a failure behind it.
#[derive(Debug, Clone, Copy)]
struct Ended {
    status: u16,
    failure: Option<Failure>,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self {
            status: 0,
            failure: Some(failure),
        }
    }
}

/// Sends a copy, and counts what became of it.
pub(super) async fn deliver(replica: Box<Replica>) {
    let timer = Timer::new(&replica.worker.clock, replica.rules().response);
    let listed = Listed::new(&timer);
    let ended = ask_endpoints(&replica, &timer).await;
    drop(listed);
    if let Some(failure) = ended.failure {
        replica.place.counters().failed(failure);
    }
    replica.pair.ended(Side::Mirror, ended.status);
}

impl Replica {
    /// How its service's endpoints are asked.
    fn rules(&self) -> &Rules {
        self.generation.rules(self.place.mirror.number)
    }
}

/// Asks one endpoint, any; and others only while nobody can have seen the copy.
async fn ask_endpoints(replica: &Replica, timer: &Arc<Timer>) -> Ended {
    let generation = &replica.generation;
    let lane = generation.snapshot().lane(replica.place.mirror.target);
    let endpoints = lane.endpoints();
    let first = random::next() as usize % endpoints.len().max(1);
    let mut last = Failure::NoEndpoint;
    for step in 0..endpoints.len() {
        let (id, endpoint) = &endpoints[(first + step) % endpoints.len()];
        let known = generation.roster().endpoint(*id);
        if !known.standing.is_healthy() {
            continue;
        }
        let way = Way {
            seat: known.seat,
            endpoint,
            protocol: lane.protocol,
            peer: generation.peer(*id),
            limits: generation.limits(),
            connect_time: replica.rules().connect,
            clock: &replica.worker.clock,
        };
        match ask(replica, way, timer).await {
            Ok(ended) => return ended,
            Err(failure) => last = failure,
        }
    }
    last.into()
}

/// Asks one endpoint, over an idle link where there is one; a failure where it cannot have seen the copy.
async fn ask(replica: &Replica, way: Way<'_>, timer: &Arc<Timer>) -> Result<Ended, Failure> {
    if let Some(link) = upstream::take_idle(way)
        && let Some(ended) = ask_over(replica, link, timer).await
    {
        return Ok(ended);
    }
    let link = upstream::connect(way).await.map_err(|error| match error {
        ConnectError::TimedOut => Failure::Timeout,
        ConnectError::Refused(_) => Failure::Unreachable,
    })?;
    if link.is_new() {
        replica.worker.counters.upstream_opened.add(1);
    }
    Ok(ask_over(replica, link, timer)
        .await
        .unwrap_or(Failure::Broken.into()))
}

/// Sends the copy over one link and reads its answer; `None` where it may be sent over another one.
async fn ask_over(replica: &Replica, mut link: Link, timer: &Arc<Timer>) -> Option<Ended> {
    timer.within(replica.rules().response);
    link.begin(&replica.call);
    let mut asking = Asking {
        body: Kept(&replica.body),
        upload: Upload::Sending,
        status: 0,
        read: 0,
    };
    let failure = poll_fn(|cx| {
        timer.wakes(cx);
        match asking.poll(replica, &mut link, cx) {
            Poll::Pending if timer.has_passed() => Poll::Ready(Err(Unanswered::Failed(Failure::Timeout))),
            polled => polled,
        }
    })
    .await;
    let failure = match failure {
        Ok(()) => None,
        Err(Unanswered::Unseen) => return None,
        Err(Unanswered::Failed(failure)) => Some(failure),
    };
    if failure.is_none() && asking.upload == Upload::Sent {
        link.give_back(replica.worker.clock.now());
    }
    Some(Ended {
        status: asking.status,
        failure,
    })
}

enum Unanswered {
    /// The endpoint cannot have looked at it.
    Unseen,
    Failed(Failure),
}

/// How far a copy's exchange has come.
struct Asking<'a> {
    body: Kept<'a>,
    upload: Upload,
    /// Of the answer; 0 before there is one.
    status: u16,
    /// Bytes of the answer's body.
    read: u64,
}

impl Asking<'_> {
    fn poll(
        &mut self,
        replica: &Replica,
        link: &mut Link,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Unanswered>> {
        if self.upload == Upload::Sending {
            let mut sent = 0;
            match pump_then(&mut self.body, link, &mut sent, cx, |_| {}) {
                Ok(Pumped::Ended) => self.upload = Upload::Sent,
                Ok(_) => {}
                Err(_) if link.wrote_nothing() => return Poll::Ready(Err(Unanswered::Unseen)),
                // It may have answered before it closed.
                Err(PumpError::Sink(_) | PumpError::Source(_)) => self.upload = Upload::Refused,
            }
        }
        while self.status == 0 {
            match link.poll_answer(replica.call.to_head, |response| response.status, cx) {
                Poll::Ready(Ok(status)) if status >= 200 => {
                    self.status = status;
                    replica.pair.heard(Side::Mirror);
                }
                // Nobody has asked for another protocol.
                Poll::Ready(Ok(101)) => return failed(Failure::Broken),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(silent)) => return Poll::Ready(Err(unanswered(silent, &replica.call, link))),
                Poll::Pending => return Poll::Pending,
            }
        }
        let polled = discard(link, &mut self.read, cx);
        if self.read > replica.generation.limits().body {
            return failed(Failure::TooLong);
        }
        polled.map_err(|_| Unanswered::Failed(Failure::Broken))
    }
}

fn failed(failure: Failure) -> Poll<Result<(), Unanswered>> {
    Poll::Ready(Err(Unanswered::Failed(failure)))
}

/// As for an original: a link that was idle may have been closed before the copy came.
fn unanswered(silent: Silent, call: &Call, link: &Link) -> Unanswered {
    match silent {
        Silent::Unseen | Silent::Refused => Unanswered::Unseen,
        Silent::Closed if !link.is_new() && call.safe && call.framing == Framing::Empty => Unanswered::Unseen,
        Silent::Closed | Silent::Broken => Unanswered::Failed(Failure::Broken),
    }
}

/// A body that is there as a whole.
struct Kept<'a>(&'a [u8]);

impl Source for Kept<'_> {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Result<Next, Broken>> {
        Poll::Ready(Ok(if self.0.is_empty() { Next::End } else { Next::Data }))
    }

    fn data(&self) -> &[u8] {
        self.0
    }

    fn consume(&mut self, n: usize) {
        self.0 = &self.0[n..];
    }

    fn trailers(&self) -> &[u8] {
        b""
    }
}
