use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::Waker;

use super::gone::Gone;
use crate::clock::{Deadline, Ticks, TicksCell};
use crate::generation::Times;
use crate::latest::latest;
use crate::received::Progress;
use crate::worker::{Presence, Worker};

/// Where a connection is in its life; each phase has its own limit in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between two requests, or before the first.
    Idle,
    /// A request's head has begun to come.
    Head,
    /// An endpoint is asked.
    Exchange,
    /// The answer is on its way.
    Answer,
}

/// A phase that its own worker's thread sets; atomic because futures that hold it must be `Send`.
#[derive(Debug)]
struct PhaseCell(AtomicU8);

impl PhaseCell {
    #[inline]
    fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Relaxed);
    }

    #[inline]
    fn is(&self, phase: Phase) -> bool {
        self.0.load(Relaxed) == phase as u8
    }
}

/// The limits in time that hold for one connection: those of the generation of its latest exchange.
#[derive(Debug)]
struct OwnTimes {
    header: TicksCell,
    idle: TicksCell,
    response: TicksCell,
    idle_grace: TicksCell,
}

/// What the exchanges of one connection share.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) worker: Arc<Worker>,
    /// The peer's address. Whether it is trusted is a matter of the exchange: see `prepare`.
    pub(crate) peer: IpAddr,
    /// The same as text, and ready for `X-Forwarded-For`.
    pub(crate) peer_text: Box<str>,
    pub(crate) peer_header: http::HeaderValue,
    /// The body of the current request.
    pub(crate) body: Progress,
    phase: PhaseCell,
    deadline: Deadline,
    times: OwnTimes,
    /// Whether the client has yet to take some of what was written, an ended exchange's answer perhaps.
    unsent: AtomicBool,
    waker: OnceLock<Waker>,
    pub(super) gone: Gone,
    /// Keeps the connection counted for as long as anything of it lives, a tunnel included.
    _presence: Presence,
}

impl Conn {
    pub(crate) fn new(worker: &Arc<Worker>, peer: SocketAddr, presence: Presence) -> Arc<Self> {
        let address = peer.ip().to_canonical();
        let text = address.to_string();
        let times = latest(&worker.shared).times();
        let conn = Self {
            peer: address,
            peer_header: http::HeaderValue::from_str(&text).expect("an address has header characters only"),
            peer_text: text.into(),
            body: Progress::default(),
            phase: PhaseCell(AtomicU8::new(Phase::Idle as u8)),
            deadline: Deadline::default(),
            times: OwnTimes {
                header: TicksCell::new(times.header),
                idle: TicksCell::new(times.idle),
                response: TicksCell::new(times.response),
                idle_grace: TicksCell::new(times.idle_grace),
            },
            unsent: AtomicBool::new(false),
            waker: OnceLock::new(),
            gone: Gone::default(),
            worker: Arc::clone(worker),
            _presence: presence,
        };
        conn.deadline.set(&worker.clock, times.idle);
        Arc::new(conn)
    }

    /// From now on these limits in time hold. What already waits, waits as long as it was told to.
    pub(crate) fn take_times(&self, times: Times) {
        self.times.header.set(times.header);
        self.times.idle.set(times.idle);
        self.times.response.set(times.response);
        self.times.idle_grace.set(times.idle_grace);
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

    /// Remembers whom to wake when the time is up. A task keeps its waker for life, so the first one is as good as any.
    #[inline]
    pub(super) fn served_by(&self, task: &Waker) {
        if self.waker.get().is_none() {
            let _ = self.waker.set(task.clone());
        }
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
        if self.phase.is(Phase::Idle) && !self.unsent.load(Relaxed) && !self.body.is_under_way() {
            self.deadline
                .set_earlier(&self.worker.clock, self.times.idle_grace.get());
        }
    }

    /// A request's head is complete.
    #[inline]
    pub(super) fn exchange_began(&self) {
        self.body.reset();
        self.phase.set(Phase::Exchange);
        self.waiting();
    }

    /// The wait for an endpoint begins, or goes on after some of the request's body reached it.
    #[inline]
    pub(crate) fn waiting(&self) {
        self.in_exchange(self.times.response.get());
    }

    /// The endpoint waits for more of the request's body.
    pub(crate) fn waiting_for_client(&self) {
        self.in_exchange(self.times.idle.get());
    }

    /// An endpoint may still take in the body when the answer is already on its way; then the answer has its own time.
    #[inline]
    fn in_exchange(&self, ticks: Ticks) {
        if self.phase.is(Phase::Exchange) {
            self.deadline.set(&self.worker.clock, ticks);
        }
    }

    /// The head of the answer is on its way.
    #[inline]
    pub(crate) fn answering(&self) {
        self.phase.set(Phase::Answer);
        self.deadline.set(&self.worker.clock, self.times.idle.get());
    }

    /// The answer is complete, or will never be.
    #[inline]
    pub(crate) fn exchange_ended(&self) {
        self.phase.set(Phase::Idle);
        self.rest();
    }

    /// The body of a request has come to its end, which may be after that of its answer.
    #[inline]
    pub(crate) fn body_ended(&self) {
        if self.phase.is(Phase::Idle) {
            self.rest();
        }
    }

    /// The wait for the next request begins.
    #[inline]
    fn rest(&self) {
        let idle = if self.worker.shared.is_draining() && !self.body.is_under_way() {
            self.times.idle_grace.get()
        } else {
            self.times.idle.get()
        };
        self.deadline.set(&self.worker.clock, idle);
    }

    /// Bytes came from the client.
    #[inline]
    pub(super) fn received(&self) {
        if self.phase.is(Phase::Idle) && !self.body.is_under_way() {
            // From here the whole head has to come in time: more bytes do not extend it.
            self.phase.set(Phase::Head);
            self.deadline.set(&self.worker.clock, self.times.header.get());
        } else if self.phase.is(Phase::Idle) || self.phase.is(Phase::Answer) {
            // What comes beside or after an early answer is still the body.
            self.deadline.set(&self.worker.clock, self.times.idle.get());
        }
        // In an exchange it is the body's progress that counts, and the body itself reports it.
    }

    /// The client took bytes.
    #[inline]
    pub(super) fn sent(&self) {
        let waited = self.unsent.load(Relaxed);
        if waited {
            self.unsent.store(false, Relaxed);
        }
        if self.phase.is(Phase::Answer) {
            self.deadline.set(&self.worker.clock, self.times.idle.get());
        } else if waited && self.phase.is(Phase::Idle) {
            self.rest();
        }
    }

    /// The client takes no bytes now. The end of an answer may still have to go out when its exchange has ended: then
    /// the client has the time of an answer, not what a drain leaves to idle connections.
    pub(super) fn not_sent(&self) {
        if !self.unsent.swap(true, Relaxed) && self.phase.is(Phase::Idle) {
            self.deadline.set(&self.worker.clock, self.times.idle.get());
        }
    }

    /// Whether the connection has to be closed now. In an exchange the waiting for the endpoint ends instead, with an
    /// answer for the client.
    pub(super) fn is_over(&self) -> bool {
        self.deadline_passed() && !self.phase.is(Phase::Exchange)
    }
}
