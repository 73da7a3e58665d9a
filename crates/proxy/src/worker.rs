//! One thread, one current-thread runtime, its own connections.

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use crate::accept::Beginning;
use crate::clock::{Clock, TICK};
use crate::conn::{Conn, Scheme};
use crate::connections::Permit;
use crate::counters::Shard;
use crate::gateway::{Order, Shared};
use crate::latest::{self, latest};
use crate::timer::Timer;
use crate::{accept, socket, upstream};

/// How long to wait when the process has no file descriptor left for a connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);
/// Idle links are looked through every so many ticks.
const SWEEP_EVERY: u32 = 20;

/// A worker, as its connections see it.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) counters: Arc<Shard>,
    /// Its place among the counters of a lane.
    pub(crate) number: usize,
    pub(crate) clock: Arc<Clock>,
    /// Connections, tunnels included, that have not ended.
    live: AtomicU64,
    /// Told when the last one ends.
    last_ended: Notify,
}

impl Worker {
    pub(crate) fn new(shared: &Arc<Shared>, number: usize) -> Arc<Self> {
        Arc::new(Self {
            counters: Arc::clone(shared.counters().shard(number)),
            number,
            clock: Arc::default(),
            live: AtomicU64::new(0),
            last_ended: Notify::new(),
            shared: Arc::clone(shared),
        })
    }
}

/// One open client connection, tunnels included: counted from accept until its last user drops it.
#[derive(Debug)]
pub(crate) struct Presence {
    worker: Arc<Worker>,
    _permit: Option<Permit>,
}

impl Presence {
    pub(crate) fn new(worker: &Arc<Worker>, permit: Option<Permit>) -> Self {
        worker.live.fetch_add(1, Relaxed);
        worker.counters.accepted.add(1);
        worker.counters.open.add(1);
        Self {
            worker: Arc::clone(worker),
            _permit: permit,
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.worker.counters.open.sub(1);
        if self.worker.live.fetch_sub(1, Relaxed) == 1 {
            self.worker.last_ended.notify_one();
        }
    }
}

/// Starts a worker's thread and waits until it accepts. What comes back tells, at the end, how many connections were cut.
pub(crate) fn spawn(
    worker: Arc<Worker>,
    listeners: Vec<StdListener>,
    orders: watch::Receiver<Order>,
) -> io::Result<oneshot::Receiver<u64>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let listeners = {
        let _inside = runtime.enter();
        listeners
            .into_iter()
            .map(TcpListener::from_std)
            .collect::<io::Result<Vec<_>>>()?
    };
    let (ended, receiver) = oneshot::channel();
    std::thread::Builder::new().name("worker".into()).spawn(move || {
        let cut = runtime.block_on(run(worker, listeners, orders));
        upstream::clear();
        latest::clear();
        // Not dropped: that would wait for a name look-up that hangs.
        runtime.shutdown_background();
        // Nobody listens any more when the whole process is being torn down.
        let _ = ended.send(cut);
    })?;
    Ok(receiver)
}

async fn run(worker: Arc<Worker>, listeners: Vec<TcpListener>, mut orders: watch::Receiver<Order>) -> u64 {
    tokio::spawn(tick(Arc::clone(&worker)));
    let accepting: Vec<_> = listeners
        .into_iter()
        .enumerate()
        .map(|(number, listener)| tokio::spawn(accept(Arc::clone(&worker), number, listener, orders.clone())))
        .collect();
    wait_for(&mut orders, |order| order != Order::Serve).await;
    let current = worker.shared.current();
    OPEN.with_borrow(|open| {
        open.each(|timer| timer.drain(current.times().idle_grace));
    });
    tokio::select! {
        () = all_ended(&worker, accepting) => {}
        () = tokio::time::sleep(current.drain().limit) => {}
        () = wait_for(&mut orders, |order| order == Order::Stop) => {}
    }
    worker.live.load(Relaxed)
}

/// Ends when every accept loop has emptied its queue and no connection is left.
async fn all_ended(worker: &Worker, accepting: Vec<JoinHandle<()>>) {
    for accepts in accepting {
        // It fails only where it panicked, and then it is gone too.
        let _ = accepts.await;
    }
    while worker.live.load(Relaxed) > 0 {
        worker.last_ended.notified().await;
    }
}

async fn wait_for(orders: &mut watch::Receiver<Order>, wanted: impl Fn(Order) -> bool) {
    // The sender lives as long as the gateway; without it there is nobody left to serve.
    let _ = orders.wait_for(|order| wanted(*order)).await;
}

/// Moves the clock on, wakes what has used up its time, and now and then closes links that are idle for too long.
async fn tick(worker: Arc<Worker>) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        worker.clock.advance();
        OPEN.with_borrow(|open| open.each(Timer::check));
        let now = worker.clock.now();
        if now.is_multiple_of(SWEEP_EVERY) {
            // Looking also lets go of an older generation, where no request comes that would.
            let current = latest(&worker.shared);
            upstream::sweep(now, current.times().idle, current.roster().seats());
        }
    }
}

/// Accepts until the process drains, then takes what is already in the queue, so that no client that was told
/// "connected" is reset.
async fn accept(
    worker: Arc<Worker>,
    number: usize,
    listener: TcpListener,
    mut orders: watch::Receiver<Order>,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = wait_for(&mut orders, |order| order != Order::Serve) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // At the limit the client waits, here or in the queue: that is kinder than a refusal, and costs us
                // nothing. A permit taken before there is a client would be lost to the other listeners.
                let permit = tokio::select! {
                    biased;
                    () = wait_for(&mut orders, |order| order != Order::Serve) => None,
                    permit = worker.shared.connections.acquire() => permit,
                };
                open(&worker, number, stream, peer, permit);
            }
            Err(error) if is_about_one_connection(&error) => log::debug!("accept: {error}"),
            Err(error) => {
                log::error!("accept: {error}; waiting {} ms", OUT_OF_DESCRIPTORS.as_millis());
                tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            }
        }
    }
    let Ok(listener) = listener.into_std() else { return };
    while let Ok((stream, peer)) = listener.accept() {
        let permit = worker.shared.connections.try_acquire();
        if stream.set_nonblocking(true).is_ok()
            && let Ok(stream) = TcpStream::from_std(stream)
        {
            open(&worker, number, stream, peer, permit);
        }
    }
}

/// Whether only the connection that was to be accepted is lost, not the means to accept any.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Begins a connection of the listener of that number.
fn open(worker: &Arc<Worker>, number: usize, stream: TcpStream, peer: SocketAddr, permit: Option<Permit>) {
    socket::set_up(&stream);
    let generation = latest(&worker.shared);
    let (times, entry) = (generation.times(), generation.entry(number));
    let scheme = if entry.tls.is_some() {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let conn = Conn::new(worker, peer, scheme, times, Presence::new(worker, permit));
    let beginning = Beginning {
        tls: entry.tls.clone(),
        handshake: times.handshake,
        http2: entry.http2,
    };
    let listed = Listed::new(&conn.timer);
    tokio::spawn(async move {
        accept::serve(conn, stream, beginning).await;
        drop(listed);
    });
}

thread_local! {
    static OPEN: RefCell<Open> = const { RefCell::new(Open { places: Vec::new(), free: Vec::new() }) };
}

/// The deadlines of this thread, for the scan of every tick.
struct Open {
    places: Vec<Option<Arc<Timer>>>,
    free: Vec<usize>,
}

impl Open {
    fn each(&self, then: impl Fn(&Timer)) {
        self.places.iter().flatten().for_each(|timer| then(timer));
    }
}

/// A deadline's place in the list; given up when dropped.
pub(crate) struct Listed(usize);

impl Listed {
    pub(crate) fn new(timer: &Arc<Timer>) -> Self {
        OPEN.with_borrow_mut(|open| {
            let place = open.free.pop().unwrap_or_else(|| {
                open.places.push(None);
                open.places.len() - 1
            });
            open.places[place] = Some(Arc::clone(timer));
            Self(place)
        })
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        // A connection may end while its thread does; then the list is gone already. Dropping the connection itself
        // may not happen inside the borrow: its end may look at the list.
        let _gone = OPEN.try_with(|open| {
            let mut open = open.borrow_mut();
            open.free.push(self.0);
            open.places[self.0].take()
        });
    }
}
