//! The running data plane: its workers, what they share, and how they end.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use arc_swap::ArcSwap;
use graylane_config::{Config, Drain, Limits};
use graylane_pipeline::Hooks;
use graylane_route::Snapshot;
use ipnet::IpNet;
use tokio::sync::{Semaphore, oneshot, watch};

use crate::counters::Counters;
use crate::worker::{self, Worker};

/// What all workers share.
#[derive(Debug)]
pub struct Shared {
    snapshot: Arc<ArcSwap<Snapshot>>,
    hooks: Hooks,
    limits: Limits,
    drain: Drain,
    trusted: Vec<IpNet>,
    counters: Counters,
    draining: AtomicBool,
    /// One permit per client connection.
    pub(crate) connections: Arc<Semaphore>,
}

impl Shared {
    /// What so many workers share under a configuration.
    pub fn new(config: &Config, snapshot: Arc<Snapshot>, hooks: Hooks, workers: usize) -> Arc<Self> {
        Arc::new(Self {
            counters: Counters::new(workers, snapshot.topology()),
            snapshot: Arc::new(ArcSwap::new(snapshot)),
            hooks,
            limits: config.limits.clone(),
            drain: config.drain.clone(),
            trusted: config.server.trusted_peers.clone(),
            draining: AtomicBool::new(false),
            connections: Arc::new(Semaphore::new(config.limits.connections)),
        })
    }

    /// The snapshot in use.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Where the snapshot in use is found, for those who look every time.
    pub(crate) fn snapshots(&self) -> &Arc<ArcSwap<Snapshot>> {
        &self.snapshot
    }

    /// The started modules.
    #[inline]
    pub fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// The counters of all workers.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    #[inline]
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn drain_times(&self) -> &Drain {
        &self.drain
    }

    /// The peers whose gray and forwarding headers are believed.
    #[inline]
    pub fn trusted(&self) -> &[IpNet] {
        &self.trusted
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
    pub fn start(shared: &Arc<Shared>, listeners: Vec<TcpListener>, workers: usize) -> io::Result<Self> {
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
