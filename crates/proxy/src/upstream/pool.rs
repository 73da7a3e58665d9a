//! Idle links: one pool per worker thread, so that taking one needs no lock.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use graylane_config::Endpoint;
use graylane_pipeline::{EndpointId, LaneId};
use tokio::net::TcpStream;

use super::Link;
use crate::clock::Ticks;
use crate::socket;

/// Idle links kept per endpoint and worker; a burst beyond it closes what it opened.
const MAX_IDLE: usize = 256;

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
    link: Box<Link>,
    since: u32,
}

impl Link {
    /// Puts the link back: its exchange ended on both sides.
    #[inline]
    pub(crate) fn give_back(mut self: Box<Self>, now: u32) {
        self.reset();
        // At the end of the thread the pool is gone before the last tasks are: then the link just closes.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            let idle = slot(&mut pool.idle, self.endpoint().0);
            if idle.len() < MAX_IDLE {
                idle.push(Idle {
                    link: self,
                    since: now,
                });
            }
        });
    }
}

/// Takes an idle link that its endpoint has not closed, as far as is known.
#[inline]
pub(crate) fn take_idle(endpoint: EndpointId) -> Option<Box<Link>> {
    loop {
        let link = POOL
            .with_borrow_mut(|pool| slot(&mut pool.idle, endpoint.0).pop())?
            .link;
        if link.is_quiet() {
            return Some(link);
        }
    }
}

/// Why there is no link.
#[derive(Debug)]
pub(crate) enum ConnectError {
    TimedOut,
    Refused(io::Error),
}

/// Makes a new link.
pub(crate) async fn connect(
    id: EndpointId,
    endpoint: &Endpoint,
    limit: Duration,
) -> Result<Box<Link>, ConnectError> {
    match tokio::time::timeout(limit, dial(endpoint)).await {
        Ok(Ok(stream)) => Ok(Link::new(stream, id)),
        Ok(Err(error)) => Err(ConnectError::Refused(error)),
        Err(_) => Err(ConnectError::TimedOut),
    }
}

async fn dial(endpoint: &Endpoint) -> io::Result<TcpStream> {
    let stream = match endpoint.host.parse::<std::net::IpAddr>() {
        Ok(address) => TcpStream::connect((address, endpoint.port)).await?,
        Err(_) => TcpStream::connect((&*endpoint.host, endpoint.port)).await?,
    };
    socket::set_up(&stream);
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

/// Closes links that were closed by their endpoint or idle for too long; once in a while.
pub(crate) fn sweep(now: u32, idle: Ticks) {
    POOL.with_borrow_mut(|pool| {
        for links in &mut pool.idle {
            links.retain(|one| one.link.is_quiet() && !idle.passed_since(one.since, now));
        }
    });
}

/// Closes every idle link of this thread.
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
