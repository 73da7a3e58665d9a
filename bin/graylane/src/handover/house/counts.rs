//! What this process has served: for the next one to be compared with, and for its own signs of life.

use super::{House, locked};

/// How many looks at the counters are kept, one a second.
const LOOKS: usize = 60;

impl House {
    /// Exchanges, and those of them that ended with a 5xx.
    pub(in crate::handover) fn counts(&self) -> (u64, u64) {
        let Some(shared) = self.parts.shared() else {
            return (0, 0);
        };
        let current = shared.current();
        let lanes = current.snapshot().topology().lanes.len() as u32;
        let totals = (0..lanes).map(|lane| current.totals(graylane_pipeline::LaneId(lane)));
        totals.fold((0, 0), |(exchanges, errors), lane| {
            (exchanges + lane.exchanges, errors + lane.errors)
        })
    }

    /// Keeps in mind what is counted now.
    pub(in crate::handover) fn look(&self) {
        let counts = self.counts();
        let mut seen = locked(&self.seen);
        if seen.len() == LOOKS {
            seen.pop_front();
        }
        seen.push_back(counts);
    }

    /// Exchanges and errors of the last minute: what the next process is compared with.
    pub(in crate::handover) fn lately(&self) -> (u64, u64) {
        let now = self.counts();
        let then = locked(&self.seen).front().copied().unwrap_or_default();
        (now.0.saturating_sub(then.0), now.1.saturating_sub(then.1))
    }
}
