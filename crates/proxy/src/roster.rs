//! Who is there: the lanes and endpoints of one topology, with what of each goes on from one configuration to the next.
//!
//! Numbers in a topology hold for one configuration only. What a worker keeps for an endpoint, its idle links, or for a
//! lane, the chances of its endpoints, stands at a *seat* instead: a place in the worker's own list, kept for as long as one
//! configuration after the other has that endpoint or lane. A seat that was given up is given to the next newcomer, so the
//! lists are as long as the largest configuration was, however many there were. The serial tells its holders apart: who
//! comes with the older one, from an exchange that began under an older configuration, finds the seat taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use graylane_pipeline::{EndpointId, LaneId, Topology};

use crate::counters::LaneShards;
use crate::standing::Standing;

/// The lanes and endpoints of one topology. Configurations with the same topology share one.
#[derive(Debug)]
pub(crate) struct Roster {
    topology: Arc<Topology>,
    workers: usize,
    /// Indexed by [`LaneId`].
    lanes: Box<[LaneEntry]>,
    /// Indexed by [`EndpointId`].
    endpoints: Box<[EndpointEntry]>,
    seats: Seats,
}

/// An endpoint, as the workers know it.
#[derive(Debug)]
pub(crate) struct EndpointEntry {
    pub(crate) seat: Seat,
    /// The same one in all its configurations.
    pub(crate) standing: Arc<Standing>,
}

/// A lane, as the workers know it.
#[derive(Debug)]
pub(crate) struct LaneEntry {
    pub(crate) seat: Seat,
    /// Those of its earlier configurations, too.
    pub(crate) counters: Arc<LaneShards>,
}

/// A place in a worker's own list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) number: u32,
    /// Later holders of the same seat have larger ones; none is 0.
    pub(crate) serial: u64,
}

/// Who holds which seat: the serial by number, 0 for one that is free.
#[derive(Debug)]
pub(crate) struct Seats {
    pub(crate) lanes: Box<[u64]>,
    pub(crate) endpoints: Box<[u64]>,
}

impl Roster {
    /// Of the first configuration, for so many workers.
    pub(crate) fn first(topology: &Arc<Topology>, workers: usize) -> Arc<Self> {
        let nobody = Self {
            topology: Arc::default(),
            workers,
            lanes: Box::default(),
            endpoints: Box::default(),
            seats: Seats {
                lanes: Box::default(),
                endpoints: Box::default(),
            },
        };
        Arc::new(nobody.following(topology))
    }

    /// Of the next configuration: itself, where the topology is the same one.
    pub(crate) fn next(self: &Arc<Self>, topology: &Arc<Topology>) -> Arc<Self> {
        if Arc::ptr_eq(&self.topology, topology) {
            Arc::clone(self)
        } else {
            Arc::new(self.following(topology))
        }
    }

    fn following(&self, topology: &Arc<Topology>) -> Self {
        let earlier = topology.earlier(&self.topology);
        let (endpoints, endpoint_seats) = seated(
            earlier
                .endpoints
                .iter()
                .map(|before| before.map(|id| self.endpoint(id).seat)),
        );
        let endpoints = endpoints.iter().zip(&earlier.endpoints);
        let endpoints = endpoints.map(|(&seat, before)| EndpointEntry {
            seat,
            standing: match before {
                Some(id) => Arc::clone(&self.endpoint(*id).standing),
                None => Arc::default(),
            },
        });
        let (lanes, lane_seats) = seated(
            earlier
                .lanes
                .iter()
                .map(|before| before.map(|id| self.lane(id).seat)),
        );
        let lanes = lanes.iter().zip(&earlier.lanes).map(|(&seat, before)| LaneEntry {
            seat,
            counters: match before {
                Some(id) => Arc::clone(&self.lane(*id).counters),
                None => Arc::new(LaneShards::new(self.workers)),
            },
        });
        Self {
            topology: Arc::clone(topology),
            workers: self.workers,
            lanes: lanes.collect(),
            endpoints: endpoints.collect(),
            seats: Seats {
                lanes: lane_seats,
                endpoints: endpoint_seats,
            },
        }
    }

    /// How many workers have counters here.
    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Every lane, in the order of the topology.
    pub(crate) fn lanes(&self) -> &[LaneEntry] {
        &self.lanes
    }

    #[inline]
    pub(crate) fn lane(&self, id: LaneId) -> &LaneEntry {
        &self.lanes[id.0 as usize]
    }

    #[inline]
    pub(crate) fn endpoint(&self, id: EndpointId) -> &EndpointEntry {
        &self.endpoints[id.0 as usize]
    }

    pub(crate) fn seats(&self) -> &Seats {
        &self.seats
    }
}

/// Everybody's seat: the old one, or for a newcomer the first that is free.
fn seated(before: impl Iterator<Item = Option<Seat>>) -> (Box<[Seat]>, Box<[u64]>) {
    /// Of one process, so that configurations that were made and not used cannot give the same serial twice.
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    let before: Vec<Option<Seat>> = before.collect();
    let mut taken = Vec::new();
    for seat in before.iter().flatten() {
        take(&mut taken, *seat);
    }
    let mut number = 0;
    let seats = before
        .iter()
        .map(|seat| {
            seat.unwrap_or_else(|| {
                while taken.get(number as usize).is_some_and(|serial| *serial != 0) {
                    number += 1;
                }
                let serial = SERIAL.fetch_add(1, Relaxed);
                let seat = Seat { number, serial };
                take(&mut taken, seat);
                seat
            })
        })
        .collect();
    (seats, taken.into())
}

fn take(taken: &mut Vec<u64>, seat: Seat) {
    let number = seat.number as usize;
    if number >= taken.len() {
        taken.resize(number + 1, 0);
    }
    taken[number] = seat.serial;
}

#[cfg(test)]
mod tests;
