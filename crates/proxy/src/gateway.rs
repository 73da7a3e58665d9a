//! The running data plane: its workers, what they share, and how they end.

use std::io;
use std::net::TcpListener;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use graylane_core::Name;
use tokio::sync::{mpsc, oneshot};

use crate::connections::Connections;
use crate::control::{Control, Order};
use crate::counters::Counters;
use crate::generation::Generation;
use crate::health::{self, Checks, Records};
use crate::ledger::Ledger;
use crate::moving::{Idle, Mover};
use crate::worker::{self, Worker};

/// What all workers share.
#[derive(Debug)]
pub struct Shared {
    current: Arc<ArcSwap<Generation>>,
    /// Generations that are out of use, while some exchange still uses them or until the next change. So each is taken
    /// apart by who changes the configuration, and never by a worker that has requests to serve.
    retired: Mutex<Vec<Arc<Generation>>>,
    counters: Counters,
    draining: AtomicBool,
    health: Records,
    /// Whether idle connections move to another process.
    moving: AtomicBool,
    mover: Mover,
    /// Of each listener, whether its queue is another process's; set once the gateway drains.
    left: OnceLock<Box<[bool]>>,
    /// Whether somebody waits for the end of a drain all the same.
    hurried: AtomicBool,
    pub(crate) connections: Arc<Connections>,
}

/// A generation cannot come into use: it was not made from the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another configuration came into use meanwhile")]
pub struct Overtaken;

impl Shared {
    /// What the workers of a first generation share; it is in use from here.
    pub fn new(first: Arc<Generation>) -> Arc<Self> {
        first.begin();
        Arc::new(Self {
            counters: Counters::new(first.roster().workers()),
            connections: Connections::new(first.limits().connections),
            current: Arc::new(ArcSwap::new(first)),
            retired: Mutex::default(),
            draining: AtomicBool::new(false),
            health: Records::default(),
            moving: AtomicBool::new(false),
            mover: Mover::default(),
            left: OnceLock::new(),
            hurried: AtomicBool::new(false),
        })
    }

    /// The generation in use.
    pub fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// Puts the next generation into use: exchanges that begin from here on use it, those under way go on with theirs.
    /// No exchange waits for this, and no connection ends by it: what comes back says what became of them meanwhile.
    ///
    /// # Errors
    /// It was made from another generation than the one in use, so it would forget what came after that.
    pub fn replace(&self, next: Arc<Generation>) -> Result<Ledger, Overtaken> {
        // The lock also keeps two changes apart. No code under it can panic half way.
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        if !next.follows(&self.current.load()) {
            return Err(Overtaken);
        }
        let mark = self.counters.ledger();
        next.begin();
        next.hooks().take_over();
        self.connections.set_limit(next.limits().connections);
        retired.push(self.current.swap(next));
        self.health.replaced();
        retired.retain(|generation| Arc::strong_count(generation) > 1);
        Ok(self.counters.ledger().since(&mark))
    }

    /// Where the generation in use is found, for those who look every time.
    pub(crate) fn generations(&self) -> &Arc<ArcSwap<Generation>> {
        &self.current
    }

    /// The counters of all workers.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What the checks of endpoints have found.
    pub fn health(&self) -> &Records {
        &self.health
    }

    /// Waits until each endpoint of the generation in use that is to be checked was checked once, at most so long; whether
    /// that was so. Needs the timers of tokio.
    pub async fn first_round(&self, limit: Duration) -> bool {
        let generation = self.current.load().id();
        tokio::time::timeout(limit, self.health.first_round(generation))
            .await
            .is_ok()
    }

    /// Whether the process is on its way out.
    #[inline]
    pub fn is_draining(&self) -> bool {
        self.draining.load(SeqCst)
    }

    /// Whether connections that can move to another process need not be told to close.
    #[inline]
    pub(crate) fn is_moving(&self) -> bool {
        self.moving.load(Relaxed)
    }

    pub(crate) fn move_idle(&self, to: Sender<Idle>) {
        self.mover.set(Some(to));
        self.moving.store(true, Relaxed);
    }

    /// Sends an idle connection off.
    pub(crate) fn send_off(&self, idle: Idle) {
        if !self.mover.send(idle) {
            // Nobody is there: it is on its way back, and the others need not try.
            self.moving.store(false, Relaxed);
            self.mover.set(None);
        }
    }

    /// The process is on its way out, and the queues of these listeners are another's. Only the first call says which.
    pub(crate) fn leave(&self, queues: &[Name]) {
        let current = self.current();
        let _ = self
            .left
            .set(current.listeners().map(|name| queues.contains(name)).collect());
        self.draining.store(true, SeqCst);
    }

    /// Whether what waits in the queue of that listener is for another process.
    pub(crate) fn is_left(&self, listener: usize) -> bool {
        self.left.get().is_some_and(|left| left[listener])
    }

    /// Somebody waits for the end of the drain.
    pub(crate) fn hurry(&self) {
        self.hurried.store(true, SeqCst);
    }

    /// Whether connections of that listener that are idle in a drain have only the grace.
    pub(crate) fn is_hurried(&self, listener: usize) -> bool {
        self.hurried.load(SeqCst) || !self.is_left(listener)
    }
}

/// The running workers. It is steered through its [`Control`].
#[derive(Debug)]
pub struct Gateway {
    control: Control,
    /// Of each worker that is waited for.
    ended: Vec<oneshot::Receiver<()>>,
    _checks: Checks,
}

impl Gateway {
    /// Starts the workers; when this returns, every one of them accepts. The listeners are those of the configuration of the
    /// start, in its order.
    ///
    /// # Errors
    /// A thread or its runtime could not be made.
    pub fn start(shared: &Arc<Shared>, listeners: Vec<TcpListener>) -> io::Result<Self> {
        Self::begin(shared, listeners, Order::Serve)
    }

    /// Starts the workers, which accept nobody before [`Control::resume`].
    ///
    /// # Errors
    /// A thread or its runtime could not be made.
    pub fn start_paused(shared: &Arc<Shared>, listeners: Vec<TcpListener>) -> io::Result<Self> {
        Self::begin(shared, listeners, Order::Pause)
    }

    fn begin(shared: &Arc<Shared>, listeners: Vec<TcpListener>, order: Order) -> io::Result<Self> {
        let workers = shared.counters.workers();
        let mut starts = Vec::with_capacity(workers);
        for number in 0..workers {
            let (door, arrivals) = mpsc::unbounded_channel();
            let own = listeners.iter().map(TcpListener::try_clone);
            let worker = Worker::new(shared, number, door);
            starts.push((worker, own.collect::<io::Result<Vec<_>>>()?, arrivals));
        }
        let all = starts.iter().map(|(worker, ..)| Arc::clone(worker)).collect();
        let control = Control::new(shared, order, listeners, all);
        let mut ended = Vec::with_capacity(workers);
        for (worker, listeners, arrivals) in starts {
            ended.push(worker::spawn(worker, listeners, arrivals, &control)?);
        }
        Ok(Self {
            control,
            ended,
            _checks: health::start(shared)?,
        })
    }

    /// The handle by which the gateway is steered, from any thread.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Waits until every worker ended, and tells what became of all connections.
    pub async fn ended(&mut self) -> Ledger {
        // What is known is kept in `self`: the caller may drop this future half way, at a second signal, and ask again.
        while let Some(worker) = self.ended.last_mut() {
            // A worker that panicked sends nothing; its connections are still counted as open.
            let _ = worker.await;
            self.ended.pop();
        }
        self.control.ledger().closed()
    }
}

impl Deref for Gateway {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}
