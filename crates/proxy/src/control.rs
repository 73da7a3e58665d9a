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
use crate::moving::{Arrival, Idle};
use crate::worker::Worker;

/// What the workers are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Serve,
    /// Accept nobody, and go on with those who are here.
    Pause,
    /// End when the exchanges under way have, or the limit of the drain is reached.
    Drain,
    /// The same, and idle connections have only the grace, whoever else accepts.
    Hurry,
    /// End now.
    Stop,
}

/// What becomes of the clients that wait in the accept queues when the gateway drains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queues<'a> {
    /// They are accepted and served: nobody comes after us.
    Empty,
    /// Another process accepts those of the named listeners; those of the others are accepted and served. Nobody waits for
    /// the end of this one then, so that idle connections that cannot move stay until the limit of the drain.
    Leave(&'a [Name]),
}

/// Steers a running gateway, from any thread.
#[derive(Debug, Clone)]
pub struct Control(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    /// To the workers: whether to end.
    orders: watch::Sender<Order>,
    /// Of each listener.
    doors: Vec<Steered>,
    /// Until the gateway drains: one kept longer would hold a queue open that nobody empties.
    sockets: Mutex<Vec<TcpListener>>,
    workers: Vec<Arc<Worker>>,
    /// The worker whose turn it is to adopt.
    turn: AtomicUsize,
}

/// The accept loops of one listener, one of each worker.
#[derive(Debug)]
struct Steered {
    orders: watch::Sender<Order>,
    /// How many of them may be about to accept.
    accepting: Arc<watch::Sender<usize>>,
}

impl Steered {
    fn new(order: Order) -> Self {
        Self {
            orders: watch::Sender::new(order),
            accepting: Arc::new(watch::Sender::new(0)),
        }
    }

    fn turn_from(&self, from: Order, to: Order) {
        turn(&self.orders, |order| order == from, to);
    }
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
            doors: sockets.iter().map(|_| Steered::new(order)).collect(),
            sockets: Mutex::new(sockets),
            workers,
            turn: AtomicUsize::new(0),
        }))
    }

    pub(crate) fn orders(&self) -> watch::Receiver<Order> {
        self.0.orders.subscribe()
    }

    /// What the accept loops of that listener are told, and where they are counted.
    pub(crate) fn door(&self, listener: usize) -> (watch::Receiver<Order>, Arc<watch::Sender<usize>>) {
        let Steered { orders, accepting } = &self.0.doors[listener];
        (orders.subscribe(), Arc::clone(accepting))
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
        self.0
            .doors
            .iter()
            .for_each(|door| door.turn_from(Order::Serve, Order::Pause));
    }

    /// The same for the named listeners only: the others go on.
    pub fn pause_only(&self, listeners: &[Name]) {
        let current = self.0.shared.current();
        let numbers = listeners.iter().filter_map(|name| current.number(name));
        for door in numbers.filter_map(|number| self.0.doors.get(number)) {
            door.turn_from(Order::Serve, Order::Pause);
        }
    }

    /// Waits until no worker accepts any more where that is paused: from then on a client that connects there stays in the
    /// queue, for whoever accepts next, in this process or in another.
    pub async fn paused(&self) {
        for door in &self.0.doors {
            if *door.orders.borrow() == Order::Pause {
                let mut accepting = door.accepting.subscribe();
                // The sender lives as long as `self`.
                let _ = accepting.wait_for(|accepting| *accepting == 0).await;
            }
        }
    }

    /// How far the clock of each worker is: every 50 ms it moves on. A worker whose clock stands still does nothing any more.
    pub fn clocks(&self) -> impl Iterator<Item = u32> {
        self.0.workers.iter().map(|worker| worker.clock.now())
    }

    /// Accepts again everywhere, those first who wait.
    pub fn resume(&self) {
        self.0
            .doors
            .iter()
            .for_each(|door| door.turn_from(Order::Pause, Order::Serve));
    }

    /// Gives connections away as they are idle, once the gateway drains: those in cleartext that speak HTTP/1.1 and came by a
    /// listener that is [left](Queues::Leave) to another process. Whoever
    /// receives them sends them to the process that [adopts](Control::adopt) them and then says that they [moved](Idle::moved).
    /// When the receiver is gone, the rest stays and is told to close as ever.
    pub fn move_idle(&self, to: Sender<Idle>) {
        self.0.shared.move_idle(to);
    }

    /// Serves a connection that another process accepted on the listener of that name, as if it had been accepted here. It
    /// counts against the limit of connections, but is not refused by it.
    ///
    /// # Errors
    /// It cannot be served here; this handle of it is closed then.
    pub fn adopt(&self, listener: &Name, stream: TcpStream) -> Result<(), AdoptError> {
        let current = self.0.shared.current();
        let number = current.number(listener);
        let number = number.ok_or_else(|| AdoptError::NoListener(listener.clone()))?;
        if current.entry(number).tls.is_some() {
            return Err(AdoptError::Secured(listener.clone()));
        }
        self.take_in(Arrival::Adopted(number, stream))
    }

    /// Serves a connection that this process has made to itself, to see whether its workers serve, which take turns. It is in
    /// cleartext, also where every listener is secured, and is told to be of the first listener.
    ///
    /// # Errors
    /// The gateway drains, or has ended; this handle of the connection is closed then.
    pub fn ask_itself(&self, stream: TcpStream) -> Result<(), AdoptError> {
        self.take_in(Arrival::Own(stream))
    }

    fn take_in(&self, arrival: Arrival) -> Result<(), AdoptError> {
        let turn = self.0.turn.fetch_add(1, Relaxed) % self.0.workers.len();
        let taken = self.0.workers[turn].take_in(arrival);
        taken.then_some(()).ok_or(AdoptError::Leaving)
    }

    /// Begins to drain: no new connections; the answers on the open ones say that they are the last.
    pub fn drain(&self, queues: Queues<'_>) {
        self.0.shared.leave(match queues {
            Queues::Empty => &[],
            Queues::Leave(names) => names,
        });
        self.sockets().clear();
        self.end(|order| matches!(order, Order::Serve | Order::Pause), Order::Drain);
    }

    /// Ends a drain soon: somebody waits for it. Idle connections whose listeners are [left](Queues::Leave) to another process
    /// have only the grace from now on; those of the others have had no more from the beginning. Without effect where the
    /// gateway does not drain.
    pub fn hurry(&self) {
        if self.0.shared.is_draining() {
            self.0.shared.hurry();
            turn(&self.0.orders, |order| order == Order::Drain, Order::Hurry);
        }
    }

    /// Ends at once.
    pub fn stop(&self) {
        self.0.shared.leave(&[]);
        self.sockets().clear();
        self.end(|_| true, Order::Stop);
    }

    /// What became of the connections so far: a mark for later, or the sum since one.
    pub fn ledger(&self) -> Ledger {
        self.0.shared.counters().ledger()
    }

    /// For the workers and all their doors.
    fn end(&self, from: impl Fn(Order) -> bool, to: Order) {
        let doors = self.0.doors.iter().map(|door| &door.orders);
        doors
            .chain([&self.0.orders])
            .for_each(|orders| turn(orders, &from, to));
    }

    /// The lock is held for no code that can panic half way: what a poisoned one holds is whole.
    fn sockets(&self) -> MutexGuard<'_, Vec<TcpListener>> {
        self.0.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn turn(orders: &watch::Sender<Order>, from: impl Fn(Order) -> bool, to: Order) {
    orders.send_if_modified(|order| {
        let turns = from(*order);
        if turns {
            *order = to;
        }
        turns
    });
}
