use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use graylane_pipeline::Fault;
use graylane_wire as wire;
use tokio::io::AsyncWrite;

use super::client::H1Client;
use super::{Channel, tunnel};
use crate::client::Client;
use crate::clock::Ticks;
use crate::conn::Conn;
use crate::exchange::{After, exchange};
use crate::h2::{self, PREFACE};
use crate::latest::latest;
use crate::ledger::Fate;
use crate::prepare::{Call, Memory, Plan, fault_of, prepare};
use crate::record::Record;
use crate::stream::Stream;
use crate::table;
use crate::timer::Stage;

/// How long what a refused client still sends is read, so that it sees its answer and not a reset.
const LINGER: std::time::Duration = std::time::Duration::from_secs(2);

/// How much of it: who sends more than that does not listen.
const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// Serves a client's connection to its end.
pub(crate) async fn serve(conn: Arc<Conn>, stream: Stream, http2: bool) {
    let times = latest(&conn.worker.shared).times();
    let mut client = H1Client::new(Channel::new(stream), conn);
    let mut memory = Memory::new(times);
    // Whether HTTP/2 may still begin: by its first bytes, and where the listener lets it.
    let mut is_first = http2;
    while let Some(next) = next_request(&mut client, &mut memory, is_first).await {
        let (plan, call, record) = match next {
            Next::Request(request) => request,
            Next::Http2 => {
                let H1Client { channel, conn, .. } = client;
                return Box::pin(h2::serve(conn, channel.stream, channel.inbox)).await;
            }
            Next::Move => return depart(client),
        };
        is_first = false;
        match exchange(&mut client, plan, call, record, memory.times).await {
            After::Answered if !client.closes() => {}
            After::Answered => return Box::pin(leave(&mut client)).await,
            After::Cut => return,
            After::Tunnel(endpoint, pending) => {
                let H1Client { channel, conn, .. } = client;
                // Kept by the tunnel, so that the connection stays counted.
                Box::pin(tunnel::join(channel, *endpoint, &conn)).await;
                return drop(pending);
            }
        }
    }
    poll_fn(|cx| {
        client.channel.stream.say_end(cx);
        Poll::Ready(())
    })
    .await;
}

type Planned = (Plan, Call, Record);

/// What comes next on a connection.
#[expect(clippy::large_enum_variant, reason = "nearly all are the large one")]
enum Next {
    Request(Planned),
    /// The client has known beforehand that HTTP/2 is spoken here (RFC 9113, section 3.3).
    Http2,
    /// None: the client goes on where the connection goes.
    Move,
}

/// Waits for the next request and plans it; `None` where none comes.
async fn next_request(client: &mut H1Client, memory: &mut Memory, is_first: bool) -> Option<Next> {
    client.channel.rest();
    let timer = Arc::clone(&client.conn.timer);
    timer.end_within(None);
    timer.set_stage(Stage::Idle);
    timer.within(memory.times.idle);
    if client.conn.worker.shared.is_draining() {
        client.conn.hurry(&memory.times);
    }
    let mut begun = false;
    let next = poll_fn(|cx| {
        timer.wakes(cx);
        let draining = client.conn.worker.shared.is_draining();
        if draining && may_move(client) {
            return Poll::Ready(Some(Next::Move));
        }
        let next = poll_request(client, memory, is_first, &mut begun, cx);
        if next.is_pending() && timer.has_passed() {
            if draining && !begun {
                client.conn.presence.set_fate(Fate::ClosedIdle);
            }
            return Poll::Ready(begun.then(|| Next::Request(refuse(client, Fault::RequestTimeout))));
        }
        next
    })
    .await;
    timer.set_stage(Stage::Busy);
    next
}

#[inline]
fn poll_request(
    client: &mut H1Client,
    memory: &mut Memory,
    is_first: bool,
    begun: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Option<Next>> {
    loop {
        if !client.channel.inbox.is_empty() {
            if !*begun {
                // From here the whole head has to come in time: more bytes do not extend it.
                *begun = true;
                client.conn.timer.set_stage(Stage::Busy);
                client.conn.timer.within(memory.times.header);
            }
            let preface = if is_first {
                preface(client.channel.inbox.filled())
            } else {
                Preface::No
            };
            match preface {
                Preface::Whole => return Poll::Ready(Some(Next::Http2)),
                Preface::Some => {}
                Preface::No => {
                    if let Some(planned) = plan(client, memory) {
                        return Poll::Ready(Some(Next::Request(planned)));
                    }
                }
            }
        }
        let limit = latest(&client.conn.worker.shared).limits().head + 1;
        match ready!(client.channel.poll_fill(limit, cx)) {
            Ok(0) | Err(_) => return Poll::Ready(None),
            Ok(_) => {}
        }
    }
}

/// Whether the connection can move to another process as it is, between two requests, and is to.
#[cold]
fn may_move(client: &H1Client) -> bool {
    // Nobody else may hold what is sent away.
    client.conn.moves_now()
        && client.channel.inbox.is_empty()
        && client.channel.is_flushed()
        && Arc::strong_count(&client.conn) == 1
}

/// Sends the connection off to another process.
fn depart(client: H1Client) {
    let H1Client { channel, conn, .. } = client;
    if let (Stream::Tcp(stream), Some(conn)) = (channel.stream, Arc::into_inner(conn)) {
        let Conn { worker, presence, .. } = conn;
        match stream.into_std() {
            Ok(stream) => worker.send_off(stream, presence),
            Err(error) => {
                log::warn!("an idle connection that was to move is lost: {error}");
                presence.set_fate(Fate::Cut);
            }
        }
    }
}

/// How much of HTTP/2's preface is there.
enum Preface {
    No,
    Some,
    Whole,
}

#[inline]
fn preface(filled: &[u8]) -> Preface {
    if filled.starts_with(PREFACE) {
        Preface::Whole
    } else if PREFACE.starts_with(filled) {
        Preface::Some
    } else {
        Preface::No
    }
}

/// Plans the request whose head is in the inbox, where all of it is.
#[inline]
fn plan(client: &mut H1Client, memory: &mut Memory) -> Option<Planned> {
    let generation = latest(&client.conn.worker.shared);
    let limits = generation.limits();
    let (head, body) = (
        wire::Limits {
            head: limits.head,
            fields: limits.headers,
        },
        limits.body,
    );
    let conn = Arc::clone(&client.conn);
    let planned = table::with(|table| {
        let (filled, scanned) = (client.channel.inbox.filled(), &mut client.channel.scanned);
        let request = match wire::parse_request(filled, head, scanned, table) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(None),
            Err(refusal) => return Err(fault_of(refusal)),
        };
        let mut record = Record::new(&conn, generation);
        let (plan, call) = prepare(&conn, memory, &request, &mut record);
        let about = (
            request.length,
            request.framing,
            request.version,
            request.persistent,
        );
        Ok(Some((about, plan, call, record)))
    });
    match planned {
        Ok(None) => None,
        Ok(Some(((length, framing, version, persistent), plan, call, record))) => {
            client.begin_request(length, framing, body);
            client.speaks(version, persistent);
            Some((plan, call, record))
        }
        Err(fault) => Some(refuse(client, fault)),
    }
}

/// A head that is none, or not yet: nothing of it is forwarded, and nothing after it is read as a request.
#[cold]
fn refuse(client: &mut H1Client, fault: Fault) -> Planned {
    let record = Record::new(&client.conn, latest(&client.conn.worker.shared));
    client.close();
    let mut call = Call::none();
    // Also of what is no request, as far as it says what it wants to be: whoever sent HEAD reads no body (RFC 9110, section
    // 9.3.2), and would take one for another answer.
    let begun = client.channel.inbox.filled();
    call.to_head = begun.strip_prefix(b"\r\n").unwrap_or(begun).starts_with(b"HEAD ");
    (Plan::Refuse(fault), call, record)
}

/// Ends a connection after its last answer. What the client has sent and nobody has read would make the system reset the
/// connection, and the client might never see its answer (RFC 9112, section 9.6): so it is read for a while.
async fn leave(client: &mut H1Client) {
    let timer = Arc::clone(&client.conn.timer);
    timer.set_stage(Stage::Leaving);
    timer.within(Ticks::at_least(LINGER));
    poll_fn(|cx| {
        timer.wakes(cx);
        if timer.has_passed() {
            return Poll::Ready(());
        }
        let _ = ready!(Pin::new(&mut client.channel.stream).poll_shutdown(cx));
        Poll::Ready(())
    })
    .await;
    let mut read = 0;
    poll_fn(|cx| {
        while !timer.has_passed() && read < LINGER_BYTES {
            let unread = client.channel.inbox.len();
            read += unread;
            client.channel.inbox.consume(unread);
            match ready!(client.channel.poll_fill(usize::MAX, cx)) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(_) => {}
            }
        }
        Poll::Ready(())
    })
    .await;
}
