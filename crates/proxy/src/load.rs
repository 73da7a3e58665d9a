//! What a worker knows of its own doings when it chooses an endpoint: how many exchanges it has under way at each, and how
//! many retries each lane has left.
//!
//! All of it stands at seats in the thread's own lists: a worker balances what it sends itself, and shares no cache line
//! with others for it. A lane with one endpoint is not in here: there is nothing to choose, and nothing to retry on.

use std::cell::RefCell;

use graylane_pipeline::LaneId;

use crate::forward::{Asked, Budget, Candidate, Lots, Rule};
use crate::generation::Generation;
use crate::place::{Place, found, place};
use crate::random;
use crate::roster::{Seat, Seats};
use crate::standing;

thread_local! {
    static LOAD: RefCell<Load> = const { RefCell::new(Load { lanes: Vec::new(), pending: Vec::new() }) };
}

#[derive(Default)]
struct Load {
    lanes: Vec<Place<Board>>,
    /// Exchanges under way, by endpoint.
    pending: Vec<Place<u32>>,
}

/// What a worker keeps of a lane.
#[derive(Default)]
struct Board {
    /// What the lots were made from: the generation and the news of standings.
    made: (u64, u32),
    /// When, which counts where they grow.
    at: u32,
    lots: Lots,
    budget: Budget,
}

/// A lane whose endpoints are chosen from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) generation: &'a Generation,
    pub(crate) lane: LaneId,
    /// Whether somebody else answers where no endpoint is healthy.
    pub(crate) gives_up: bool,
    /// By the worker's clock.
    pub(crate) now: u32,
}

impl Of<'_> {
    /// The first endpoint for an exchange, as its place in the lane; `share` is what the exchange earns its lane of a retry.
    #[inline]
    pub(crate) fn first(self, share: u32) -> Option<(usize, Pending)> {
        LOAD.with_borrow_mut(|load| {
            let Load { lanes, pending } = load;
            let Some(board) = place(lanes, self.generation.roster().lane(self.lane).seat) else {
                return self.without_a_seat(&Asked::default());
            };
            board.budget.earn(share);
            self.refresh(board);
            let lot = board.lots.draw(random::next(), |seat| of(pending, seat))?;
            Some((lot.index as usize, Pending::begin(pending, lot.seat)))
        })
    }

    /// Another one, that was not asked.
    #[cold]
    pub(crate) fn other(self, asked: &Asked) -> Option<(usize, Pending)> {
        LOAD.with_borrow_mut(|load| {
            let Load { lanes, pending } = load;
            let Some(board) = place(lanes, self.generation.roster().lane(self.lane).seat) else {
                return self.without_a_seat(asked);
            };
            self.refresh(board);
            let lot = board
                .lots
                .draw_other(asked, random::next(), |seat| of(pending, seat))?;
            Some((lot.index as usize, Pending::begin(pending, lot.seat)))
        })
    }

    /// Whether the lane may retry what an endpoint has seen.
    #[cold]
    pub(crate) fn take_retry(self) -> bool {
        LOAD.with_borrow_mut(|load| {
            let seat = self.generation.roster().lane(self.lane).seat;
            place(&mut load.lanes, seat).is_some_and(|board| board.budget.take(self.now))
        })
    }

    #[inline]
    fn refresh(self, board: &mut Board) {
        let from = (self.generation.id(), standing::news());
        if board.made != from || (board.lots.grow() && board.at != self.now) {
            board.made = from;
            board.at = self.now;
            self.make(&mut board.lots);
        }
    }

    #[cold]
    fn make(self, lots: &mut Lots) {
        let lane = self.generation.snapshot().lane(self.lane);
        let uptime = standing::uptime();
        let candidates = lane.endpoints().iter().map(|(id, endpoint)| {
            let entry = self.generation.roster().endpoint(*id);
            Candidate {
                seat: entry.seat,
                weight: endpoint.weight,
                healthy: entry.standing.is_healthy(),
                age: entry.standing.age(uptime),
            }
        });
        let rule = Rule {
            panic: lane.panic.steps(),
            slow_start: lane.slow_start,
            gives_up: self.gives_up,
        };
        lots.make(candidates, rule);
    }

    /// The lane is gone: what is left of its exchanges makes do with lots of their own.
    #[cold]
    fn without_a_seat(self, asked: &Asked) -> Option<(usize, Pending)> {
        let mut lots = Lots::default();
        self.make(&mut lots);
        let lot = lots.draw_other(asked, random::next(), |_| 0)?;
        Some((lot.index as usize, Pending::uncounted()))
    }
}

/// How many exchanges are under way at an endpoint.
#[inline]
fn of(pending: &[Place<u32>], seat: Seat) -> u32 {
    match pending.get(seat.number as usize) {
        Some(place) if place.serial == seat.serial => place.value,
        _ => 0,
    }
}

/// An exchange is under way at an endpoint, until this is dropped.
#[derive(Debug)]
pub(crate) struct Pending(Option<Seat>);

impl Pending {
    /// At an endpoint that nobody has to choose.
    #[inline]
    pub(crate) fn uncounted() -> Self {
        Self(None)
    }

    #[inline]
    fn begin(pending: &mut Vec<Place<u32>>, seat: Seat) -> Self {
        Self(place(pending, seat).map(|count| {
            *count += 1;
            seat
        }))
    }
}

impl Drop for Pending {
    #[inline]
    fn drop(&mut self) {
        if let Some(seat) = self.0 {
            // At the end of the thread the lists are gone before the last exchanges are.
            let _ = LOAD.try_with(|load| {
                if let Some(count) = found(&mut load.borrow_mut().pending, seat) {
                    *count = count.saturating_sub(1);
                }
            });
        }
    }
}

/// Forgets who is not there now; once in a while.
pub(crate) fn sweep(seats: &Seats) {
    LOAD.with_borrow_mut(|load| {
        load.lanes.truncate(seats.lanes.len());
        load.pending.truncate(seats.endpoints.len());
    });
}

/// Forgets everything of this thread.
pub(crate) fn clear() {
    LOAD.set(Load::default());
}

#[cfg(test)]
mod tests;
