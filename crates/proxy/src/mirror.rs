//! Mirrored traffic: a share of a lane's requests goes to another lane as well, and nobody waits for what it answers.
//!
//! Constraints
//! - The original feels nothing of it: its copy is sent by a task of its own, only when the original was handed on whole, and
//!   whatever becomes of the copy is seen in metrics alone. Modules are not asked and not told: a lane that is tried out must
//!   not open a breaker, nor stand in a log of what users got.
//! - What it may cost is bounded: by the copies at a time of each worker, by the length of a body, by the time and the bytes of
//!   an answer.
//! - An exchange of a lane that is not mirrored pays for the look into an empty list.
//! - No copy is copied: it is sent to its lane's endpoints straight away, and a request that came as a copy says so.
//!
//! Mechanism
//! - `prepare` draws, and has a [`Replica`] made: the head for the other lane, composed as the original's was. The pump of the
//!   request's body gives it what it hands on (`body`), and sends it off at the end (`deliver`).
//! - A [`Pair`] is what the original's record and the copy have in common: who ends last has the two compared (`counters`).

mod counters;
mod deliver;
mod metrics;
mod pair;
mod replica;

use std::sync::Arc;

use graylane_config as config;
use graylane_core::Name;
use graylane_pipeline::LaneId;

use self::counters::{MirrorCounters, MirrorShards};
pub(crate) use self::metrics::render;
pub(crate) use self::pair::{Pair, Side};
pub(crate) use self::replica::{Replica, keep, leave, replicate};

/// The mirrors of one configuration.
#[derive(Debug, Default)]
pub(crate) struct Mirrors {
    /// Indexed by [`LaneId`]; empty where no lane has one.
    by_lane: Box<[Option<Arc<Mirror>>]>,
}

/// Where copies of a lane's requests go.
#[derive(Debug)]
pub(crate) struct Mirror {
    service: Name,
    /// The service's number.
    number: u32,
    from: Name,
    to: Name,
    /// The lane that gets them.
    target: LaneId,
    settings: config::Mirror,
    /// Those of its earlier configurations, too.
    shards: Arc<MirrorShards>,
}

impl Mirrors {
    /// Those of a configuration, for so many workers. Who was there before goes on counting.
    pub(crate) fn new(config: &config::Config, workers: usize, before: Option<&Self>) -> Self {
        let lanes = || config.services.iter().flat_map(|service| &service.lanes);
        if lanes().all(|lane| lane.mirror.is_none()) {
            return Self::default();
        }
        let mut by_lane = Vec::with_capacity(lanes().count());
        for (number, service) in (0..).zip(&config.services) {
            let first = by_lane.len();
            for lane in &service.lanes {
                let mirror = lane.mirror.as_ref().map(|settings| {
                    let to = &service.lanes[settings.to].name;
                    let known = before.and_then(|before| before.find(&service.name, &lane.name, to));
                    Arc::new(Mirror {
                        service: service.name.clone(),
                        number,
                        from: lane.name.clone(),
                        to: to.clone(),
                        // Lanes are numbered in the order of the file, service by service, and fewer than 2^32.
                        target: LaneId((first + settings.to) as u32),
                        settings: settings.clone(),
                        shards: known.map_or_else(
                            || Arc::new(MirrorShards::new(workers)),
                            |mirror| Arc::clone(&mirror.shards),
                        ),
                    })
                });
                by_lane.push(mirror);
            }
        }
        Self {
            by_lane: by_lane.into(),
        }
    }

    /// Where copies of the lane's requests go.
    #[inline]
    pub(crate) fn of(&self, lane: LaneId) -> Option<&Arc<Mirror>> {
        self.by_lane.get(lane.0 as usize)?.as_ref()
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Mirror>> {
        self.by_lane.iter().flatten()
    }

    fn find(&self, service: &Name, from: &Name, to: &Name) -> Option<&Arc<Mirror>> {
        self.all()
            .find(|mirror| (&mirror.service, &mirror.from, &mirror.to) == (service, from, to))
    }
}

impl Mirror {
    /// The counters of a worker, which alone may write to them.
    fn counters(&self, worker: usize) -> &MirrorCounters {
        self.shards.of(worker)
    }
}

#[cfg(test)]
mod tests;
