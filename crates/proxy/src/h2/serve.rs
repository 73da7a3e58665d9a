use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use graylane_config::Limits;
use graylane_pipeline::Fault;
use graylane_wire as wire;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;

use super::carrier::{Carrier, Moved};
use super::client::H2Client;
use super::heads;
use super::incoming::Incoming;
use super::tally::Tally;
use crate::buffer::{self, Buffer};
use crate::clock::{TICK, Ticks};
use crate::conn::Conn;
use crate::exchange::{After, exchange};
use crate::generation::Times;
use crate::latest::latest;
use crate::ledger::Fate;
use crate::prepare::{Call, Memory, Plan, fault_of, prepare};
use crate::record::Record;
use crate::stream::Stream;
use crate::table;
use crate::timer::{Stage, Timer};
use crate::worker::Listed;

/// Bytes of a body that a client may send before the endpoint has taken them: of one stream, and of all together. The second
/// is what one connection can make the gateway hold. They are what Envoy advises for servers on the open net, but for a
/// larger window of a stream: one upload alone is then not held up by it.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Bytes of an answer's body that a stream holds until the connection takes them.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams that were reset before anybody looked at them, within one go (CVE-2023-44487), after which the crate closes the
/// connection. Its default; and the most that it remembers of streams that it has reset itself.
const PENDING_RESETS: usize = 20;
/// Streams that broke the protocol, over the life of a connection, before the crate closes it (CVE-2025-8671).
const OWN_RESETS: usize = 128;
/// What RFC 9113, section 6.5.2, counts for a field beside its name and value.
const FIELD_OVERHEAD: usize = 32;

/// Serves a client's connection to its end, beginning with what was read of it already.
pub(crate) async fn serve(conn: Arc<Conn>, stream: Stream, ahead: Buffer) {
    let generation = latest(&conn.worker.shared);
    let (builder, times) = (builder(generation.limits()), generation.times());
    drop(generation);
    let carrier = Carrier::new(stream, ahead);
    let moved = carrier.moved();
    let timer = Arc::clone(&conn.timer);
    // The preface and the first request have to come in the time of a head.
    timer.set_stage(Stage::Idle);
    timer.within(times.header);
    let mut handshake = pin!(builder.handshake(carrier));
    let connection = poll_fn(|cx| {
        timer.wakes(cx);
        match handshake.as_mut().poll(cx) {
            Poll::Ready(connection) => Poll::Ready(connection.ok()),
            Poll::Pending if timer.has_passed() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    let Some(connection) = connection else { return };
    let mut serving = Serving {
        connection,
        memory: Memory::new(times),
        tally: Arc::default(),
        written: 0,
        moved,
        leaving: false,
        sent_away: false,
        since: conn.worker.clock.now(),
        conn,
    };
    poll_fn(|cx| serving.poll(cx)).await;
}

fn builder(limits: &Limits) -> Builder {
    let list = limits.head + limits.headers * FIELD_OVERHEAD;
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(limits.streams)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_header_list_size(u32::try_from(list).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_concurrent_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(Some(OWN_RESETS));
    builder
}

/// A connection and what is known of it. Its timer runs while no exchange does: every exchange has a timer of its own.
struct Serving {
    connection: Connection<Carrier<Stream>, Bytes>,
    conn: Arc<Conn>,
    memory: Memory,
    tally: Arc<Tally>,
    moved: Arc<Moved>,
    /// What had been written when the time was up last.
    written: u64,
    /// The client was told to open no more streams,
    leaving: bool,
    /// and that its connection ends at once.
    sent_away: bool,
    /// When the connection began to speak HTTP/2.
    since: u32,
}

impl Serving {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = Arc::clone(&self.conn.timer);
        timer.wakes(cx);
        loop {
            if !self.leaving && self.conn.worker.shared.is_draining() {
                self.leave();
            }
            let connection = &mut self.connection;
            let accepted = self.moved.drive(cx, |cx| connection.poll_accept(cx));
            match accepted {
                Poll::Ready(Some(Ok((request, respond)))) => {
                    self.begin(request, respond);
                    continue;
                }
                Poll::Ready(Some(Err(error))) => {
                    log::debug!("client {}: {error}", self.conn.peer_text);
                    return Poll::Ready(());
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            if !self.sent_away && self.is_abused() {
                log::debug!("client {}: sent away", self.conn.peer_text);
                (self.sent_away, self.leaving) = (true, true);
                self.connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                timer.within(self.memory.times.idle_grace);
                continue;
            }
            if (self.tally.live() > 0 && !self.sent_away) || !timer.has_passed() {
                if self.tally.live() == 0 {
                    self.rest();
                }
                return Poll::Pending;
            }
            // Answers may still be on their way when their exchanges have ended.
            let written = self.moved.written();
            if !self.sent_away && self.connection.has_streams() && written != self.written {
                self.written = written;
                timer.within(self.memory.times.idle);
            } else if self.leaving {
                if self.conn.worker.shared.is_draining() && !self.sent_away {
                    let is_cut = self.connection.has_streams();
                    let fate = if is_cut { Fate::Cut } else { Fate::ClosedIdle };
                    self.conn.presence.set_fate(fate);
                }
                return Poll::Ready(());
            } else {
                self.leave();
                timer.within(self.memory.times.idle_grace);
            }
        }
    }

    /// No exchange is under way. The last of an answer may still be, and would be missed.
    fn rest(&self) {
        let (timer, has_streams) = (&self.conn.timer, self.connection.has_streams());
        let stage = if has_streams { Stage::Busy } else { Stage::Idle };
        if timer.stage() != stage {
            timer.set_stage(stage);
            if !has_streams && self.conn.worker.shared.is_draining() {
                self.conn.hurry(&self.memory.times);
            }
        }
    }

    /// Says that there will be no more streams but those that are on their way already (RFC 9113, section 6.8). The
    /// connection ends with the last.
    fn leave(&mut self) {
        self.leaving = true;
        self.connection.graceful_shutdown();
    }

    /// Whether the client costs more than its requests are worth.
    fn is_abused(&self) -> bool {
        let ticks = self.conn.worker.clock.now().wrapping_sub(self.since);
        let seconds = (TICK * ticks).as_secs();
        self.tally.resets_too_much() || self.tally.talks_too_much(self.moved.read(), seconds)
    }

    /// Begins an exchange, in a task of its own.
    fn begin(&mut self, request: Request<RecvStream>, respond: SendResponse<Bytes>) {
        let (parts, body) = request.into_parts();
        let incoming = Incoming::new(body);
        let limit = latest(&self.conn.worker.shared).limits().body;
        let (plan, call, record) = self.plan(&parts, !incoming.is_ended());
        let times = self.memory.times;
        let timer = Timer::new(&self.conn.worker.clock, times.response);
        let mut client = H2Client::new(incoming, respond, limit, timer, &self.tally);
        let live = Live::begin(&self.conn, &self.tally, times);
        // In a box: the runtime moves a task's future several times until it has ended, and this one is large.
        tokio::spawn(Box::pin(async move {
            let listed = Listed::new(&client.timer);
            let after = exchange(&mut client, plan, call, record, times).await;
            client.end(&after);
            if matches!(after, After::Answered) {
                client.read_out().await;
            }
            if client.left_early() {
                live.tally.left_early();
            }
            drop((client, listed, live));
        }));
    }

    fn plan(&mut self, parts: &http::request::Parts, has_body: bool) -> (Plan, Call, Record) {
        let generation = latest(&self.conn.worker.shared);
        let limits = wire::Limits {
            head: generation.limits().head,
            fields: generation.limits().headers,
        };
        let mut record = Record::new(&self.conn, generation);
        let mut text = buffer::take_text();
        let planned = match heads::write_request(parts, has_body, &mut text) {
            Err(malformed) => {
                log::debug!("client {}: {malformed}", self.conn.peer_text);
                Err(Fault::BadRequest)
            }
            Ok(()) => table::with(|table| match wire::parse_request(&text, limits, &mut 0, table) {
                Ok(Some(request)) => Ok(prepare(&self.conn, &mut self.memory, &request, &mut record)),
                // The text is there as a whole: what the parser misses in it, nothing could bring.
                Ok(None) => Err(Fault::BadRequest),
                Err(refusal) => Err(fault_of(refusal)),
            }),
        };
        buffer::give_text(text);
        match planned {
            Ok((plan, call)) => (plan, call, record),
            Err(fault) => (Plan::Refuse(fault), Call::none(), record),
        }
    }
}

/// An exchange that is under way. While there is one, the connection's own timer rests.
struct Live {
    conn: Arc<Conn>,
    tally: Arc<Tally>,
    times: Times,
}

impl Live {
    fn begin(conn: &Arc<Conn>, tally: &Arc<Tally>, times: Times) -> Self {
        tally.begin();
        conn.timer.set_stage(Stage::Busy);
        conn.timer.within(Ticks::at_least(Duration::MAX));
        Self {
            conn: Arc::clone(conn),
            tally: Arc::clone(tally),
            times,
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.tally.end() == 0 {
            let timer = &self.conn.timer;
            timer.set_stage(Stage::Idle);
            timer.within(self.times.idle);
            if self.conn.worker.shared.is_draining() {
                self.conn.hurry(&self.times);
            }
        }
    }
}
