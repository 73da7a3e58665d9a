//! One client connection: what it may do, by when, and what becomes of each request on it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};

use graylane_pipeline::Fault;
use graylane_route::Upstream;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::answer::{self, Answer};
use crate::clock::{Deadline, Ticks};
use crate::forward::forward;
use crate::prepare::{Memory, Plan, prepare};
use crate::received::Progress;
use crate::record::Record;
use crate::worker::{Presence, Worker};
use crate::{colour, upgrade};

/// Where a connection is in its life; each phase has its own limit in time.
const IDLE: u8 = 0;
const HEAD: u8 = 1;
const EXCHANGE: u8 = 2;
const ANSWER: u8 = 3;

/// What the exchanges of one connection share.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) worker: Arc<Worker>,
    /// Whether the peer's gray and forwarding headers are believed.
    pub(crate) trusted: bool,
    /// The peer's address as text, and ready for `X-Forwarded-For`.
    pub(crate) peer_text: Box<str>,
    pub(crate) peer_header: http::HeaderValue,
    /// The body of the current request.
    pub(crate) body: Progress,
    phase: AtomicU8,
    deadline: Deadline,
    /// Whether the client has yet to take some of what was written, an ended exchange's answer perhaps.
    unsent: AtomicBool,
    waker: OnceLock<Waker>,
    gone: Gone,
    /// Keeps the connection counted for as long as anything of it lives, a tunnel included.
    _presence: Presence,
}

impl Conn {
    pub(crate) fn new(worker: &Arc<Worker>, peer: SocketAddr, presence: Presence) -> Arc<Self> {
        let address = peer.ip().to_canonical();
        let text = address.to_string();
        let conn = Self {
            trusted: colour::is_trusted(worker.shared.trusted(), address),
            peer_header: http::HeaderValue::from_str(&text).expect("an address has header characters only"),
            peer_text: text.into(),
            body: Progress::default(),
            phase: AtomicU8::new(IDLE),
            deadline: Deadline::default(),
            unsent: AtomicBool::new(false),
            waker: OnceLock::new(),
            gone: Gone::default(),
            worker: Arc::clone(worker),
            _presence: presence,
        };
        conn.deadline.set(&worker.clock, worker.times.idle);
        Arc::new(conn)
    }

    /// Whether the current phase has used up its time.
    #[inline]
    pub(crate) fn deadline_passed(&self) -> bool {
        self.deadline.passed(&self.worker.clock)
    }

    /// Ends when the client's connection has, for what outlasts an exchange: its body may still go to the endpoint when
    /// the next one has begun, so there may be several.
    pub(crate) async fn gone(&self) {
        self.gone.told().await;
    }

    /// Called by the scan of every tick: wakes the task if its time is up.
    pub(crate) fn check(&self) {
        if self.deadline_passed()
            && let Some(waker) = self.waker.get()
        {
            waker.wake_by_ref();
        }
    }

    /// The process drains: an idle connection has only the grace time left.
    pub(crate) fn drain(&self) {
        if self.phase.load(Relaxed) == IDLE && !self.unsent.load(Relaxed) && !self.body.is_under_way() {
            self.deadline
                .set_earlier(&self.worker.clock, self.worker.times.idle_grace);
        }
    }

    /// A request's head is complete.
    #[inline]
    fn exchange_began(&self) {
        self.body.reset();
        self.phase.store(EXCHANGE, Relaxed);
        self.waiting();
    }

    /// The wait for an endpoint begins, or goes on after some of the request's body reached it.
    #[inline]
    pub(crate) fn waiting(&self) {
        self.in_exchange(self.worker.times.response);
    }

    /// The endpoint waits for more of the request's body.
    pub(crate) fn waiting_for_client(&self) {
        self.in_exchange(self.worker.times.idle);
    }

    /// An endpoint may still take in the body when the answer is already on its way; then the answer has its own time.
    #[inline]
    fn in_exchange(&self, ticks: Ticks) {
        if self.phase.load(Relaxed) == EXCHANGE {
            self.deadline.set(&self.worker.clock, ticks);
        }
    }

    /// The head of the answer is on its way.
    #[inline]
    pub(crate) fn answering(&self) {
        self.phase.store(ANSWER, Relaxed);
        self.deadline.set(&self.worker.clock, self.worker.times.idle);
    }

    /// The answer is complete, or will never be.
    #[inline]
    pub(crate) fn exchange_ended(&self) {
        self.phase.store(IDLE, Relaxed);
        self.rest();
    }

    /// The body of a request has come to its end, which may be after that of its answer.
    #[inline]
    pub(crate) fn body_ended(&self) {
        if self.phase.load(Relaxed) == IDLE {
            self.rest();
        }
    }

    /// The wait for the next request begins.
    #[inline]
    fn rest(&self) {
        let times = &self.worker.times;
        let idle = if self.worker.shared.is_draining() && !self.body.is_under_way() {
            times.idle_grace
        } else {
            times.idle
        };
        self.deadline.set(&self.worker.clock, idle);
    }

    /// Bytes came from the client.
    #[inline]
    fn received(&self) {
        match self.phase.load(Relaxed) {
            // From here the whole head has to come in time: more bytes do not extend it. But what comes after an early
            // answer is still the body.
            IDLE if !self.body.is_under_way() => {
                self.phase.store(HEAD, Relaxed);
                self.deadline.set(&self.worker.clock, self.worker.times.header);
            }
            // In an exchange it is the body's progress that counts, and the body itself reports it.
            HEAD | EXCHANGE => {}
            _ => self.deadline.set(&self.worker.clock, self.worker.times.idle),
        }
    }

    /// The client took bytes.
    #[inline]
    fn sent(&self) {
        let waited = self.unsent.load(Relaxed);
        if waited {
            self.unsent.store(false, Relaxed);
        }
        match self.phase.load(Relaxed) {
            ANSWER => self.deadline.set(&self.worker.clock, self.worker.times.idle),
            IDLE if waited => self.rest(),
            _ => {}
        }
    }

    /// The client takes no bytes now. The end of an answer may still have to go out when its exchange has ended: then
    /// the client has the time of an answer, not what a drain leaves to idle connections.
    fn not_sent(&self) {
        if !self.unsent.swap(true, Relaxed) && self.phase.load(Relaxed) == IDLE {
            self.deadline.set(&self.worker.clock, self.worker.times.idle);
        }
    }

    /// Whether the connection has to be closed now. In an exchange the waiting for the endpoint ends instead, with an
    /// answer for the client.
    fn is_over(&self) -> bool {
        self.deadline_passed() && self.phase.load(Relaxed) != EXCHANGE
    }
}

/// Tells whoever waits, now or later, that the client's connection has ended.
#[derive(Debug, Default)]
struct Gone(Notify);

impl Gone {
    fn tell(&self) {
        self.0.notify_one();
    }

    async fn told(&self) {
        self.0.notified().await;
        // One word is kept for who comes later; so each passes it on.
        self.0.notify_one();
    }
}

/// Serves a connection to its end.
pub(crate) async fn serve(conn: Arc<Conn>, stream: TcpStream) {
    let shared = &conn.worker.shared;
    let limits = shared.limits();
    let memory = RefCell::new(Memory::new(shared.snapshots()));
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(None)
        .max_buf_size((limits.head * 2).max(64 * 1024))
        .max_header_size(limits.head);
    if limits.headers != DEFAULT_MAX_HEADERS {
        builder.max_headers(limits.headers);
    }
    let client = Arc::clone(&conn);
    let service = service_fn(move |request| exchange(&client, &memory, request));
    let watched = Watched {
        stream,
        conn: Arc::clone(&conn),
    };
    let served = builder
        .serve_connection(TokioIo::new(watched), service)
        .with_upgrades();
    let mut served = pin!(served);
    let result = poll_fn(|cx| {
        if conn.waker.get().is_none() {
            // A task keeps its waker for life, so the first one is as good as any.
            let _ = conn.waker.set(cx.waker().clone());
        }
        if conn.is_over() {
            return Poll::Ready(Ok(()));
        }
        served.as_mut().poll(cx)
    })
    .await;
    conn.gone.tell();
    if let Err(error) = result {
        // hyper has answered what could be answered: 400, 414 or 431.
        if error.is_parse() {
            conn.worker.counters.fault(Fault::BadRequest);
        }
        log::debug!("client {}: {error}", conn.peer_text);
    }
}

/// hyper's own default, for which it needs no allocation per request.
const DEFAULT_MAX_HEADERS: usize = 100;

/// One exchange. The plan is made before the future is, so the connection's memory is borrowed only for that long.
fn exchange(
    conn: &Arc<Conn>,
    memory: &RefCell<Memory>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Answer>, Infallible>> + use<> {
    conn.exchange_began();
    let mut record = Record::new(conn);
    let mut plan = prepare(conn, memory, request, &mut record);
    // The plan stays where it is, in the future: moving it on would copy it once more for every exchange.
    async move { Ok(carry_out(&mut plan, record).await) }
}

async fn carry_out(plan: &mut Plan, mut record: Box<Record>) -> Response<Answer> {
    let (snapshot, lane, call, wish) = match plan {
        Plan::Refuse(fault) => return answer::fault(*fault, record),
        Plan::Respond { snapshot, lane } => return respond(&snapshot.lane(*lane).upstream, record),
        Plan::Forward {
            snapshot,
            lane,
            call,
            wish,
        } => (snapshot, *lane, call, wish),
    };
    let Upstream::Endpoints(endpoints) = &snapshot.lane(lane).upstream else {
        unreachable!("a plan to forward is made only for a lane with endpoints")
    };
    let response = match forward(call, lane, endpoints, &mut record).await {
        Ok(response) => response,
        Err(fault) => return answer::fault(fault, record),
    };
    match wish
        .take()
        .filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS)
    {
        None => answer::upstream(response, record),
        Some(wish) => upgrade::join(wish, response, record),
    }
}

fn respond(upstream: &Upstream, record: Box<Record>) -> Response<Answer> {
    match upstream {
        Upstream::Respond {
            status,
            content_type,
            body,
        } => answer::own(*status, content_type.clone(), body.clone(), record),
        Upstream::Endpoints(_) => unreachable!("a plan to respond is made only for a lane that responds"),
    }
}

/// The client's socket, reporting progress to the connection's deadline.
struct Watched {
    stream: TcpStream,
    conn: Arc<Conn>,
}

impl AsyncRead for Watched {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.conn.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, bytes) else {
            self.conn.not_sent();
            return Poll::Pending;
        };
        self.conn.sent();
        Poll::Ready(written)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write_vectored(cx, slices) else {
            self.conn.not_sent();
            return Poll::Pending;
        };
        self.conn.sent();
        Poll::Ready(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    #[test]
    fn everybody_hears_that_the_client_is_gone() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let gone = Arc::new(Gone::default());
        let waits = |gone: &Arc<Gone>| {
            let gone = Arc::clone(gone);
            async move { gone.told().await }
        };

        let ended = runtime.block_on(async {
            let mut waiting = JoinSet::new();
            waiting.spawn(waits(&gone));
            waiting.spawn(waits(&gone));
            tokio::task::yield_now().await;
            gone.tell();
            waiting.spawn(waits(&gone));
            // Far more turns than three tasks need.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            std::iter::from_fn(|| waiting.try_join_next()).count()
        });

        assert_eq!(ended, 3);
    }
}
