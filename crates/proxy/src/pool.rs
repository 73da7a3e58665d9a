//! Connections to endpoints: one pool per worker thread, so that taking one needs no lock.
//!
//! hyper drives each connection in a task of its own. That costs a wake-up per answer, and buys that an idle connection
//! that the endpoint closes is noticed at once and that an endpoint may answer before it has read the whole body.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::time::Duration;

use graylane_config::Endpoint;
use graylane_pipeline::{EndpointId, LaneId};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::clock::Ticks;
use crate::received::Received;
use crate::replay::{Kept, LastWords};

/// Idle connections kept per endpoint and worker; a burst beyond it closes what it opened.
const MAX_IDLE: usize = 256;
/// Bytes of the head of an answer.
const MAX_ANSWER_HEAD: usize = 64 * 1024;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { idle: Vec::new(), turns: Vec::new() }) };
}

#[derive(Default)]
struct Pool {
    /// By endpoint; the most recently used last.
    idle: Vec<Vec<Idle>>,
    /// By lane: whose turn it is.
    turns: Vec<u32>,
}

struct Idle {
    lease: Lease,
    since: u32,
}

/// A connection to an endpoint, taken for one exchange.
pub(crate) struct Lease {
    pub(crate) sender: SendRequest<Received>,
    /// The last request, once the connection is gone.
    pub(crate) last_words: LastWords,
    endpoint: EndpointId,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&self.endpoint).finish()
    }
}

impl Lease {
    /// Puts the connection back: the answer was read to its end.
    #[inline]
    pub(crate) fn give_back(self, now: u32) {
        if self.sender.is_closed() {
            return;
        }
        // At the end of the thread the pool is gone before the last tasks are: then the connection just closes.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            let idle = slot(&mut pool.idle, self.endpoint.0);
            if idle.len() < MAX_IDLE {
                idle.push(Idle {
                    lease: self,
                    since: now,
                });
            }
        });
    }
}

/// Takes an idle connection that is ready, or would be as soon as its task runs.
#[inline]
pub(crate) async fn take_idle(endpoint: EndpointId) -> Option<Lease> {
    loop {
        let mut lease = POOL
            .with_borrow_mut(|pool| slot(&mut pool.idle, endpoint.0).pop())?
            .lease;
        if lease.sender.is_ready() || lease.sender.ready().await.is_ok() {
            return Some(lease);
        }
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum ConnectError {
    TimedOut,
    Refused(io::Error),
}

/// Makes a new connection.
pub(crate) async fn connect(
    id: EndpointId,
    endpoint: &Endpoint,
    limit: Duration,
) -> Result<Lease, ConnectError> {
    let stream = match tokio::time::timeout(limit, dial(endpoint)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(ConnectError::Refused(error)),
        Err(_) => return Err(ConnectError::TimedOut),
    };
    let (kept, last_words) = Kept::new(stream);
    let handshake = http1::Builder::new()
        .max_header_size(MAX_ANSWER_HEAD)
        .handshake(TokioIo::new(kept))
        .await;
    let (sender, connection) = handshake.map_err(|error| ConnectError::Refused(io::Error::other(error)))?;
    tokio::spawn(async move {
        // How the connection ended is told to whoever waits for an answer on it; for an idle one nobody needs to know.
        let _ = connection.with_upgrades().await;
    });
    Ok(Lease {
        sender,
        last_words,
        endpoint: id,
    })
}

async fn dial(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let stream = match endpoint.host.parse::<std::net::IpAddr>() {
        Ok(address) => TcpStream::connect((address, endpoint.port)).await?,
        Err(_) => TcpStream::connect((&*endpoint.host, endpoint.port)).await?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whose turn it is in a lane: round robin per worker.
#[inline]
pub(crate) fn turn(lane: LaneId) -> usize {
    POOL.with_borrow_mut(|pool| {
        let turn = slot(&mut pool.turns, lane.0);
        *turn = turn.wrapping_add(1);
        *turn as usize
    })
}

/// Closes connections that were closed by their endpoint or idle for too long; once per tick.
pub(crate) fn sweep(now: u32, idle: Ticks) {
    POOL.with_borrow_mut(|pool| {
        for connections in &mut pool.idle {
            connections.retain(|one| !one.lease.sender.is_closed() && !idle.passed_since(one.since, now));
        }
    });
}

/// Closes every idle connection of this thread.
pub(crate) fn clear() {
    POOL.with_borrow_mut(|pool| pool.idle.clear());
}

#[inline]
fn slot<T: Default>(list: &mut Vec<T>, index: u32) -> &mut T {
    let index = index as usize;
    if index >= list.len() {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}
