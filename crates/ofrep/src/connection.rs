//! One connection: what it may do, by when.
//!
//! A connection is in one phase at a time, and each phase has a limit. The phase is stored with the moment it began; one
//! task looks at all connections every tick ([`Conn::check`]).

mod watched;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use self::watched::Watched;
use crate::clock::Ticks;
use crate::counters::count;
use crate::exchange::exchange;
use crate::server::Shared;
use crate::settings::Limits;

/// Between two requests.
const IDLE: u8 = 0;
/// The head of a request comes.
const HEAD: u8 = 1;
/// The body of a request comes.
const BODY: u8 = 2;
/// An answer is made or taken.
const ANSWER: u8 = 3;
/// An event stream is open.
const STREAM: u8 = 4;

/// The state of a connection.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) shared: Arc<Shared>,
    times: Times,
    /// There were too many already: it is told so, and closed.
    refused: bool,
    phase: AtomicU8,
    since: AtomicU32,
    /// The client does not take what was written to it.
    blocked: AtomicBool,
    draining: AtomicBool,
    over: AtomicBool,
    told: Notify,
}

/// The limits of the phases.
#[derive(Debug)]
struct Times {
    idle: Ticks,
    head: Ticks,
    body: Ticks,
    answer: Ticks,
}

impl Conn {
    pub(crate) fn new(shared: &Arc<Shared>, limits: &Limits, refused: bool) -> Arc<Self> {
        count(&shared.counters.connections);
        Arc::new(Self {
            times: Times {
                idle: Ticks::at_least(limits.idle_time),
                head: Ticks::at_least(limits.header_time),
                body: Ticks::at_least(limits.body_time),
                answer: Ticks::at_least(limits.answer_time),
            },
            refused,
            phase: AtomicU8::new(IDLE),
            since: AtomicU32::new(shared.clock.now()),
            blocked: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            over: AtomicBool::new(false),
            told: Notify::new(),
            shared: Arc::clone(shared),
        })
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.refused
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.load(Relaxed)
    }

    /// The head of a request is there.
    pub(crate) fn exchange_began(&self) {
        self.enter(BODY);
    }

    /// The body of a request is there.
    pub(crate) fn received_whole(&self) {
        self.enter(ANSWER);
    }

    /// The answer is an event stream.
    pub(crate) fn streams(&self) {
        self.enter(STREAM);
    }

    /// No more requests; what is on its way may end.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Relaxed);
        self.told.notify_one();
    }

    /// Ends the connection if its phase has used up its time.
    pub(crate) fn check(&self) {
        let limit = match self.phase.load(Relaxed) {
            IDLE => self.times.idle,
            HEAD => self.times.head,
            BODY => self.times.body,
            STREAM if !self.is_blocked() => return,
            _ => self.times.answer,
        };
        if limit.passed_since(self.since.load(Relaxed), self.shared.clock.now()) {
            self.over.store(true, Relaxed);
            self.told.notify_one();
        }
    }

    fn enter(&self, phase: u8) {
        self.phase.store(phase, Relaxed);
        self.since.store(self.shared.clock.now(), Relaxed);
    }

    /// Bytes came.
    fn received(&self) {
        if self.phase.load(Relaxed) == IDLE {
            self.enter(HEAD);
        }
    }

    /// The client takes nothing for now.
    pub(crate) fn not_sent(&self) {
        if !self.blocked.swap(true, Relaxed) && self.phase.load(Relaxed) == STREAM {
            self.since.store(self.shared.clock.now(), Relaxed);
        }
    }

    /// Everything that was written is sent.
    pub(crate) fn sent_all(&self) {
        if self.phase.load(Relaxed) == ANSWER {
            self.enter(IDLE);
        }
        self.blocked.store(false, Relaxed);
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.shared.counters.connections.fetch_sub(1, Relaxed);
    }
}

/// Serves a connection to its end.
pub(crate) async fn serve(conn: Arc<Conn>, stream: TcpStream, head: usize) {
    // Small answers would wait for the client's delayed acknowledgement. A socket that refuses still works.
    let _ = stream.set_nodelay(true);
    let watched = Watched {
        stream,
        conn: Arc::clone(&conn),
    };
    let client = Arc::clone(&conn);
    let service = service_fn(move |request: Request<Incoming>| {
        let response = exchange(Arc::clone(&client), request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let served = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(head)
        .max_buf_size((head * 2).max(64 * 1024))
        .serve_connection(TokioIo::new(watched), service);
    let mut served = pin!(served);
    loop {
        tokio::select! {
            biased;
            result = served.as_mut() => {
                if let Err(error) = result {
                    log::debug!("ofrep: {error}");
                }
                return;
            }
            () = conn.told.notified() => {
                if conn.over.load(Relaxed) {
                    count(&conn.shared.counters.dropped);
                    return;
                }
                served.as_mut().graceful_shutdown();
            }
        }
    }
}
