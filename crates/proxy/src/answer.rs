//! *answer*: the one place where the gateway answers itself: a lane of type `respond`, or a fault.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use graylane_pipeline::{Fault, LaneId, Reply};
use graylane_route::Upstream;
use graylane_wire::{Framing, write_field};

use crate::body::discard;
use crate::client::Client;
use crate::clock::{TICK, Ticks};
use crate::compose::{self, Towards};
use crate::exchange::After;
use crate::generation::Times;
use crate::grpc;
use crate::prepare::Call;
use crate::record::Record;

/// Answers in place of an endpoint: a lane of type `respond`.
pub(crate) async fn respond<C: Client>(
    client: &mut C,
    call: &Call,
    lane: LaneId,
    record: &mut Record,
    times: Times,
) -> After {
    let generation = std::sync::Arc::clone(&record.generation);
    let Upstream::Respond(respond) = &generation.snapshot().lane(lane).upstream else {
        unreachable!("the plan was made from this very lane");
    };
    write_head(client, respond.status, respond.body.len(), record);
    let head = client.head();
    write_field(head, "content-type", respond.content_type.as_bytes());
    head.extend_from_slice(b"\r\n");
    let body: &[u8] = if call.to_head || matches!(respond.status, 204 | 304) {
        b""
    } else {
        &respond.body
    };
    send(client, body, record, times).await
}

/// Answers a fault: its status, its word in `X-Graylane-Fault`, one line of text. To a client of gRPC it says the same in
/// the words of gRPC.
pub(crate) async fn fault<C: Client>(
    client: &mut C,
    call: &Call,
    fault: Fault,
    record: &mut Record,
    times: Times,
) -> After {
    record.fault = Some(fault);
    if closes(fault) {
        client.close();
    }
    if call.grpc && call.framing != Framing::Empty && fault != Fault::DeadlineExceeded {
        hear_out(client).await;
    }
    let text = if call.grpc { "" } else { sentence(fault) };
    let status = if call.grpc { 200 } else { fault.status() };
    write_head(client, status, text.len(), record);
    let head = client.head();
    if call.grpc {
        write_field(head, "content-type", grpc::CONTENT_TYPE);
        grpc::write_status(grpc::Status::of(fault), sentence(fault).trim_end(), head);
    } else {
        write_field(head, "content-type", b"text/plain; charset=utf-8");
    }
    write_field(head, "x-graylane-fault", fault.as_str().as_bytes());
    head.extend_from_slice(b"\r\n");
    let body: &[u8] = if call.to_head { b"" } else { text.as_bytes() };
    send(client, body, record, times).await
}

/// Answers what a module says in place of a failure; a fault is named all the same, so that nobody takes the answer for an
/// endpoint's.
pub(crate) async fn rescued<C: Client>(
    client: &mut C,
    call: &Call,
    reply: Box<Reply>,
    record: &mut Record,
    times: Times,
) -> After {
    record.rescued = true;
    write_head(client, reply.status, reply.body.len(), record);
    let head = client.head();
    for (name, value) in &reply.fields {
        write_field(head, name, value.as_bytes());
    }
    if let Some(fault) = record.fault {
        write_field(head, "x-graylane-fault", fault.as_str().as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    let body: &[u8] = if call.to_head || matches!(reply.status, 204 | 304) {
        b""
    } else {
        &reply.body
    };
    send(client, body, record, times).await
}

/// Gives a request of gRPC a moment to come to its end, which as a rule follows its head at once: an answer that is no more
/// than a head would overtake it, and some clients, curl 7.88 for one, then wait for ever.
async fn hear_out<C: Client>(client: &mut C) {
    client.timer().within(Ticks::at_least(TICK));
    let mut heard = 0;
    poll_fn(|cx| {
        client.timer().wakes(cx);
        match discard(client, &mut heard, cx) {
            Poll::Pending if !client.timer().has_passed() => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

/// Ends an answer of gRPC that cannot go on: its head is with the client already, but it is the trailers that count.
pub(crate) fn break_off<C: Client>(client: &mut C, fault: Fault, record: &mut Record) {
    record.fault = Some(fault);
    let mut trailers = Vec::new();
    grpc::write_status(grpc::Status::of(fault), sentence(fault).trim_end(), &mut trailers);
    client.finish(&trailers);
}

/// Writes the head but for the fields that only one kind of answer has.
fn write_head<C: Client>(client: &mut C, status: u16, length: usize, record: &mut Record) {
    record.status = status;
    let generation = std::sync::Arc::clone(&record.generation);
    if record.conn.is_last() {
        client.close();
    }
    let (lane, instead_of) = record.shown(&generation);
    let towards = Towards {
        speaks: client.speaks(),
        closes: client.closes(),
        lane,
        instead_of,
        wish: None,
    };
    compose::own_answer(status, length, &towards, client.head());
}

/// Sends the head that is written, and then the body.
async fn send<C: Client>(client: &mut C, body: &[u8], record: &mut Record, times: Times) -> After {
    let framing = match body.len() {
        0 => Framing::Empty,
        length => Framing::Length(length as u64),
    };
    if client.begin(framing).is_err() {
        return After::Cut;
    }
    client.timer().within(times.idle);
    let mut left = body;
    let sent = poll_fn(|cx| {
        client.timer().wakes(cx);
        match poll_send(client, body, &mut left, record, cx) {
            Poll::Pending if client.timer().has_passed() => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            sent => sent,
        }
    })
    .await;
    record.sent = (body.len() - left.len()) as u64;
    if sent.is_ok() { After::Answered } else { After::Cut }
}

fn poll_send<C: Client>(
    client: &mut C,
    body: &[u8],
    left: &mut &[u8],
    record: &mut Record,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !left.is_empty() {
        let n = ready!(client.poll_write(cx, left))?;
        *left = &left[n..];
    }
    if !client.is_finished() {
        client.finish(b"");
    }
    record.end(body.len() as u64);
    client.poll_flush(cx)
}

/// After these the rest of the connection's bytes cannot be trusted to be a request.
fn closes(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::BadRequest
            | Fault::TargetTooLong
            | Fault::HeadTooLarge
            | Fault::VersionNotServed
            | Fault::BodyTooLarge
            | Fault::Expectation
            | Fault::RequestTimeout
            | Fault::MethodNotServed
    )
}

fn sentence(fault: Fault) -> &'static str {
    match fault {
        Fault::BadRequest => "the request is malformed or ambiguous\n",
        Fault::TargetTooLong => "the request's target is longer than this gateway accepts\n",
        Fault::HeadTooLarge => "the request's head is larger than this gateway accepts\n",
        Fault::BodyTooLarge => "the request's body is larger than this gateway accepts\n",
        Fault::Expectation => "the only expectation met here is 100-continue\n",
        Fault::RequestTimeout => "the request came too slowly\n",
        Fault::MethodNotServed => "this gateway does not serve CONNECT\n",
        Fault::VersionNotServed => "this gateway speaks HTTP/1.0, HTTP/1.1 and HTTP/2\n",
        Fault::NoService => "no service here has this host and path\n",
        Fault::NoEndpoint => "no endpoint of the lane may be asked now\n",
        Fault::Unreachable => "no endpoint of the lane could be reached\n",
        Fault::UpstreamTimeout => "the endpoint did not answer in time\n",
        Fault::DeadlineExceeded => "the time that the client gave is up\n",
        Fault::UpstreamBroken => "the endpoint's connection broke before it answered\n",
    }
}
