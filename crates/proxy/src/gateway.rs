//! The running data plane: its workers, what they share, and how they end.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};

use crate::connections::Connections;
use crate::counters::Counters;
use crate::generation::Generation;
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
        })
    }

    /// The generation in use.
    pub fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// Puts the next generation into use: exchanges that begin from here on use it, those under way go on with theirs.
    /// No exchange waits for this.
    ///
    /// # Errors
    /// It was made from another generation than the one in use, so it would forget what came after that.
    pub fn replace(&self, next: Arc<Generation>) -> Result<(), Overtaken> {
        // The lock also keeps two changes apart. No code under it can panic half way.
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        if !next.follows(&self.current.load()) {
            return Err(Overtaken);
        }
        next.begin();
        next.hooks().take_over();
        self.connections.set_limit(next.limits().connections);
        retired.push(self.current.swap(next));
        retired.retain(|generation| Arc::strong_count(generation) > 1);
        Ok(())
    }

    /// Where the generation in use is found, for those who look every time.
    pub(crate) fn generations(&self) -> &Arc<ArcSwap<Generation>> {
        &self.current
    }

    /// The counters of all workers.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether the process is on its way out.
    #[inline]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }
}

/// What the workers are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Serve,
    /// End when the exchanges under way have, or the limit of the drain is reached.
    Drain,
    /// End now.
    Stop,
}

/// The running workers.
#[derive(Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    orders: watch::Sender<Order>,
    /// Of each worker that is waited for: how many connections it cut.
    ended: Vec<oneshot::Receiver<u64>>,
    /// The connections that those cut which are no longer waited for.
    cut: u64,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Exchanges served in the life of the process.
    pub served: u64,
    /// Connections that had to be cut: the limit was reached, or the end was forced.
    pub cut: u64,
}

impl Gateway {
    /// Starts the workers; when this returns, every one of them accepts.
    ///
    /// # Errors
    /// A thread or its runtime could not be made.
    pub fn start(shared: &Arc<Shared>, listeners: Vec<TcpListener>) -> io::Result<Self> {
        let workers = shared.counters.workers();
        let (orders, _) = watch::channel(Order::Serve);
        let mut ended = Vec::with_capacity(workers);
        for number in 0..workers {
            let listeners = listeners
                .iter()
                .map(TcpListener::try_clone)
                .collect::<io::Result<Vec<_>>>()?;
            let worker = Worker::new(shared, number);
            ended.push(worker::spawn(worker, listeners, orders.subscribe())?);
        }
        // Each worker has its own handle of every queue. One kept here would hold the queue open through a drain, and
        // clients would connect to nobody.
        drop(listeners);
        Ok(Self {
            shared: Arc::clone(shared),
            orders,
            ended,
            cut: 0,
        })
    }

    /// Begins to drain: no new connections; the answers on the open ones say that they are the last.
    pub fn drain(&self) {
        self.shared.draining.store(true, Relaxed);
        self.orders.send_if_modified(|order| {
            let serving = *order == Order::Serve;
            if serving {
                *order = Order::Drain;
            }
            serving
        });
    }

    /// Ends at once.
    pub fn stop(&self) {
        self.shared.draining.store(true, Relaxed);
        self.orders.send_replace(Order::Stop);
    }

    /// Waits until every worker ended.
    pub async fn ended(&mut self) -> Drained {
        // What is known is kept in `self`: the caller may drop this future half way, at a second signal, and ask again.
        while let Some(worker) = self.ended.last_mut() {
            // A worker that panicked sends nothing; its connections are gone, and counted by nobody.
            self.cut += worker.await.unwrap_or(0);
            self.ended.pop();
        }
        Drained {
            served: self.shared.counters.ended(),
            cut: self.cut,
        }
    }
}
