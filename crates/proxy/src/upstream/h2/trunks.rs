//! The trunks of a worker thread, at the seats of their endpoints: one for each, and more where the endpoint's limit of
//! streams is reached.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use graylane_tls::Peer;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use super::H2Link;
use super::trunk::Trunk;
use crate::clock::Ticks;
use crate::place::{Place, place};
use crate::roster::{Seat, Seats};
use crate::upstream::dial::{ConnectError, dial};
use crate::upstream::{OwnWay, Way};

/// Trunks for one endpoint and worker. Beyond what they hold, streams wait for others to end.
const MAX_TRUNKS: usize = 16;

thread_local! {
    static TRUNKS: RefCell<Vec<Place<Trunks>>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Trunks {
    open: Vec<Trunk>,
    /// One is being opened; told when that has succeeded, or not.
    opening: Option<Arc<Opened>>,
}

impl Trunks {
    /// A stream's place on a trunk with room; where there may be no more trunks, on the one with the fewest streams.
    fn take(&mut self, peer: Option<&Peer>) -> Option<Box<H2Link>> {
        self.open
            .retain_mut(|trunk| !trunk.is_over() && trunk.is_for(peer));
        let free = self.open.iter().find(|trunk| trunk.room() > 0);
        let trunk = match free {
            None if self.open.len() >= MAX_TRUNKS => self.open.iter().min_by_key(|trunk| trunk.streams()),
            free => free,
        };
        trunk.map(|trunk| H2Link::new(trunk.take()))
    }
}

/// Takes a stream's place on a trunk that is open.
pub(in crate::upstream) fn take(way: Way<'_>) -> Option<Box<H2Link>> {
    TRUNKS.with_borrow_mut(|all| place(all, way.seat)?.take(way.peer))
}

/// Takes a stream's place on a trunk, and opens one where none has room. Whoever comes meanwhile waits until it is known how
/// many streams it takes, no longer than it may take: each would open one of its own.
pub(in crate::upstream) async fn connect(way: Way<'_>) -> Result<Box<H2Link>, ConnectError> {
    // For all waits together: whoever waits must not begin anew with each who fails before.
    let mut until = None;
    loop {
        match turn(way) {
            Turn::Take(link) => return Ok(link),
            Turn::Wait(opened) => {
                let limit = way.connect_time + way.limits.handshake_time;
                let until = *until.get_or_insert_with(|| Instant::now() + limit);
                timeout_at(until, opened.done.notified()).await?;
                opened.failure()?;
            }
            Turn::Open(opening) => {
                let (tell, told) = oneshot::channel();
                // A task of its own: others wait for the trunk, so it must not end with the client that was the first to
                // want it.
                tokio::spawn(open(OwnWay::from(way), opening, tell));
                let ended = |_| Err(io::Error::from(io::ErrorKind::Interrupted).into());
                return told.await.unwrap_or_else(ended);
            }
        }
    }
}

/// Opens a trunk, leaves it to all, and gives the first place on it to who wanted it, where that one is still there.
async fn open(way: OwnWay, opening: Opening, tell: oneshot::Sender<Result<Box<H2Link>, ConnectError>>) {
    let opened = Arc::clone(&opening.opened);
    let begun = async { Ok(Trunk::begin(dial(way.way()).await?, way.way(), opening).await?) };
    // Those who wait are awake, but this thread is still here: they find what it has left.
    let link = begun
        .await
        .inspect_err(|error| opened.failed(error))
        .map(|trunk| {
            let mut link = H2Link::new(trunk.take());
            link.is_new = true;
            TRUNKS.with_borrow_mut(|all| {
                if let Some(trunks) = place(all, way.seat) {
                    trunks.open.push(trunk);
                }
            });
            link
        });
    let _ = tell.send(link);
}

/// What somebody does who needs a stream's place.
enum Turn {
    Take(Box<H2Link>),
    Wait(Arc<Opened>),
    Open(Opening),
}

fn turn(way: Way<'_>) -> Turn {
    let seat = way.seat;
    TRUNKS.with_borrow_mut(|all| {
        let opened = Arc::<Opened>::default();
        let opening = || {
            Turn::Open(Opening {
                seat,
                opened: Arc::clone(&opened),
            })
        };
        let Some(trunks) = place(all, seat) else {
            // A newcomer has the seat: what is left of its former holder's exchanges opens for itself.
            return opening();
        };
        if let Some(link) = trunks.take(way.peer) {
            return Turn::Take(link);
        }
        if let Some(opened) = &trunks.opening {
            return Turn::Wait(Arc::clone(opened));
        }
        trunks.opening = Some(Arc::clone(&opened));
        opening()
    })
}

/// What becomes of a trunk that is being opened.
#[derive(Debug, Default)]
struct Opened {
    done: Notify,
    failure: AtomicU8,
}

impl Opened {
    const TIMED_OUT: u8 = 1;
    const REFUSED: u8 = 2;

    fn failed(&self, error: &ConnectError) {
        let failure = match error {
            ConnectError::TimedOut => Self::TIMED_OUT,
            ConnectError::Refused(_) => Self::REFUSED,
        };
        self.failure.store(failure, Relaxed);
    }

    /// What was found out by who tried: that holds for those who have waited for it, too. Nothing, where it was opened.
    fn failure(&self) -> Result<(), ConnectError> {
        match self.failure.load(Relaxed) {
            Self::TIMED_OUT => Err(ConnectError::TimedOut),
            Self::REFUSED => Err(ConnectError::Refused(io::ErrorKind::ConnectionRefused.into())),
            _ => Ok(()),
        }
    }
}

/// A trunk is being opened. When that has ended, whichever way, the others have their turn.
struct Opening {
    seat: Seat,
    opened: Arc<Opened>,
}

impl Drop for Opening {
    fn drop(&mut self) {
        let _ = TRUNKS.try_with(|all| {
            if let Some(trunks) = place(&mut all.borrow_mut(), self.seat)
                && trunks
                    .opening
                    .as_ref()
                    .is_some_and(|opened| Arc::ptr_eq(opened, &self.opened))
            {
                trunks.opening = None;
            }
        });
        self.opened.done.notify_waiters();
    }
}

/// Lets go of trunks that are over, idle for too long, or of endpoints that are not there now: their connections close as
/// soon as their last streams have ended.
pub(in crate::upstream) fn sweep(now: u32, idle: Ticks, seats: &Seats) {
    TRUNKS.with_borrow_mut(|all| {
        all.truncate(seats.endpoints.len());
        for (trunks, holder) in all.iter_mut().zip(&seats.endpoints) {
            if trunks.serial != *holder {
                trunks.value.open = Vec::new();
            }
            trunks
                .value
                .open
                .retain_mut(|trunk| !trunk.is_over() && !trunk.is_idle(now, idle));
        }
    });
}

/// Lets go of all of them.
pub(in crate::upstream) fn clear() {
    TRUNKS.with_borrow_mut(Vec::clear);
}

#[cfg(test)]
mod tests;
