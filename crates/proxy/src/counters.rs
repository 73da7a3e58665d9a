//! What is counted, per worker: a worker writes only its own shard, so counting shares no cache line with others.

mod metrics;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use graylane_context::{Ignored, Stripped, Verdict};
use graylane_pipeline::Fault;

use crate::ledger::{Fate, Ledger};

/// A number that one thread writes and any thread reads.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds. A load and a store, not a locked add: there is only one writer.
    #[inline]
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    #[inline]
    pub(crate) fn sub(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_sub(n), Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Upper bounds of the duration histogram: 0.5 ms doubling up to 65.536 s, then infinity.
pub(crate) const BOUNDS: usize = 18;
pub(crate) const FIRST_BOUND_US: u64 = 500;

/// The counters of one lane and one worker, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct LaneCounters {
    /// By class of status: 1xx to 5xx; index 0 counts clients that left before a status.
    classes: [Counter; 6],
    /// Those that the baseline took.
    fallbacks: Counter,
    /// Failures that a module has answered with a better status: failures still, for who judges the lane.
    rescued: Counter,
    durations: [Counter; BOUNDS + 1],
    duration_us: Counter,
    received: Counter,
    sent: Counter,
}

impl LaneCounters {
    #[inline]
    pub(crate) fn exchange(&self, status: u16, duration: Duration, received: u64, sent: u64) {
        self.classes[usize::from(status / 100).min(5)].add(1);
        let us = duration.as_micros() as u64;
        self.durations[bound(us)].add(1);
        self.duration_us.add(us);
        self.received.add(received);
        self.sent.add(sent);
    }

    /// What failed was answered by a module, with whatever status.
    #[cold]
    pub(crate) fn rescued(&self, status: u16) {
        self.rescued.add(u64::from(status / 100 != 5));
    }

    /// The baseline answers in place of the lane.
    pub(crate) fn fallback(&self) {
        self.fallbacks.add(1);
    }
}

/// The index of the smallest bound that is not below so many microseconds.
#[inline]
pub(crate) fn bound(us: u64) -> usize {
    let doublings = u64::BITS - (us.saturating_sub(1) / FIRST_BOUND_US).leading_zeros();
    (doublings as usize).min(BOUNDS)
}

/// The counters of one worker, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Shard {
    faults: [Counter; Fault::ALL.len()],
    pub(crate) retries: Counter,
    stripped: [Counter; Stripped::ALL.len()],
    gray_ignored: [Counter; Ignored::ALL.len()],
    gray_conflicts: Counter,
    pub(crate) retries_refused: Counter,
    pub(crate) accepted: Counter,
    pub(crate) adopted: Counter,
    pub(crate) handshakes: Counter,
    pub(crate) handshakes_failed: Counter,
    pub(crate) open: Counter,
    pub(crate) in_flight: Counter,
    pub(crate) ended: Counter,
    /// Those of them that came to no lane.
    pub(crate) refused: Counter,
    pub(crate) upstream_opened: Counter,
    fates: [Counter; Fate::ALL.len()],
}

impl Shard {
    pub(crate) fn fault(&self, fault: Fault) {
        // The discriminants of a field-less enum in the order of `ALL`, which a test checks.
        self.faults[fault as usize].add(1);
    }

    /// What of a request's gray context did not count.
    #[inline]
    pub(crate) fn gray(&self, verdict: &Verdict) {
        if let Some(why) = verdict.stripped {
            self.stripped[why as usize].add(1);
        }
        if verdict.is_contradicted {
            self.gray_conflicts.add(1);
        }
        if verdict.ignored != [0; Ignored::ALL.len()] {
            for (counter, &times) in self.gray_ignored.iter().zip(&verdict.ignored) {
                counter.add(u64::from(times));
            }
        }
    }

    /// A connection ended so.
    pub(crate) fn fate(&self, fate: Fate) {
        self.fates[fate as usize].add(1);
    }
}

/// The counters of all workers, but for those of the lanes.
#[derive(Debug)]
pub struct Counters {
    shards: Vec<Arc<Shard>>,
}

/// The counters of one lane. They are made when a configuration first has the lane, go on through all that have it one
/// after the other, and end with the last exchange that may count into them.
#[derive(Debug)]
pub(crate) struct LaneShards(Box<[LaneCounters]>);

impl LaneShards {
    /// For so many workers.
    pub(crate) fn new(workers: usize) -> Self {
        Self((0..workers).map(|_| LaneCounters::default()).collect())
    }

    /// Those of one worker, which alone may write to them.
    #[inline]
    pub(crate) fn of(&self, worker: usize) -> &LaneCounters {
        &self.0[worker]
    }

    fn sum(&self, of: impl Fn(&LaneCounters) -> &Counter) -> u64 {
        self.0
            .iter()
            .fold(0_u64, |sum, shard| sum.wrapping_add(of(shard).get()))
    }

    pub(crate) fn totals(&self) -> LaneTotals {
        let class = |class: usize| self.sum(|shard| &shard.classes[class]);
        LaneTotals {
            exchanges: (0..6).map(class).sum(),
            errors: class(5) + self.sum(|shard| &shard.rescued),
        }
    }
}

/// The sums of one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneTotals {
    /// Exchanges, whatever their end.
    pub exchanges: u64,
    /// Exchanges answered with 5xx, or by a module in place of that.
    pub errors: u64,
}

impl Counters {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            shards: (0..workers).map(|_| Arc::default()).collect(),
        }
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.shards.len()
    }

    pub(crate) fn shard(&self, worker: usize) -> &Arc<Shard> {
        &self.shards[worker]
    }

    fn sum(&self, of: impl Fn(&Shard) -> &Counter) -> u64 {
        self.shards
            .iter()
            .fold(0_u64, |sum, shard| sum.wrapping_add(of(shard).get()))
    }

    /// Exchanges that ended, whatever their end.
    pub fn ended(&self) -> u64 {
        self.sum(|shard| &shard.ended)
    }

    /// Requests that came to no lane: refused as malformed, or for want of a service, or given up before that was known.
    pub fn refused(&self) -> u64 {
        self.sum(|shard| &shard.refused)
    }

    /// Exchanges under way.
    pub fn in_flight(&self) -> u64 {
        self.sum(|shard| &shard.in_flight)
    }

    /// Open client connections.
    pub fn open(&self) -> u64 {
        self.sum(|shard| &shard.open)
    }

    /// What became of the connections so far.
    pub(crate) fn ledger(&self) -> Ledger {
        // The ends before the beginnings: so a connection that does both meanwhile is none that ended without having begun.
        let fates = Fate::ALL.map(|fate| self.sum(|shard| &shard.fates[fate as usize]));
        Ledger {
            fates,
            open: self.open(),
            served: self.ended(),
            before: 0,
            accepted: self.sum(|shard| &shard.accepted),
            adopted: self.sum(|shard| &shard.adopted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_fault_is_its_place_in_the_table() {
        for (index, fault) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(fault as usize, index, "{}", fault.as_str());
        }
    }

    #[test]
    fn a_duration_falls_below_its_bound_and_above_the_one_before() {
        for (us, index) in [
            (0, 0),
            (1, 0),
            (500, 0),
            (501, 1),
            (1_000, 1),
            (1_001, 2),
            (65_536_000, 17),
        ] {
            assert_eq!(bound(us), index, "{us}");
        }
        assert_eq!(bound(u64::MAX), BOUNDS);
    }
}
