//! Idle links: one pool per worker thread, so that taking one needs no lock.
//!
//! Links stand at the seats of a roster, so they outlast a change of the configuration for those who stay. Links
//! to an endpoint that is gone are closed by the newcomer to its seat, or by the next sweep.

use std::cell::RefCell;
use std::task::{Context, Poll, Waker};

use graylane_config::Protocol;
use graylane_tls::Peer;

use super::dial::{ConnectError, dial};
use super::link::H1Link;
use super::{Link, Way, h2};
use crate::body::{Next, Source};
use crate::clock::Ticks;
use crate::place::{Place, place};
use crate::roster::{Seat, Seats};
use crate::stream::Stream;

/// Idle links kept per endpoint and worker; a burst beyond it closes what it opened.
const MAX_IDLE: usize = 256;

/// Bytes that are read of an answer that nobody wants.
const MAX_UNWANTED: usize = 16 * 1024;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { idle: Vec::new() }) };
}

#[derive(Default)]
struct Pool {
    /// Of endpoints; the most recently used last.
    idle: Vec<Place<Vec<Idle>>>,
}

struct Idle {
    link: Box<H1Link>,
    since: u32,
}

impl H1Link {
    /// Puts the link back, where another exchange may use it; else it closes.
    #[inline]
    pub(super) fn give_back(mut self: Box<Self>, now: u32) {
        if self.is_reusable() {
            self.rest();
            self.put_back(now);
        }
    }

    fn put_back(self: Box<Self>, now: u32) {
        // At the end of the thread the pool is gone before the last tasks are: then the link just closes.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if let Some(idle) = place(&mut pool.idle, self.seat())
                && idle.len() < MAX_IDLE
            {
                idle.push(Idle {
                    link: self,
                    since: now,
                });
            }
        });
    }
}

/// Puts a connection that somebody else made among the idle ones.
pub(crate) fn lay_up(stream: Stream, seat: Seat) {
    H1Link::new(stream, seat, None).put_back(0);
}

/// Takes a link that is there: one that is idle and that its endpoint has not closed, as far as is known, or a stream on one
/// that is shared.
#[inline]
pub(crate) fn take_idle(way: Way<'_>) -> Option<Link> {
    if way.protocol == Protocol::Http2 {
        return h2::take(way).map(Link::H2);
    }
    take_link(way.seat, way.peer).map(Link::H1)
}

#[inline]
fn take_link(seat: Seat, peer: Option<&Peer>) -> Option<Box<H1Link>> {
    loop {
        let mut link = POOL
            .with_borrow_mut(|pool| place(&mut pool.idle, seat)?.pop())?
            .link;
        if link.is_quiet() && link.is_for(peer) {
            return Some(link);
        }
    }
}

/// Makes a new link.
pub(crate) async fn connect(way: Way<'_>) -> Result<Link, ConnectError> {
    Ok(match way.protocol {
        Protocol::Http1 => Link::H1(H1Link::new(dial(way).await?, way.seat, way.peer.cloned())),
        Protocol::Http2 => Link::H2(h2::connect(way).await?),
    })
}

/// Parts with an answer that nobody wants. Where it is short and all there, the link may serve another exchange; else it is
/// closed, as nobody would wait for the rest.
#[cold]
pub(crate) fn lay_aside(mut link: Link, now: u32) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut left = MAX_UNWANTED;
    while let Poll::Ready(Ok(next)) = link.poll_next(&mut cx) {
        if next == Next::End {
            return link.give_back(now);
        }
        let n = link.data().len();
        if n > left {
            return;
        }
        left -= n;
        link.consume(n);
    }
}

/// Closes links that were closed by their endpoint, are idle for too long, or belong to nobody who is there now; once in a
/// while.
pub(crate) fn sweep(now: u32, idle: Ticks, seats: &Seats) {
    h2::sweep(now, idle, seats);
    POOL.with_borrow_mut(|pool| {
        pool.idle.truncate(seats.endpoints.len());
        for (links, holder) in pool.idle.iter_mut().zip(&seats.endpoints) {
            if links.serial != *holder {
                links.value = Vec::new();
            }
            links
                .value
                .retain_mut(|one| one.link.is_quiet() && !idle.passed_since(one.since, now));
        }
    });
}

/// Closes every idle link of this thread.
pub(crate) fn clear() {
    h2::clear();
    POOL.set(Pool::default());
}

#[cfg(test)]
mod tests;
