//! One exchange, from the plan to the end of the answer: the same for every protocol.

use std::future::poll_fn;
use std::task::Poll;

use graylane_pipeline::{Fault, Reply};

use crate::answer;
use crate::body::{PumpError, Pumped, discard, pump, pump_then};
use crate::client::Client;
use crate::clock::Ticks;
use crate::compose::Speaks;
use crate::forward::{Answered, NoAnswer, forward};
use crate::generation::Times;
use crate::h1::Channel;
use crate::load::Pending;
use crate::mirror::Replica;
use crate::prepare::{Call, Plan};
use crate::record::Record;
use crate::rescue;
use crate::upstream::Link;

/// What becomes of the client after an exchange.
#[derive(Debug)]
pub(crate) enum After {
    /// The answer is with it as a whole.
    Answered,
    /// It has left, or the answer broke off: the connection, or the stream, can only be cut.
    Cut,
    /// Both sides have switched to another protocol.
    Tunnel(Box<Channel>, Pending),
}

/// How far the request's body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upload {
    /// It is on its way.
    Sending,
    /// The endpoint has it.
    Sent,
    /// The endpoint takes no more: the rest is read and dropped, because a client that is cut off while it sends may never
    /// see the answer.
    Refused,
    /// Nothing more of it will come.
    Over,
}

/// What is under way between a client and an endpoint.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) upload: Upload,
    /// Bytes of the request's body that were handed on.
    pub(crate) received: u64,
    /// Bytes of the answer's body that were handed on.
    pub(crate) sent: u64,
    /// Whether the client has heard of an endpoint, if only an interim answer.
    pub(crate) told: bool,
    /// Whether the client was told to go on with its body.
    pub(crate) continued: bool,
    /// The client waited to be told to send its body, and got its answer instead: nobody can know whether the body still
    /// comes (RFC 9110, section 10.1.1).
    pub(crate) withheld: bool,
    /// What a module answers in place of what the endpoint said.
    pub(crate) instead: Option<Box<Reply>>,
    pub(crate) times: Times,
    /// The request's copy in the making, where another lane gets one.
    pub(crate) replica: Option<Box<Replica>>,
}

/// Carries out a plan. The record is closed when the answer is with the client, or cannot be.
pub(crate) async fn exchange<C: Client>(
    client: &mut C,
    plan: Plan,
    mut call: Call,
    mut record: Record,
    times: Times,
) -> After {
    let mut flow = Flow {
        upload: Upload::Sending,
        received: 0,
        sent: 0,
        told: false,
        continued: false,
        withheld: false,
        instead: None,
        times,
        replica: call.replica.take(),
    };
    client.timer().end_within(call.time.map(Ticks::at_least));
    let answered = match plan {
        Plan::Refuse(fault) => Err(NoAnswer::Fault(fault)),
        Plan::Respond(lane) => Err(NoAnswer::Respond(lane)),
        Plan::Forward(lane) => forward(client, &mut call, lane, &mut flow, &mut record).await,
    };
    record.received = flow.received;
    match answered {
        Err(NoAnswer::Gone) => After::Cut,
        Err(NoAnswer::Respond(lane)) => {
            record.answered();
            client.timer().end_within(None);
            withhold(client, &call, &mut flow);
            let after = answer::respond(client, &call, lane, &mut record, times).await;
            drop(record);
            read_out(client, after, &mut flow).await
        }
        Err(NoAnswer::Fault(fault)) => {
            record.answered();
            client.timer().end_within(None);
            withhold(client, &call, &mut flow);
            let after = match rescue::of_fault(fault, &call, &record) {
                Some(reply) => {
                    record.fault = Some(fault);
                    Box::pin(answer::rescued(client, &call, reply, &mut record, times)).await
                }
                None => answer::fault(client, &call, fault, &mut record, times).await,
            };
            drop(record);
            read_out(client, after, &mut flow).await
        }
        Err(NoAnswer::Replaced) => {
            record.answered();
            client.timer().end_within(None);
            withhold(client, &call, &mut flow);
            let Some(reply) = flow.instead.take() else {
                unreachable!("an answer is replaced by one that is there");
            };
            let after = Box::pin(answer::rescued(client, &call, reply, &mut record, times)).await;
            drop(record);
            read_out(client, after, &mut flow).await
        }
        Ok(answered) => {
            record.answered();
            let Answered { mut link, pending } = answered;
            let relayed = relay(client, &mut link, &mut flow, &mut record).await;
            // It was for the answer: what is still to be said has the usual time.
            client.timer().end_within(None);
            if let Relayed::Broken(fault) = relayed
                && call.grpc
                && client.speaks() == Speaks::Http2
            {
                let late = record.is_older_than(call.time);
                let fault = if late { Fault::DeadlineExceeded } else { fault };
                answer::break_off(client, fault, &mut record);
                return After::Answered;
            }
            let switched = record.status == 101;
            let worker = std::sync::Arc::clone(&record.conn.worker);
            let whole = relayed == Relayed::Whole;
            drop(record);
            if !whole {
                return After::Cut;
            }
            if switched && let Link::H1(link) = link {
                return After::Tunnel(link.into_channel(), pending);
            }
            finish_upload(client, &mut link, &mut flow).await;
            if flow.upload == Upload::Sent {
                link.give_back(worker.clock.now());
            } else {
                drop(link);
            }
            drop(pending);
            read_out(client, After::Answered, &mut flow).await
        }
    }
}

/// Notes, before an answer is written, whether the client will ever send its body.
#[inline]
pub(crate) fn withhold<C: Client>(client: &mut C, call: &Call, flow: &mut Flow) {
    if call.expects && !flow.continued && flow.received == 0 {
        flow.withheld = true;
        client.close();
    }
}

/// How far an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relayed {
    /// The client has all of it.
    Whole,
    /// It broke off, and it was not the client that left.
    Broken(Fault),
    /// The client takes no more.
    Left,
}

/// Passes the answer on to its end, and meanwhile the rest of the request's body.
async fn relay<C: Client>(client: &mut C, link: &mut Link, flow: &mut Flow, record: &mut Record) -> Relayed {
    let idle = flow.times.idle;
    client.timer().within(idle);
    let mut for_client = false;
    let relayed = poll_fn(|cx| {
        client.timer().wakes(cx);
        let before = flow.received + flow.sent;
        match flow.upload {
            Upload::Sending => match pump(client, link, &mut flow.received, &mut flow.replica, cx) {
                Ok(Pumped::Ended) => flow.upload = Upload::Sent,
                Ok(_) => {}
                // The answer is what counts now; it may well be the endpoint's reason to take no more.
                Err(PumpError::Sink(_)) => flow.upload = Upload::Refused,
                Err(PumpError::Source(_)) => {
                    flow.upload = Upload::Over;
                    client.close();
                }
            },
            Upload::Refused => {
                if let Poll::Ready(read) = discard(client, &mut flow.received, cx) {
                    flow.upload = Upload::Over;
                    if read.is_err() {
                        client.close();
                    }
                }
            }
            Upload::Sent | Upload::Over => {}
        }
        record.received = flow.received;
        match pump_then(link, client, &mut flow.sent, cx, |sent| record.end(sent)) {
            Ok(Pumped::Ended) => return Poll::Ready(Relayed::Whole),
            Ok(Pumped::WaitsForSink) => for_client = true,
            Ok(Pumped::WaitsForSource) => for_client = false,
            Err(PumpError::Source(_)) => return Poll::Ready(Relayed::Broken(Fault::UpstreamBroken)),
            Err(PumpError::Sink(_)) => return Poll::Ready(Relayed::Left),
        }
        if client.is_read() && client.poll_gone(cx).is_ready() {
            return Poll::Ready(Relayed::Left);
        }
        if flow.received + flow.sent != before {
            client.timer().within(idle);
        }
        if !client.timer().has_passed() {
            return Poll::Pending;
        }
        Poll::Ready(match (client.timer().has_ended(), for_client) {
            (true, _) => Relayed::Broken(Fault::DeadlineExceeded),
            (false, true) => Relayed::Left,
            (false, false) => Relayed::Broken(Fault::UpstreamTimeout),
        })
    })
    .await;
    (record.received, record.sent) = (flow.received, flow.sent);
    relayed
}

/// Goes on with the request's body after its answer: the endpoint may still want it. Ends when nothing has moved for as long
/// as a body may stall.
async fn finish_upload<C: Client>(client: &mut C, link: &mut Link, flow: &mut Flow) {
    if flow.upload != Upload::Sending {
        return;
    }
    if flow.withheld {
        flow.upload = Upload::Over;
        return;
    }
    let idle = flow.times.idle;
    client.timer().within(idle);
    flow.upload = poll_fn(|cx| {
        client.timer().wakes(cx);
        let before = flow.received;
        match pump(client, link, &mut flow.received, &mut flow.replica, cx) {
            Ok(Pumped::Ended) => return Poll::Ready(Upload::Sent),
            Err(PumpError::Sink(_)) => return Poll::Ready(Upload::Refused),
            Err(PumpError::Source(_)) => {
                client.close();
                return Poll::Ready(Upload::Over);
            }
            // Its stream ends with its answer, so a client of HTTP/2 is told to stop (RFC 9113, section 8.1): what it has sent
            // by now was handed on, and what it has not, it need not.
            Ok(_) if client.speaks() == Speaks::Http2 => return Poll::Ready(Upload::Over),
            Ok(_) if flow.received != before => client.timer().within(idle),
            Ok(_) if client.timer().has_passed() => {
                client.close();
                return Poll::Ready(Upload::Over);
            }
            Ok(_) => {}
        }
        Poll::Pending
    })
    .await;
}

/// Reads what is left of the request's body, so that the next request can be found behind it.
async fn read_out<C: Client>(client: &mut C, after: After, flow: &mut Flow) -> After {
    if matches!(after, After::Cut) || client.closes() || client.is_read() {
        return after;
    }
    let idle = flow.times.idle;
    client.timer().within(idle);
    poll_fn(|cx| {
        client.timer().wakes(cx);
        let before = flow.received;
        match discard(client, &mut flow.received, cx) {
            Poll::Ready(read) => {
                if read.is_err() {
                    client.close();
                }
                return Poll::Ready(());
            }
            Poll::Pending if flow.received != before => client.timer().within(idle),
            Poll::Pending if client.timer().has_passed() => {
                client.close();
                return Poll::Ready(());
            }
            Poll::Pending => {}
        }
        Poll::Pending
    })
    .await;
    after
}
