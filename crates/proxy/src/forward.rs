//! *forward*: ask an endpoint of the lane, and another one where that is safe.
//!
//! What may be tried again: a request of which nothing was written, whatever its method, as long as nothing of its body was
//! handed on; and a request with a safe method and no body that was sent on a kept-alive connection which closed without
//! a byte of an answer: the endpoint had most likely closed it before (RFC 9112, section 9.3.1). What an endpoint may have
//! acted on is asked of another one only with a safe method and no body, as often as the service and the budget of the lane
//! allow, and never once something of an answer was passed on. No endpoint is asked twice.
//!
//! A lane of which nobody can be asked, or nobody has seen the request, falls back to the baseline of its service, where that
//! says so.

mod ask;
mod asked;
mod budget;
mod course;
mod lots;
mod passed;
mod pause;

use std::sync::Arc;
use std::time::{Duration, Instant};

use graylane_pipeline::{Fault, LaneId, Outcome};
use graylane_route::Upstream;

pub(crate) use self::asked::Asked;
pub(crate) use self::budget::Budget;
pub(crate) use self::lots::{Candidate, Lots, Rule};

use self::ask::{To, ask};
use self::course::{Course, Turn};
use crate::client::Client;
use crate::clock::Ticks;
use crate::exchange::Flow;
use crate::load::Pending;
use crate::prepare::Call;
use crate::record::Record;
use crate::upstream::{Link, Way};

/// An endpoint has answered: the head of the answer is written for the client.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) link: Link,
    /// It is under way there until its end.
    pub(crate) pending: Pending,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The client is told.
    Fault(Fault),
    /// The client has left.
    Gone,
    /// The lane that it fell back to is answered by the gateway itself.
    Respond(LaneId),
    /// An endpoint answered, and a module gives another answer in its place ([`Flow::instead`]).
    Replaced,
}

/// Asks the endpoints of a lane until one answers.
pub(crate) async fn forward<C: Client>(
    client: &mut C,
    call: &mut Call,
    lane: LaneId,
    flow: &mut Flow,
    record: &mut Record,
) -> Result<Answered, NoAnswer> {
    let held = Arc::clone(&record.generation);
    let worker = Arc::clone(&record.conn.worker);
    let mut course = Course::new(&held, lane, record.decision.as_ref(), &worker);
    flow.times.response = course.rules.response;
    if let Some(limit) = course.rules.exchange {
        let limit = call.time.map_or(limit, |time| time.min(limit));
        client.timer().end_within(Some(Ticks::at_least(limit)));
    }
    let mut turn = course.first(record.started);
    let mut reason = None;
    loop {
        let Some(Turn {
            index,
            pending,
            mut admitted,
        }) = turn
        else {
            let fault = reason.unwrap_or(NoAnswer::Fault(Fault::NoEndpoint));
            let baseline = course.fall_back().ok_or(fault)?;
            record.fall_back(baseline);
            if let Upstream::Respond(_) = held.snapshot().lane(baseline).upstream {
                return Err(NoAnswer::Respond(baseline));
            }
            call.fall_back(held.snapshot().lane(lane).name.as_str());
            turn = course.first(Instant::now());
            continue;
        };
        call.retries = call.retries.saturating_add(u8::from(reason.is_some()));
        let (id, endpoint) = &course.endpoints()[index];
        let way = Way {
            seat: held.roster().endpoint(*id).seat,
            endpoint,
            protocol: held.snapshot().lane(course.lane).protocol,
            peer: held.peer(*id),
            limits: held.limits(),
            connect_time: course.rules.connect,
            clock: &worker.clock,
        };
        let (shown, instead_of) = record.shown(&held);
        let to = To {
            way,
            record,
            shown,
            instead_of,
        };
        let asked = ask(client, call, &to, &mut course, flow, &record.conn).await;
        admitted.outcome = match &asked {
            Ok(answered) => Outcome::Answered(answered.status),
            Err(failed) => failed.outcome,
        };
        drop(admitted);
        record.endpoint = Some(*id);
        record.retries = call.retries;
        let failed = match asked {
            Ok(reached) => {
                record.status = reached.status;
                if course.rules.exchange.is_some() {
                    // That was for the head of the answer; the client's own time is for all of it.
                    let left = |time: Duration| time.saturating_sub(record.started.elapsed());
                    client
                        .timer()
                        .end_within(call.time.map(left).map(Ticks::at_least));
                }
                return Ok(Answered {
                    link: reached.link,
                    pending,
                });
            }
            Err(failed) => failed,
        };
        drop(pending);
        if failed.fault == NoAnswer::Gone {
            return Err(NoAnswer::Gone);
        }
        // The endpoint knows the time too, and may have been the first to end it.
        if let Some(fault) = out_of_time(client, call, &course, record) {
            return Err(fault);
        }
        reason = Some(failed.fault);
        turn = course.after(&failed, call, flow);
        if turn.is_none() && !failed.unseen {
            return Err(failed.fault);
        }
        if let Some(longest) = course.wait() {
            if !Box::pin(pause::pause(client, longest)).await {
                return Err(NoAnswer::Gone);
            }
            if let Some(fault) = out_of_time(client, call, &course, record) {
                return Err(fault);
            }
        }
    }
}

/// The fault where the time is up that the client, or the service, leaves to the exchange.
#[cold]
fn out_of_time<C: Client>(client: &C, call: &Call, course: &Course<'_>, record: &Record) -> Option<NoAnswer> {
    if record.is_older_than(call.time) {
        return Some(NoAnswer::Fault(Fault::DeadlineExceeded));
    }
    let is_over = course.rules.exchange.is_some() && client.timer().has_ended();
    is_over.then_some(NoAnswer::Fault(Fault::UpstreamTimeout))
}
