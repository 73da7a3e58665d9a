use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::clock::{Clock, TICK};
use crate::connection::{self, Conn};
use crate::counters::{Counters, count};
use crate::publish::Publisher;
use crate::settings::Settings;

/// How long to wait when the process has no file descriptor left for a connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);
/// Connections over the limit that are told so before they are closed.
const REFUSED_POLITELY: u64 = 64;

/// A running server. Dropped, it ends at once.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    order: watch::Sender<Order>,
    /// Another handle of the queue, to be given to another process; gone once no connection is to come any more.
    queue: Mutex<Option<StdListener>>,
    ended: Mutex<mpsc::Receiver<u64>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread of a server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Serve,
    /// No new connection, for now.
    Pause,
    Drain,
    End,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: ArcSwap<Settings>,
    pub(crate) publisher: Publisher,
    pub(crate) counters: Counters,
    pub(crate) clock: Clock,
}

impl Shared {
    pub(crate) fn new(settings: Settings, publisher: Publisher) -> Self {
        Self {
            settings: ArcSwap::from_pointee(settings),
            publisher,
            counters: Counters::default(),
            clock: Clock::default(),
        }
    }
}

impl Server {
    /// Serves on a listener, in a thread of its own.
    ///
    /// # Errors
    /// The listener, the runtime or the thread could not be set up.
    pub fn start(listener: StdListener, settings: Settings, publisher: Publisher) -> io::Result<Self> {
        Self::begin(listener, settings, publisher, Order::Serve)
    }

    /// The same, but no connection is taken before [`Server::resume`].
    ///
    /// # Errors
    /// The listener, the runtime or the thread could not be set up.
    pub fn start_paused(listener: StdListener, settings: Settings, publisher: Publisher) -> io::Result<Self> {
        Self::begin(listener, settings, publisher, Order::Pause)
    }

    fn begin(
        listener: StdListener,
        settings: Settings,
        publisher: Publisher,
        first: Order,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let queue = listener.try_clone()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let shared = Arc::new(Shared::new(settings, publisher));
        let (order, orders) = watch::channel(first);
        let (end, ended) = mpsc::channel();
        let running = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("ofrep".into()).spawn(move || {
            let cut = runtime.block_on(run(&running, listener, orders));
            // With it end the connections that are left.
            drop(runtime);
            // Nobody listens where the server was dropped.
            let _ = end.send(cut);
        })?;
        Ok(Self {
            shared,
            address,
            order,
            queue: Mutex::new(Some(queue)),
            ended: Mutex::new(ended),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has done.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Replaces the settings. Event streams whose key is gone are closed.
    pub fn replace(&self, settings: Settings) {
        self.shared.settings.store(Arc::new(settings));
        self.shared.publisher.wake();
    }

    /// A handle of the queue of connections, for another process; `None` where none are to come any more.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub fn queue(&self) -> io::Result<Option<StdListener>> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map(StdListener::try_clone).transpose()
    }

    /// Takes no new connection, until [`Server::resume`]: they wait in the queue. Those that are open are served.
    pub fn pause(&self) {
        self.step(Order::Serve, Order::Pause);
    }

    /// Takes connections again.
    pub fn resume(&self) {
        self.step(Order::Pause, Order::Serve);
    }

    fn step(&self, from: Order, to: Order) {
        self.order.send_if_modified(|order| {
            let is_so = *order == from;
            if is_so {
                *order = to;
            }
            is_so
        });
    }

    /// Begins to stop: no new connection, event streams end, requests on their way go on.
    pub fn drain(&self) {
        // With it closes the queue, as soon as the thread has let go of its own handle.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.order.send_if_modified(|order| {
            let serving = matches!(order, Order::Serve | Order::Pause);
            if serving {
                *order = Order::Drain;
            }
            serving
        });
    }

    /// Stops: no new connection, event streams end, requests on their way may end within the limit. Tells how many
    /// connections were cut; nothing is left to cut the second time.
    pub fn stop(&self, limit: Duration) -> u64 {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        self.drain();
        let drained = ended.recv_timeout(limit);
        self.order.send_replace(Order::End);
        drained.or_else(|_| ended.recv()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.order.send_replace(Order::End);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("ofrep: the server's thread panicked");
        }
    }
}

/// The open connections. Only the server's thread looks at them; the lock is for the compiler.
#[derive(Debug, Default)]
struct Open(Mutex<Vec<Weak<Conn>>>);

impl Open {
    fn with<T>(&self, then: impl FnOnce(&mut Vec<Weak<Conn>>) -> T) -> T {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn each(&self, then: impl Fn(&Conn)) {
        self.with(|open| open.iter().filter_map(Weak::upgrade).for_each(|conn| then(&conn)));
    }
}

/// Serves until it is told to end, or until the last connection of a drain is gone. Tells how many are left.
async fn run(shared: &Arc<Shared>, listener: TcpListener, mut orders: watch::Receiver<Order>) -> u64 {
    let open = Open::default();
    let turns = orders.clone();
    tokio::select! {
        biased;
        // An error means that there is no server any more.
        _ = orders.wait_for(|order| matches!(order, Order::Drain | Order::End)) => {}
        () = accept(shared, &listener, &open, turns) => {}
        () = tick(shared, &open, || false) => {}
    }
    drop(listener);
    open.each(Conn::drain);
    tokio::select! {
        biased;
        _ = orders.wait_for(|order| *order == Order::End) => {}
        () = tick(shared, &open, || open.with(|open| open.is_empty())) => {}
    }
    shared.counters.connections_open()
}

/// Moves the clock on and lets every connection look at it, until something is so.
async fn tick(shared: &Shared, open: &Open, until: impl Fn() -> bool) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        shared.clock.advance();
        open.with(|open| open.retain(|conn| conn.strong_count() > 0));
        open.each(Conn::check);
        if until() {
            return;
        }
    }
}

async fn accept(
    shared: &Arc<Shared>,
    listener: &TcpListener,
    open: &Open,
    mut orders: watch::Receiver<Order>,
) {
    // Without a server there is nobody to accept for; who waits for both ends then.
    while orders.wait_for(|order| *order == Order::Serve).await.is_ok() {
        let accepted = tokio::select! {
            biased;
            _ = orders.wait_for(|order| *order != Order::Serve) => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => admit(shared, stream, open),
            Err(error) => {
                log::error!("ofrep: accept: {error}");
                tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            }
        }
    }
}

fn admit(shared: &Arc<Shared>, stream: TcpStream, open: &Open) {
    let limits = &shared.settings.load().limits;
    let others = shared.counters.connections.load(Relaxed);
    let limit = limits.connections as u64;
    let refused = others >= limit;
    if refused {
        count(&shared.counters.refused);
        if others >= limit.saturating_add(REFUSED_POLITELY) {
            return;
        }
    }
    let conn = Conn::new(shared, limits, refused);
    open.with(|open| open.push(Arc::downgrade(&conn)));
    tokio::spawn(connection::serve(conn, stream, limits.head));
}
