//! What the running workers are told: to accept or not, to take a connection over, to end.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use graylane_core::Name;
use tokio::sync::watch;

use crate::gateway::Shared;
use crate::ledger::Ledger;
use crate::moving::Idle;
use crate::worker::Worker;

/// What the workers are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Serve,
    /// Accept nobody, and go on with those who are here.
    Pause,
    /// End when the exchanges under way have, or the limit of the drain is reached.
    Drain,
    /// End now.
    Stop,
}

/// What becomes of the clients that wait in the accept queues when the gateway drains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queues<'a> {
    /// They are accepted and served: nobody comes after us.
    Empty,
    /// Another process accepts those of the named listeners; those of the others are accepted and served.
    Leave(&'a [Name]),
}

/// Steers a running gateway, from any thread.
#[derive(Debug, Clone)]
pub struct Control(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    orders: watch::Sender<Order>,
    /// How many accept loops may be about to accept.
    accepting: Arc<watch::Sender<usize>>,
    /// Until the gateway drains: one kept longer would hold a queue open that nobody empties.
    sockets: Mutex<Vec<TcpListener>>,
    workers: Vec<Arc<Worker>>,
    /// The worker whose turn it is to adopt.
    turn: AtomicUsize,
}

/// Why a connection is not taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// No listener has that name.
    #[error("there is no listener `{0}`")]
    NoListener(Name),
    /// What came in cleartext cannot go on over TLS.
    #[error("listener `{0}` speaks TLS")]
    Secured(Name),
    /// The gateway drains, or has ended.
    #[error("the gateway takes no more connections")]
    Leaving,
}

impl Control {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        order: Order,
        sockets: Vec<TcpListener>,
        workers: Vec<Arc<Worker>>,
    ) -> Self {
        Self(Arc::new(Inner {
            shared: Arc::clone(shared),
            orders: watch::Sender::new(order),
            accepting: Arc::new(watch::Sender::new(0)),
            sockets: Mutex::new(sockets),
            workers,
            turn: AtomicUsize::new(0),
        }))
    }

    pub(crate) fn orders(&self) -> watch::Receiver<Order> {
        self.0.orders.subscribe()
    }

    pub(crate) fn accepting(&self) -> &Arc<watch::Sender<usize>> {
        &self.0.accepting
    }

    /// The listening sockets with their names, of which the caller gets handles of its own.
    ///
    /// # Errors
    /// The process may have no more descriptors.
    pub fn listeners(&self) -> io::Result<Vec<(Name, TcpListener)>> {
        let current = self.0.shared.current();
        let named = |(number, socket): (usize, &TcpListener)| {
            Ok((current.entry(number).listener.clone(), socket.try_clone()?))
        };
        self.sockets().iter().enumerate().map(named).collect()
    }

    /// Accepts no more clients for now. New ones wait in the queues, which stay open; those who are here notice nothing.
    /// Without effect where the gateway is on its way out.
    pub fn pause(&self) {
        self.turn_from(Order::Serve, Order::Pause);
    }

    /// Waits until no worker accepts any more: from then on a client that connects stays in the queue, for whoever accepts
    /// next, in this process or in another.
    pub async fn paused(&self) {
        // The sender lives as long as `self`.
        let _ = self
            .0
            .accepting
            .subscribe()
            .wait_for(|accepting| *accepting == 0)
            .await;
    }

    /// Accepts again, those first who wait.
    pub fn resume(&self) {
        self.turn_from(Order::Pause, Order::Serve);
    }

    /// Whether no clients are accepted for now.
    pub fn is_paused(&self) -> bool {
        *self.0.orders.borrow() == Order::Pause
    }

    /// Gives connections away as they are idle, once the gateway drains: those in cleartext that speak HTTP/1.1. Whoever
    /// receives them sends them to the process that [adopts](Control::adopt) them and then says that they [moved](Idle::moved).
    /// When the receiver is gone, the rest stays and is told to close as ever.
    pub fn move_idle(&self, to: Sender<Idle>) {
        self.0.shared.move_idle(to);
    }

    /// Serves a connection that another process accepted on the listener of that name, as if it had been accepted here. It
    /// counts against the limit of connections, but is not refused by it.
    ///
    /// # Errors
    /// It cannot be served here; it is closed then.
    pub fn adopt(&self, listener: &Name, stream: TcpStream) -> Result<(), AdoptError> {
        let current = self.0.shared.current();
        let number = current.number(listener);
        let number = number.ok_or_else(|| AdoptError::NoListener(listener.clone()))?;
        if current.entry(number).tls.is_some() {
            return Err(AdoptError::Secured(listener.clone()));
        }
        let turn = self.0.turn.fetch_add(1, Relaxed) % self.0.workers.len();
        let adopted = self.0.workers[turn].adopt(number, stream);
        adopted.then_some(()).ok_or(AdoptError::Leaving)
    }

    /// Begins to drain: no new connections; the answers on the open ones say that they are the last.
    pub fn drain(&self, queues: Queues<'_>) {
        self.0.shared.leave(match queues {
            Queues::Empty => &[],
            Queues::Leave(names) => names,
        });
        self.sockets().clear();
        self.0.orders.send_if_modified(|order| {
            let serving = matches!(order, Order::Serve | Order::Pause);
            if serving {
                *order = Order::Drain;
            }
            serving
        });
    }

    /// Ends at once.
    pub fn stop(&self) {
        self.0.shared.leave(&[]);
        self.sockets().clear();
        self.0.orders.send_replace(Order::Stop);
    }

    /// What became of the connections so far: a mark for later, or the sum since one.
    pub fn ledger(&self) -> Ledger {
        self.0.shared.counters().ledger()
    }

    fn turn_from(&self, from: Order, to: Order) {
        self.0.orders.send_if_modified(|order| {
            let turns = *order == from;
            if turns {
                *order = to;
            }
            turns
        });
    }

    /// The lock is held for no code that can panic half way: what a poisoned one holds is whole.
    fn sockets(&self) -> MutexGuard<'_, Vec<TcpListener>> {
        self.0.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
