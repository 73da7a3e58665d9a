use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use graylane_tls::Peer;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use h2::{Ping, PingPong, SendStream};
use http::Request;
use http::uri::Scheme;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::buffer::Buffer;
use crate::clock::{Clock, Ticks};
use crate::h2::{Carrier, Moved};
use crate::stream::Stream;
use crate::timer::Timer;
use crate::upstream::Way;
use crate::worker::Listed;

/// Streams that are open at once on one connection, where the endpoint does not allow fewer. RFC 9113, section 6.5.2, advises
/// endpoints to allow no fewer than this.
const STREAMS: usize = 100;
/// What stands for the endpoint's limit until it has told it with its settings: no number that one would choose.
const UNKNOWN: usize = usize::MAX - 1;
/// Bytes of an answer that an endpoint may send before the client has taken them.
const STREAM_WINDOW: u32 = 128 * 1024;
/// Of all streams together: as much as all of them may have, so that no slow client holds up the others.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * STREAMS as u32;
/// Bytes of a request's body that a stream holds until the connection takes them.
const SEND_BUFFER: usize = 64 * 1024;

/// An endpoint that has said nothing for so long while it is asked something is asked whether it is there,
const SILENCE: Duration = Duration::from_secs(20);
/// and where it has said nothing for so long after that, it is not.
const PONG: Duration = Duration::from_secs(10);
/// It is not asked more often than this: servers of gRPC take more for abuse (gRFC A8).
const BETWEEN_PINGS: Duration = Duration::from_secs(300);

/// A connection to an endpoint, for many exchanges at once.
#[derive(Debug)]
pub(super) struct Trunk {
    requests: SendRequest<Bytes>,
    state: Arc<State>,
    scheme: Scheme,
    /// What the endpoint has proven.
    peer: Option<Peer>,
}

/// What the trunk, its exchanges and the task that drives it share.
#[derive(Debug)]
struct State {
    clock: Arc<Clock>,
    streams: AtomicUsize,
    /// Since when there is no stream.
    idle_since: AtomicU32,
    /// Nothing is driving it any more.
    ended: AtomicBool,
}

impl State {
    fn new(clock: &Arc<Clock>) -> Arc<Self> {
        Arc::new(Self {
            clock: Arc::clone(clock),
            streams: AtomicUsize::new(0),
            idle_since: AtomicU32::new(clock.now()),
            ended: AtomicBool::new(false),
        })
    }
}

impl Trunk {
    /// Begins to speak HTTP/2 over a new connection, and has a task drive it. Until the endpoint has told its settings, or
    /// the connection has ended, there is room for one stream, and `opening` is kept.
    pub(super) async fn begin(
        stream: Stream,
        way: Way<'_>,
        opening: impl Send + 'static,
    ) -> io::Result<Self> {
        let clock = way.clock;
        let scheme = if way.peer.is_some() {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let carrier = Carrier::new(stream, Buffer::default());
        let moved = carrier.moved();
        let mut builder = Builder::new();
        builder
            .enable_push(false)
            .initial_max_send_streams(UNKNOWN)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .max_header_list_size(super::LIMITS.head as u32);
        let (requests, mut connection) = builder.handshake(carrier).await.map_err(io::Error::other)?;
        let state = State::new(clock);
        let watch = Watch::new(connection.ping_pong(), &state, moved);
        tokio::spawn(drive(connection, watch, opening));
        Ok(Self {
            requests,
            state,
            scheme,
            peer: way.peer.cloned(),
        })
    }

    /// Whether it was made for this proof.
    pub(super) fn is_for(&self, peer: Option<&Peer>) -> bool {
        self.peer.as_ref() == peer
    }

    /// Whether it may not be asked any more: it has ended, or the endpoint has said that it leaves.
    pub(super) fn is_over(&mut self) -> bool {
        // Nobody waits: a request that has none before it on this handle is always taken.
        let mut cx = Context::from_waker(Waker::noop());
        self.state.ended.load(Relaxed) || matches!(self.requests.poll_ready(&mut cx), Poll::Ready(Err(_)))
    }

    /// How many more streams may be opened now.
    pub(super) fn room(&self) -> usize {
        let most = match self.requests.current_max_send_streams() {
            UNKNOWN => 1,
            most => most.min(STREAMS),
        };
        most.saturating_sub(self.state.streams.load(Relaxed))
    }

    pub(super) fn streams(&self) -> usize {
        self.state.streams.load(Relaxed)
    }

    /// Whether it has had no stream for so long.
    pub(super) fn is_idle(&self, now: u32, idle: Ticks) -> bool {
        self.streams() == 0 && idle.passed_since(self.state.idle_since.load(Relaxed), now)
    }

    /// Takes the right to one stream.
    pub(super) fn take(&self) -> Ticket {
        self.state.streams.store(self.streams() + 1, Relaxed);
        Ticket {
            requests: self.requests.clone(),
            state: Arc::clone(&self.state),
            scheme: self.scheme.clone(),
        }
    }
}

/// The right to one stream on a trunk.
#[derive(Debug)]
pub(super) struct Ticket {
    requests: SendRequest<Bytes>,
    state: Arc<State>,
    scheme: Scheme,
}

impl Ticket {
    pub(super) fn scheme(&self) -> Scheme {
        self.scheme.clone()
    }

    pub(super) fn open(
        &mut self,
        request: Request<()>,
        ended: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        self.requests.send_request(request, ended)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let streams = self.state.streams.load(Relaxed) - 1;
        self.state.streams.store(streams, Relaxed);
        if streams == 0 {
            self.state.idle_since.store(self.state.clock.now(), Relaxed);
        }
    }
}

/// What is done to notice that an endpoint is gone without a word.
struct Watch {
    pings: Option<PingPong>,
    timer: Arc<Timer>,
    moved: Arc<Moved>,
    /// What had been read when last looked at.
    read: u64,
    /// The endpoint was asked whether it is there and has said nothing since.
    asked: bool,
    last_asked: Option<u32>,
    state: Arc<State>,
}

impl Watch {
    fn new(pings: Option<PingPong>, state: &Arc<State>, moved: Arc<Moved>) -> Self {
        Self {
            pings,
            timer: Timer::new(&state.clock, Ticks::at_least(SILENCE)),
            moved,
            read: 0,
            asked: false,
            last_asked: None,
            state: Arc::clone(state),
        }
    }

    /// Ready when the endpoint is taken for gone.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.wakes(cx);
        let read = self.moved.read();
        if read != self.read {
            self.read = read;
            self.asked = false;
            self.timer.within(Ticks::at_least(SILENCE));
        }
        if let Some(pings) = &mut self.pings {
            // Only so that the next may be sent: that something came is what counts.
            let _ = pings.poll_pong(cx);
        }
        if !self.timer.has_passed() {
            return Poll::Pending;
        }
        if self.asked {
            return Poll::Ready(());
        }
        let sent = self.state.streams.load(Relaxed) > 0 && self.may_ask() && self.ask();
        self.timer
            .within(Ticks::at_least(if sent { PONG } else { SILENCE }));
        Poll::Pending
    }

    fn may_ask(&self) -> bool {
        let between = Ticks::at_least(BETWEEN_PINGS);
        self.last_asked
            .is_none_or(|at| between.passed_since(at, self.state.clock.now()))
    }

    fn ask(&mut self) -> bool {
        let pings = self.pings.as_mut();
        self.asked = pings.is_some_and(|pings| pings.send_ping(Ping::opaque()).is_ok());
        self.last_asked = Some(self.state.clock.now());
        self.asked
    }
}

/// Drives a connection until it ends: when the endpoint closes it or is gone, or nobody holds the trunk any more and its last
/// stream has ended.
async fn drive<S, T>(mut connection: Connection<Carrier<S>>, mut watch: Watch, opening: T)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let listed = Listed::new(&watch.timer);
    let mut opening = Some(opening);
    poll_fn(|cx| {
        let ended = watch.moved.drive(cx, |cx| Pin::new(&mut connection).poll(cx));
        if connection.max_concurrent_send_streams() != UNKNOWN {
            opening = None;
        }
        if let Poll::Ready(ended) = ended {
            if let Err(error) = ended {
                log::debug!("endpoint: {error}");
            }
            return Poll::Ready(());
        }
        let gone = watch.poll(cx);
        if gone.is_ready() {
            log::debug!("endpoint: it does not answer any more");
        }
        gone
    })
    .await;
    // First of all: who has waited for the trunk must not find it.
    watch.state.ended.store(true, Relaxed);
    drop((opening, listed));
}

#[cfg(test)]
mod tests;
