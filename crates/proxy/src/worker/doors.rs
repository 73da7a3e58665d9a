//! Where connections come from: the accept queues, and the process before this one.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::open::Listed;
use super::{Presence, Worker, wait_for};
use crate::accept::{self, Beginning};
use crate::conn::{Conn, Scheme};
use crate::control::Order;
use crate::latest::latest;
use crate::ledger::Fate;
use crate::moving::Arrival;
use crate::socket;

/// How long to wait when the process has no file descriptor left for a connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// A loop that may be about to accept; counted for as long as it is.
struct Accepting(Arc<watch::Sender<usize>>);

impl Accepting {
    fn begin(count: &Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|loops| *loops += 1);
        Self(Arc::clone(count))
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.send_modify(|loops| *loops -= 1);
    }
}

/// Accepts while the gateway serves, and until it drains. What is in the queue then is taken too, so that no client that was
/// told "connected" is reset; unless the queue is another process's from here on.
pub(super) async fn accept(
    worker: Arc<Worker>,
    number: usize,
    socket: StdListener,
    mut orders: watch::Receiver<Order>,
    count: Arc<watch::Sender<usize>>,
) {
    let order = loop {
        let order = wait_for(&mut orders, |order| order != Order::Pause).await;
        if order != Order::Serve || orders.has_changed().is_err() {
            break order;
        }
        // Counted before the order is looked at again, by `take`: whoever has ordered a pause and finds nobody counted knows
        // that the order will be seen.
        let accepting = Accepting::begin(&count);
        // It is registered anew for each time, which tells at once whether somebody waits. What was told to an older
        // registration, or to another process, does not matter then.
        match socket.try_clone().and_then(TcpListener::from_std) {
            Ok(listener) => take(&worker, number, &listener, &mut orders).await,
            Err(error) => no_descriptors(&error).await,
        }
        drop(accepting);
    };
    let left = worker.shared.is_left(number);
    // Who ends at once would take clients in only to cut them, be it from the queue of another process.
    let empties = order == Order::Drain && !left;
    while empties && let Ok((stream, peer)) = socket.accept() {
        let permit = worker.shared.connections.try_acquire();
        if stream.set_nonblocking(true).is_ok()
            && let Ok(stream) = TcpStream::from_std(stream)
        {
            let presence = Presence::accepted(&worker, number, permit);
            open(&worker, stream, peer, presence, Whose::Client);
        }
    }
}

/// Accepts while the gateway serves.
async fn take(
    worker: &Arc<Worker>,
    number: usize,
    listener: &TcpListener,
    orders: &mut watch::Receiver<Order>,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            _ = wait_for(orders, |order| order != Order::Serve) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // At the limit the client waits, here or in the queue: that is kinder than a refusal, and costs us
                // nothing. A permit taken before there is a client would be lost to the other listeners.
                let permit = tokio::select! {
                    biased;
                    _ = wait_for(orders, |order| order != Order::Serve) => {
                        Some(worker.shared.connections.insist())
                    }
                    permit = worker.shared.connections.acquire() => permit,
                };
                let presence = Presence::accepted(worker, number, permit);
                open(worker, stream, peer, presence, Whose::Client);
            }
            Err(error) if is_about_one_connection(&error) => log::debug!("accept: {error}"),
            Err(error) => no_descriptors(&error).await,
        }
    }
}

#[cold]
async fn no_descriptors(error: &io::Error) {
    log::error!("accept: {error}; waiting {} ms", OUT_OF_DESCRIPTORS.as_millis());
    tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
}

/// Whether only the connection that was to be accepted is lost, not the means to accept any.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Whose connection begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// A client's.
    Client,
    /// A client's, which could not move to another process: it would be sent off again, and again.
    Returned,
    /// This process's own, with which it asks itself. It is in cleartext, whatever the listener speaks.
    Own,
}

/// Takes in connections that were not accepted here, and those of its own that come back.
pub(super) async fn arrive(worker: Arc<Worker>, mut arrivals: mpsc::UnboundedReceiver<Arrival>) {
    while let Some(arrival) = arrivals.recv().await {
        let (stream, presence, whose) = match arrival {
            Arrival::Adopted(number, stream) => (stream, Presence::adopted(&worker, number), Whose::Client),
            Arrival::Own(stream) => (stream, Presence::adopted(&worker, 0), Whose::Own),
            Arrival::Returned(stream, presence) => (stream, presence, Whose::Returned),
            Arrival::Moved(presence) => {
                presence.set_fate(Fate::HandedOver);
                continue;
            }
        };
        let opened = stream
            .set_nonblocking(true)
            .and_then(|()| stream.peer_addr())
            .and_then(|peer| Ok((TcpStream::from_std(stream)?, peer)));
        match opened {
            Ok((stream, peer)) => open(&worker, stream, peer, presence, whose),
            // Its client has gone meanwhile.
            Err(error) => log::debug!("a connection that moved: {error}"),
        }
    }
}

/// Begins a connection.
fn open(worker: &Arc<Worker>, stream: TcpStream, peer: SocketAddr, presence: Presence, whose: Whose) {
    socket::set_up(&stream);
    let generation = latest(&worker.shared);
    let (times, entry) = (generation.times(), generation.entry(presence.listener));
    let tls = entry.tls.clone().filter(|_| whose != Whose::Own);
    let scheme = if tls.is_some() {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let moves = whose == Whose::Client && tls.is_none();
    let conn = Conn::new(worker, peer, scheme, times, presence, moves);
    let beginning = Beginning {
        tls,
        handshake: times.handshake,
        http2: entry.http2,
    };
    Listed::spawn(&conn, |listed| {
        accept::serve(Arc::clone(&conn), stream, beginning, listed)
    });
}
