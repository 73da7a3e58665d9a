//! Idle links: one pool per worker thread, so that taking one needs no lock.
//!
//! Links and turns stand at the seats of a roster, so they outlast a change of the configuration for those who stay. Links
//! to an endpoint that is gone are closed by the newcomer to its seat, or by the next sweep.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use graylane_config::Endpoint;
use tokio::net::TcpStream;

use super::Link;
use crate::clock::Ticks;
use crate::roster::{Seat, Seats};
use crate::socket;

/// Idle links kept per endpoint and worker; a burst beyond it closes what it opened.
const MAX_IDLE: usize = 256;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { idle: Vec::new(), turns: Vec::new() }) };
}

#[derive(Default)]
struct Pool {
    /// Of endpoints; the most recently used last.
    idle: Vec<Place<Vec<Idle>>>,
    /// Of lanes: whose turn it is.
    turns: Vec<Place<u32>>,
}

/// What stands at a seat.
#[derive(Default)]
struct Place<T> {
    /// Of its holder; 0 where nobody has had it yet.
    serial: u64,
    value: T,
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

/// Takes an idle link that its endpoint has not closed, as far as is known.
#[inline]
pub(crate) fn take_idle(endpoint: Seat) -> Option<Box<Link>> {
    loop {
        let link = POOL
            .with_borrow_mut(|pool| place(&mut pool.idle, endpoint)?.pop())?
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
    seat: Seat,
    endpoint: &Endpoint,
    limit: Duration,
) -> Result<Box<Link>, ConnectError> {
    match tokio::time::timeout(limit, dial(endpoint)).await {
        Ok(Ok(stream)) => Ok(Link::new(stream, seat)),
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
pub(crate) fn turn(lane: Seat) -> usize {
    POOL.with_borrow_mut(|pool| {
        // A lane that is gone has but a few exchanges left: any order does for them.
        place(&mut pool.turns, lane).map_or(0, |turn| {
            *turn = turn.wrapping_add(1);
            *turn as usize
        })
    })
}

/// Closes links that were closed by their endpoint, are idle for too long, or belong to nobody who is there now; once in a
/// while.
pub(crate) fn sweep(now: u32, idle: Ticks, seats: &Seats) {
    POOL.with_borrow_mut(|pool| {
        pool.idle.truncate(seats.endpoints.len());
        pool.turns.truncate(seats.lanes.len());
        for (links, holder) in pool.idle.iter_mut().zip(&seats.endpoints) {
            if links.serial != *holder {
                links.value = Vec::new();
            }
            links
                .value
                .retain(|one| one.link.is_quiet() && !idle.passed_since(one.since, now));
        }
    });
}

/// Closes every idle link of this thread.
pub(crate) fn clear() {
    POOL.with_borrow_mut(|pool| pool.idle.clear());
}

/// What stands at a seat; nothing where a newcomer has it already. What its former holder left goes.
#[inline]
fn place<T: Default>(list: &mut Vec<Place<T>>, seat: Seat) -> Option<&mut T> {
    let number = seat.number as usize;
    if number >= list.len() {
        list.resize_with(number + 1, Place::default);
    }
    let place = &mut list[number];
    if place.serial != seat.serial {
        if place.serial > seat.serial {
            return None;
        }
        *place = Place {
            serial: seat.serial,
            value: T::default(),
        };
    }
    Some(&mut place.value)
}

#[cfg(test)]
mod tests;
